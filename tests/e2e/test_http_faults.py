"""TLS faults told in HTTP, on connections whose handshakes were all good."""

import os
import time

import pytest

from harness import raw
from harness.process import Process, free_port

# What nginx answers to requests whose Host is not the name of the handshake.
STRICT = ("if ($ssl_server_name != $host) { return 421; }",)
# Nobody asks the resolver: curl speaks to the proxy, and the Host header is only text.
OTHER = ("-H", "Host: other.test")

NODE_421 = """
const http2 = require("node:http2"), fs = require("node:fs");
const server = http2.createSecureServer({ cert: fs.readFileSync(process.argv[1]),
  key: fs.readFileSync(process.argv[2]) });
server.on("stream", (stream, headers) => {
  const name = headers[":authority"].split(":")[0];
  stream.respond({ ":status": name === stream.session.socket.servername ? 200 : 421 });
  stream.end("said\\n");
});
server.listen(0, "127.0.0.1", () => console.log("listening " + server.address().port));
"""

APACHE = """ServerRoot {folder}
PidFile {folder}/apache.pid
ErrorLog {folder}/error.log
ServerName apache.test
{user}
LoadModule mpm_event_module {modules}/mod_mpm_event.so
LoadModule authz_core_module {modules}/mod_authz_core.so
LoadModule ssl_module {modules}/mod_ssl.so
Listen 127.0.0.1:{port}
SSLCertificateFile {cert.chain}
SSLCertificateKeyFile {cert.key}
DocumentRoot {site}
<Directory {site}>
  Require all granted
</Directory>
<VirtualHost *:{port}>
  ServerName localhost
  SSLEngine on
</VirtualHost>
<VirtualHost *:{port}>
  ServerName other.test
  SSLEngine on
  SSLVerifyClient require
  SSLCACertificateFile {ca}
</VirtualHost>
"""


@pytest.fixture
def apache(tmp_path, site, pki_):
    """Two hosts of different TLS settings: a connection of one is no good for the other."""
    port = free_port()
    user = "User www-data\nGroup www-data" if os.getuid() == 0 else ""
    conf = tmp_path / "apache.conf"
    conf.write_text(
        APACHE.format(
            folder=tmp_path,
            modules="/usr/lib/apache2/modules",
            port=port,
            user=user,
            cert=pki_.server(),
            site=site.folder,
            ca=pki_.root,
        )
    )
    with Process(["apache2", "-f", conf, "-DFOREGROUND"], tmp_path / "apache.log") as process:
        process.await_accept("127.0.0.1", port)
        yield f"https://localhost:{port}/small.bin"


@pytest.fixture
def node_421(tmp_path, pki_):
    cert = pki_.server()
    with Process(["node", "-e", NODE_421, cert.chain, cert.key], tmp_path / "node.log") as process:
        yield f"https://localhost:{process.await_line('listening ')}/"


def fetch(curl, proxy, url, *extra, h2=False):
    return curl.fetch(url, proxy=proxy.url, ca=proxy.ca, h2=h2, extra=extra)


def expect_misdirected(proxy, party="client"):
    verdict = proxy.expect_verdict("sni.misdirected", leg="server", party=party, phase="after")
    assert verdict["confidence"] == "deduced", verdict
    assert "421" in verdict["summary"] and "other.test" in verdict["summary"], verdict
    return verdict


@pytest.fixture
def strict(start_origin):
    return start_origin("nginx", alpn=("h2", "http/1.1"), extra=STRICT)


BOTH = pytest.mark.parametrize("h2", [False, True], ids=["http1", "h2"])


@BOTH
def test_host_is_not_the_name_of_the_handshake(h2, proxy, strict, curl):
    assert fetch(curl, proxy, strict.url("/small.bin"), *OTHER, h2=h2).status == 421
    expect_misdirected(proxy)


@BOTH
def test_the_second_request_is_for_another_host(h2, proxy, strict, curl):
    """One connection for two names, as browsers use HTTP/2."""
    again = ["--next", "-sS", "-o", os.devnull, "--noproxy", "", "-x", proxy.url]
    again += ["--cacert", proxy.ca, "--http2" if h2 else "--http1.1", *OTHER]
    # curl takes the URL given last into its last part: the first part's comes before --next.
    first, second = strict.url("/small.bin"), strict.url("/small.bin")
    got = curl.fetch(second, proxy=proxy.url, ca=proxy.ca, h2=h2, extra=(first, *again))
    assert got.exit_code == 0, got
    expect_misdirected(proxy)
    assert len(proxy.events("opened")) == 1


def test_apache(proxy, apache, curl):
    assert fetch(curl, proxy, apache, *OTHER).status == 421
    expect_misdirected(proxy)


def test_node(proxy, node_421, curl):
    assert fetch(curl, proxy, node_421, *OTHER, h2=True).status == 421
    expect_misdirected(proxy)


def test_no_name_was_sent(start_midspan, strict, curl, pki_):
    proxy = start_midspan("--server-leg", f"sni=none,ca={pki_.root}")
    assert fetch(curl, proxy, strict.url("/small.bin")).status == 421
    proxy.expect_verdict("sni.required", leg="server", party="bridge")


def test_the_bridge_sent_another_name(start_midspan, strict, curl, pki_):
    leg = f"sni=other.test,verify-name=localhost,ca={pki_.root}"
    proxy = start_midspan("--server-leg", leg)
    assert fetch(curl, proxy, strict.url("/small.bin")).status == 421
    expect_misdirected(proxy, party="bridge")


def test_421_for_the_right_host_is_the_servers_fault(proxy, start_origin, curl):
    origin = start_origin("nginx", extra=("return 421;",))
    assert fetch(curl, proxy, origin.url("/small.bin")).status == 421
    proxy.expect_verdict("sni.misdirected", leg="server", party="server")


@BOTH
def test_nginx_wants_a_client_certificate(h2, proxy, start_origin, curl, pki_):
    origin = start_origin("nginx", client_ca=pki_.root, alpn=("h2", "http/1.1"))
    assert fetch(curl, proxy, origin.url("/small.bin"), h2=h2).status == 400
    verdict = proxy.expect_verdict("client-auth.required", leg="server")
    assert verdict["confidence"] == "deduced", verdict  # its page says so


@pytest.mark.parametrize("status", [495, 496])
def test_nginx_says_which_client_certificate(status, proxy, start_origin, curl, pki_):
    extra = (
        f"ssl_verify_client optional; ssl_client_certificate {pki_.root};",
        f'if ($ssl_client_verify != SUCCESS) {{ return {status} "no"; }}',
    )
    origin = start_origin("nginx", extra=extra)
    assert fetch(curl, proxy, origin.url("/small.bin")).status == status
    verdict = proxy.expect_verdict("client-auth.required", leg="server")
    assert verdict["confidence"] == "deduced", verdict


@pytest.mark.parametrize("status", [525, 526])
def test_an_edge_behind(status, proxy, start_origin, curl):
    origin = start_origin("nginx", extra=(f'return {status} "no";',))
    assert fetch(curl, proxy, origin.url("/small.bin")).status == status
    proxy.expect_verdict("alert.internal-error", leg="server", party="server")


@BOTH
def test_what_is_no_fault(h2, proxy, strict, curl):
    assert fetch(curl, proxy, strict.url("/small.bin"), h2=h2).ok
    assert fetch(curl, proxy, strict.url("/no-such-file"), h2=h2).status == 404
    proxy.wait_closed(2)
    proxy.expect_secured(2)
    assert not proxy.events("verdict"), proxy.story()


def test_a_bad_request_to_who_wants_no_certificate(proxy, start_origin, curl):
    origin = start_origin("nginx", extra=("return 400;",))
    assert fetch(curl, proxy, origin.url("/small.bin")).status == 400
    proxy.wait_closed()
    proxy.expect_no_error()


def test_the_evidence_has_status_host_and_date(proxy, strict, curl):
    assert fetch(curl, proxy, strict.url("/small.bin"), *OTHER).status == 421
    evidence = expect_misdirected(proxy)["evidence"]
    assert evidence["host_header"] == "other.test"
    assert abs(evidence["origin_date_us"] / 1e6 - time.time()) < 3600


def test_a_tls_server_whose_service_is_down(start_midspan, pki_, curl):
    """It knows no ALPN, takes the request and closes: no application protocol is to blame."""

    def serve(sock):
        with raw.wrap_server(sock, raw.server_context(pki_.server())) as tls:
            raw.read_head(tls)
            tls.unwrap()

    with raw.RawOrigin(serve) as origin:
        proxy = start_midspan("--server-leg", f"ca={pki_.root}")
        got = curl.fetch(origin.url(), proxy=proxy.url, ca=proxy.ca)
        assert not got.ok, got
        proxy.expect_verdict("transport.closed", leg="server", party="server", phase="after")


def test_a_message_that_wants_no_answer(start_midspan, pki_):
    """What is not HTTP may be all there is to say: the origin may take it and close. The Host
    header of CONNECT is no request to the origin."""

    def serve(sock):
        with raw.wrap_server(sock, raw.server_context(pki_.server())) as tls:
            assert raw.read_to(tls, b"\n") == b"<13>a line of a log\n"
            tls.unwrap()

    with raw.RawOrigin(serve) as origin:
        proxy = start_midspan("--server-leg", f"ca={pki_.root}")
        with raw.connect_tunnel(proxy.address, f"localhost:{origin.port}") as sock:
            with raw.wrap(sock, raw.client_context(proxy.ca)) as tls:
                tls.sendall(b"<13>a line of a log\n")
                assert tls.recv(1) == b""
        proxy.wait_closed()
        proxy.expect_no_error()


@BOTH
def test_nginx_refuses_our_client_certificate(h2, start_midspan, start_origin, curl, pki_):
    """Its page tells that from any other 400."""
    origin = start_origin("nginx", alpn=("h2", "http/1.1"), client_ca=pki_.root)
    stranger = pki_.client(stranger=True)
    proxy = start_midspan(
        "--server-leg", f"ca={pki_.root},cert={stranger.chain},key={stranger.key}"
    )
    assert fetch(curl, proxy, origin.url("/small.bin"), h2=h2).status == 400
    verdict = proxy.expect_verdict("client-auth.rejected", leg="server", party="bridge")
    assert verdict["confidence"] == "deduced", verdict


NODE_H2 = """
const http2 = require("node:http2"), fs = require("node:fs");
const server = http2.createSecureServer({ cert: fs.readFileSync(process.argv[1]),
  key: fs.readFileSync(process.argv[2]) });
server.listen(0, "127.0.0.1", () => console.log("listening " + server.address().port));
"""


def test_node_turns_a_client_without_alpn_away(proxy, curl, tmp_path, pki_):
    cert = pki_.server()
    with Process(["node", "-e", NODE_H2, cert.chain, cert.key], tmp_path / "node.log") as node:
        url = f"https://localhost:{node.await_line('listening ')}/"
        assert fetch(curl, proxy, url, "--no-alpn").status == 403
        verdict = proxy.expect_verdict("alpn.no-overlap", leg="server", party="client")
    assert verdict["confidence"] == "deduced", verdict


@pytest.mark.parametrize("name", ["nginx", "go"])
def test_plain_http_to_a_port_of_tls(name, proxy, start_origin, curl):
    """It is relayed as it is; the origin's own answer tells."""
    url = start_origin(name).url("/small.bin").replace("https:", "http:")
    assert curl.fetch(url, proxy=proxy.url).status == 400
    verdict = proxy.expect_verdict("transport.not-tls", leg="client", party="client")
    assert verdict["confidence"] == "deduced", verdict
