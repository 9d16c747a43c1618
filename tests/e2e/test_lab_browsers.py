"""Real browsers open the lab's broken hosts: what they show and what midspan says agree."""

import json
from pathlib import Path

import pytest

from harness.browsers import BROWSERS, install_driver
from harness.midspan import run

CAUSES = Path(__file__).resolve().parents[2] / "docs" / "causes"

# What Chromium and Firefox call a fault that the minted leaf mirrors, by cause.
MIRRORED = {
    "cert.expired": ("ERR_CERT_DATE_INVALID", "SEC_ERROR_EXPIRED_CERTIFICATE"),
    "cert.not-yet-valid": (
        "ERR_CERT_DATE_INVALID",
        "MOZILLA_PKIX_ERROR_NOT_YET_VALID_CERTIFICATE",
    ),
    "cert.hostname-mismatch": ("ERR_CERT_COMMON_NAME_INVALID", "SSL_ERROR_BAD_CERT_DOMAIN"),
    "cert.no-san": ("ERR_CERT_COMMON_NAME_INVALID", "SSL_ERROR_BAD_CERT_DOMAIN"),
}
# What they call the alert with which midspan tells them of the server leg. Chromium has one word
# for all that are about certificates.
OF_A_CERTIFICATE = "ERR_BAD_SSL_CLIENT_AUTH_CERT"
TOLD = {
    "protocol.no-common-version": (
        "ERR_SSL_VERSION_OR_CIPHER_MISMATCH",
        "SSL_ERROR_PROTOCOL_VERSION_ALERT",
    ),
    "cert.intermediate-expired": (OF_A_CERTIFICATE, "SSL_ERROR_EXPIRED_CERT_ALERT"),
    "cert.self-signed": (OF_A_CERTIFICATE, "SSL_ERROR_UNKNOWN_CA_ALERT"),
    "cert.untrusted-root": (OF_A_CERTIFICATE, "SSL_ERROR_UNKNOWN_CA_ALERT"),
    "cert.wrong-usage": (OF_A_CERTIFICATE, "SSL_ERROR_UNSUPPORTED_CERT_ALERT"),
    "cert.name-constraints": (OF_A_CERTIFICATE, "SSL_ERROR_CERTIFICATE_UNKNOWN_ALERT"),
    "cert.weak": (OF_A_CERTIFICATE, "SSL_ERROR_BAD_CERT_ALERT"),
}
MANNERS = {
    "mirrored": (MIRRORED, ("--server-leg", "verify=off", "--client-leg", "leaf=mirror"), 5),
    "told by an alert": (TOLD, ("--on-failure", "alert"), 8),
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


@pytest.mark.parametrize("manner", list(MANNERS))
@pytest.mark.parametrize("name", list(BROWSERS))
def test_a_browsers_own_word_is_midspans_verdict(name, manner, start_midspan, tmp_path):
    words, options, count_min = MANNERS[manner]
    proxy = start_midspan(*options, words=("lab", "serve"))
    wanted = hosts(words)
    assert len(wanted) >= count_min
    found = BROWSERS[name].visit_all(
        tmp_path / "home", list(wanted), proxy=proxy.endpoint, ca=proxy.ca
    )
    proxy.settle()
    own = list(BROWSERS).index(name)
    for url, cause in wanted.items():
        said = found[url].get("error", "")
        assert words[cause][own] in said, (url, found[url])
        assert cause in causes_of(proxy, url), (url, said, causes_of(proxy, url))
