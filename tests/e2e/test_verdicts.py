"""The first verdicts, against real stacks: cause, leg and party of each broken connection.

Deduced from that connection alone (--no-probe); test_proofs.py has those that a probe proves.
"""

import pytest

from harness.cases import arguments, serving
from harness.clients import CLIENTS
from verdict_cases import ALL, NO_COMMON


@pytest.mark.parametrize("case", ALL, ids=str)
def test_verdict(case, start_midspan, start_origin, pki_):
    origin = start_origin(case.origin, **serving(case, pki_))
    proxy = start_midspan("--no-probe", *arguments(case, pki_))
    ca = proxy.ca if case.trusts else pki_.stranger
    url = origin.url("/small.bin", case.name)
    got = CLIENTS[case.client].fetch(url, proxy=proxy.url, ca=ca, **case.ask)
    assert not got.ok
    verdict = proxy.expect_verdict(case.cause, leg=case.leg, party=case.party)
    if case.cause == NO_COMMON:
        assert verdict["confidence"] == "suspected", verdict


def test_a_passed_connection_has_its_messages_on_both_legs(start_midspan, start_origin, pki_):
    origin = start_origin("nginx", cert=pki_.server(), min="TLS1.3")
    proxy = start_midspan("--no-probe", "--pass", "*")
    got = CLIENTS["curl"].fetch(
        origin.url("/small.bin"), proxy=proxy.url, ca=pki_.root, max="TLS1.2"
    )
    assert not got.ok
    legs = proxy.expect_verdict("protocol.no-common-version")["evidence"]["legs"]
    flown = {
        side: [(row["what"], row["sent"]) for row in legs[side]["moments"]]
        for side in ("client", "server")
    }
    assert flown["client"] == [("client_hello", False), ("protocol_version", True)]
    assert flown["server"] == [("client_hello", True), ("protocol_version", False)]


@pytest.mark.parametrize("shows", [False, True], ids=["none", "a stranger's"])
def test_a_passed_connection_is_asked_for_a_certificate(shows, start_midspan, start_origin, pki_):
    """Up to TLS 1.2 all that flies by can be read."""
    origin = start_origin("haproxy", max="TLS1.2", client_ca=pki_.root)
    proxy = start_midspan("--no-probe", "--pass", "*")
    stranger = pki_.client(stranger=True)
    own = ("--cert", stranger.chain, "--key", stranger.key) if shows else ()
    got = CLIENTS["curl"].fetch(
        origin.url("/small.bin"), proxy=proxy.url, ca=pki_.root, extra=own
    )
    assert not got.ok
    cause = "client-auth.rejected" if shows else "client-auth.required"
    assert proxy.expect_verdict(cause, leg="server", party="client")["confidence"] == "deduced"


@pytest.mark.parametrize("host, confidence", [("127.0.0.1", "deduced"), ("localhost", "proven")])
def test_a_passed_client_that_named_an_address(
    host, confidence, start_midspan, start_origin, pki_
):
    """Which name it had in mind, it has not said."""
    origin = start_origin("nginx", cert=pki_.server(fault="wrong-name"))
    proxy = start_midspan("--pass", "*", "--server-leg", f"ca={pki_.root}")
    got = CLIENTS["curl"].fetch(
        origin.url("/small.bin", host), proxy=proxy.url, ca=pki_.root
    )
    assert not got.ok
    verdict = proxy.expect_verdict("cert.hostname-mismatch", leg="client", party="server")
    assert verdict["confidence"] == confidence, verdict
