"""Why a client refused our leaf: proven in memory where its stack's answer leaves one explanation,
said to be open where it leaves more."""

import pytest

from harness.clients import CLIENTS
from harness.raw import client_context, connect_tunnel, read_all, wrap

TRUST = "trust.client-rejects-bridge-ca"
VERDICT_MS_MAX = 2000
PIN = f"sha256//{'A' * 43}="


@pytest.fixture
def ask(start_midspan, start_origin, pki_):
    """Asks one origin through one midspan: ask("curl", trusts=False, …)."""
    origin = start_origin("nginx")
    made = {}

    def ask(client, *options, trusts=True, **more):
        if options not in made:
            made[options] = start_midspan("--server-leg", f"ca={pki_.root}", *options)
        proxy = made[options]
        ca = proxy.ca if trusts else pki_.stranger
        got = CLIENTS[client].fetch(origin.url("/small.bin"), proxy=proxy.url, ca=ca, **more)
        proxy.wait_closed()
        return proxy, got

    return ask


def rows_of(verdict):
    return {row["changed"]: row["outcome"] for row in verdict["proof"]}


@pytest.mark.parametrize("client", ["curl", "openssl s_client", "Python"])
def test_an_unknown_authority(client, ask):
    proxy, got = ask(client, trusts=False)
    assert not got.ok
    verdict = proxy.expect_verdict(TRUST, leg="client", party="client")
    assert verdict["confidence"] == "proven", verdict
    rows = rows_of(verdict)
    assert rows["nothing: the same leaf, midspan's authority trusted"] == "verifies"
    assert rows["trusted: without midspan's authority"].endswith(
        "this stack then sends unknown_ca (48), as it did"
    )
    others = [row for row in verdict["proof"] if row["changed"].startswith("the client's")]
    assert len(others) == 3 and all("which it did not" in row["outcome"] for row in others)


@pytest.mark.parametrize("client", ["Go", "Java", "Node", "wget"])
def test_an_answer_that_fits_more_than_one_explanation(client, ask):
    proxy, got = ask(client, trusts=False)
    assert not got.ok
    verdict = proxy.expect_verdict(TRUST, leg="client")
    assert verdict["confidence"] == "suspected", verdict
    [fact] = [fact for fact in verdict["facts"] if "leaves open" in fact]
    assert "authority is unknown to it" in fact and "a pin" in fact


def test_a_pin_that_is_said_in_silence(ask):
    proxy, got = ask("curl", extra=("--pinnedpubkey", PIN))
    assert not got.ok
    verdict = proxy.expect_verdict("trust.pinned", leg="client", party="bridge", phase="after")
    assert verdict["confidence"] == "proven", verdict
    assert "probably" not in verdict["summary"]
    # Five milliseconds on an idle machine; a dial that goes unanswered would take all of the limit.
    assert sum(row["ms"] for row in verdict["proof"]) < VERDICT_MS_MAX


def test_a_client_that_insists_on_a_staple_is_not_called_pinned(ask):
    proxy, got = ask("curl", extra=("--cert-status",))
    assert not got.ok
    verdict = proxy.expect_verdict(("trust.pinned", "trust.leaf-refused"), leg="client")
    assert verdict["confidence"] != "proven", verdict
    assert any("wants an OCSP response stapled" in fact for fact in verdict["facts"]), verdict


def test_a_silent_client_that_may_have_had_reasons_of_its_own(start_midspan, start_origin, pki_):
    """A check of a port leaves as a pin does."""
    origin = start_origin("nginx")
    proxy = start_midspan("--server-leg", f"ca={pki_.root}")
    for is_used in (True, False):
        with connect_tunnel(proxy.address, origin.endpoint) as sock:
            with wrap(sock, client_context(proxy.ca)) as tls:
                if is_used:
                    tls.sendall(b"GET /small.bin HTTP/1.0\r\n\r\n")
                    read_all(tls)
        proxy.wait_closed(1 if is_used else 2)
    verdict = proxy.expect_verdict("trust.pinned", leg="client")
    assert verdict["confidence"] == "suspected", verdict
    assert any("it left for reasons of its own" in fact for fact in verdict["facts"]), verdict


def test_a_leaf_with_a_fault_of_its_own(ask):
    proxy, got = ask("Go", "--client-leg", "leaf=replace:expired")
    assert not got.ok
    verdict = proxy.expect_verdict("cert.expired", leg="client", party="bridge")
    assert verdict["confidence"] == "proven", verdict
    rows = rows_of(verdict)
    assert rows["certificate: a clean leaf of the same name"] == "verifies"
    assert any("its answer does not tell" in fact for fact in verdict["facts"])


def test_no_probe_proves_nothing(ask):
    proxy, got = ask("curl", "--no-probe", trusts=False)
    assert not got.ok
    verdict = proxy.expect_verdict(TRUST, leg="client")
    assert verdict["confidence"] == "deduced" and verdict["proof"] == []
