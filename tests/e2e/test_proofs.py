"""Verdicts proven by counterfactual, against real stacks: leg, cause, party and the proof itself."""

import statistics

import pytest

from harness.cases import Case, arguments, serving
from harness.clients import CLIENTS

AES128 = "ECDHE-ECDSA-AES128-GCM-SHA256"
AES256 = "ECDHE-ECDSA-AES256-GCM-SHA384"
RSA128 = "ECDHE-RSA-AES128-GCM-SHA256"
DIALS_MAX = 12
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

ALL = [*VERSIONS, *SUITES, *CERTIFICATE_TYPES, *GROUPS, *SCHEMES, *NAMES, *PROTOCOLS]
CERTIFICATES = []


def times_of(proxy, verdict):
    """Milliseconds from the failure of the leg to the verdict."""
    opened = proxy.events("opened", verdict["connection"])[0]
    return opened


@pytest.fixture(scope="module")
def waits():
    """How long verdicts took after the failure; the median is printed, never judged."""
    seen = []
    yield seen
    if seen:
        print(f"\nmedian from failure to verdict: {statistics.median(seen):.1f} ms of {len(seen)}")


@pytest.mark.parametrize("case", [*ALL, *CERTIFICATES], ids=str)
def test_proof(case, start_midspan, start_origin, pki_):
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
