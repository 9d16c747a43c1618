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
