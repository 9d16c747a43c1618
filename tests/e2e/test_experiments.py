"""`--experiment`: the client's next connections prove why it refused midspan's certificate."""

import base64
import hashlib
import os
import signal
import subprocess

import pytest

from harness.clients import CLIENTS
from harness.midspan import run
from matrix import certs
from matrix.test_matrix import leaf_of, set_clock

# Connections that a finding may take, and one more to see that all is as usual again.
TRIES_MAX = 14


def bundle(tmp_path, *files):
    """One file with several authorities, as a client's store has them."""
    path = tmp_path / "bundle.pem"
    path.write_bytes(b"".join(file.read_bytes() for file in files))
    return path


def pin_of(cert):
    """The pin of a certificate's key, as curl and wget write it."""
    spki = subprocess.run(
        ["openssl", "x509", "-in", cert, "-noout", "-pubkey"], capture_output=True, check=True
    ).stdout
    der = subprocess.run(
        ["openssl", "pkey", "-pubin", "-outform", "der"], input=spki, capture_output=True, check=True
    ).stdout
    return "sha256//" + base64.b64encode(hashlib.sha256(der).digest()).decode()


def updates(proxy):
    return [event for event in proxy.events("verdict") if event.get("update")]


def ask_until_over(proxy, fetch):
    """The client calls until its finding is told again; gives that verdict."""
    for count in range(1, TRIES_MAX + 1):
        fetch()
        proxy.wait_closed(count)
        if updates(proxy):
            return updates(proxy)[0]
    pytest.fail(f"no update after {TRIES_MAX} connections:\n{proxy.story()}")


def start(start_midspan, pki_, *options, **how):
    """Without the proofs in memory, which would leave nothing to ask about most of these."""
    options = ("--server-leg", f"ca={pki_.root}", "--experiment", "--no-probe", *options)
    return start_midspan(*options, **how)


def told(verdict):
    rows = [f"{row['changed']} → {row['outcome']}" for row in verdict["proof"]]
    return "\n".join([verdict["cause"], verdict["confidence"], verdict["direct"], *rows])


def changes(verdict):
    return [(row["changed"], row["passed"]) for row in verdict["proof"]]


@pytest.mark.parametrize("client", ["curl", "openssl s_client", "Python"])
def test_an_unknown_authority_is_proven(client, start_midspan, nginx, pki_):
    proxy = start(start_midspan, pki_)
    url = nginx.url("/small.bin")
    verdict = ask_until_over(
        proxy, lambda: CLIENTS[client].fetch(url, proxy=proxy.url, ca=pki_.root)
    )
    assert verdict["cause"] == "trust.client-rejects-bridge-ca", told(verdict)
    assert verdict["confidence"] == "proven" and verdict["party"] == "client"
    assert verdict["direct"] == "would-succeed"
    assert [passed for _, passed in changes(verdict)] == [False, True, False]
    assert verdict["connection"] == 1 and verdict["proven_by"] == 3
    assert [row["connection"] for row in verdict["proof"]] == [2, 3, 4]


@pytest.mark.parametrize("client", ["Go", "Java", "wget", "Node"])
def test_a_client_with_one_answer_for_all_is_deduced_by_a_second_name(
    client, start_midspan, nginx, pki_
):
    other = f"b.test={nginx.endpoint}"
    proxy = start(start_midspan, pki_, "--resolve", other)
    fetch = CLIENTS[client].fetch
    fetch("https://b.test:8443/small.bin", proxy=proxy.url, ca=pki_.root)
    proxy.wait_closed()
    proxy.mark()
    verdict = ask_until_over(
        proxy, lambda: fetch(nginx.url("/small.bin"), proxy=proxy.url, ca=pki_.root)
    )
    assert verdict["cause"] == "trust.client-rejects-bridge-ca", told(verdict)
    # A pin for each of the two names would look the same.
    assert verdict["confidence"] == "deduced" and "proven_by" not in verdict, told(verdict)
    assert any("another name too" in fact for fact in verdict["facts"]), told(verdict)


def test_without_a_second_name_it_is_deduced(start_midspan, nginx, pki_):
    proxy = start(start_midspan, pki_)
    verdict = ask_until_over(
        proxy,
        lambda: CLIENTS["Go"].fetch(nginx.url("/small.bin"), proxy=proxy.url, ca=pki_.root),
    )
    assert verdict["cause"] == "trust.client-rejects-bridge-ca", told(verdict)
    assert verdict["confidence"] == "deduced" and "proven_by" not in verdict, told(verdict)


def test_a_pin_is_proven(start_midspan, nginx, pki_, tmp_path, curl):
    proxy = start(start_midspan, pki_)
    both = bundle(tmp_path, proxy.ca, pki_.root)
    pin = pin_of(pki_.server().leaf)
    verdict = ask_until_over(
        proxy,
        lambda: curl.fetch(
            nginx.url("/small.bin"), proxy=proxy.url, ca=both, extra=("--pinnedpubkey", pin)
        ),
    )
    assert verdict["cause"] == "trust.pinned", told(verdict)
    assert verdict["confidence"] == "proven" and verdict["party"] == "bridge"
    assert "--pass localhost" in verdict["fix"]


def test_a_pin_that_the_origin_does_not_have_is_not_proven(
    start_midspan, nginx, pki_, tmp_path, curl
):
    proxy = start(start_midspan, pki_)
    both = bundle(tmp_path, proxy.ca, pki_.root)
    verdict = ask_until_over(
        proxy,
        lambda: curl.fetch(
            nginx.url("/small.bin"),
            proxy=proxy.url,
            ca=both,
            extra=("--pinnedpubkey", f"sha256//{'A' * 43}="),
        ),
    )
    assert verdict["cause"] == "trust.pinned", told(verdict)
    assert verdict["confidence"] != "proven"
    assert verdict["direct"] == "would-fail"


@pytest.mark.parametrize("client", ["curl", "openssl s_client", "Python"])
@pytest.mark.parametrize(
    "offset, said", [("-400d", "behind"), ("-20d", "behind"), ("+400d", "ahead"), ("+3000d", "ahead")]
)
def test_a_clock_is_proven(client, offset, said, start_midspan, nginx, pki_, monkeypatch):
    proxy = start(start_midspan, pki_)
    set_clock(monkeypatch, offset)
    verdict = ask_until_over(
        proxy,
        lambda: CLIENTS[client].fetch(nginx.url("/small.bin"), proxy=proxy.url, ca=proxy.ca),
    )
    assert verdict["cause"] == "clock.client", told(verdict)
    assert verdict["confidence"] == "proven" and verdict["party"] == "client"
    assert f"clock is {said}" in verdict["summary"]


@pytest.mark.parametrize(
    "fault, cause, clients",
    [
        ("expired", "cert.expired", ("curl", "Go", "Python", "Java", "wget")),
        ("not-yet-valid", "cert.not-yet-valid", ("curl", "gnutls-cli", "Go")),
        ("wrong-name", "cert.hostname-mismatch", ("curl", "Node", "Java", "wget")),
        ("self-signed", "cert.self-signed", ("curl", "openssl s_client")),
        ("no-san", "cert.no-san", ("Go",)),
        ("wrong-usage", "cert.wrong-usage", ("curl", "Python")),
        ("sha1", "cert.weak", ("curl", "Go")),
    ],
)
def test_a_fault_of_the_leaf_is_proven(fault, cause, clients, start_midspan, nginx, pki_):
    for client in clients:
        proxy = start(start_midspan, pki_, "--client-leg", f"leaf=replace:{fault}")
        verdict = ask_until_over(
            proxy,
            lambda: CLIENTS[client].fetch(nginx.url("/small.bin"), proxy=proxy.url, ca=proxy.ca),
        )
        assert verdict["cause"] == cause, told(verdict)
        assert verdict["confidence"] == "proven", told(verdict)
        assert changes(verdict)[1] == ("certificate: without the fault", True)


@pytest.mark.parametrize("version", ["TLS1.2", "TLS1.3"])
@pytest.mark.parametrize("client", ["openssl s_client", "Python", "Go", "Node", "curl"])
def test_a_demanded_client_certificate_is_proven(client, version, start_midspan, nginx, pki_):
    proxy = start(start_midspan, pki_, "--client-leg", f"client-auth=require,max={version}")
    verdict = ask_until_over(
        proxy,
        lambda: CLIENTS[client].fetch(nginx.url("/small.bin"), proxy=proxy.url, ca=proxy.ca),
    )
    assert verdict["cause"] == "client-auth.required", told(verdict)
    assert verdict["confidence"] == "proven", told(verdict)
    assert changes(verdict)[0] == ("client certificate: asked for, not demanded", True)


def test_a_refused_serial_number_is_proven(start_midspan, nginx, pki_, curl):
    proxy = start(start_midspan, pki_)
    url = nginx.url("/small.bin")
    listed = certs.revoke(pki_, proxy, leaf_of(proxy, url))
    verdict = ask_until_over(
        proxy,
        lambda: curl.fetch(url, proxy=proxy.url, ca=proxy.ca, extra=("--crlfile", listed)),
    )
    assert verdict["cause"] == "trust.leaf-refused", told(verdict)
    assert verdict["confidence"] == "proven" and "list" in verdict["fix"], told(verdict)


def test_a_wanted_purpose_is_proven(start_midspan, nginx, pki_):
    proxy = start(start_midspan, pki_)
    client = CLIENTS["openssl s_client"]
    url = nginx.url("/small.bin")
    assert client.fetch(url, proxy=proxy.url, ca=proxy.ca).ok
    proxy.wait_closed()
    proxy.mark()
    verdict = ask_until_over(
        proxy,
        lambda: client.fetch(
            url, proxy=proxy.url, ca=proxy.ca, extra=("-purpose", "smimesign")
        ),
    )
    assert verdict["cause"] == "trust.leaf-refused", told(verdict)
    assert verdict["confidence"] == "proven" and "purpose" in verdict["summary"], told(verdict)


def test_what_is_proven_is_not_asked(start_midspan, nginx, pki_, curl):
    proxy = start_midspan("--server-leg", f"ca={pki_.root}", "--experiment")
    for _ in range(3):
        curl.fetch(nginx.url("/small.bin"), proxy=proxy.url, ca=pki_.root)
    proxy.wait_closed(3)
    assert {event["confidence"] for event in proxy.events("verdict")} == {"proven"}
    assert not proxy.events("experiment")


def test_it_is_off_by_default(start_midspan, nginx, pki_):
    proxy = start_midspan("--server-leg", f"ca={pki_.root}", "--no-probe")
    for _ in range(4):
        CLIENTS["Go"].fetch(nginx.url("/small.bin"), proxy=proxy.url, ca=pki_.root)
    proxy.wait_closed(4)
    assert len(proxy.events("verdict")) == 4
    assert not proxy.events("experiment") and not updates(proxy)


def test_it_is_said_aloud(start_midspan, pki_):
    proxy = start(start_midspan, pki_)
    said = [event["text"] for event in proxy.all_events() if event["event"] == "notice"]
    assert any(text.startswith("experiments are on") for text in said), said


def test_others_are_served_as_usual(start_midspan, nginx, pki_, curl):
    """While curl is asked, Python works; afterwards curl gets what it got at first."""
    proxy = start(start_midspan, pki_)
    url = nginx.url("/small.bin")
    leaves = []

    def fetch():
        curl.fetch(url, proxy=proxy.url, ca=pki_.root)
        assert CLIENTS["Python"].fetch(url, proxy=proxy.url, ca=proxy.ca).ok
        leaves.append(proxy.wait("secured", len(leaves) + 1)[-1]["legs"]["client"]["certificate"])
        proxy.wait_closed(2 * len(leaves))  # only then is the client's answer known

    for _ in range(5):
        fetch()
    assert len(updates(proxy)) == 1, proxy.story()
    assert len(proxy.events("experiment")) == 3
    assert len({leaf["fingerprint"] for leaf in leaves}) == 1
    last = proxy.events("verdict")[-1]
    assert last["cause"] == "trust.client-rejects-bridge-ca" and "update" not in last
    assert "experiment" not in last["evidence"]


def test_a_client_is_asked_again_only_after_a_rest(start_midspan, nginx, pki_, curl):
    proxy = start(start_midspan, pki_)
    for count in range(1, 17):
        curl.fetch(nginx.url("/small.bin"), proxy=proxy.url, ca=pki_.root)
        proxy.wait_closed(count)
    assert len(proxy.events("experiment")) == 3 and len(updates(proxy)) == 1


def test_a_bridge_and_both_orders(start_midspan, nginx, pki_, tmp_path, curl):
    for order in ("server-first", "client-first"):
        proxy = start(start_midspan, pki_, "--order", order, target=nginx.endpoint)
        verdict = ask_until_over(
            proxy,
            lambda: curl.fetch(
                f"https://localhost:{proxy.port}/small.bin", ca=pki_.root
            ),
        )
        assert verdict["cause"] == "trust.client-rejects-bridge-ca", told(verdict)
        assert verdict["confidence"] == "proven", told(verdict)


def test_a_log_with_updates_is_explained(start_midspan, nginx, pki_, curl):
    proxy = start(start_midspan, pki_)
    ask_until_over(
        proxy, lambda: curl.fetch(nginx.url("/small.bin"), proxy=proxy.url, ca=pki_.root)
    )
    done = run("explain", proxy.log_file)
    assert b"trust.client-rejects-bridge-ca" in done.stdout, done.said


def test_a_reload_switches_it_off_and_on(start_midspan, nginx, pki_, tmp_path, curl):
    config = tmp_path / "midspan.yaml"

    def write(experiment):
        config.write_text(f"experiment: {experiment}\nno-probe: on\nserver-leg: ca={pki_.root}\n")

    def reload(count):
        os.kill(proxy.pid, signal.SIGHUP)
        proxy.wait("notice", count, where=lambda event: "reloaded" in event["text"])

    def fetch(*counts):
        for count in counts:
            curl.fetch(nginx.url("/small.bin"), proxy=proxy.url, ca=pki_.root)
            proxy.wait_closed(count)
        return len(proxy.events("experiment"))

    write("on")
    proxy = start_midspan("--config", config)
    assert fetch(1, 2) == 1
    write("off")
    reload(1)
    assert fetch(3, 4) == 1
    write("on")
    reload(2)
    assert fetch(5, 6) == 3 and len(updates(proxy)) == 1
