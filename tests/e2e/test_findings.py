"""Verdicts without a TLS stack to blame, what is no fault, and what the client is told."""

import socket
import ssl

import pytest

from harness import raw
from harness.process import free_port
from harness.sockets import MemoryClient

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


def test_tls_to_the_proxy_port(proxy, curl, pki_):
    """The proxy's address in the browser's address bar, with https."""
    assert not curl.fetch(f"https://localhost:{proxy.port}/", ca=pki_.stranger).ok
    verdict = proxy.expect_verdict("ingress.tls-to-proxy-port", leg="client", party="client")
    assert verdict["confidence"] == "proven", verdict
    assert "a whole ClientHello for localhost" in [row["outcome"] for row in verdict["proof"]]


def test_who_trusts_the_proxy_port_sees_its_page(proxy, curl):
    got = curl.fetch(f"https://localhost:{proxy.port}/", ca=proxy.ca)
    assert got.ok and "ca.pem" in got.text, got


def test_a_proxy_request_to_a_tls_port(start_midspan, nginx, curl):
    proxy = start_midspan(target=nginx.endpoint)
    assert not curl.fetch("https://localhost:4443/", proxy=proxy.url).ok
    verdict = proxy.expect_verdict("ingress.proxy-to-tls-port", leg="client", party="client")
    assert verdict["confidence"] == "proven", verdict
    assert "a whole request: CONNECT localhost:4443" in [row["outcome"] for row in verdict["proof"]]


@pytest.mark.parametrize(
    ("data", "confidence"),
    [
        (b"\x04\x01\x01\xbb\x7f\0\0\x01\0", "proven"),
        (b"PROXY TCP4 192.0.2.1 192.0.2.2 4000 443\r\n", "proven"),
        (b"CONNECT nowhere HTTP/1.1\r\nProxy-Authorization: Basic c2VjcmV0\r\n\r\n", "deduced"),
        (b"\x00\x01\x02\x03\r\n\r\n", "deduced"),
    ],
    ids=["SOCKS4", "PROXY header", "CONNECT without a port", "binary"],
)
def test_malformed(data, confidence, proxy):
    with socket.create_connection(proxy.address, timeout=raw.LIMIT_SECONDS) as sock:
        sock.sendall(data)
        sock.shutdown(socket.SHUT_WR)
        raw.read_all(sock)
    verdict = proxy.expect_verdict("ingress.malformed", leg="client", party="client")
    assert verdict["confidence"] == confidence, verdict
    first = bytes.fromhex(verdict["evidence"]["legs"]["client"]["first_bytes"])
    assert first and data.startswith(first) and b"Authorization" not in first


# What works is not a fault


def test_a_client_certificate_that_the_origin_takes(start_midspan, start_origin, pki_, curl):
    origin = start_origin("s_server", client_ca=pki_.root)
    own = pki_.client()
    proxy = start_midspan("--server-leg", f"ca={pki_.root},cert={own.chain},key={own.key}")
    assert curl.fetch(origin.url("/small.bin"), proxy=proxy.url, ca=proxy.ca).ok
    proxy.expect_secured()


def test_a_client_certificate_on_the_client_leg(start_midspan, nginx, pki_, curl):
    own = pki_.client()
    proxy = start_midspan(
        "--client-leg", f"client-auth=require,ca={pki_.root}", "--server-leg", f"ca={pki_.root}"
    )
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
    for count in range(1, 4):
        curl.fetch(nginx.url(), proxy=proxy.url, ca=pki_.stranger)
        proxy.wait_closed(count)
    found = proxy.wait("verdict", 3)
    assert [verdict.get("repeats", 0) for verdict in found] == [0, 1, 2], proxy.story()


@pytest.mark.parametrize(
    "fault, cause",
    [
        ("expired", "cert.expired"),
        ("wrong-name", "cert.hostname-mismatch"),
        ("self-signed", "cert.self-signed"),
    ],
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
    proxy = start_midspan(
        "--on-failure", "page", "--order", order, "--server-leg", f"ca={pki_.root}"
    )
    got = curl.fetch(expired.url(), proxy=proxy.url, ca=proxy.ca)
    assert got.exit_code == 0 and got.status >= 500, got
    assert "cert.expired" in got.text, got.text
    proxy.expect_verdict("cert.expired", leg="server", party="server")


@pytest.mark.parametrize("h2", [False, True], ids=["HTTP/1.1", "h2"])
def test_manner_page_speaks_what_the_client_speaks(h2, expired, start_midspan, pki_, curl):
    proxy = start_midspan("--server-leg", f"ca={pki_.root}")
    got = curl.fetch(expired.url(), proxy=proxy.url, ca=proxy.ca, h2=h2)
    assert got.exit_code == 0 and got.status >= 500, got


@pytest.mark.parametrize("manner", ["alert", "reset"])
def test_manner_alert_and_reset(manner, expired, start_midspan, pki_):
    proxy = start_midspan("--on-failure", manner, "--server-leg", f"ca={pki_.root}")
    with raw.connect_tunnel(proxy.address, f"localhost:{expired.port}") as sock:
        client = MemoryClient(sock, raw.client_context(proxy.ca))
        with pytest.raises((ssl.SSLError, ConnectionResetError)) as broke:
            client.handshake()
            client.recv()
    if manner == "alert":
        assert "ALERT" in str(broke.value), broke.value
    else:
        assert isinstance(broke.value, ConnectionResetError), broke.value
    proxy.expect_verdict("cert.expired", leg="server", party="server")


def test_secrets_stay_out_of_the_log(proxy, node, curl):
    secret = "swordfish-7781"
    extra = ("-H", f"Authorization: Bearer {secret}", "-H", f"Cookie: id={secret}", "-d", secret)
    assert curl.fetch(node.url("/hash"), proxy=proxy.url, ca=proxy.ca, extra=extra).ok
    proxy.wait_closed()
    assert secret not in proxy.log_file.read_text()
    assert secret not in proxy.console()
