"""Clients that are not ours, through CONNECT: each is content, and gets the very bytes."""

import pytest

from harness import bodies
from harness.clients import CLIENTS, Nghttp
from harness.midspan import leg

BY_HTTP = [
    pytest.param(client, h2, id=f"{client.name} over {'HTTP/2' if h2 else 'HTTP/1.1'}")
    for client in CLIENTS.values()
    for h2 in ([False, True] if client.can_h2 else [False])
]


@pytest.fixture(scope="module")
def upload(tmp_path_factory):
    file = tmp_path_factory.mktemp("upload") / "body.bin"
    file.write_bytes(bodies.pseudo_random(300_000, seed=11))
    return file


@pytest.mark.parametrize("client, h2", BY_HTTP)
def test_downloads_the_very_bytes(client, h2, proxy, nginx, site, built):
    got = client.fetch(nginx.url("/small.bin"), proxy=proxy.url, ca=proxy.ca, h2=h2)
    assert got.ok, got
    assert got.sha256 == site.small
    assert got.http == ("HTTP/2.0" if h2 else "HTTP/1.1")
    event = proxy.expect_secured()
    wanted = "h2" if h2 else "http/1.1"
    for side in ("client", "server"):
        assert leg(event, side).get("alpn") in (wanted, None if not h2 else wanted)


@pytest.mark.parametrize("client, h2", BY_HTTP)
def test_uploads_the_very_bytes(client, h2, proxy, node, upload, built):
    got = client.fetch(node.url("/hash"), proxy=proxy.url, ca=proxy.ca, h2=h2, upload=upload)
    assert got.ok, got
    assert bodies.sha256_file(upload) in got.text
    proxy.expect_secured()


def test_nghttp_to_a_fixed_target(start_midspan, pki_, nginx, site):
    proxy = start_midspan("--server-leg", f"ca={pki_.root}", target=f"localhost:{nginx.port}")
    got = Nghttp().fetch(f"https://localhost:{proxy.port}/small.bin")
    assert got.ok, got
    assert got.sha256 == site.small
    proxy.expect_secured()


def test_one_connection_carries_many_requests(proxy, nginx, curl, site):
    more = [word for _ in range(20) for word in ("-o", "/dev/null", nginx.url("/small.bin"))]
    got = curl.fetch(nginx.url("/small.bin"), proxy=proxy.url, ca=proxy.ca, extra=more)
    assert got.ok, got
    proxy.wait_closed()
    assert len(proxy.events("opened")) == 1


def test_the_leaf_satisfies_a_strict_verifier(proxy, nginx, built):
    client = CLIENTS["openssl s_client"]
    strict = ("-x509_strict", "-purpose", "sslserver")
    got = client.fetch(nginx.url("/small.bin"), proxy=proxy.url, ca=proxy.ca, extra=strict)
    assert got.ok, got


@pytest.mark.parametrize("address", ["127.0.0.1", "localhost"])
def test_the_leaf_names_what_the_client_asked_for(address, proxy, nginx, curl):
    got = curl.fetch(nginx.url("/small.bin", address), proxy=proxy.url, ca=proxy.ca)
    assert got.ok, got
    proxy.expect_secured()


def test_rsa_only_client_gets_an_rsa_leaf(proxy, nginx, curl):
    only = ("--ciphers", "ECDHE-RSA-AES128-GCM-SHA256")
    got = curl.fetch(
        nginx.url("/small.bin"), proxy=proxy.url, ca=proxy.ca, max="TLS1.2", extra=only
    )
    # nginx has an ECDSA certificate: mirrored, the server leg would share no suite with it.
    assert not got.ok
    proxy.expect_verdict("cipher.certificate-type-mismatch", leg="server")


@pytest.mark.parametrize(
    "suite", ["ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES128-GCM-SHA256"], ids=lambda s: s
)
def test_client_that_takes_one_kind_of_leaf_only(suite, start_midspan, start_origin, pki_, curl):
    origin = start_origin("nginx", cert=pki_.server("rsa"), extra_certs=(pki_.server(),))
    proxy = start_midspan("--server-leg", f"ca={pki_.root}")
    got = curl.fetch(
        origin.url("/small.bin"),
        proxy=proxy.url,
        ca=proxy.ca,
        max="TLS1.2",
        extra=("--ciphers", suite),
    )
    assert got.ok, got
    assert leg(proxy.expect_secured(), "client")["suite"]
