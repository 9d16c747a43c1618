"""Origins that are not ours, fetched by curl, OpenSSL, GnuTLS and Node through midspan."""

import pytest

from harness.clients import CLIENTS
from harness.midspan import leg
from harness.origins import ORIGINS

H2_ORIGINS = ("nginx", "haproxy", "node", "go")
SHOWS_ITS_OWN_PAGE = ("gnutls-serv",)


@pytest.fixture(scope="module", params=list(ORIGINS), ids=str)
def origin(request, start_origin_session):
    alpn = ("h2", "http/1.1") if request.param in H2_ORIGINS else ("http/1.1",)
    return start_origin_session(request.param, alpn=alpn)


@pytest.mark.parametrize("client", ["curl", "openssl s_client", "gnutls-cli", "Python", "Go"])
def test_http1(client, origin, proxy, site):
    got = CLIENTS[client].fetch(origin.url("/small.bin"), proxy=proxy.url, ca=proxy.ca)
    assert got.ok, got
    if origin.name not in SHOWS_ITS_OWN_PAGE:
        assert got.sha256 == site.small
    proxy.expect_secured()


@pytest.mark.parametrize("client", ["curl", "Node", "Go"])
def test_h2_where_the_origin_has_it_and_http1_where_not(client, origin, proxy):
    got = CLIENTS[client].fetch(origin.url("/small.bin"), proxy=proxy.url, ca=proxy.ca, h2=True)
    assert got.ok, got
    assert (got.http == "HTTP/2.0") == (origin.name in H2_ORIGINS)
    event = proxy.expect_secured()
    # What the origin chose is what the client was told: neither leg promises what the other lacks.
    assert leg(event, "client").get("alpn") == leg(event, "server").get("alpn")


def test_client_first_order(origin, start_midspan, pki_, curl):
    proxy = start_midspan("--order", "client-first", "--server-leg", f"ca={pki_.root}")
    got = curl.fetch(origin.url("/small.bin"), proxy=proxy.url, ca=proxy.ca)
    assert got.ok, got
    proxy.expect_secured()


@pytest.mark.parametrize("kind", ["ecdsa", "rsa", "p384"])
@pytest.mark.parametrize("name", ["nginx", "gnutls-serv"])
def test_kinds_of_origin_certificate(name, kind, start_origin, proxy, pki_, curl):
    origin = start_origin(name, cert=pki_.server(kind))
    got = curl.fetch(origin.url("/small.bin"), proxy=proxy.url, ca=proxy.ca)
    assert got.ok, got
    proxy.expect_secured()


def test_origin_that_asks_for_another_group_first(start_origin, proxy, curl):
    """The client's key share is of X25519; the origin wants P-384: a HelloRetryRequest."""
    origin = start_origin("nginx", min="TLS1.3", groups="secp384r1")
    got = curl.fetch(origin.url("/small.bin"), proxy=proxy.url, ca=proxy.ca)
    assert got.ok, got
    proxy.expect_secured()


def test_server_names_choose_among_certificates(start_origin, proxy, curl, site, pki_):
    origin = start_origin("nginx", strict_sni="a.test")
    got = curl.fetch(
        "https://a.test/small.bin", proxy=proxy.url, ca=proxy.ca, sni_to=origin.endpoint
    )
    assert got.ok, got
    assert got.sha256 == site.small
    assert leg(proxy.expect_secured(), "server")["sni"] == "a.test"
