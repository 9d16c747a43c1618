"""Fixtures of the end-to-end tests. MIDSPAN names the binary under test."""

import os
import signal
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

from harness import bodies, clients, midspan, origins, pki, summary  # noqa: E402

# A test that hangs fails after this long instead of stopping the run. The longest take a quarter of
# a minute of computing, and a machine may have much else to do.
TEST_SECONDS = 300


def pytest_sessionstart(session):
    if not os.environ.get("MIDSPAN"):
        raise pytest.UsageError("MIDSPAN must name the midspan binary to test")
    if not os.access(os.environ["MIDSPAN"], os.X_OK):
        raise pytest.UsageError(f"MIDSPAN: '{os.environ['MIDSPAN']}' is not a program")


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_call(item):
    def on_alarm(*_):
        pytest.fail(f"still running after {TEST_SECONDS} s")

    signal.signal(signal.SIGALRM, on_alarm)
    signal.alarm(TEST_SECONDS)
    yield
    signal.alarm(0)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """A red test shows what the proxies that it used had logged."""
    report = (yield).get_result()
    if report.when == "call" and report.failed:
        for value in item.funcargs.values():
            if isinstance(value, midspan.Midspan):
                report.sections.append(("events of midspan", value.story()))
                report.sections.append(("console of midspan", value.console()[-2000:]))


def pytest_terminal_summary(terminalreporter):
    for line in summary.LINES:
        terminalreporter.write_line(line)


@pytest.fixture(scope="session")
def pki_(tmp_path_factory):
    return pki.Pki(tmp_path_factory.mktemp("pki"))


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    return bodies.Site(tmp_path_factory.mktemp("site"))


@pytest.fixture(scope="session")
def built(tmp_path_factory):
    """The peers that need a compiler, made once."""
    folder = tmp_path_factory.mktemp("built")
    origins.Go.build(folder)
    clients.Go.build(folder)
    clients.Java.build(folder)
    return folder


@pytest.fixture(scope="session")
def start_origin_session(tmp_path_factory, site, pki_, built):
    """Starts an origin that stays until the end of the session."""
    started = []

    def start(name, **options):
        options.setdefault("cert", pki_.server())
        folder = tmp_path_factory.mktemp(f"origin-{name}")
        origin = origins.ORIGINS[name](folder, site.folder, **options)
        origin.start()
        started.append(origin)
        return origin

    yield start
    for origin in started:
        origin.stop()


@pytest.fixture
def start_origin(tmp_path, site, pki_, built):
    """Starts an origin for one test: start_origin("nginx", cert=…, max="TLS1.2", …)."""
    started = []

    def start(name, **options):
        options.setdefault("cert", pki_.server())
        folder = tmp_path / f"origin-{len(started)}-{name}"
        origin = origins.ORIGINS[name](folder, site.folder, **options)
        origin.start()
        started.append(origin)
        return origin

    yield start
    for origin in started:
        origin.stop()


@pytest.fixture
def start_midspan(tmp_path, authority_dir):
    """Starts midspan for one test; every one must end well."""
    started = []

    def start(*options, **how):
        folder = tmp_path / f"midspan-{len(started)}"
        how.setdefault("ca_dir", authority_dir)
        started.append(midspan.Midspan(folder, *options, **how))
        return started[-1]

    yield start
    for proxy in started:
        proxy.stop()


@pytest.fixture(scope="session")
def authority_dir(tmp_path_factory):
    """One local authority for all: browsers and clients need to trust only that."""
    return tmp_path_factory.mktemp("authority")


class Shared:
    """A proxy that the tests of a module share; a new one when a test has brought it down."""

    def __init__(self, tmp_path_factory, authority_dir, *options, **how):
        self._make = lambda: midspan.Midspan(
            tmp_path_factory.mktemp("shared"), *options, ca_dir=authority_dir, **how
        )
        self._proxy = self._make()

    def _running(self):
        if not self._proxy.is_running():
            self._proxy = self._make()
        return self._proxy

    def running(self):
        """For a test that does not wait for the end of its connections."""
        proxy = self._running()
        proxy.settle()  # what is said late of the last test's is not this one's
        proxy.mark()
        return proxy

    def lend(self):
        """For the length of one test, which must leave it running."""
        proxy = self._running()
        proxy.mark()
        yield proxy
        proxy.settle()
        proxy.assert_no_report()
        assert proxy.is_running(), f"midspan has ended by itself:\n{proxy.console()[-3000:]}"

    def stop(self):
        if self._proxy.is_running():
            self._proxy.stop()


@pytest.fixture(scope="session")
def share(tmp_path_factory, authority_dir):
    """share(*options): a Shared, to be stopped by whoever asked for it."""
    return lambda *options, **how: Shared(tmp_path_factory, authority_dir, *options, **how)


@pytest.fixture(scope="module")
def shared_proxy(share, pki_):
    """Trusts the test root, all else as by default. A module may put its own in its place."""
    shared = share("--server-leg", f"ca={pki_.root}")
    yield shared
    shared.stop()


@pytest.fixture
def proxy(shared_proxy):
    """The shared proxy, with only this test's events in sight."""
    yield from shared_proxy.lend()


@pytest.fixture(scope="session")
def nginx(start_origin_session):
    return start_origin_session("nginx", alpn=("h2", "http/1.1"))


@pytest.fixture(scope="session")
def node(start_origin_session):
    return start_origin_session("node", alpn=("h2", "http/1.1"))


@pytest.fixture(scope="session")
def curl():
    return clients.CLIENTS["curl"]
