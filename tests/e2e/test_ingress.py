"""How a client can name its target."""

import os
import subprocess
import sys

import pytest

from harness import raw
from harness.bodies import sha256
from harness.clients import CLIENTS
from harness.process import Process, free_port


@pytest.mark.parametrize(
    "scheme", ["http", "socks5", "socks5h"], ids=["CONNECT", "SOCKS5 by address", "SOCKS5 by name"]
)
def test_proxy_request(scheme, proxy, nginx, curl, site):
    got = curl.fetch(nginx.url("/small.bin"), proxy=f"{scheme}://{proxy.endpoint}", ca=proxy.ca)
    assert got.ok, got
    assert got.sha256 == site.small
    kind = "connect" if scheme == "http" else "socks5"
    assert kind in str(proxy.wait("target")[0])
    proxy.expect_secured()


def test_https_proxy(proxy, nginx, curl, site):
    """The proxy request itself comes inside TLS."""
    got = curl.fetch(
        nginx.url("/small.bin"),
        proxy=f"https://localhost:{proxy.port}",
        ca=proxy.ca,
        extra=("--proxy-cacert", proxy.ca),
    )
    assert got.ok, got
    assert got.sha256 == site.small
    proxy.expect_secured()


@pytest.fixture
def plain_origin(site, tmp_path):
    port = free_port()
    command = [sys.executable, "-m", "http.server", str(port), "--bind", "127.0.0.1"]
    with Process(command, tmp_path / "plain.log", cwd=site.folder) as process:
        process.await_accept("127.0.0.1", port)
        yield f"127.0.0.1:{port}"


@pytest.mark.parametrize("client", ["curl", "wget"])
def test_absolute_form(client, proxy, plain_origin, site):
    got = CLIENTS[client].fetch(f"http://{plain_origin}/small.bin", proxy=proxy.url)
    assert got.ok, got
    assert got.sha256 == site.small
    assert "absolute-form" in str(proxy.wait("target")[0])


def test_plain_http_inside_connect(proxy, plain_origin, curl, site):
    got = curl.fetch(f"http://{plain_origin}/small.bin", proxy=proxy.url, extra=("--proxytunnel",))
    assert got.ok, got
    assert got.sha256 == site.small
    proxy.wait("plain")
    proxy.expect_no_error()


def test_server_that_speaks_first_inside_connect(proxy):
    """SSH and SMTP servers greet; the client says nothing until then."""

    def greet(sock):
        sock.sendall(b"220 mail.test ESMTP\r\n")
        assert sock.recv(100) == b"QUIT\r\n"
        sock.sendall(b"221 bye\r\n")

    with raw.RawOrigin(greet) as origin:
        with raw.connect_tunnel(proxy.address, origin.endpoint) as sock:
            assert raw.read_to(sock, b"\r\n") == b"220 mail.test ESMTP\r\n"
            sock.sendall(b"QUIT\r\n")
            assert raw.read_all(sock) == (b"221 bye\r\n", "fin")
    proxy.wait_closed()


def test_fixed_target(start_midspan, pki_, nginx, curl, site):
    proxy = start_midspan("--server-leg", f"ca={pki_.root}", target=nginx.endpoint)
    got = curl.fetch(
        f"https://a.test:{proxy.port}/small.bin",
        ca=proxy.ca,
        extra=("--resolve", f"a.test:{proxy.port}:127.0.0.1"),
    )
    assert got.ok, got
    assert got.sha256 == site.small
    assert "fixed" in str(proxy.wait("target")[0])
    proxy.expect_secured()


@pytest.mark.parametrize("version", ["send-proxy", "send-proxy-v2"])
def test_proxy_protocol_from_haproxy(version, start_midspan, pki_, nginx, curl, site, tmp_path):
    proxy = start_midspan(
        "--proxy-protocol", "--server-leg", f"ca={pki_.root}", target=nginx.endpoint
    )
    port = free_port()
    conf = tmp_path / "front.cfg"
    conf.write_text(
        f"defaults\n  mode tcp\n  timeout connect 10s\n  timeout client 30s\n"
        f"  timeout server 30s\nlisten front\n  bind 127.0.0.1:{port}\n"
        f"  server midspan {proxy.endpoint} {version}\n"
    )
    with Process(["haproxy", "-f", conf, "-db"], tmp_path / "front.log") as front:
        front.await_accept("127.0.0.1", port)
        proxy.mark()
        got = curl.fetch(f"https://localhost:{port}/small.bin", ca=proxy.ca)
    assert got.ok, got
    assert got.sha256 == site.small
    proxy.expect_secured()


def test_proxy_protocol_from_curl(start_midspan, pki_, nginx, curl):
    proxy = start_midspan(
        "--proxy-protocol", "--server-leg", f"ca={pki_.root}", target=nginx.endpoint
    )
    got = curl.fetch(
        f"https://localhost:{proxy.port}/small.bin", ca=proxy.ca, extra=("--haproxy-protocol",)
    )
    assert got.ok, got
    proxy.expect_secured()


def test_proxy_protocol_that_is_missing(start_midspan, pki_, nginx, curl):
    proxy = start_midspan(
        "--proxy-protocol", "--server-leg", f"ca={pki_.root}", target=nginx.endpoint
    )
    got = curl.fetch(f"https://localhost:{proxy.port}/small.bin", ca=proxy.ca)
    assert not got.ok
    proxy.expect_verdict("ingress.malformed", leg="client")


@pytest.mark.parametrize("pattern", ["localhost", "*.test"])
def test_passed_hosts_are_relayed_untouched(pattern, start_midspan, nginx, curl, pki_, site):
    proxy = start_midspan("--pass", pattern)
    host = "localhost" if pattern == "localhost" else "a.test"
    got = curl.fetch(
        f"https://{host}:{nginx.port}/small.bin",
        proxy=proxy.url,
        ca=pki_.root,
        sni_to=None if host == "localhost" else nginx.endpoint,
    )
    assert got.ok, got  # with the origin's own certificate: nobody was in the middle
    assert got.sha256 == site.small
    proxy.wait("passed")
    assert not proxy.events("secured")
    proxy.expect_no_error()


def test_passed_connection_still_gets_a_verdict(start_midspan, start_origin, curl, pki_):
    origin = start_origin("nginx", min="TLS1.3")
    proxy = start_midspan("--pass", "localhost")
    got = curl.fetch(origin.url("/small.bin"), proxy=proxy.url, ca=pki_.root, max="TLS1.2")
    assert not got.ok
    proxy.expect_verdict("protocol.no-common-version")


def test_via_another_midspan(start_midspan, pki_, nginx, curl, site):
    upstream = start_midspan("--server-leg", f"ca={pki_.root}")
    proxy = start_midspan("--via", upstream.url, "--server-leg", f"ca={upstream.ca}")
    got = curl.fetch(nginx.url("/small.bin"), proxy=proxy.url, ca=proxy.ca)
    assert got.ok, got
    assert got.sha256 == site.small
    upstream.expect_secured()
    proxy.expect_secured()


@pytest.fixture
def apache_proxy(tmp_path):
    """Apache httpd as a forward proxy for CONNECT; 127.0.0.2 is refused with 403."""
    port = free_port()
    modules = "/usr/lib/apache2/modules"
    conf = tmp_path / "apache.conf"
    user = "User www-data\nGroup www-data\n" if os.getuid() == 0 else ""
    conf.write_text(
        f"LoadModule mpm_event_module {modules}/mod_mpm_event.so\n"
        f"LoadModule authz_core_module {modules}/mod_authz_core.so\n"
        f"LoadModule proxy_module {modules}/mod_proxy.so\n"
        f"LoadModule proxy_connect_module {modules}/mod_proxy_connect.so\n"
        f"ServerRoot {tmp_path}\nServerName apache.test\nListen 127.0.0.1:{port}\n{user}"
        f"PidFile {tmp_path}/apache.pid\nErrorLog {tmp_path}/apache-error.log\n"
        "ProxyRequests On\nAllowCONNECT 1024-65535\n"
        "<Proxy *>\nRequire all granted\n</Proxy>\n"
        '<Proxy "127.0.0.2">\nRequire all denied\n</Proxy>\n'
    )
    with Process(["apache2", "-f", conf, "-DFOREGROUND"], tmp_path / "apache.log") as process:
        process.await_accept("127.0.0.1", port)
        yield f"http://127.0.0.1:{port}"


def test_via_apache(apache_proxy, start_midspan, pki_, nginx, curl, site):
    proxy = start_midspan("--via", apache_proxy, "--server-leg", f"ca={pki_.root}")
    got = curl.fetch(nginx.url("/small.bin"), proxy=proxy.url, ca=proxy.ca)
    assert got.ok, got
    assert got.sha256 == site.small
    proxy.expect_secured()


def test_via_a_proxy_that_refuses(apache_proxy, start_midspan, curl):
    proxy = start_midspan("--via", apache_proxy)
    got = curl.fetch("https://127.0.0.2:2222/", proxy=proxy.url, ca=proxy.ca)
    assert not got.ok
    verdict = proxy.wait("verdict")[0]
    assert verdict["leg"] == "server" and verdict["cause"].startswith("transport."), verdict
    assert "403" in str(verdict), verdict


def test_via_where_nobody_listens(start_midspan, curl):
    """The upstream proxy is at fault, not the origin, which nobody asked."""
    upstream = f"127.0.0.1:{free_port()}"
    proxy = start_midspan("--via", f"http://{upstream}")
    assert not curl.fetch("https://a.test/", proxy=proxy.url, ca=proxy.ca).ok
    verdict = proxy.expect_verdict("transport.refused", leg="server", party="network")
    assert upstream in verdict["summary"] and verdict["confidence"] == "proven", verdict


def test_via_that_hangs_up(start_midspan, curl):
    with raw.RawOrigin(raw.read_head) as upstream:
        proxy = start_midspan("--via", f"http://{upstream.endpoint}")
        assert not curl.fetch("https://a.test/", proxy=proxy.url, ca=proxy.ca).ok
        verdict = proxy.expect_verdict("transport.refused", leg="server", party="network")
        assert upstream.endpoint in verdict["summary"] and not verdict["proof"], verdict


def test_ipv6(start_midspan, start_origin, pki_, curl, site):
    origin = start_origin("nginx", host="::1")
    proxy = start_midspan("--server-leg", f"ca={pki_.root}", listen="[::1]:0")
    got = curl.fetch(origin.url("/small.bin", "[::1]"), proxy=proxy.url, ca=proxy.ca)
    assert got.ok, got
    assert got.sha256 == site.small
    proxy.expect_secured()


def test_ipv6_by_socks(start_midspan, start_origin, pki_, curl):
    origin = start_origin("nginx", host="::1")
    proxy = start_midspan("--server-leg", f"ca={pki_.root}")
    got = curl.fetch(
        origin.url("/small.bin", "[::1]"), proxy=f"socks5://{proxy.endpoint}", ca=proxy.ca
    )
    assert got.ok, got


def test_several_listeners(start_midspan, pki_, nginx, curl):
    proxy = start_midspan("--listen", "[::1]:0", "--server-leg", f"ca={pki_.root}")
    proxy.wait("listening", 2)
    assert {host for host, _ in proxy.addresses} == {"127.0.0.1", "::1"}
    for host, port in proxy.addresses:
        at = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        assert curl.fetch(nginx.url("/small.bin"), proxy=f"http://{at}", ca=proxy.ca).ok


def test_authority_page_through_the_proxy(proxy, curl):
    pem = curl.fetch("http://midspan.test/ca.pem", proxy=proxy.url)
    assert pem.ok, pem
    assert pem.text.startswith("-----BEGIN CERTIFICATE-----")
    to_der = ["openssl", "x509", "-in", proxy.ca, "-outform", "DER"]
    own = subprocess.run(to_der, capture_output=True, check=True).stdout
    page = curl.fetch("http://midspan.test/", proxy=proxy.url)
    assert page.ok and "ca.pem" in page.text and "ca.der" in page.text, page
    der = curl.fetch("http://midspan.test/ca.der", proxy=proxy.url)
    assert der.sha256 == sha256(own), der


@pytest.mark.parametrize("path", ["/ca-key.pem", "/../ca-key.pem", "/%2e%2e/ca-key.pem", "/ca.key"])
def test_the_key_is_never_served(path, proxy, curl):
    got = curl.fetch(f"http://midspan.test{path}", proxy=proxy.url, extra=("--path-as-is",))
    assert not got.ok
    assert "PRIVATE KEY" not in got.text
