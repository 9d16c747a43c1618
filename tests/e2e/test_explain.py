"""midspan explain: verdicts from evidence, one event, a log; what is not evidence is refused."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from harness import captures, raw
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
        (b"\x1f\x8b\x08" + bytes(20), "compressed by gzip (unpack it first: gunzip), expected"),
        (b"\xd4\xc3\xb2\xa1" + bytes(20) + b"\xff" * 64, "broken after packet 0"),
        (b"\n\r\r\n" + bytes(60), "broken after packet 0"),
        ("{}", "no evidence"),
        ('{"evidence":99}', "expected form 1"),
        ('{"evidence":1,"legs":7}', "'legs'"),
        ('{"event":"opened"}\n{"event":"verdict"}\n{"event":"closed"}\n', "standard input:2:"),
        (os.urandom(64).hex().encode() + b"\0", "not JSON"),
        ('{"evidence":1,"a":\x1b[2J}', "invalid token near '?'"),
        ('{"\u009b2J":1,"\u009b2J":1}', "near '\"??2J\"'"),
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


# Captures


def broken_by(client, origin, **options):
    """What goes by when curl fetches from the origin."""
    with captures.Relay(origin.endpoint) as relay:
        client.fetch(f"https://{relay.endpoint}/", **options)
    return relay.segments


@pytest.fixture(scope="module")
def conversations(start_origin_session, pki_, curl):
    new = start_origin_session("s_server", min="TLS1.3")
    ssh = raw.RawOrigin(lambda sock: (sock.recv(65536), sock.sendall(b"SSH-2.0-x\r\n")))
    reset = raw.RawOrigin(lambda sock: (sock.recv(65536), raw.reset(sock)))
    with ssh as ssh_origin, reset as reset_origin:
        return {
            "good": broken_by(curl, new, ca=pki_.root),
            "version": broken_by(curl, new, ca=pki_.root, max="TLS1.2"),
            "not-tls": broken_by(curl, ssh_origin),
            "reset": broken_by(curl, reset_origin),
        }


CAUSES = {
    "good": [],
    "version": ["protocol.no-common-version"],
    "not-tls": ["transport.not-tls"],
    "reset": ["transport.reset"],
}


@pytest.mark.parametrize("name", CAUSES)
def test_a_capture(name, conversations):
    packets = captures.tcp_packets(conversations[name])
    done = explain("--json", text=captures.pcap(packets))
    assert causes(done) == CAUSES[name], done.stdout
    assert done.returncode == (1 if CAUSES[name] else 0)


def test_what_is_said_of_a_capture(conversations):
    packets = captures.tcp_packets(conversations["version"])
    text = explain(text=captures.pcap(packets)).stdout.decode()
    assert "client ━━ ✗ server-hello ━━ localhost:443" in text
    assert "midspan offered" not in text
    assert "1 TCP connections, 1 TLS handshakes; 1 found broken" in text
    good = captures.tcp_packets(conversations["good"])
    text = explain(text=captures.pcap(good)).stdout.decode()
    assert "TLS 1.3" in text and "nothing wrong seen" in text


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("link", [0, 1, "vlan", 101, 113, 276])
@pytest.mark.parametrize("write", [captures.pcap, captures.pcapng])
def test_kinds_of_capture(write, link, order, conversations):
    packets = captures.tcp_packets(conversations["version"], ip6=link == 276)
    assert causes(explain("--json", text=write(packets, link, order))) == CAUSES["version"]


@pytest.mark.parametrize(
    "how", ["backwards in the middle", "twice", "without SYN", "cut at the end"]
)
def test_packets_that_a_network_mixes_up(how, conversations):
    packets = captures.tcp_packets(conversations["version"])
    if how == "backwards in the middle":
        packets = packets[:2] + packets[2:-3][::-1] + packets[-3:]
    elif how == "twice":
        packets = [packet for packet in packets for _ in range(2)]
    elif how == "without SYN":
        packets = packets[2:]
    whole = captures.pcap(packets)
    done = explain("--json", text=whole[:-10] if how == "cut at the end" else whole)
    assert causes(done) == CAUSES["version"]


def test_a_capture_with_a_hole(conversations):
    packets = captures.tcp_packets(conversations["version"])
    done = explain(text=captures.pcap(packets[:2] + packets[3:]))
    assert done.returncode == 0, "nothing is claimed of what was not seen"


def test_what_a_capture_has_not_is_said(conversations):
    packets = captures.tcp_packets(conversations["version"])
    foreign = explain(text=captures.pcap(packets, link=147)).stdout.decode()
    assert f"{len(packets)} packets have a link type that is not read" in foreign, foreign
    short = captures.pcap(packets, snap=100)
    text = explain(text=short).stdout.decode()
    assert "packets were captured in part: capture them whole" in text, text
    assert "link type" not in text


def test_evidence_of_a_capture_is_evidence(conversations):
    packets = captures.tcp_packets(conversations["version"])
    event = explain("--json", text=captures.pcap(packets)).stdout
    again = explain(text=event).stdout.decode()
    assert "client ━━ ✗ server-hello ━━ localhost:443" in again
