"""TLS 1.0 to 1.3 on both legs, each against stacks that are not ours."""

import pytest

from harness.clients import CLIENTS
from harness.midspan import leg
from harness.origins import ORDER

LOW = "min=TLS1.0"
OLD = ("TLS1.0", "TLS1.1")


def version_of(event, side):
    return leg(event, side)["version"].replace("v", "").replace(" ", "")


@pytest.fixture(scope="module")
def low_proxy(tmp_path_factory, authority_dir, pki_):
    from harness.midspan import Midspan

    proxy = Midspan(
        tmp_path_factory.mktemp("low"),
        "--client-leg",
        LOW,
        "--server-leg",
        f"{LOW},mirror=off,ca={pki_.root}",
        ca_dir=authority_dir,
    )
    yield proxy
    proxy.stop()


@pytest.fixture
def proxy(low_proxy):
    low_proxy.mark()
    return low_proxy


@pytest.mark.parametrize("version", ORDER)
@pytest.mark.parametrize("client", ["curl", "openssl s_client", "gnutls-cli", "Python", "Go"])
def test_client_leg(client, version, proxy, nginx, built):
    got = CLIENTS[client].fetch(
        nginx.url("/small.bin"), proxy=proxy.url, ca=proxy.ca, min=version, max=version
    )
    assert got.ok, got
    assert version_of(proxy.expect_secured(), "client") == version


@pytest.mark.parametrize("version", ORDER)
@pytest.mark.parametrize("name", ["nginx", "s_server", "gnutls-serv", "haproxy", "go"])
def test_server_leg(name, version, proxy, start_origin, curl):
    origin = start_origin(name, min=version, max=version)
    got = curl.fetch(origin.url("/small.bin"), proxy=proxy.url, ca=proxy.ca)
    assert got.ok, got
    event = proxy.expect_secured()
    assert version_of(event, "server") == version
    assert version_of(event, "client") == "TLS1.3"


@pytest.mark.parametrize("old", OLD)
def test_old_client_and_new_origin(old, proxy, start_origin, curl):
    """midspan bridges what could never talk directly, and says so."""
    origin = start_origin("nginx", min="TLS1.3")
    got = curl.fetch(origin.url("/small.bin"), proxy=proxy.url, ca=proxy.ca, min=old, max=old)
    assert got.ok, got
    masked = proxy.expect_secured()["masked"]
    assert "protocol.no-common-version" in str(masked)


@pytest.mark.parametrize("old", OLD)
def test_old_client_is_refused_by_default(old, start_midspan, pki_, nginx, curl):
    proxy = start_midspan("--server-leg", f"ca={pki_.root}")
    got = curl.fetch(nginx.url("/small.bin"), proxy=proxy.url, ca=proxy.ca, min=old, max=old)
    assert not got.ok
    proxy.expect_verdict("protocol.no-common-version", leg="client", party="client")
