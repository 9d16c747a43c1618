"""Configuration, reload, signals, the key log and the other options of the running proxy."""

import json
import os
import re
import signal
import socket
import struct
import subprocess
import threading
import time

import pytest

from harness import raw
from harness.midspan import BINARY, run
from harness.sockets import MemoryClient, MemoryServer

BOTH = ["TLS1.2", "TLS1.3"]


def await_refusal(proxy):
    """Returns once no connection is taken. The workers stop listening a little after the notice."""
    deadline = time.monotonic() + raw.LIMIT_SECONDS
    while time.monotonic() < deadline:
        try:
            socket.create_connection(proxy.address, timeout=raw.LIMIT_SECONDS).close()
        except OSError:
            return
        time.sleep(0.01)
    pytest.fail(f"connections are still taken:\n{proxy.story()}")


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "SIGINT"])
def test_drain(how, start_midspan, pki_):
    """A connection that is open at the signal ends in its own time; no new one is taken."""
    proxy = start_midspan("--server-leg", f"ca={pki_.root}")
    context = raw.server_context(pki_.server())
    release = threading.Event()

    def serve(sock):
        server = MemoryServer(sock, context)
        server.handshake()
        server.send(b"first half, ")
        release.wait(raw.LIMIT_SECONDS)
        server.send(b"second half")
        server.end("close_notify")
        server.read_all()

    with raw.RawOrigin(serve) as origin:
        with raw.connect_tunnel(proxy.address, f"localhost:{origin.port}") as sock:
            client = MemoryClient(sock, raw.client_context(proxy.ca))
            client.handshake()
            assert client.recv() == b"first half, "
            os.kill(proxy.pid, how)
            proxy.wait("notice", where=lambda event: "drain" in event["text"])
            await_refusal(proxy)
            release.set()
            assert client.read_all() == (b"second half", "close_notify")
            client.end("close_notify")
    assert proxy.process.popen.wait(raw.LIMIT_SECONDS) == 0
    proxy.assert_no_report()
    proxy.stopped = True


def test_a_second_signal_does_not_wait(start_midspan, pki_, nginx):
    # Not waiting for the threads either is what is asked for.
    unwaited = {"TSAN_OPTIONS": "report_thread_leaks=0"}
    proxy = start_midspan("--server-leg", f"ca={pki_.root}", env=unwaited)
    with raw.connect_tunnel(proxy.address, f"localhost:{nginx.port}") as sock:
        client = MemoryClient(sock, raw.client_context(proxy.ca))
        client.handshake()
        os.kill(proxy.pid, signal.SIGTERM)
        proxy.wait("notice", where=lambda event: "drain" in event["text"])
        os.kill(proxy.pid, signal.SIGTERM)
        proxy.process.popen.wait(raw.LIMIT_SECONDS)
        assert client.read_all()[1] != "close_notify"
    proxy.assert_no_report()
    proxy.stopped = True


def test_taken_port(start_midspan, tmp_path):
    proxy = start_midspan()
    done = run("proxy", "--listen", proxy.endpoint, "--ca-dir", tmp_path / "ca", limit=20)
    assert done.returncode == 3, done
    assert proxy.endpoint in done.said and re.search("taken|in use", done.said)


@pytest.fixture
def config(tmp_path, pki_):
    file = tmp_path / "midspan.yaml"
    file.write_text(f"server-leg:\n  ca: {pki_.stranger}\n")
    return file


def test_config_and_reload(config, start_midspan, nginx, curl, pki_):
    proxy = start_midspan("--config", config)
    assert not curl.fetch(nginx.url("/small.bin"), proxy=proxy.url, ca=proxy.ca).ok
    config.write_text(f"server-leg:\n  ca: {pki_.root}\n")
    os.kill(proxy.pid, signal.SIGHUP)
    proxy.wait("notice", where=lambda event: "reload" in event["text"])
    assert curl.fetch(nginx.url("/small.bin"), proxy=proxy.url, ca=proxy.ca).ok


def test_reload_of_a_broken_config_keeps_the_old_one(config, start_midspan, nginx, curl, pki_):
    config.write_text(f"server-leg:\n  ca: {pki_.root}\n")
    proxy = start_midspan("--config", config)
    config.write_text("server-leg:\n  colour: red\n")
    os.kill(proxy.pid, signal.SIGHUP)
    said = proxy.wait("error")[0]["text"]
    assert "colour" in said and str(config) in said
    assert curl.fetch(nginx.url("/small.bin"), proxy=proxy.url, ca=proxy.ca).ok


def test_open_connections_survive_a_reload(config, start_midspan, nginx, pki_):
    config.write_text(f"server-leg:\n  ca: {pki_.root}\n")
    proxy = start_midspan("--config", config)
    with raw.connect_tunnel(proxy.address, f"localhost:{nginx.port}") as sock:
        client = MemoryClient(sock, raw.client_context(proxy.ca, alpn=("http/1.1",)))
        client.handshake()
        os.kill(proxy.pid, signal.SIGHUP)
        proxy.wait("notice", where=lambda event: "reload" in event["text"])
        client.send(b"GET /index.html HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        answer, end = client.read_all()
    assert answer.startswith(b"HTTP/1.1 200") and end == "close_notify"


@pytest.mark.parametrize(
    "text, line, named",
    [
        ("order: sideways\n", 1, "sideways"),
        ("quiet: yes\ncolour: red\n", 2, "colour"),
        ("server-leg:\n  min: TLS9\n", 2, "TLS9"),
        ("listen: [\n", None, "yaml"),
    ],
    ids=["bad value", "unknown key", "bad value of a leg", "no YAML"],
)
def test_config_errors_name_file_line_and_key(text, line, named, tmp_path):
    file = tmp_path / "broken.yaml"
    file.write_text(text)
    done = run("proxy", "--config", file, "--ca-dir", tmp_path / "ca", limit=20)
    assert done.returncode == 2, done
    assert str(file) in done.said
    if line:
        assert named in done.said and re.search(rf"\b{line}\b", done.said.replace(str(file), ""))


def test_flags_win_over_the_config(config, start_midspan, nginx, curl, pki_):
    proxy = start_midspan("--config", config, "--server-leg", f"ca={pki_.root}")
    assert curl.fetch(nginx.url("/small.bin"), proxy=proxy.url, ca=proxy.ca).ok


@pytest.mark.parametrize("version", BOTH)
@pytest.mark.parametrize("by", ["--keylog", "SSLKEYLOGFILE"])
def test_key_log_opens_both_legs(by, version, start_midspan, nginx, curl, pki_, tmp_path):
    """Each leg has a client random; its secret stands in the log, in the format of NSS."""
    file = tmp_path / "keys.txt"
    options = ("--keylog", file) if by == "--keylog" else ()
    env = {} if options else {"SSLKEYLOGFILE": str(file)}
    leg = f"max={version}"
    proxy = start_midspan(
        *options, "--client-leg", leg, "--server-leg", f"{leg},ca={pki_.root}", env=env
    )
    own = tmp_path / "curl-keys.txt"
    os.environ["SSLKEYLOGFILE"] = str(own)
    try:
        assert curl.fetch(nginx.url("/small.bin"), proxy=proxy.url, ca=proxy.ca).ok
    finally:
        del os.environ["SSLKEYLOGFILE"]
    proxy.wait_closed()
    lines = file.read_text().splitlines()
    label = "CLIENT_RANDOM" if version == "TLS1.2" else "CLIENT_TRAFFIC_SECRET_0"
    randoms = {line.split()[1] for line in lines if line.startswith(label)}
    assert len(randoms) == 2, lines
    # curl wrote what it knows of the client leg: the very same lines.
    assert set(own.read_text().split("\n")) - {""} <= set(lines)
    assert os.stat(file).st_mode & 0o077 == 0


def test_log_to_standard_output(authority_dir):
    """Standard output then holds JSON Lines and nothing else."""
    program = [BINARY, "proxy", "--listen", "127.0.0.1:0", "--ca-dir", authority_dir, "--log", "-"]
    with subprocess.Popen(program, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        first = json.loads(process.stdout.readline())
        process.terminate()
        rest = process.stdout.read().splitlines()
        assert process.wait(raw.LIMIT_SECONDS) == 0
    assert first["event"] == "listening"
    assert all(json.loads(line)["v"] == 1 for line in rest)


def test_quiet_console_shows_findings_only(start_midspan, nginx, curl, pki_):
    proxy = start_midspan("--quiet", "--server-leg", f"ca={pki_.root}")
    assert curl.fetch(nginx.url("/small.bin"), proxy=proxy.url, ca=proxy.ca).ok
    proxy.wait_closed()
    assert "localhost" not in proxy.console()
    assert not curl.fetch(nginx.url("/small.bin"), proxy=proxy.url, ca=pki_.stranger).ok
    proxy.wait_closed(2)
    assert "trust.client-rejects-bridge-ca" in proxy.console()


@pytest.mark.parametrize("options, env", [(["--lang", "ja"], None), ([], {"LC_ALL": "ja_JP.UTF-8"})])
def test_console_speaks_japanese(options, env, start_midspan, nginx, curl, pki_):
    proxy = start_midspan(*options, "--server-leg", f"ca={pki_.root}", env=env)
    assert not curl.fetch(nginx.url("/small.bin"), proxy=proxy.url, ca=pki_.stranger).ok
    verdict = proxy.expect_verdict("trust.client-rejects-bridge-ca")
    proxy.stop()
    proxy.stopped = True
    for word in ("待ち受け", "認証局", "根拠", "対処"):
        assert word in proxy.console()
    assert "because" not in proxy.console()
    assert verdict["summary"].isascii() and verdict["fix"].isascii(), "the log stays English"


def test_console_has_one_line_for_a_good_connection(proxy, nginx, curl):
    proxy.wait_said("https://example.com/\n")  # the end of the greeting
    before = proxy.console().count("\n")
    assert curl.fetch(nginx.url("/small.bin"), proxy=proxy.url, ca=proxy.ca).ok
    proxy.wait_closed()
    new = proxy.console().splitlines()[before:]
    assert len(new) == 1 and f"localhost:{nginx.port}" in new[0], new


@pytest.mark.parametrize("pieces", [2, 5])
def test_split_hello_arrives_in_pieces(pieces, start_midspan, pki_):
    """split=N: the server leg's hello leaves in N segments."""
    context = raw.server_context(pki_.server())
    segments = []

    def serve(sock):
        server = MemoryServer(sock, context)
        server.handshake()
        # struct tcp_info: tcpi_data_segs_in. Counting reads would count what the kernel joined.
        info = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 200)
        segments.append(struct.unpack_from("I", info, 152)[0])
        server.read_all()

    proxy = start_midspan("--server-leg", f"split={pieces},ca={pki_.root}")
    with raw.RawOrigin(serve) as origin:
        with raw.connect_tunnel(proxy.address, f"localhost:{origin.port}") as sock:
            client = MemoryClient(sock, raw.client_context(proxy.ca))
            client.handshake()
            client.send(b"used")  # who leaves without a byte has refused the certificate
            client.end("close_notify")
            client.read_all()
    proxy.expect_secured()
    # The hello's, and the Finished behind it.
    assert segments and segments[0] >= pieces + 1


@pytest.mark.parametrize("name, sees", [("none", None), ("other.test", "other.test")])
def test_sni_of_the_server_leg(name, sees, start_midspan, pki_, curl):
    context = raw.server_context(pki_.server())
    seen = []
    context.sni_callback = lambda tls, name, _: seen.append(name)

    def serve(sock):
        server = MemoryServer(sock, context)
        server.handshake()
        server.read_all()

    proxy = start_midspan("--server-leg", f"sni={name},ca={pki_.root},verify-name=localhost")
    with raw.RawOrigin(serve) as origin:
        with raw.connect_tunnel(proxy.address, f"localhost:{origin.port}") as sock:
            client = MemoryClient(sock, raw.client_context(proxy.ca))
            client.handshake()
            client.send(b"used")  # who leaves without a byte has refused the certificate
            client.end("close_notify")
            client.read_all()
    assert seen == [sees]


def test_own_certificate_on_the_client_leg(start_midspan, nginx, curl, pki_):
    own = pki_.server("rsa")
    proxy = start_midspan(
        "--client-leg", f"cert={own.chain},key={own.key}", "--server-leg", f"ca={pki_.root}"
    )
    got = curl.fetch(nginx.url("/small.bin"), proxy=proxy.url, ca=pki_.root)
    assert got.ok, got


@pytest.mark.parametrize("fault", ["expired", "wrong-name", "self-signed"])
def test_lab_fault_in_the_leaf(fault, start_midspan, nginx, curl, pki_):
    proxy = start_midspan(
        "--client-leg", f"leaf=replace:{fault}", "--server-leg", f"ca={pki_.root}"
    )
    got = curl.fetch(nginx.url("/small.bin"), proxy=proxy.url, ca=proxy.ca)
    assert got.exit_code == 60, got


def test_system_trust_store_by_default(start_midspan, nginx, curl):
    """The test root is in no system store: the origin is refused."""
    proxy = start_midspan()
    assert not curl.fetch(nginx.url("/small.bin"), proxy=proxy.url, ca=proxy.ca).ok
    verdict = proxy.wait("verdict")[0]
    assert verdict["cause"] in ("cert.untrusted-root", "cert.chain-incomplete"), verdict
    assert verdict["leg"] == "server"


def test_form_of_the_log(start_midspan, nginx, curl, pki_):
    proxy = start_midspan("--server-leg", f"ca={pki_.root}")
    assert curl.fetch(nginx.url("/small.bin"), proxy=proxy.url, ca=proxy.ca).ok
    proxy.wait_closed()
    for event in proxy.all_events():
        assert event["v"] == 1 and isinstance(event["connection"], int)
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", event["time"]), event


def test_several_workers_share_the_port(start_midspan, nginx, curl, pki_):
    proxy = start_midspan("--workers", "4", "--server-leg", f"ca={pki_.root}")
    for _ in range(12):
        assert curl.fetch(nginx.url("/small.bin"), proxy=proxy.url, ca=proxy.ca).ok
    proxy.expect_secured(12)
