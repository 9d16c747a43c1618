"""Fixtures of the end-to-end tests. MIDSPAN names the binary under test."""

import os
import signal
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

from harness import bodies, clients, midspan, origins, pki  # noqa: E402

# A test that hangs fails after this long instead of stopping the run.
TEST_SECONDS = 150


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


@pytest.fixture(scope="module")
def shared_proxy(tmp_path_factory, authority_dir, pki_):
    """One proxy for the tests of a module: trusts the test root, all else as by default."""
    folder = tmp_path_factory.mktemp("shared")
    proxy = midspan.Midspan(folder, "--server-leg", f"ca={pki_.root}", ca_dir=authority_dir)
    yield proxy
    proxy.stop()


@pytest.fixture
def proxy(shared_proxy):
    """The shared proxy, with only this test's events in sight."""
    shared_proxy.mark()
    return shared_proxy


@pytest.fixture(scope="session")
def nginx(start_origin_session):
    return start_origin_session("nginx", alpn=("h2", "http/1.1"))


@pytest.fixture(scope="session")
def node(start_origin_session):
    return start_origin_session("node", alpn=("h2", "http/1.1"))


@pytest.fixture(scope="session")
def curl():
    return clients.CLIENTS["curl"]
