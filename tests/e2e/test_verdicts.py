"""The first verdicts, against real stacks: cause, leg and party of each broken connection."""

import socket

import pytest

from harness import raw
from harness.cases import Case, arguments
from harness.clients import CLIENTS
from harness.process import free_port

# One connection's alert 40 does not tell which list had nothing in common; only a probe could.
NO_COMMON = ("cipher.no-common-suite", "group.no-common", "sigalg.no-common",
             "cipher.certificate-type-mismatch")

VERSIONS = [
    Case("a client up to TLS 1.2, an origin from 1.3", "protocol.no-common-version", "server",
         "client", serving={"min": "TLS1.3"}, ask={"max": "TLS1.2"}),
    Case("a bridge up to TLS 1.2, an origin from 1.3", "protocol.no-common-version", "server",
         "bridge", serving={"min": "TLS1.3"}, server_leg="ca=ROOT,max=TLS1.2"),
    Case("a bridge up to TLS 1.2, Go from 1.3", "protocol.no-common-version", "server", "bridge",
         origin="go", serving={"min": "TLS1.3"}, server_leg="ca=ROOT,max=TLS1.2"),
    Case("a bridge up to TLS 1.2, s_server from 1.3", "protocol.no-common-version", "server",
         "bridge", origin="s_server", serving={"min": "TLS1.3"}, server_leg="ca=ROOT,max=TLS1.2"),
    Case("a bridge up to TLS 1.2, HAProxy from 1.3", "protocol.no-common-version", "server",
         "bridge", origin="haproxy", serving={"min": "TLS1.3"}, server_leg="ca=ROOT,max=TLS1.2"),
    Case("a bridge up to TLS 1.2, Node from 1.3", "protocol.no-common-version", "server",
         "bridge", origin="node", serving={"min": "TLS1.3"}, server_leg="ca=ROOT,max=TLS1.2"),
    Case("an origin of TLS 1.0", "protocol.no-common-version", "server", "server",
         serving={"min": "TLS1.0", "max": "TLS1.0"}),
    Case("an origin of TLS 1.1, s_server", "protocol.no-common-version", "server", "server",
         origin="s_server", serving={"min": "TLS1.1", "max": "TLS1.1"}),
    Case("an origin of TLS 1.1, GnuTLS", "protocol.no-common-version", "server", "server",
         origin="gnutls-serv", serving={"min": "TLS1.1", "max": "TLS1.1"}),
    Case("a bridge from TLS 1.3, an origin up to 1.2", "protocol.no-common-version", "server",
         origin="nginx", serving={"max": "TLS1.2"}, server_leg="ca=ROOT,min=TLS1.3,mirror=off"),
    Case("curl up to TLS 1.2, a bridge from 1.3", "protocol.no-common-version", "client",
         client_leg="min=TLS1.3", ask={"max": "TLS1.2"}),
    Case("gnutls-cli up to TLS 1.2, a bridge from 1.3", "protocol.no-common-version", "client",
         client_leg="min=TLS1.3", client="gnutls-cli", ask={"max": "TLS1.2"}),
    Case("Go of TLS 1.1", "protocol.no-common-version", "client", "client", client="Go",
         ask={"min": "TLS1.1", "max": "TLS1.1"}),
    Case("curl from TLS 1.3, a bridge up to 1.2", "protocol.no-common-version", "client",
         "bridge", client_leg="max=TLS1.2", ask={"min": "TLS1.3"}),
    Case("Python from TLS 1.3, a bridge up to 1.2", "protocol.no-common-version", "client",
         "bridge", client_leg="max=TLS1.2", client="Python", ask={"min": "TLS1.3"}),
]

AES128 = "ECDHE-ECDSA-AES128-GCM-SHA256"
AES256 = "ECDHE-ECDSA-AES256-GCM-SHA384"
RSA128 = "ECDHE-RSA-AES128-GCM-SHA256"

SUITES = [
    Case("one suite of the bridge, another of nginx", NO_COMMON, "server", "bridge",
         serving={"max": "TLS1.2", "ciphers": AES128},
         server_leg=f"ca=ROOT,mirror=off,max=TLS1.2,ciphers={AES256}"),
    Case("one suite of the bridge, another of s_server", NO_COMMON, "server", "bridge",
         origin="s_server", serving={"max": "TLS1.2", "ciphers": AES128},
         server_leg=f"ca=ROOT,mirror=off,max=TLS1.2,ciphers={AES256}"),
    Case("one suite of the bridge, another of HAProxy", NO_COMMON, "server", "bridge",
         origin="haproxy", serving={"max": "TLS1.2", "ciphers": AES128},
         server_leg=f"ca=ROOT,mirror=off,max=TLS1.2,ciphers={AES256}"),
    Case("disjoint suites of TLS 1.3", NO_COMMON, "server", "bridge",
         serving={"min": "TLS1.3", "suites": "TLS_AES_128_GCM_SHA256"},
         server_leg="ca=ROOT,mirror=off,min=TLS1.3,ciphers=TLS_CHACHA20_POLY1305_SHA256"),
    Case("curl with a suite that the bridge has not", "cipher.no-common-suite", "client",
         client_leg=f"max=TLS1.2,ciphers={AES256}",
         ask={"max": "TLS1.2", "extra": ("--ciphers", AES128)}),
    Case("curl with one suite of TLS 1.3 that the bridge has not", "cipher.no-common-suite",
         "client", client_leg="min=TLS1.3,ciphers=TLS_AES_256_GCM_SHA384",
         ask={"min": "TLS1.3", "extra": ("--tls13-ciphers", "TLS_CHACHA20_POLY1305_SHA256")}),
    Case("a client of ECDSA suites, a bridge with an RSA certificate",
         "cipher.certificate-type-mismatch", "client", "bridge",
         client_leg="max=TLS1.2,cert=RSA_CERT,key=RSA_KEY",
         ask={"max": "TLS1.2", "extra": ("--ciphers", AES128)}),
    Case("a client of RSA suites, an origin with an ECDSA certificate", NO_COMMON, "server",
         ask={"max": "TLS1.2", "extra": ("--ciphers", RSA128)}),
    Case("a client of X448 alone, a bridge of P-256", "group.no-common", "client",
         client_leg="min=TLS1.3,groups=P-256", ask={"extra": ("--curves", "X448")}),
    Case("a bridge of X448 alone, an origin of P-256", "group.no-common", "server", "bridge",
         serving={"min": "TLS1.3", "groups": "prime256v1"},
         server_leg="ca=ROOT,mirror=off,min=TLS1.3,groups=X448"),
]

SNI = [
    Case("no SNI to nginx that insists", "sni.required", "server", "bridge",
         serving={"strict_sni": "localhost"}, server_leg="ca=ROOT,sni=none"),
    Case("no SNI to HAProxy that insists", "sni.required", "server", "bridge", origin="haproxy",
         serving={"strict_sni": None, "extra": ("strict-sni",)}, server_leg="ca=ROOT,sni=none"),
    Case("a client without SNI, an origin that insists", "sni.required", "server", "client",
         serving={"strict_sni": "localhost"}, client="openssl s_client",
         ask={"extra": ("-noservername",)}),
    Case("no SNI over TLS 1.2", "sni.required", "server", "bridge",
         serving={"strict_sni": "localhost", "max": "TLS1.2"}, server_leg="ca=ROOT,sni=none"),
    Case("a name that nginx does not know", "sni.unrecognized", "server",
         serving={"strict_sni": "a.test"}),
    Case("a name that HAProxy does not know", "sni.unrecognized", "server", origin="haproxy",
         serving={"extra": ("strict-sni",)}, server_leg="ca=ROOT,sni=unknown.example"),
    Case("a name that s_server does not know", "sni.unrecognized", "server", origin="s_server",
         serving={"strict_sni": "a.test"}),
    Case("a name that gnutls-serv does not know", "sni.unrecognized", "server",
         origin="gnutls-serv", serving={"strict_sni": "a.test"}),
    Case("a name that the bridge made up", "sni.unrecognized", "server", "bridge",
         serving={"strict_sni": "a.test"}, server_leg="ca=ROOT,sni=backend-pool"),
]

CERTIFICATES = [
    Case(f"an origin's certificate: {fault}", cause, "server", "server", origin=origin,
         fault=fault, server_leg=leg)
    for fault, cause, origin, leg in [
        ("expired", "cert.expired", "nginx", "ca=ROOT"),
        ("expired", "cert.expired", "go", "ca=ROOT"),
        ("not-yet-valid", "cert.not-yet-valid", "nginx", "ca=ROOT"),
        ("wrong-name", "cert.hostname-mismatch", "nginx", "ca=ROOT"),
        ("wrong-name", "cert.hostname-mismatch", "haproxy", "ca=ROOT"),
        ("self-signed", "cert.self-signed", "nginx", "ca=ROOT"),
        ("self-signed", "cert.self-signed", "gnutls-serv", "ca=ROOT"),
        ("no-intermediate", "cert.chain-incomplete", "nginx", "ca=ROOT"),
        ("no-intermediate", "cert.chain-incomplete", "node", "ca=ROOT"),
        ("untrusted-root", "cert.untrusted-root", "nginx", "ca=ROOT"),
        ("intermediate-expired", "cert.intermediate-expired", "nginx", "ca=ROOT"),
        ("wrong-usage", "cert.wrong-usage", "nginx", "ca=ROOT"),
        ("invalid-ca", "cert.invalid-ca", "nginx", "ca=ROOT"),
        ("name-constraints", "cert.name-constraints", "nginx", "ca=ROOT"),
        ("no-san", "cert.no-san", "nginx", "ca=ROOT"),
        ("sha1", "cert.weak", "go", "ca=ROOT"),
        ("weak-key", "cert.weak", "gnutls-serv", "ca=ROOT"),
        ("revoked", "cert.revoked", "nginx", "ca=ROOT,crl=CRL"),
    ]
]

TRUST = [
    Case(f"{client} of {version} without the authority", "trust.client-rejects-bridge-ca",
         "client", "client", client=client, trusts=False, ask={"max": version})
    for version in ("TLS1.2", "TLS1.3")
    for client in ("curl", "openssl s_client", "gnutls-cli", "Python", "Node", "Go")
] + [
    Case("wget without the authority", "trust.client-rejects-bridge-ca", "client", "client",
         client="wget", trusts=False),
    Case("Java without the authority", "trust.client-rejects-bridge-ca", "client", "client",
         client="Java", trusts=False),
    Case("curl without the authority, client-first", "trust.client-rejects-bridge-ca", "client",
         "client", trusts=False, options=("--order", "client-first")),
]

REQUIRE = {"client_ca": "ROOT"}

CLIENT_AUTH = [
    Case(f"{origin} wants a client certificate, {version}", "client-auth.required", "server",
         origin=origin, serving={**REQUIRE, "min": version, "max": version})
    for version in ("TLS1.2", "TLS1.3")
    for origin in ("s_server", "haproxy", "node", "go", "gnutls-serv")
] + [
    Case("the bridge wants a client certificate of curl", "client-auth.required", "client",
         "client", client_leg="client-auth=require"),
    Case("the bridge wants a client certificate of curl, TLS 1.2", "client-auth.required",
         "client", "client", client_leg="client-auth=require,max=TLS1.2"),
    Case("an origin that refuses the bridge's certificate", "client-auth.rejected", "server",
         "bridge", origin="s_server", serving=REQUIRE,
         server_leg="ca=ROOT,cert=STRANGER_CERT,key=STRANGER_KEY"),
]

ALPN = [
    Case("a bridge of h2 alone, nginx of HTTP/1.1", "alpn.no-overlap", "server", "bridge",
         serving={"alpn": ("http/1.1",)}, server_leg="ca=ROOT,mirror=off,alpn=h2"),
    Case("a bridge of h2 alone, Go of HTTP/1.1", "alpn.no-overlap", "server", "bridge",
         origin="go", serving={"alpn": ("http/1.1",)}, server_leg="ca=ROOT,mirror=off,alpn=h2"),
    Case("a bridge of h2 alone, gnutls-serv of HTTP/1.1", "alpn.no-overlap", "server", "bridge",
         origin="gnutls-serv", serving={"alpn": ("http/1.1",), "extra": ("--alpn-fatal",)},
         server_leg="ca=ROOT,mirror=off,alpn=h2"),
    Case("a client of an unknown protocol, nginx of HTTP/1.1", "alpn.no-overlap", "server",
         "client", client="openssl s_client", ask={"extra": ("-alpn", "unheard-of")}),
    Case("a client of h2 alone, a bridge of HTTP/1.1", "alpn.no-overlap", "client",
         client_leg="alpn=http/1.1", client="openssl s_client", ask={"extra": ("-alpn", "h2")}),
]

ALL = [*VERSIONS, *SUITES, *SNI, *CERTIFICATES, *TRUST, *CLIENT_AUTH, *ALPN]


def prepared(case, pki):
    """The files that a case names, made."""
    serving = dict(case.serving, cert=pki.server(case.key, fault=case.fault))
    if serving.get("client_ca"):
        serving["client_ca"] = pki.root
    if case.client_leg and "RSA_CERT" in case.client_leg:
        rsa = pki.server("rsa")
        case.client_leg = case.client_leg.replace("RSA_CERT", str(rsa.chain))
        case.client_leg = case.client_leg.replace("RSA_KEY", str(rsa.key))
    return serving


@pytest.mark.parametrize("case", ALL, ids=str)
def test_verdict(case, start_midspan, start_origin, pki_):
    origin = start_origin(case.origin, **prepared(case, pki_))
    proxy = start_midspan(*arguments(case, pki_))
    ca = proxy.ca if case.trusts else pki_.stranger
    url = origin.url("/small.bin", case.name)
    got = CLIENTS[case.client].fetch(url, proxy=proxy.url, ca=ca, **case.ask)
    assert not got.ok
    verdict = proxy.expect_verdict(case.cause, leg=case.leg, party=case.party)
    if case.cause == NO_COMMON:
        assert verdict["confidence"] == "suspected", verdict


# Transport


def dead_endpoint():
    return f"127.0.0.1:{free_port()}"


def fetch_tunnel(curl, proxy, target):
    return curl.fetch(f"https://{target}/", proxy=proxy.url, ca=proxy.ca)


def test_refused(proxy, curl):
    assert not fetch_tunnel(curl, proxy, dead_endpoint()).ok
    proxy.expect_verdict("transport.refused", leg="server", phase="connect")


def test_unknown_host(proxy, curl):
    assert not fetch_tunnel(curl, proxy, "no-such-host.invalid:443").ok
    proxy.expect_verdict("transport.dns", leg="server", phase="dns")


def after_hello(act):
    def serve(sock):
        sock.recv(65536)
        act(sock)

    return serve


TRANSPORT = {
    "reset": (raw.reset, "transport.reset"),
    "closed": (lambda sock: None, "transport.closed"),
    "HTTP": (lambda sock: sock.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n"), "transport.not-tls"),
    "SSH": (lambda sock: sock.sendall(b"SSH-2.0-OpenSSH_9.2\r\n"), "transport.not-tls"),
}


@pytest.mark.parametrize("order", ["server-first", "client-first"])
@pytest.mark.parametrize("act, cause", TRANSPORT.values(), ids=TRANSPORT.keys())
def test_transport(act, cause, order, start_midspan, curl):
    proxy = start_midspan("--order", order)
    with raw.RawOrigin(after_hello(act)) as origin:
        assert not fetch_tunnel(curl, proxy, origin.endpoint).ok
    proxy.expect_verdict(cause, leg="server")


def test_silence(start_midspan, curl):
    proxy = start_midspan("--server-leg", "timeout=500ms")
    with raw.RawOrigin(lambda sock: raw.read_all(sock)) as origin:
        assert not fetch_tunnel(curl, proxy, origin.endpoint).ok
    proxy.expect_verdict("transport.timeout", leg="server")


# Ingress


def test_tls_to_the_proxy_port(proxy, curl):
    """The proxy's address in the browser's address bar, with https."""
    curl.fetch(f"https://localhost:{proxy.port}/", ca=proxy.ca)
    proxy.expect_verdict("ingress.tls-to-proxy-port", leg="client", party="client")


def test_a_proxy_request_to_a_tls_port(start_midspan, nginx, curl):
    proxy = start_midspan(target=nginx.endpoint)
    assert not curl.fetch("https://localhost:4443/", proxy=proxy.url).ok
    proxy.expect_verdict("ingress.proxy-to-tls-port", leg="client", party="client")


@pytest.mark.parametrize(
    "data",
    [b"\x04\x01\x01\xbb\x7f\0\0\x01\0", b"CONNECT nowhere HTTP/1.1\r\n\r\n", b"\x00\x01\x02\x03\r\n\r\n"],
    ids=["SOCKS4", "CONNECT without a port", "binary"],
)
def test_malformed(data, proxy):
    with socket.create_connection(proxy.address, timeout=raw.LIMIT_SECONDS) as sock:
        sock.sendall(data)
        sock.shutdown(socket.SHUT_WR)
        raw.read_all(sock)
    proxy.expect_verdict("ingress.malformed", leg="client", party="client")


# What works is not a fault


def test_a_client_certificate_that_the_origin_takes(start_midspan, start_origin, pki_, curl):
    origin = start_origin("s_server", client_ca=pki_.root)
    own = pki_.client()
    proxy = start_midspan("--server-leg", f"ca={pki_.root},cert={own.chain},key={own.key}")
    assert curl.fetch(origin.url("/small.bin"), proxy=proxy.url, ca=proxy.ca).ok
    proxy.expect_secured()


def test_a_client_certificate_on_the_client_leg(start_midspan, nginx, pki_, curl):
    own = pki_.client()
    proxy = start_midspan("--client-leg", f"client-auth=require,ca={pki_.root}", "--server-leg",
                          f"ca={pki_.root}")
    extra = ("--cert", own.chain, "--key", own.key)
    got = curl.fetch(nginx.url("/small.bin"), proxy=proxy.url, ca=proxy.ca, extra=extra)
    assert got.ok, got
    proxy.expect_secured()


def test_a_connection_opened_ahead_of_need_and_dropped(proxy, nginx):
    """Browsers do that; it is no silent rejection."""
    raw.connect_tunnel(proxy.address, f"localhost:{nginx.port}").close()
    proxy.wait_closed()
    assert not proxy.events("verdict"), proxy.story()


def test_the_same_finding_again_is_counted(proxy, nginx, curl, pki_):
    for _ in range(3):
        curl.fetch(nginx.url(), proxy=proxy.url, ca=pki_.stranger)
    proxy.wait_closed(3)
    found = proxy.wait("verdict", 3)
    assert [verdict.get("repeats", 0) for verdict in found] == [0, 1, 2], proxy.story()


@pytest.mark.parametrize(
    "fault, cause",
    [("expired", "cert.expired"), ("wrong-name", "cert.hostname-mismatch"),
     ("self-signed", "cert.self-signed")],
)
def test_what_midspan_masks(fault, cause, start_midspan, start_origin, pki_, curl):
    origin = start_origin("nginx", cert=pki_.server(fault=fault))
    proxy = start_midspan("--server-leg", f"ca={pki_.root},verify=off")
    assert curl.fetch(origin.url("/small.bin"), proxy=proxy.url, ca=proxy.ca).ok
    assert cause in proxy.expect_secured()["masked"]


# The failure manners


@pytest.fixture
def expired(start_origin, pki_):
    return start_origin("nginx", cert=pki_.server(fault="expired"))


@pytest.mark.parametrize("order", ["server-first", "client-first"])
def test_manner_page(order, expired, start_midspan, pki_, curl):
    proxy = start_midspan("--on-failure", "page", "--order", order, "--server-leg",
                          f"ca={pki_.root}")
    got = curl.fetch(expired.url(), proxy=proxy.url, ca=proxy.ca, extra=("-i",))
    assert got.exit_code == 0 and got.status >= 500, got
    proxy.expect_verdict("cert.expired", leg="server", party="server")
    whole = curl.fetch(expired.url(), proxy=proxy.url, ca=proxy.ca, extra=("-o", "/dev/stderr"))
    assert "cert.expired" in whole.output


@pytest.mark.parametrize("h2", [False, True], ids=["HTTP/1.1", "h2"])
def test_manner_page_speaks_what_the_client_speaks(h2, expired, start_midspan, pki_, curl):
    proxy = start_midspan("--server-leg", f"ca={pki_.root}")
    got = curl.fetch(expired.url(), proxy=proxy.url, ca=proxy.ca, h2=h2)
    assert got.exit_code == 0 and got.status >= 500, got


@pytest.mark.parametrize("manner, says", [("alert", "alert"), ("reset", "reset")])
def test_manner_alert_and_reset(manner, says, expired, start_midspan, pki_, curl):
    proxy = start_midspan("--on-failure", manner, "--server-leg", f"ca={pki_.root}")
    got = curl.fetch(expired.url(), proxy=proxy.url, ca=proxy.ca)
    assert got.exit_code in (35, 56), got
    assert says in got.output.lower(), got
    proxy.expect_verdict("cert.expired", leg="server", party="server")


def test_secrets_stay_out_of_the_log(proxy, node, curl):
    secret = "swordfish-7781"
    extra = ("-H", f"Authorization: Bearer {secret}", "-H", f"Cookie: id={secret}", "-d", secret)
    assert curl.fetch(node.url("/hash"), proxy=proxy.url, ca=proxy.ca, extra=extra).ok
    proxy.wait_closed()
    assert secret not in proxy.log_file.read_text()
    assert secret not in proxy.console()
