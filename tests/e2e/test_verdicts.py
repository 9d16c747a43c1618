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
