"""Real browsers open the lab's broken hosts: what they show and what midspan says agree."""

import json
from pathlib import Path

import pytest

from harness.browsers import BROWSERS, install_driver
from harness.midspan import run

CAUSES = Path(__file__).resolve().parents[2] / "docs" / "causes"

# What browsers call a fault that the minted leaf mirrors (--client-leg leaf=mirror), by cause.
OWN_WORDS = {
    "cert.expired": ("ERR_CERT_DATE_INVALID", "SEC_ERROR_EXPIRED_CERTIFICATE"),
    "cert.not-yet-valid": (
        "ERR_CERT_DATE_INVALID",
        "MOZILLA_PKIX_ERROR_NOT_YET_VALID_CERTIFICATE",
    ),
}


@pytest.fixture(scope="module", autouse=True)
def driver():
    install_driver()


def hosts(causes=None):
    rows = json.loads(run("lab", "list", "--json").stdout)
    rows = [row for row in rows if row.get("host") and row.get("cause")]
    return {
        f"https://{row['host']}.midspan.test/": row["cause"]
        for row in rows
        if causes is None or row["cause"] in causes
    }


def title_of(cause):
    return (CAUSES / f"{cause}.md").read_text().splitlines()[3]


def causes_of(proxy, url):
    target = url.removeprefix("https://").rstrip("/") + ":443"
    return {event["cause"] for event in proxy.events("verdict") if event["target"] == target}


@pytest.mark.parametrize("name", list(BROWSERS))
def test_each_broken_host_is_explained(name, start_midspan, tmp_path):
    proxy = start_midspan(words=("lab", "serve"))
    wanted = dict(list(hosts().items())[:10])
    found = BROWSERS[name].visit_all(
        tmp_path / "home", list(wanted), proxy=proxy.endpoint, ca=proxy.ca
    )
    proxy.settle()
    for url, cause in wanted.items():
        assert cause in causes_of(proxy, url), (url, found[url], causes_of(proxy, url))
        assert found[url]["status"] in (502, 504), (url, found[url])
        assert found[url]["title"] in title_of(cause), (url, found[url])


@pytest.mark.parametrize("name", list(BROWSERS))
def test_a_browsers_own_word_is_midspans_verdict(name, start_midspan, tmp_path):
    proxy = start_midspan(
        "--server-leg", "verify=off", "--client-leg", "leaf=mirror", words=("lab", "serve")
    )
    wanted = hosts(OWN_WORDS)
    assert wanted
    found = BROWSERS[name].visit_all(
        tmp_path / "home", list(wanted), proxy=proxy.endpoint, ca=proxy.ca
    )
    proxy.settle()
    for url, cause in wanted.items():
        said = found[url].get("error", "")
        assert any(word in said for word in OWN_WORDS[cause]), (url, found[url])
        assert cause in causes_of(proxy, url), (url, said, causes_of(proxy, url))
