"""--record FILE.db: an SQLite database that others read while midspan writes it, and after."""

import json
import os
import signal
import sqlite3
import subprocess
import time
from contextlib import closing

import pytest

from harness import raw
from harness.clients import CLIENTS
from harness.midspan import WAIT_SECONDS, run

SECRET = "c0ffee-this-is-nobody-elses"


def query(path, sql, *values):
    """With Python's own SQLite, which knows nothing of midspan."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=WAIT_SECONDS)) as db:
        return db.execute(sql, values).fetchall()


def await_rows(path, sql, count):
    """A transaction comes a moment after the log's line."""
    deadline = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < deadline:
        rows = query(path, sql)
        if len(rows) >= count:
            return rows
        time.sleep(0.01)
    pytest.fail(f"{len(rows)} of {count} rows came of {sql}: {rows}")


def break_one(proxy, curl):
    """One connection whose server leg is reset."""
    with raw.RawOrigin(lambda sock: (sock.recv(65536), raw.reset(sock))) as origin:
        assert not curl.fetch(f"https://{origin.endpoint}/", proxy=proxy.url, ca=proxy.ca).ok


def explained(*words):
    done = run("explain", "--json", *words)
    assert done.returncode in (0, 1), done.said
    return [json.loads(line) for line in done.stdout.decode().splitlines()]


def brief(verdicts):
    """What a verdict says, without the evidence that it says it of."""
    keys = ("connection", "severity", "leg", "cause", "party", "phase", "confidence", "proof", "fix")
    return [{key: verdict.get(key) for key in keys} for verdict in verdicts]


@pytest.fixture
def recorded(start_midspan, tmp_path, pki_, nginx, curl):
    """A proxy that records: one connection was secured, one passed, one broken."""
    path = tmp_path / "session.db"
    proxy = start_midspan(
        "--record", path, "--server-leg", f"ca={pki_.root}",
        "--pass", "pass.localhost", "--resolve", f"pass.localhost=127.0.0.1:{nginx.port}",
    )  # fmt: skip
    url = f"https://localhost:{nginx.port}/small.bin"
    secret = ("-H", f"Authorization: Bearer {SECRET}", "-b", f"id={SECRET}", "-d", SECRET)
    # One after the other: what two workers say at once may stand in either order in log and recording.
    curl.fetch(url, proxy=proxy.url, ca=proxy.ca, extra=secret)
    proxy.wait_closed(1)
    passed = f"https://pass.localhost:{nginx.port}/small.bin"
    curl.fetch(passed, proxy=proxy.url, ca=pki_.root, extra=("-k", *secret))
    proxy.wait_closed(2)
    break_one(proxy, curl)
    proxy.wait_closed(3)
    proxy.recording = path
    return proxy


def test_read_while_it_is_written(recorded):
    rows = await_rows(
        recorded.recording,
        "SELECT outcome, leg, cause, client_version, server_handshake FROM connections"
        " WHERE closed IS NOT NULL ORDER BY connection",
        3,
    )
    assert rows == [
        ("secured", None, None, "TLS 1.3", "secured"),
        ("passed", None, None, "TLS 1.3", None),
        ("broken", "server", "transport.reset", None, "reset"),
    ]
    seen = query(recorded.recording, "SELECT connection, json FROM evidence ORDER BY connection")
    assert [connection for connection, _ in seen] == [1, 2, 3]
    for connection, text in seen:
        evidence = json.loads(text)
        assert evidence["evidence"] == 1 and evidence["connection"] == connection
        assert evidence["legs"]["client"]["client_hello"].startswith("01")
    assert query(recorded.recording, "SELECT ended FROM sessions") == [(None,)]
    assert os.stat(recorded.recording).st_mode & 0o777 == 0o600
    assert os.stat(f"{recorded.recording}-wal").st_mode & 0o777 == 0o600


def test_events_are_the_log(recorded):
    recorded.stop()
    recorded.stopped = True
    rows = query(recorded.recording, "SELECT json FROM events ORDER BY event")
    assert "".join(f"{text}\n" for (text,) in rows) == recorded.log_file.read_text()


def test_what_stays(recorded):
    recorded.stop()
    recorded.stopped = True
    left = sorted(path.name for path in recorded.recording.parent.glob("session.db*"))
    assert left == ["session.db"]
    assert query(recorded.recording, "PRAGMA integrity_check") == [("ok",)]
    ((began, ended, version),) = query(
        recorded.recording, "SELECT began, ended, midspan FROM sessions"
    )
    assert began < ended and version
    assert SECRET.encode() not in recorded.recording.read_bytes()
    verdict = query(recorded.recording, "SELECT cause, confidence, json(proof) FROM verdicts")
    logged = recorded.events("verdict")
    assert [(cause, sure) for cause, sure, _ in verdict] == [
        (event["cause"], event["confidence"]) for event in logged
    ]
    assert [json.loads(proof) for _, _, proof in verdict] == [event["proof"] for event in logged]


def test_explain_says_what_the_log_says(recorded):
    await_rows(recorded.recording, "SELECT 1 FROM connections WHERE closed IS NOT NULL", 3)
    live = explained(recorded.recording)  # while it is written
    recorded.stop()
    recorded.stopped = True
    logged = brief(recorded.events("verdict"))
    assert [verdict["cause"] for verdict in logged] == ["transport.reset"]
    assert brief(live) == brief(explained(recorded.recording)) == logged
    assert brief(explained(recorded.log_file)) == logged
    text = run("explain", recorded.recording)
    assert text.returncode == 1
    assert "session 1, 20" in text.stdout.decode()
    assert "connections recorded: 3, verdicts: 1" in text.stdout.decode()


def test_a_file_does_not_steer_the_terminal(recorded):
    recorded.stop()
    recorded.stopped = True
    with closing(sqlite3.connect(recorded.recording)) as db:
        db.execute("UPDATE sessions SET began = char(27) || ']0;owned' || char(7, 155)")
        db.commit()
    for words in ((), ("--lang", "ja")):
        shown = run("explain", recorded.recording, *words).stdout.decode()
        assert r"\x1b]0;owned\x07\xc2\x9b" in shown
        assert all(line.isprintable() for line in shown.splitlines())


def test_evidence_alone_says_the_same(recorded, tmp_path):
    """Of each connection, also of those that nothing was said of."""
    recorded.stop()
    recorded.stopped = True
    causes = {}
    for connection, text in query(recorded.recording, "SELECT connection, json FROM evidence"):
        file = tmp_path / "evidence.json"
        file.write_text(text)
        causes[connection] = [verdict["cause"] for verdict in explained(file)]
    assert causes == {1: [], 2: [], 3: ["transport.reset"]}


def test_one_connection(recorded):
    recorded.stop()
    recorded.stopped = True
    for file in (recorded.recording, recorded.log_file):
        assert explained(file, "--connection", "1") == []
        assert len(explained(file, "--connection", "3")) == 1
    assert len(explained(recorded.recording, "--connection", "3", "--session", "1")) == 1
    for words, said in [
        (("--connection", "99"), "no such connection"),
        (("--session", "2"), "no such connection"),
        (("--connection", "x"), "--connection: bad value 'x', expected a number"),
        (("--session", "0"), "--session: bad value '0', expected a number"),
    ]:
        done = run("explain", recorded.recording, *words)
        assert done.returncode == 2 and said in done.said, done.said
    done = run("explain", recorded.log_file, "--session", "1")
    assert done.returncode == 2 and "is no recording" in done.said


def test_killed(recorded, start_midspan, curl):
    await_rows(recorded.recording, "SELECT 1 FROM connections WHERE closed IS NOT NULL", 3)
    os.kill(recorded.pid, signal.SIGKILL)
    recorded.process.popen.wait()
    recorded.stopped = True
    assert len(query(recorded.recording, "SELECT 1 FROM evidence")) == 3
    assert query(recorded.recording, "PRAGMA integrity_check") == [("ok",)]
    assert [verdict["cause"] for verdict in explained(recorded.recording)] == ["transport.reset"]

    again = start_midspan("--record", recorded.recording)
    break_one(again, curl)
    again.wait_closed()
    again.stop()
    again.stopped = True
    sessions = query(recorded.recording, "SELECT session, ended IS NULL FROM sessions")
    assert sessions == [(1, 1), (2, 0)]
    rows = query(recorded.recording, "SELECT session, connection, cause FROM verdicts")
    assert rows == [(1, 3, "transport.reset"), (2, 1, "transport.reset")]
    assert len(explained(recorded.recording, "--session", "2")) == 1


def test_an_open_connection_is_on_record(start_midspan, tmp_path, pki_, nginx):
    """Its evidence does not wait for its end."""
    path = tmp_path / "session.db"
    proxy = start_midspan("--record", path, "--server-leg", f"ca={pki_.root}")
    with raw.connect_tunnel(proxy.address, f"localhost:{nginx.port}") as sock:
        with raw.client_context(proxy.ca).wrap_socket(sock, server_hostname="localhost"):
            ((text,),) = await_rows(path, "SELECT json FROM evidence", 1)
            assert json.loads(text)["legs"]["server"]["handshake"]["kind"] == "secured"
            assert query(path, "SELECT outcome, closed FROM connections") == [("secured", None)]


def test_full_disk(start_midspan, tmp_path, curl):
    """What can't be written waits, is told of, and nobody's connection suffers."""
    path = tmp_path / "session.db"
    proxy = start_midspan("--record", path, prefix=("prlimit", "--fsize=180000:unlimited"))
    for _ in range(15):  # too much for the recording (17 kB each), not for the log (9 kB)
        break_one(proxy, curl)
    proxy.wait("error", where=lambda event: "'recording' for now" in event["text"])
    break_one(proxy, curl)  # still served, still judged
    subprocess.run(["prlimit", "--pid", str(proxy.pid), "--fsize=unlimited:unlimited"], check=True)
    proxy.settle()
    proxy.stop()
    proxy.stopped = True
    causes = [event["cause"] for event in proxy.events("verdict")]
    assert causes == ["transport.reset"] * 16
    assert query(path, "SELECT cause FROM verdicts") == [(cause,) for cause in causes]
    assert query(path, "PRAGMA integrity_check") == [("ok",)]


def foreign(path):
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE bookmarks(url)")


def newer(path):
    with closing(sqlite3.connect(path)) as db:
        db.executescript(
            "CREATE TABLE a(b); PRAGMA application_id = 0x6d737072; PRAGMA user_version = 2"
        )


@pytest.mark.parametrize(
    "make, said",
    [
        (lambda path: path.write_text("dear diary"), "is no recording, expected one of midspan"),
        (foreign, "is the database of another program, expected a recording of midspan"),
        (newer, "was recorded by a newer midspan: version 2, expected at most 1"),
        (lambda path: path.mkdir(), "expected a file that can be written"),
        (lambda path: path.symlink_to("/dev/full"), "is no regular file"),
        (lambda path: path.symlink_to("/no/such/folder/a.db"), "expected a file that can be"),
    ],
    ids=["text", "foreign", "newer", "folder", "device", "nowhere"],
)
def test_refused(tmp_path, authority_dir, make, said):
    path = tmp_path / "a.db"
    make(path)
    before = path.read_bytes() if path.is_file() else None
    done = run("proxy", "--listen", "127.0.0.1:0", "--ca-dir", authority_dir, "--record", path)
    assert done.returncode == 2
    assert done.said.startswith("midspan: --record: ") and said in done.said, done.said
    assert before is None or path.read_bytes() == before
    if path.is_file():
        assert run("explain", path).returncode == 2


@pytest.mark.parametrize(
    "words, said",
    [
        (("--record", "-"), "--record: bad value '-', expected a file name"),
        (("--record", "x", "--log", "x"), "record: 'x' is the file of log"),
        (("--record", "x", "--keylog", "x"), "record: 'x' is the file of keylog"),
        (("--record", "x", "--log", "./x"), "record: 'x' is the file of log"),
        (("--record", "x", "--keylog", "other"), "record: 'x' is the file of keylog"),
        (("--log", "x", "--keylog", "x"), "keylog: 'x' is the file of log"),
        (("--log", "x", "--keylog", "other"), "keylog: 'other' is the file of log"),
    ],
)
def test_wrong_words(tmp_path, words, said):
    (tmp_path / "other").symlink_to("x")
    done = run("proxy", "--ca-dir", tmp_path, *words, cwd=tmp_path)
    assert done.returncode == 2 and said in done.said, done.said


def test_config_and_bridge(start_midspan, tmp_path, nginx, pki_):
    path = tmp_path / "session.db"
    config = tmp_path / "midspan.yaml"
    config.write_text(f"record: {path}\nserver-leg:\n  ca: {pki_.root}\n")
    proxy = start_midspan("--config", config, target=f"localhost:{nginx.port}")
    proxy.wait_said(f"records    {path}, session 1")
    got = CLIENTS["curl"].fetch(f"https://localhost:{proxy.port}/small.bin", ca=proxy.ca)
    assert got.ok, got
    rows = await_rows(path, "SELECT ingress, outcome FROM connections WHERE outcome NOT NULL", 1)
    assert rows == [("fixed", "secured")]


def test_lab_serve(start_midspan, tmp_path, curl):
    path = tmp_path / "session.db"
    proxy = start_midspan("--record", path, words=("lab", "serve"))
    curl.fetch("https://expired.midspan.test/", proxy=proxy.url, ca=proxy.ca)
    verdict = proxy.expect_verdict("cert.expired", leg="server")
    rows = await_rows(path, "SELECT cause, confidence FROM verdicts", 1)
    assert rows == [("cert.expired", verdict["confidence"])]
