"""midspan explain: verdicts from evidence, one event, a log; what is not evidence is refused."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from harness import raw
from harness.clients import clean_env
from harness.midspan import BINARY, SANITIZER_REPORT, run, sanitizer_env

GOLDEN = Path(__file__).resolve().parents[1] / "unit" / "verdict" / "data" / "golden"


def explain(*words, text=None):
    """Runs it, on standard input when there is `text`."""
    if text is None:
        return run("explain", *words)
    done = subprocess.run(
        [BINARY, "explain", *map(str, words), "-"],
        input=text.encode() if isinstance(text, str) else text,
        capture_output=True,
        timeout=120,
        env=clean_env(sanitizer_env()),
    )
    done.said = done.stderr.decode(errors="replace")
    assert not SANITIZER_REPORT.search(done.said), done.said
    return done


def causes(done):
    return [json.loads(line)["cause"] for line in done.stdout.decode().splitlines()]


@pytest.fixture
def log(start_midspan, curl, tmp_path):
    """A log with two broken connections."""
    proxy = start_midspan()
    with raw.RawOrigin(lambda sock: (sock.recv(65536), raw.reset(sock))) as origin:
        assert not curl.fetch(f"https://{origin.endpoint}/", proxy=proxy.url, ca=proxy.ca).ok
    proxy.expect_verdict("transport.reset", leg="server")
    proxy.mark()
    with raw.RawOrigin(lambda sock: (sock.recv(65536), sock.sendall(b"SSH-2.0-x\r\n"))) as origin:
        assert not curl.fetch(f"https://{origin.endpoint}/", proxy=proxy.url, ca=proxy.ca).ok
    proxy.expect_verdict("transport.not-tls", leg="server")
    proxy.stop()
    proxy.stopped = True
    return proxy.log_file


def test_a_log(log):
    done = explain(log, "--json")
    assert done.returncode == 1, done.said
    assert causes(done) == ["transport.reset", "transport.not-tls"]
    text = explain(log)
    assert text.returncode == 1
    assert "transport.not-tls" in text.stdout.decode()
    assert "fix" in text.stdout.decode()


def test_a_log_still_being_written(log):
    whole = log.read_bytes()
    done = explain("--json", text=whole[:-20])
    assert done.returncode in (0, 1), done.said
    broken = whole.replace(b'"v":1', b'"v":', 1)
    assert explain("--json", text=broken).returncode == 2


def test_one_event_and_its_evidence(log):
    events = [line for line in log.read_text().splitlines() if '"event":"verdict"' in line]
    assert causes(explain("--json", text=events[0])) == ["transport.reset"]
    evidence = json.dumps(json.loads(events[0])["evidence"], indent=2)
    done = explain("--json", text=evidence)
    assert done.returncode == 1
    assert causes(done)[0] == "transport.reset"


def test_what_was_proven_stays(log):
    event = json.loads(
        [line for line in log.read_text().splitlines() if '"event":"verdict"' in line][0]
    )
    event.update(
        cause="hello.intolerant",
        confidence="proven",
        proof=[{"changed": "a short hello", "outcome": "secured", "passed": True, "ms": 2.5}],
    )
    done = explain("--json", text=json.dumps(event))
    shown = json.loads(done.stdout)
    assert shown["cause"] == "hello.intolerant"
    assert shown["proof"] == event["proof"]


def test_japanese(log):
    text = explain(log, "--lang", "ja").stdout.decode()
    assert "接続" in text.replace("\n", "")
    assert explain(log, "--lang", "xx").returncode == 2


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("*.json"))[::12], ids=lambda path: path.stem)
def test_golden_evidence(path):
    done = explain(path, "--json")
    assert done.returncode in (0, 1), done.said
    severities = [json.loads(line)["severity"] for line in done.stdout.decode().splitlines()]
    assert done.returncode == (1 if "error" in severities else 0)


def test_nothing_wrong():
    calm = '{"v":1,"event":"opened","connection":1}\n{"v":1,"event":"closed","connection":1}\n'
    done = explain(text=calm)
    assert done.returncode == 0
    assert "no verdict" in done.stdout.decode()
    assert explain("--json", text=calm).stdout == b""


@pytest.mark.parametrize(
    "text, said",
    [
        ("", "nothing in it"),
        ("hello", "not JSON, expected evidence"),
        ("{}", "no evidence"),
        ('{"evidence":99}', "expected form 1"),
        ('{"evidence":1,"legs":7}', "'legs'"),
        ('{"event":"opened"}\n{"event":"verdict"}\n{"event":"closed"}\n', "standard input:2:"),
        (os.urandom(64).hex().encode() + b"\0", "not JSON"),
    ],
)
def test_what_is_no_evidence(text, said):
    done = explain(text=text)
    assert done.returncode == 2
    assert said in done.said
    assert done.stdout == b""


@pytest.mark.parametrize("words", [[], ["a", "b"], ["/no/such/file"], ["/"]])
def test_refusals(words):
    assert explain(*words).returncode == 2
