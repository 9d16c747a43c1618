"""Verdicts proven by counterfactual, against real stacks: leg, cause, party and the proof itself."""

import socket
import ssl
import statistics
import struct
import time
from datetime import datetime

import pytest

from harness.cases import Case, arguments, serving
from harness.clients import CLIENTS
from harness.raw import (
    RawOrigin,
    client_context,
    connect_tunnel,
    reset,
    server_context,
    wrap_server,
)
from harness.summary import tell

AES128 = "ECDHE-ECDSA-AES128-GCM-SHA256"
AES256 = "ECDHE-ECDSA-AES256-GCM-SHA384"
RSA128 = "ECDHE-RSA-AES128-GCM-SHA256"
DIALS_MAX = 12
ALERT, HANDSHAKE = 21, 22
HANDSHAKE_FAILURE = bytes([ALERT, 3, 3, 0, 2, 2, 40])
FIXED = "ca=ROOT,mirror=off"

VERSIONS = [
    Case(
        f"a bridge up to TLS 1.2, {origin} from 1.3",
        "protocol.no-common-version",
        "server",
        "bridge",
        origin=origin,
        serving={"min": "TLS1.3"},
        server_leg="ca=ROOT,max=TLS1.2",
    )
    for origin in ("nginx", "s_server", "gnutls-serv", "haproxy", "go", "node")
] + [
    Case(
        "a client up to TLS 1.2, an origin from 1.3",
        "protocol.no-common-version",
        "server",
        "client",
        serving={"min": "TLS1.3"},
        ask={"max": "TLS1.2"},
    ),
    Case(
        "an origin of TLS 1.0",
        "protocol.no-common-version",
        "server",
        "server",
        serving={"min": "TLS1.0", "max": "TLS1.0"},
        server_leg="ca=ROOT,min=TLS1.2",
    ),
    Case(
        "an origin of TLS 1.1, GnuTLS",
        "protocol.no-common-version",
        "server",
        "server",
        origin="gnutls-serv",
        serving={"min": "TLS1.1", "max": "TLS1.1"},
        server_leg="ca=ROOT,min=TLS1.2",
    ),
    Case(
        "a bridge from TLS 1.3, an origin up to 1.2",
        "protocol.no-common-version",
        "server",
        "bridge",
        serving={"max": "TLS1.2"},
        server_leg=f"{FIXED},min=TLS1.3",
    ),
]

SUITES = [
    Case(
        f"one suite of the bridge, another of {origin}",
        "cipher.no-common-suite",
        "server",
        "bridge",
        origin=origin,
        serving={"max": "TLS1.2", "ciphers": AES128},
        server_leg=f"{FIXED},max=TLS1.2,ciphers={AES256}",
    )
    for origin in ("nginx", "s_server", "haproxy", "node")
] + [
    Case(
        "disjoint suites of TLS 1.3",
        "cipher.no-common-suite",
        "server",
        "bridge",
        serving={"min": "TLS1.3", "suites": "TLS_AES_128_GCM_SHA256"},
        server_leg=f"{FIXED},min=TLS1.3,ciphers=TLS_CHACHA20_POLY1305_SHA256",
    ),
    Case(
        "one suite of the client, another of nginx",
        "cipher.no-common-suite",
        "server",
        "client",
        serving={"max": "TLS1.2", "ciphers": AES128},
        ask={"max": "TLS1.2", "extra": ("--ciphers", AES256)},
    ),
    Case(
        "an origin without forward secrecy",
        "cipher.no-common-suite",
        "server",
        "server",
        origin="s_server",
        key="rsa",
        serving={"max": "TLS1.2", "ciphers": "AES128-SHA"},
        server_leg=f"{FIXED},max=TLS1.2,ciphers={RSA128}",
    ),
]

CERTIFICATE_TYPES = [
    Case(
        f"RSA suites of the bridge, {origin} with an ECDSA certificate",
        "cipher.certificate-type-mismatch",
        "server",
        "bridge",
        origin=origin,
        serving={"max": "TLS1.2"},
        server_leg=f"{FIXED},max=TLS1.2,ciphers={RSA128}",
    )
    for origin in ("nginx", "gnutls-serv", "go")
] + [
    Case(
        "RSA schemes of the bridge, an ECDSA certificate, TLS 1.3",
        "cipher.certificate-type-mismatch",
        "server",
        "bridge",
        serving={"min": "TLS1.3"},
        server_leg=f"{FIXED},min=TLS1.3,sigalgs=rsa_pss_rsae_sha256",
    ),
]

GROUPS = [
    Case(
        f"P-256 of the bridge, P-384 of {origin}",
        "group.no-common",
        "server",
        "bridge",
        origin=origin,
        serving={"min": "TLS1.3", "groups": "secp384r1" if origin != "nginx" else "P-384"},
        server_leg=f"{FIXED},min=TLS1.3,groups=P-256",
    )
    for origin in ("nginx", "haproxy", "node")
] + [
    Case(
        "P-256 of the bridge, X25519 of s_server, TLS 1.2",
        "group.no-common",
        "server",
        "bridge",
        origin="s_server",
        serving={"max": "TLS1.2", "groups": "X25519"},
        server_leg=f"{FIXED},max=TLS1.2,groups=P-256",
    ),
]

SCHEMES = [
    Case(
        f"a scheme of the bridge, another of {origin}",
        "sigalg.no-common",
        "server",
        "bridge",
        origin=origin,
        key="rsa",
        serving={"min": "TLS1.3", "sigalgs": "rsa_pss_rsae_sha256"},
        server_leg=f"{FIXED},min=TLS1.3,sigalgs=rsa_pss_rsae_sha512",
    )
    for origin in ("nginx", "s_server")
]

NAMES = [
    Case(
        f"a name of the bridge that {origin} does not know",
        "sni.unrecognized",
        "server",
        "bridge",
        origin=origin,
        serving={"strict_sni": "localhost"},
        server_leg="ca=ROOT,sni=wrong.test,verify=off",
    )
    for origin in ("nginx", "haproxy", "gnutls-serv", "s_server")
] + [
    Case(
        f"no name sent to {origin}",
        "sni.required",
        "server",
        "bridge",
        origin=origin,
        serving={"strict_sni": "localhost"},
        server_leg="ca=ROOT,sni=none",
    )
    for origin in ("nginx", "haproxy")
]

PROTOCOLS = [
    Case(
        f"h2 of the bridge, HTTP/1.1 of {origin}",
        "alpn.no-overlap",
        "server",
        "bridge",
        origin=origin,
        serving={"alpn": ("http/1.1",)},
        server_leg=f"{FIXED},alpn=h2",
    )
    for origin in ("nginx", "go")
]

CERTIFICATES = [
    Case(
        f"a certificate that is {fault}",
        cause,
        "server",
        party,
        origin=origin,
        fault=fault,
        server_leg=leg,
    )
    for fault, cause, party, origin, leg in (
        ("expired", "cert.expired", "server", "nginx", "ca=ROOT"),
        ("expired", "cert.expired", "server", "gnutls-serv", "ca=ROOT"),
        ("not-yet-valid", "cert.not-yet-valid", "server", "haproxy", "ca=ROOT"),
        ("intermediate-expired", "cert.intermediate-expired", "server", "nginx", "ca=ROOT"),
        ("wrong-name", "cert.hostname-mismatch", "server", "nginx", "ca=ROOT"),
        ("wrong-name", "cert.hostname-mismatch", "server", "go", "ca=ROOT"),
        ("no-san", "cert.no-san", "server", "nginx", "ca=ROOT"),
        ("self-signed", "cert.self-signed", "server", "s_server", "ca=ROOT"),
        ("self-signed", "cert.self-signed", "server", "nginx", "ca=ROOT"),
        ("untrusted-root", "cert.untrusted-root", "server", "nginx", "ca=ROOT"),
        ("untrusted-root", "cert.untrusted-root", "server", "haproxy", "ca=ROOT"),
        ("wrong-usage", "cert.wrong-usage", "server", "nginx", "ca=ROOT"),
        ("revoked", "cert.revoked", "server", "nginx", "ca=ROOT,crl=CRL"),
    )
] + [
    Case(
        "a bridge whose clock is a year ahead",
        "clock.bridge",
        "server",
        "bridge",
        server_leg="ca=ROOT,clock=+365d",
    ),
]

CLIENT_LEG = [
    Case(
        "curl up to TLS 1.2, a bridge from 1.3",
        "protocol.no-common-version",
        "client",
        client_leg="min=TLS1.3",
        ask={"max": "TLS1.2"},
    ),
    Case(
        "Go of TLS 1.1",
        "protocol.no-common-version",
        "client",
        "client",
        client="Go",
        client_leg="min=TLS1.2",
        options=("--order", "client-first"),
        ask={"min": "TLS1.1", "max": "TLS1.1"},
    ),
    Case(
        "curl with a suite that the bridge has not",
        "cipher.no-common-suite",
        "client",
        client_leg=f"max=TLS1.2,ciphers={AES256}",
        ask={"max": "TLS1.2", "extra": ("--ciphers", AES128)},
    ),
    Case(
        "curl with a group that the bridge has not",
        "group.no-common",
        "client",
        client_leg="min=TLS1.3,groups=P-384",
        ask={"min": "TLS1.3", "extra": ("--curves", "X25519")},
    ),
    Case(
        "a client of ECDSA suites, a bridge with an RSA certificate",
        "cipher.certificate-type-mismatch",
        "client",
        "bridge",
        client_leg="max=TLS1.2,cert=RSA_CERT,key=RSA_KEY",
        ask={"max": "TLS1.2", "extra": ("--ciphers", AES256)},
    ),
]

DIALLED = [*VERSIONS, *SUITES, *CERTIFICATE_TYPES, *GROUPS, *SCHEMES, *NAMES, *PROTOCOLS]
ALL = [*DIALLED, *CERTIFICATES, *CLIENT_LEG]


def wait_of(verdict):
    """Milliseconds from the end of the broken handshake to the verdict."""
    evidence = verdict["evidence"]
    at = evidence["opened_us"] + evidence["legs"][verdict["leg"]]["handshake"]["at_us"]
    told = datetime.fromisoformat(verdict["time"].replace("Z", "+00:00")).timestamp()
    return told * 1000 - at / 1000


@pytest.fixture(scope="module")
def waits():
    """How long verdicts took after the failure; the median is printed, never judged."""
    seen = []
    yield seen
    if seen:
        median = statistics.median(seen)
        tell(f"proofs: {len(seen)}, median {median:.1f} ms after the failure, longest {max(seen):.1f}")


@pytest.mark.parametrize("case", ALL, ids=str)
def test_proof(case, waits, start_midspan, start_origin, pki_):
    origin = start_origin(case.origin, **serving(case, pki_))
    proxy = start_midspan(*arguments(case, pki_))
    url = origin.url("/small.bin", case.name)
    got = CLIENTS[case.client].fetch(url, proxy=proxy.url, ca=proxy.ca, **case.ask)
    assert not got.ok
    verdict = proxy.expect_verdict(case.cause, leg=case.leg, party=case.party)
    assert verdict["confidence"] == "proven", proxy.story()
    rows = verdict["proof"]
    assert any(row["passed"] for row in rows) and not rows[0]["passed"], rows
    assert len(rows) <= DIALS_MAX, rows
    waits.append(wait_of(verdict))


def records_of(stream):
    """The content types of the TLS records that a stream begins with."""
    types, at = [], 0
    while at + 5 <= len(stream):
        kind, _, length = struct.unpack_from(">BHH", stream, at)
        types.append(kind)
        at += 5 + length
    return types


def test_the_origin_gets_few_dials_and_nothing_but_hellos(start_midspan, pki_):
    got = []

    def serve(connection):
        stream = connection.recv(65536)
        connection.sendall(HANDSHAKE_FAILURE)
        connection.shutdown(socket.SHUT_WR)
        while block := connection.recv(65536):
            stream += block
        got.append(stream)

    with RawOrigin(serve) as origin:
        proxy = start_midspan("--server-leg", f"ca={pki_.root}")
        CLIENTS["curl"].fetch(origin.url("/"), proxy=proxy.url, ca=proxy.ca)
        verdict = proxy.wait("verdict")[0]
        proxy.wait_closed()
    assert verdict["confidence"] != "proven", verdict
    assert 2 <= len(got) - 1 <= DIALS_MAX, len(got)  # the first is the broken handshake itself
    assert len(verdict["proof"]) == len(got) - 1
    for stream in got:
        assert set(records_of(stream)) <= {HANDSHAKE, ALERT}, records_of(stream)


def test_a_client_that_tries_again_costs_the_origin_no_more_dials(start_midspan, pki_):
    dials = []

    def serve(connection):
        dials.append(connection.recv(65536))
        connection.sendall(HANDSHAKE_FAILURE)
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(65536):
            pass

    with RawOrigin(serve) as origin:
        proxy = start_midspan("--server-leg", f"ca={pki_.root}")
        CLIENTS["curl"].fetch(origin.url("/"), proxy=proxy.url, ca=proxy.ca)
        first = proxy.wait("verdict")[0]
        CLIENTS["curl"].fetch(origin.url("/"), proxy=proxy.url, ca=proxy.ca)
        second = proxy.wait("verdict", 2)[1]
        proxy.wait_closed()
    assert len(first["proof"]) >= 2
    assert len(dials) == 2 + len(first["proof"]), len(dials)  # the two broken handshakes themselves
    assert not any("seen" in row["outcome"] for row in first["proof"]), first["proof"]
    assert all("(seen " in row["outcome"] for row in second["proof"]), second["proof"]
    told = [row["outcome"].partition(" (seen ")[0] for row in second["proof"]]
    assert told == [row["outcome"] for row in first["proof"]]


def test_a_proof_goes_through_the_upstream_proxy(start_midspan, start_origin, pki_):
    origin = start_origin("nginx", min="TLS1.3")
    upstream = start_midspan("--pass", "*")
    proxy = start_midspan("--via", upstream.url, "--server-leg", f"ca={pki_.root},max=TLS1.2")
    CLIENTS["curl"].fetch(origin.url("/"), proxy=proxy.url, ca=proxy.ca)
    verdict = proxy.expect_verdict("protocol.no-common-version", leg="server", party="bridge")
    assert verdict["confidence"] == "proven", verdict["proof"]
    proxy.wait_closed()
    tunnels = upstream.wait("target", len(verdict["proof"]) + 1)
    assert {event["target"] for event in tunnels} == {f"localhost:{origin.port}"}


def test_no_probe_dials_nobody(start_midspan, pki_):
    dials = []

    def serve(connection):
        dials.append(connection.recv(65536))
        connection.sendall(HANDSHAKE_FAILURE)

    with RawOrigin(serve) as origin:
        proxy = start_midspan("--server-leg", f"ca={pki_.root}", "--no-probe")
        CLIENTS["curl"].fetch(origin.url("/"), proxy=proxy.url, ca=proxy.ca)
        verdict = proxy.wait("verdict")[0]
        proxy.wait_closed()
    assert len(dials) == 1 and verdict["proof"] == []
    assert verdict["confidence"] != "proven"


def test_a_failure_that_comes_and_goes_is_not_proven(start_midspan, start_origin, pki_):
    context = server_context(pki_.server())
    count = iter(range(100))

    def serve(connection):
        if next(count) == 0:
            connection.recv(65536)
            connection.sendall(HANDSHAKE_FAILURE)
        else:
            wrap_server(connection, context)

    with RawOrigin(serve) as origin:
        proxy = start_midspan("--server-leg", f"ca={pki_.root}")
        CLIENTS["curl"].fetch(origin.url("/"), proxy=proxy.url, ca=proxy.ca)
        verdict = proxy.wait("verdict")[0]
    assert verdict["confidence"] != "proven"
    assert verdict["proof"][0]["passed"]
    assert any("comes and goes" in fact for fact in verdict["facts"]), verdict["facts"]


def test_a_box_that_minds_the_version_of_the_record(start_midspan, pki_):
    """It resets every hello in a record of TLS 1.0, whatever else is offered: not "whatever"."""
    context = server_context(pki_.server())

    def serve(connection):
        if connection.recv(3, socket.MSG_PEEK | socket.MSG_WAITALL) == bytes([HANDSHAKE, 3, 3]):
            wrap_server(connection, context)
        else:
            reset(connection)

    with RawOrigin(serve) as origin:
        proxy = start_midspan("--server-leg", f"ca={pki_.root}")
        CLIENTS["curl"].fetch(origin.url("/"), proxy=proxy.url, ca=proxy.ca)
        verdict = proxy.expect_verdict("protocol.intolerant", leg="server", party="server")
    assert verdict["confidence"] == "proven", verdict
    assert [row["changed"] for row in verdict["proof"] if row["passed"]] == [
        "version of the record: TLS 1.2"
    ]
    assert len(verdict["proof"]) <= DIALS_MAX


@pytest.mark.parametrize("way", ["the client leaves", "midspan is stopped"])
def test_a_verdict_outlives_its_proof(way, start_midspan, pki_):
    """The origin never answers a dial, so the proof lasts until somebody ends it."""
    dials = []

    def serve(connection):
        dials.append(connection.recv(65536))
        if len(dials) == 1:
            connection.sendall(HANDSHAKE_FAILURE)
        else:
            connection.recv(65536)

    with RawOrigin(serve) as origin:
        proxy = start_midspan("--server-leg", f"ca={pki_.root}")
        tunnel = connect_tunnel(proxy.address, f"localhost:{origin.port}")
        tunnel.sendall(client_hello())
        while len(dials) < 2:  # until the proof dials; the test's own limit bounds it
            time.sleep(0.01)
        if way == "the client leaves":
            tunnel.close()
            verdict = proxy.wait("verdict")[0]
        else:
            proxy.process.stop()
            proxy.stopped = True
            proxy.assert_no_report()
            verdict = proxy.events("verdict")[0]
            tunnel.close()
    assert verdict["leg"] == "server"


def client_hello():
    """The first flight of Python's own client."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = client_context().wrap_bio(incoming, outgoing, server_hostname="localhost")
    with pytest.raises(ssl.SSLWantReadError):
        client.do_handshake()
    return outgoing.read()


def test_the_proof_of_a_closed_connection_ends_with_midspan(start_midspan, pki_):
    """TLS 1.3: the refusal comes when both legs are secured. The origin never answers a dial."""
    context = server_context(pki_.server())
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.load_verify_locations(pki_.root)
    context.verify_mode = ssl.CERT_REQUIRED
    dials = []

    def serve(connection):
        dials.append(None)
        if len(dials) == 1:
            with pytest.raises(ssl.SSLError):
                wrap_server(connection, context).recv(1)
        else:
            connection.recv(65536)
            connection.recv(65536)

    with RawOrigin(serve) as origin:
        proxy = start_midspan("--server-leg", f"ca={pki_.root}")
        CLIENTS["curl"].fetch(origin.url("/"), proxy=proxy.url, ca=proxy.ca)
        while len(dials) < 2:  # until the proof dials; the test's own limit bounds it
            time.sleep(0.01)
        proxy.process.stop()
        proxy.stopped = True
        proxy.assert_no_report()
    assert [event["cause"] for event in proxy.events("verdict")] == ["client-auth.required"]
    assert len(proxy.events("closed")) == 1
