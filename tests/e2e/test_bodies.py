"""Large, streamed and two-way bodies arrive as they were sent, and memory stays bounded."""

import base64
import hashlib
import os
import queue
import select
import socket
import ssl
import struct
import subprocess
import threading
import time

import pytest

from harness import bodies, raw
from harness.clients import CLIENTS, clean_env
from harness.sockets import MemoryClient, MemoryServer

MEBI = 1 << 20


@pytest.fixture(scope="module")
def large(site):
    site.large  # made here, so that no test pays for it
    return site


@pytest.mark.parametrize(
    "client, h2",
    [("curl", False), ("curl", True), ("Go", False), ("Go", True)],
    ids=["curl HTTP/1.1", "curl h2", "Go HTTP/1.1", "Go h2"],
)
def test_download_of_100_mebibytes(client, h2, proxy, nginx, large):
    got = CLIENTS[client].fetch(nginx.url("/large.bin"), proxy=proxy.url, ca=proxy.ca, h2=h2)
    assert got.ok, got
    assert (got.size, got.sha256) == (bodies.LARGE, large.large)
    proxy.expect_secured()


@pytest.mark.parametrize("h2", [False, True], ids=["HTTP/1.1", "h2"])
def test_upload_of_100_mebibytes(h2, proxy, nginx, large, curl):
    got = curl.fetch(
        nginx.url("/uploads/up.bin"),
        proxy=proxy.url,
        ca=proxy.ca,
        h2=h2,
        upload=large.large_file,
        put=True,
    )
    assert got.ok, got
    stored = nginx.uploaded("up.bin")
    assert bodies.sha256_file(stored) == large.large
    stored.unlink()


def echo(context):
    """Serves TLS and sends everything back, until the client has ended."""

    def serve(sock):
        with raw.wrap_server(sock, context) as tls:
            while block := tls.recv(65536):
                tls.sendall(block)
            tls.unwrap()

    return serve


def send_while_receiving(client, data):
    """Sends `data` and gives what came back meanwhile. Neither waits for the other."""
    sent, unsent, back = 0, b"", bytearray()
    client.sock.setblocking(False)
    while len(back) < len(data):
        if not unsent and sent < len(data):
            sent += client.tls.write(data[sent : sent + 65536])
            unsent = client.flight()
        writers = [client.sock] if unsent else []
        ready, writable, _ = select.select([client.sock], writers, [], raw.LIMIT_SECONDS)
        assert ready or writable, f"stuck: {sent} bytes sent, {len(back)} came back"
        if writable:
            unsent = unsent[client.sock.send(unsent) :]
        if ready:
            back += client.recv_ready()
    client.sock.settimeout(raw.LIMIT_SECONDS)
    return bytes(back)


@pytest.mark.parametrize("version", ["TLSv1_2", "TLSv1_3"])
def test_both_directions_at_once(version, proxy, pki_):
    """32 MiB out and the same 32 MiB back."""
    data = bodies.pseudo_random(32 * MEBI)
    context = raw.client_context(proxy.ca, high=ssl.TLSVersion[version])
    with raw.RawOrigin(echo(raw.server_context(pki_.server()))) as origin:
        with raw.connect_tunnel(proxy.address, f"localhost:{origin.port}") as sock:
            client = MemoryClient(sock, context)
            client.handshake()
            back = send_while_receiving(client, data)
            client.end("close_notify")
            assert client.read_all() == (b"", "close_notify")
    assert bodies.sha256(back) == bodies.sha256(data)
    proxy.expect_secured()


def test_event_stream_is_not_held_back(proxy, node, curl):
    """The origin sends the other events only once the first has arrived."""
    command = ["curl", "-sSN", "-x", proxy.url, "--noproxy", "", "--cacert", str(proxy.ca)]
    stream = subprocess.Popen([*command, node.url("/sse")], stdout=subprocess.PIPE, env=clean_env())
    try:
        assert stream.stdout.readline() == b"data: first\n"
        assert curl.fetch(node.url("/sse-more"), proxy=proxy.url, ca=proxy.ca).ok
        rest = stream.stdout.read()
        assert rest.count(b"data: event") == 9 and rest.endswith(b"data: done\n\n")
    finally:
        stream.kill()
        stream.wait()


def websocket_open(tls):
    key = base64.b64encode(os.urandom(16))
    tls.sendall(
        b"GET /ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: " + key + b"\r\n\r\n"
    )
    head = raw.read_to(tls, b"\r\n\r\n")
    assert b" 101 " in head, head
    magic = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
    assert base64.b64encode(hashlib.sha1(key + magic).digest()) in head


def websocket_frame(body):
    """One masked binary frame (RFC 6455 section 5.2)."""
    mask = os.urandom(4)
    length = struct.pack(">BQ", 0xFF, len(body))
    keyed = (
        int.from_bytes(body, "big")
        ^ int.from_bytes((mask * (len(body) // 4 + 1))[: len(body)], "big")
    ).to_bytes(len(body), "big")
    return b"\x82" + length + mask + keyed


def read_exactly(stream, size):
    data = bytearray()
    while len(data) < size:
        block = stream.recv(size - len(data))
        assert block, f"ended after {len(data)} of {size} bytes"
        data += block
    return bytes(data)


def websocket_read(tls):
    length = read_exactly(tls, 2)[1]
    if length == 126:
        length = int.from_bytes(read_exactly(tls, 2), "big")
    elif length == 127:
        length = int.from_bytes(read_exactly(tls, 8), "big")
    return read_exactly(tls, length)


@pytest.mark.parametrize("size", [1, 300, 70_000, 2 * MEBI])
def test_websocket_frames(size, proxy, node):
    context = raw.client_context(proxy.ca, alpn=("http/1.1",))
    with raw.connect_tunnel(proxy.address, f"localhost:{node.port}") as sock:
        tls = raw.wrap(sock, context)
        websocket_open(tls)
        for seed in range(3):
            body = bodies.pseudo_random(size, seed)
            tls.sendall(websocket_frame(body))
            assert websocket_read(tls) == body
    proxy.expect_secured()


def settled(measure):
    """The value of `measure` once it stands still (or after ten seconds, whatever it is then)."""
    seen = [measure()]
    for _ in range(100):
        time.sleep(0.1)
        seen.append(measure())
        if len(seen) > 8 and max(seen[-8:]) - min(seen[-8:]) < MEBI // 4:
            break
    return seen[-1]


READERS = 20
# A connection may buffer some hundred KiB; the 2 GiB that the origin would send must stay there.
BOUND_OF_READERS = 64 * MEBI


def test_readers_that_do_not_read(proxy, nginx, large):
    """What nobody takes stays at the origin: midspan's memory does not grow with it."""
    context = raw.client_context(proxy.ca, alpn=("http/1.1",))
    request = b"GET /large.bin HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    open_now = []
    before = settled(proxy.memory)
    try:
        for _ in range(READERS):
            sock = raw.connect_tunnel(proxy.address, f"localhost:{nginx.port}")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
            open_now.append(raw.wrap(sock, context))
        for tls in open_now:
            tls.sendall(request)
        assert settled(proxy.memory) - before < BOUND_OF_READERS
        # The one that reads at last gets all of it.
        body, _ = raw.read_all(open_now[0])
        assert bodies.sha256(body.partition(b"\r\n\r\n")[2]) == large.large
    finally:
        for tls in open_now:
            tls.close()
    proxy.wait_closed(READERS)


def test_origin_that_does_not_read(proxy, pki_):
    """What the origin does not take stays at the client."""
    release, arrived = threading.Event(), queue.Queue()
    context = raw.server_context(pki_.server())

    def serve(sock):
        server = MemoryServer(sock, context)
        server.handshake()
        release.wait(raw.LIMIT_SECONDS)
        arrived.put(len(server.read_all()[0]))

    before = proxy.memory()
    with raw.RawOrigin(serve) as origin:
        with raw.connect_tunnel(proxy.address, f"localhost:{origin.port}") as sock:
            client = MemoryClient(sock, raw.client_context(proxy.ca))
            client.handshake()
            sent = send_until_blocked(client)
            grown = settled(proxy.memory) - before
            release.set()
        # What had been sent arrives all the same; the record that was cut short is no data.
        assert sent <= arrived.get(timeout=raw.LIMIT_SECONDS) <= sent + 16384
    # Kernel buffers of four sockets, and midspan's own.
    assert sent < 64 * MEBI
    assert grown < 32 * MEBI


def send_until_blocked(client):
    block = bodies.pseudo_random(16384)
    sent = 0
    client.sock.settimeout(2)
    try:
        while sent < 256 * MEBI:
            client.tls.write(block)
            client.sock.sendall(client.flight())
            sent += len(block)
    except socket.timeout:
        pass
    return sent
