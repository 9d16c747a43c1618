"""Every cause has two cases, and two stacks that show it where two can."""

import pytest

from matrix import coverage

# The stack is the one that shows the fault: the client on its leg, else the origin or what stands there.
ONE_CAN = {
    "hello.intolerant": "HAProxy, of what Debian packages, drops a hello by its length or extensions",
    "protocol.legacy-renegotiation": "GnuTLS alone can leave out RFC 5746; two clients meet it",
    "protocol.ems-required": "Java alone can insist on it without a FIPS build; two clients meet it",
    "alert.access-denied": "no server sends it by its configuration; an application in Python does",
    "transport.dns": "no server is reached",
    "transport.refused": "no server is reached",
    "transport.reset": "HAProxy alone resets a hello by a rule",
    "ingress.malformed": "curl alone speaks SOCKS4 and PROXY protocol",
}
TABLE = coverage.table()


@pytest.mark.parametrize("code", TABLE)
def test_cause_is_shown(code):
    here, _, stacks = TABLE[code]
    assert here >= 2
    if code in ONE_CAN:
        assert len(stacks) == 1, "more than one can: take it off the list"
    else:
        assert len(stacks) >= 2, stacks


def test_controls():
    assert len(coverage.rows.ALL) >= 120 and len(coverage.rows.CONTROLS) >= 20
