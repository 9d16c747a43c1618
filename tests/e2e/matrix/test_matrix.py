"""Runs the matrix: leg, cause and party of every row, and no verdict of any control.

How many verdicts were proven, and the milliseconds from failure to proven verdict, are printed.
"""

import glob
import statistics
from collections import Counter
from urllib.parse import urlsplit

import pytest

from harness.cases import arguments, fill
from harness.clients import CLIENTS
from harness.midspan import is_sanitized
from harness.raw import client_context, connect_tunnel, read_all, wrap
from harness.summary import tell

from . import certs, stacks
from .pool import Pool
from .row import Row
from .rows import ALL, CONTROLS


# As many connections may one finding take (docs/experiments.md).
EXPERIMENTS_MAX = 12
# A second name of every origin, for rows with experiments.
OTHER = "b.test"


class Report:
    def __init__(self):
        self.seen = []
        self.asked = []  # connections that experiments took

    def add(self, case, verdict):
        asked = [row for row in verdict["proof"] if "connection" in row]
        wait = None if asked else wait_of(verdict)  # how soon the client comes again is not ours
        self.seen.append((case, verdict["confidence"], wait))
        if verdict.get("proven_by"):
            self.asked.append(len(asked))

    def show(self):
        if not self.seen:
            return
        proven = [wait for _, confidence, wait in self.seen if confidence == "proven"]
        waits = [wait for wait in proven if wait is not None]
        count = len(self.seen)
        tell(f"matrix: {count} verdicts, {len(proven)} proven ({100 * len(proven) // count} %)")
        if waits:
            median = statistics.median(waits)
            tell(f"failure to proven verdict: median {median:.1f} ms, longest {max(waits):.1f} ms")
        if self.asked:
            few, many = min(self.asked), max(self.asked)
            tell(f"by experiments: {len(self.asked)}, with {few} to {many} more connections each")
        for leg in ("client", "server"):
            of_leg = [confidence for case, confidence, _ in self.seen if case.leg == leg]
            tell(f"{leg} leg: {len(of_leg)} verdicts, {of_leg.count('proven')} proven")
        rest = Counter(
            (case.cause, case.leg) for case, confidence, _ in self.seen if confidence != "proven"
        )
        for (cause, leg), times in sorted(rest.items()):
            tell(f"  not proven: {cause} {times} ({leg} leg)")
            for case, confidence, _ in self.seen:
                if (case.cause, case.leg) == (cause, leg) and confidence != "proven":
                    tell(f"    {confidence}: {case}")


def wait_of(verdict):
    """Milliseconds from the end of the broken handshake to the verdict."""
    from test_proofs import wait_of as of_handshake

    evidence = verdict["evidence"]
    leg = evidence["legs"][verdict["leg"]] if evidence else {}
    return of_handshake(verdict) if leg.get("handshake") else 0.0


@pytest.fixture(scope="module")
def report():
    made = Report()
    yield made
    made.show()


@pytest.fixture(scope="module")
def pool(tmp_path_factory, site, pki_, authority_dir, built):
    stacks.Java.build(built)
    made = Pool(tmp_path_factory.mktemp("matrix"), site, pki_, authority_dir)
    yield made
    made.stop()


def clock_env(offset):
    """What sets the clock of a process."""
    libraries = glob.glob("/usr/lib/*/faketime/libfaketimeMT.so.1")
    assert libraries, "the package faketime is not installed"
    env = {"LD_PRELOAD": libraries[0], "FAKETIME": offset}
    return {**env, "FAKETIME_DONT_FAKE_MONOTONIC": "1"}


def set_clock(client_env, offset):
    """Sets the clock of the clients that are started from now on."""
    for name, value in clock_env(offset).items():
        client_env.setenv(name, value)


def start_proxy(pool, row, origin, pki):
    if "ANCHOR" in (row.server_leg or ""):
        row.server_leg = row.server_leg.replace("ANCHOR", str(certs.renewed_anchor(pki)))
    if "REVOCATIONS" in (row.server_leg or ""):
        row.server_leg = row.server_leg.replace("REVOCATIONS", str(certs.revocations(pki)))
    words = arguments(row, pki)
    how = {}
    if row.experiment:
        words += ["--experiment", "--resolve", f"{OTHER}={origin.endpoint}"]
    if row.upstream is not None:
        words += ["--via", pool.midspan(*fill_all(row.upstream, pki), how={}).url]
    if row.authority:
        how["ca_dir"] = pool.expired_authority()
    if row.machine:
        if is_sanitized():
            pytest.skip("a sanitizer's runtime must be the first library that is loaded")
        how["env"] = clock_env(row.machine)
    if row.bridged:
        how["target"] = origin.endpoint
    return pool.midspan(*words, how=how, fresh=row.fresh)


def fill_all(words, pki):
    return [fill(word, pki) if isinstance(word, str) else word for word in words]


def trusted(row, proxy, pki):
    word = row.trust or ("bridge" if row.trusts else "stranger")
    return {"bridge": proxy.ca, "root": pki.root, "stranger": pki.stranger}[word]


def leaf_of(proxy, url):
    """The leaf that midspan shows for a URL."""
    with connect_tunnel(proxy.address, urlsplit(url).netloc) as sock:
        with wrap(sock, client_context(proxy.ca)) as tls:
            leaf = tls.getpeercert(binary_form=True)
            tls.sendall(b"GET / HTTP/1.0\r\n\r\n")
            read_all(tls)
    proxy.wait_closed()
    proxy.mark()
    return leaf


def fetch(row, proxy, url, pki, **more):
    through = None if row.target == "PROXY" else proxy.url
    ask = {"proxy": through, "ca": trusted(row, proxy, pki), **row.ask, **more}
    if "extra" in ask:
        words = [proxy.endpoint if word == "PROXY" else word for word in ask["extra"]]
        if "REVOCATIONS" in words:
            path = str(certs.revocations(pki))
            words = [path if word == "REVOCATIONS" else word for word in words]
        if any("REVOKED" in str(word) for word in words):
            path = str(certs.revoke(pki, proxy, leaf_of(proxy, url)))
            words = [str(word).replace("REVOKED", path) for word in words]
        ask["extra"] = tuple(fill_all(words, pki))
    return CLIENTS[row.client].fetch(url, **ask)


def address_of(row, origin, proxy):
    if row.target == "PROXY":
        return f"https://localhost:{proxy.port}/small.bin"
    if row.target:
        return f"https://{row.target}/small.bin"
    return origin.url("/small.bin", row.name)


def run(row, pool, pki, client_env):
    origin = pool.origin(row.origin, row.fault, row.key, **row.serving)
    proxy = start_proxy(pool, row, origin, pki)
    url = address_of(row, origin, proxy)
    if row.experiment and row.trust:
        refused = fetch(row, proxy, f"https://{OTHER}:{origin.port}/small.bin", pki)
        assert not refused.ok, refused
        proxy.wait_closed()
        proxy.mark()
    if row.first is not None:
        assert fetch(row, proxy, url, pki, extra=row.first).ok
        proxy.wait_closed()
        proxy.mark()
    for name, value in row.env.items():
        client_env.setenv(name, value.replace("{FOLDER}", str(stacks.FOLDER)))
    if row.clock:
        set_clock(client_env, row.clock)
    return proxy, fetch(row, proxy, url, pki), url


def ask_on(row, proxy, url, pki, verdict):
    """The client fetches again until its verdict is proven, or its experiments are over."""
    if not row.experiment or verdict["confidence"] == "proven":
        return verdict
    proxy.wait_closed()
    for count in range(2, EXPERIMENTS_MAX + 2):
        fetch(row, proxy, url, pki)
        proxy.wait_closed(count)
        told = [event for event in proxy.events("verdict") if event.get("update")]
        if told:
            assert told[0]["connection"] == verdict["connection"], proxy.story()
            return told[0]
    pytest.fail(f"the experiments do not end:\n{proxy.story()}")


@pytest.mark.parametrize("case", ALL, ids=str)
def test_row(case, pool, report, pki_, monkeypatch):
    row = case if isinstance(case, Row) else Row(**vars(case))
    proxy, got, url = run(row, pool, pki_, monkeypatch)
    if row.masked:
        assert got.ok, got
        assert row.cause in proxy.expect_secured()["masked"], proxy.story()
        return
    assert not got.ok, got
    party = row.party if row.guess is None else None
    verdict = proxy.expect_verdict(row.guess or row.cause, leg=row.leg, party=party)
    verdict = ask_on(row, proxy, url, pki_, verdict)
    causes = (row.cause,) if isinstance(row.cause, str) else row.cause
    told = (verdict["cause"] in causes, verdict["leg"], verdict["party"])
    assert told == (True, row.leg, row.party or verdict["party"]), proxy.story()
    report.add(row, verdict)
    if row.shows:
        said = [f"{proof['changed']} → {proof['outcome']}" for proof in verdict["proof"]]
        assert any(row.shows in line for line in said), said
    proxy.assert_no_report()


@pytest.mark.parametrize("row", CONTROLS, ids=str)
def test_control(row, pool, pki_, monkeypatch):
    proxy, got, _ = run(row, pool, pki_, monkeypatch)
    assert got.ok, got
    proxy.wait_closed()
    assert not proxy.events("verdict"), proxy.story()
    proxy.assert_no_report()


PROVEN_SHARE_MIN = 0.9


def test_most_verdicts_are_proven(report):
    """Of the whole matrix: a part of it says nothing."""
    broken = [case for case in ALL if not getattr(case, "masked", False)]
    if len(report.seen) < len(broken):
        pytest.skip("not every row was run, or one failed")
    proven = sum(confidence == "proven" for _, confidence, _ in report.seen)
    assert proven >= PROVEN_SHARE_MIN * len(report.seen), f"{proven} of {len(report.seen)}"
