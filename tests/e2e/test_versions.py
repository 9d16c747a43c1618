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
def shared_proxy(share, pki_):
    shared = share("--client-leg", LOW, "--server-leg", f"{LOW},mirror=off,ca={pki_.root}")
    yield shared
    shared.stop()


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
@pytest.mark.parametrize("order, leg_", [("server-first", "server"), ("client-first", "client")])
def test_old_client_and_floors_of_tls_12(old, order, leg_, start_midspan, pki_, nginx, curl):
    proxy = start_midspan(
        "--order", order, "--client-leg", "min=TLS1.2", "--server-leg", f"ca={pki_.root}"
    )
    got = curl.fetch(nginx.url("/small.bin"), proxy=proxy.url, ca=proxy.ca, min=old, max=old)
    assert not got.ok
    # The origin refuses the mirrored hello first; told to answer first, midspan does.
    proxy.expect_verdict("protocol.no-common-version", leg=leg_, party="client")
