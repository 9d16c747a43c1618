"""Real browsers load a real site through midspan, with nothing to complain about.

The site (browser/site) uses styles, modules, pictures, fetch, a 20 MB download, uploads, a form,
an event stream and a WebSocket; its steps.js says what each must give.
"""

import shutil

import pytest

from harness import bodies
from harness.browsers import BROWSERS, FOLDER, install_driver
from harness.origins import Node

DOWNLOAD = 20_000_000


@pytest.fixture(scope="module")
def driver():
    install_driver()


@pytest.fixture(scope="module")
def browser_site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("browser-site") / "site"
    shutil.copytree(FOLDER / "site", folder)
    (folder / "small.bin").write_bytes(bodies.pseudo_random(bodies.SMALL))
    (folder / "download.bin").write_bytes(bodies.pseudo_random(DOWNLOAD, seed=5))
    return folder


@pytest.fixture(scope="module", params=["HTTP/1.1", "h2"])
def origin(request, tmp_path_factory, browser_site, pki_):
    alpn = ("h2", "http/1.1") if request.param == "h2" else ("http/1.1",)
    with Node(
        tmp_path_factory.mktemp("node"), browser_site, cert=pki_.server(), alpn=alpn
    ) as origin:
        origin.http = request.param
        yield origin


@pytest.mark.parametrize("name", list(BROWSERS))
def test_a_whole_site(name, origin, proxy, browser_site, driver, tmp_path):
    found = BROWSERS[name].visit(
        tmp_path / "home", origin.url("/"), proxy=proxy.endpoint, ca=proxy.ca
    )
    assert "error" not in found, found
    assert found["console"] == [] and found["pageErrors"] == [] and found["failedRequests"] == []
    assert set(found["statuses"]) <= {"101", "200"}, found["statuses"]
    assert found["result"]["failed"] == {}
    done = found["result"]["done"]
    assert done["styled"] == "rgb(1, 2, 3)"
    assert done["pictures"] and done["upload"] and done["form"] and done["webSocket"]
    assert done["events"] == 10
    assert done["download"] == bodies.sha256_file(browser_site / "download.bin")
    assert done["manyAtOnce"] == [bodies.sha256_file(browser_site / "small.bin")]
    assert done["protocol"]["http"] == ("2.0" if origin.http == "h2" else "1.1")
    proxy.wait("secured")
    # The browser's own errands (updates, sign-in) have no network here: theirs don't count.
    ours = [event for event in proxy.events("verdict") if event["target"].startswith("localhost:")]
    assert not [event for event in ours if event["severity"] == "error"], proxy.story()
    assert not proxy.events("error")


@pytest.mark.parametrize("name", list(BROWSERS))
def test_without_trust_in_the_authority(name, node, start_midspan, driver, pki_, tmp_path):
    # A proxy of its own: one that this browser has trusted before would rightly look further.
    proxy = start_midspan("--server-leg", f"ca={pki_.root}")
    found = BROWSERS[name].visit(tmp_path / "home", node.url("/"), proxy=proxy.endpoint, ca=None)
    assert "error" in found and "result" not in found
    ours = proxy.wait("verdict", where=lambda event: event["target"].startswith("localhost:"))
    wanted = ("trust.client-rejects-bridge-ca", "client", "client")
    assert {(event["cause"], event["leg"], event["party"]) for event in ours} == {wanted}
