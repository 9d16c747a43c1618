"""The program under test, and the events that it logs."""

import json
import os
import re
import socket
import subprocess
import time
from pathlib import Path

import pytest

from .clients import clean_env
from .process import Process

BINARY = os.environ.get("MIDSPAN")
# Bounds a hang; under sanitizers on a busy machine a handshake may take a second.
WAIT_SECONDS = 20

SANITIZER_REPORT = re.compile(
    r"(ERROR: (Address|Leak)Sanitizer|WARNING: ThreadSanitizer|runtime error:).*", re.S
)


def sanitizer_env():
    """Sanitizers stop the program at the first fault, so that no test passes over it."""
    return {
        "ASAN_OPTIONS": "detect_leaks=1:detect_stack_use_after_return=0",
        "UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1",
        "TSAN_OPTIONS": "halt_on_error=0:exitcode=66",
    }


class Midspan:
    """`midspan proxy` (or other `words`, or `bridge LISTEN TARGET`) on a free port of 127.0.0.1.

    `prefix` are words before the command line, such as `ip netns exec NAME`; they must exec it.
    `stop` ends it with SIGTERM, and asserts that it ended well: exit code 0, no sanitizer report.
    """

    def __init__(
        self, folder, *options, target=None, listen="127.0.0.1:0", env=None, ca_dir=None, prefix=(),
        words=("proxy",)
    ):
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.ca_dir = Path(ca_dir or self.folder / "ca")
        self.log_file = self.folder / "events.jsonl"
        command = [*prefix, BINARY]
        command += ["bridge", listen, target] if target else [*words, "--listen", listen]
        command += ["--ca-dir", self.ca_dir, "--log", self.log_file]
        self.command = [*command, *options]
        env = {**sanitizer_env(), "LC_ALL": "C.UTF-8", **(env or {})}
        self.process = Process(self.command, self.folder / "console.txt", env=env)
        self._from = 0
        self.stopped = False  # a test that has ended it itself says so
        self._await_listening()

    def _await_listening(self):
        deadline = time.monotonic() + WAIT_SECONDS
        while time.monotonic() < deadline:
            if any(event["event"] == "listening" for event in self.all_events()):
                return
            if self.process.popen.poll() is not None:
                break
            time.sleep(0.01)
        code = self.process.stop()
        pytest.fail(f"midspan does not listen (exit code {code}):\n{self.process.text()[-3000:]}")

    @property
    def addresses(self):
        """(host, port) of each listener."""
        listening = [event for event in self.all_events() if event["event"] == "listening"]
        pairs = [event["address"].rpartition(":") for event in listening]
        return [(host.strip("[]"), int(port)) for host, _, port in pairs]

    @property
    def address(self):
        return self.addresses[0]

    @property
    def port(self):
        return self.address[1]

    @property
    def endpoint(self):
        host, port = self.address
        return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"

    @property
    def url(self):
        return f"http://{self.endpoint}"

    @property
    def ca(self):
        return self.ca_dir / "ca.pem"

    @property
    def pid(self):
        return self.process.pid

    def console(self):
        return self.process.text()

    # Events

    def all_events(self):
        if not self.log_file.exists():
            return []
        lines = self.log_file.read_bytes().split(b"\n")
        return [json.loads(line) for line in lines[:-1]]  # the last may be half written

    def mark(self):
        """From now on `events` and all that follow see only what comes later."""
        self._from = len(self.all_events())

    def events(self, kind=None, connection=None):
        seen = self.all_events()[self._from :]
        if kind:
            seen = [event for event in seen if event["event"] == kind]
        if connection is not None:
            seen = [event for event in seen if event.get("connection") == connection]
        return seen

    def wait(self, kind, count=1, where=None):
        """Waits for `count` events of a kind, and gives them."""
        where = where or (lambda event: True)
        deadline = time.monotonic() + WAIT_SECONDS
        while True:
            found = [event for event in self.events(kind) if where(event)]
            if len(found) >= count:
                return found
            if time.monotonic() > deadline or self.process.popen.poll() is not None:
                break
            time.sleep(0.01)
        pytest.fail(f"{len(found)} of {count} '{kind}' events came; all there is:\n{self.story()}")

    def wait_said(self, words):
        """Waits until the console says `words`; the greeting may come after the first event."""
        deadline = time.monotonic() + WAIT_SECONDS
        while words not in self.console():
            assert time.monotonic() < deadline, f"'{words}' is not in:\n{self.console()[-3000:]}"
            time.sleep(0.01)

    def wait_closed(self, count=1):
        return self.wait("closed", count)

    def _await_log(self):
        """Waits until the log holds whatever was opened before now: it is written in order, but later.

        A connection of our own tells: once it is in the log, so are all before it.
        """
        deadline = time.monotonic() + WAIT_SECONDS
        with socket.create_connection(self.address, timeout=WAIT_SECONDS) as sock:
            ours = f"{self.address[0]}:{sock.getsockname()[1]}"
            while self.is_running():
                if any(event.get("client") == ours for event in self.all_events()):
                    return
                if time.monotonic() > deadline:
                    pytest.fail(f"no connection is taken any more:\n{self.story()}")
                time.sleep(0.01)

    def settle(self):
        """Waits until every connection has been closed: none is stuck, none speaks later."""
        self._await_log()
        deadline = time.monotonic() + WAIT_SECONDS
        while self.is_running():
            kinds = {"opened": set(), "closed": set()}
            for event in self.all_events():
                kinds.get(event["event"], set()).add(event["connection"])
            stuck = kinds["opened"] - kinds["closed"]
            if not stuck:
                return
            if time.monotonic() > deadline:
                pytest.fail(f"connections {sorted(stuck)} are still open:\n{self.story()}")
            time.sleep(0.01)

    def expect_secured(self, count=1):
        """The connections were secured on both legs, and nothing was found wrong."""
        found = self.wait("secured", count)
        wrong = [event for event in self.events("verdict") if event["severity"] == "error"]
        assert not wrong, self.story()
        return found[-1]

    def expect_verdict(self, cause, leg=None, party=None, phase=None):
        """The first error verdict is this one. `cause` may be several, of which it is one."""
        found = self.wait("verdict", where=lambda event: event["severity"] == "error")
        causes = (cause,) if isinstance(cause, str) else cause
        wanted = {"leg": leg, "party": party, "phase": phase}
        wanted = {key: value for key, value in wanted.items() if value}
        got = {key: found[0].get(key) for key in wanted}
        assert (
            found[0]["cause"] in causes and got == wanted
        ), f"wanted {cause} {wanted}; got:\n{self.story()}"
        assert found[0]["summary"] and found[0]["fix"], found[0]
        return found[0]

    def expect_no_error(self):
        wrong = [e for e in self.events() if e["event"] == "error" or e.get("severity") == "error"]
        assert not wrong, self.story()

    def story(self):
        """All events since the mark, without the bulky evidence: for the reader of a red test."""
        lines = []
        for event in self.events():
            brief = {key: value for key, value in event.items() if key not in ("evidence", "v")}
            lines.append(json.dumps(brief, ensure_ascii=False)[:900])
        return "\n".join(lines[-30:])

    # Resources

    def memory(self):
        """Resident bytes."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+) kB", status).group(1)) * 1024

    def open_files(self):
        return len(os.listdir(f"/proc/{self.pid}/fd"))

    def is_running(self):
        return self.process.popen.poll() is None

    # The end

    def stop(self):
        if self.stopped:
            self.process.stop()
            return
        was_running = self.is_running()
        code = self.process.stop()
        self.assert_no_report()
        assert was_running, f"midspan had ended by itself ({code}):\n{self.console()[-3000:]}"
        assert code == 0, f"exit code {code} after SIGTERM:\n{self.console()[-3000:]}"

    def assert_no_report(self):
        report = SANITIZER_REPORT.search(self.console())
        assert not report, report.group(0)[:6000]


def run(*words, env=None, limit=120, cwd=None):
    """Runs a command of midspan to its end."""
    done = subprocess.run(
        [BINARY, *map(str, words)],
        capture_output=True,
        timeout=limit,
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        env=clean_env({**sanitizer_env(), **(env or {})}),
    )
    done.said = done.stderr.decode(errors="replace")
    assert not SANITIZER_REPORT.search(done.said), done.said
    return done


def leg(event, side):
    """A leg of a `secured` or `closed` event: version, suite, group, alpn, sni …"""
    return event.get("legs", event)[side]


def is_sanitized():
    """True for a build with sanitizers, whose memory and speed say nothing."""
    data = Path(BINARY).read_bytes()
    return b"__asan_init" in data or b"__tsan_init" in data
