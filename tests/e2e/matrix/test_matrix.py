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
from harness.raw import client_context, connect_tunnel, read_all, wrap

from . import certs, stacks
from .pool import Pool
from .row import Row
from .rows import ALL, CONTROLS


class Report:
    def __init__(self):
        self.seen = []

    def add(self, case, verdict):
        self.seen.append((case, verdict["confidence"], wait_of(verdict)))

    def show(self):
        if not self.seen:
            return
        proven = [wait for _, confidence, wait in self.seen if confidence == "proven"]
        count = len(self.seen)
        print(f"\nmatrix: {count} verdicts, {len(proven)} proven ({100 * len(proven) // count} %)")
        if proven:
            print(f"failure to proven verdict: median {statistics.median(proven):.1f} ms,", end="")
            print(f" longest {max(proven):.1f} ms")
        for leg in ("client", "server"):
            of_leg = [confidence for case, confidence, _ in self.seen if case.leg == leg]
            print(f"{leg} leg: {len(of_leg)} verdicts, {of_leg.count('proven')} proven")
        rest = Counter(
            (case.cause, case.leg) for case, confidence, _ in self.seen if confidence != "proven"
        )
        for (cause, leg), times in sorted(rest.items()):
            print(f"  not proven: {cause} {times} ({leg} leg)")
            for case, confidence, _ in self.seen:
                if (case.cause, case.leg) == (cause, leg) and confidence != "proven":
                    print(f"    {confidence}: {case}")


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
    if row.upstream is not None:
        words += ["--via", pool.midspan(*fill_all(row.upstream, pki), how={}).url]
    if row.authority:
        how["ca_dir"] = pool.expired_authority()
    if row.machine:
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
    if row.first is not None:
        assert fetch(row, proxy, url, pki, extra=row.first).ok
        proxy.wait_closed()
        proxy.mark()
    for name, value in row.env.items():
        client_env.setenv(name, value.replace("{FOLDER}", str(stacks.FOLDER)))
    if row.clock:
        set_clock(client_env, row.clock)
    return proxy, fetch(row, proxy, url, pki)


@pytest.mark.parametrize("case", ALL, ids=str)
def test_row(case, pool, report, pki_, monkeypatch):
    row = case if isinstance(case, Row) else Row(**vars(case))
    proxy, got = run(row, pool, pki_, monkeypatch)
    if row.masked:
        assert got.ok, got
        assert row.cause in proxy.expect_secured()["masked"], proxy.story()
        return
    assert not got.ok, got
    verdict = proxy.expect_verdict(row.cause, leg=row.leg, party=row.party)
    report.add(row, verdict)
    if row.shows:
        said = [f"{proof['changed']} → {proof['outcome']}" for proof in verdict["proof"]]
        assert any(row.shows in line for line in said), said
    proxy.assert_no_report()


@pytest.mark.parametrize("row", CONTROLS, ids=str)
def test_control(row, pool, pki_, monkeypatch):
    proxy, got = run(row, pool, pki_, monkeypatch)
    assert got.ok, got
    proxy.wait_closed()
    assert not proxy.events("verdict"), proxy.story()
    proxy.assert_no_report()
