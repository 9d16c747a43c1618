"""1,000 connections at once, each with its own bytes."""

import resource
import socket
from concurrent.futures import ThreadPoolExecutor

import pytest

from harness import bodies, raw

MANY = 1000
# Client, origin and both sides of midspan: four descriptors a connection, on one machine.
FILES = 4096


@pytest.fixture(scope="module", autouse=True)
def room_for_files():
    """Raised before midspan and the origin of this module start, so that they inherit it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < FILES:
        pytest.skip(f"needs {FILES} open files, may have {hard}")
    if soft < FILES:
        resource.setrlimit(resource.RLIMIT_NOFILE, (FILES, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def secure(sock, context, target):
    """CONNECT and handshake on a socket that is connected."""
    sock.settimeout(90)
    sock.sendall(f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n".encode())
    head = raw.read_to(sock, b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200"), head
    return raw.wrap(sock, context)


def ask(tls, i):
    """POSTs a body that only this connection has; the origin answers with its hash."""
    body = bodies.pseudo_random(2000, seed=i)
    head = f"POST /hash HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n\r\n"
    tls.sendall(head.encode() + body)
    answer = tls.recv(65536)
    while b"}" not in answer:
        block = tls.recv(65536)
        assert block, answer
        answer += block
    return bodies.sha256(body).encode() in answer


@pytest.mark.parametrize("workers", ["1", "4"], ids=["one worker", "four workers"])
def test_a_thousand_at_once(workers, start_midspan, start_origin, pki_):
    origin = start_origin("node", alpn=("http/1.1",))
    # A slow machine may take a while to make them all: those that wait must not be timed out.
    patient = ("--handshake-timeout", "2m")
    proxy = start_midspan("--workers", workers, *patient, "--server-leg", f"ca={pki_.root}")
    files_before = proxy.open_files()
    context = raw.client_context(proxy.ca, alpn=("http/1.1",))
    target = f"localhost:{origin.port}"
    sockets = [socket.create_connection(proxy.address, timeout=90) for _ in range(MANY)]
    with ThreadPoolExecutor(32) as pool:
        secured = list(pool.map(lambda sock: secure(sock, context, target), sockets))
        # All are open now. Twice each, so that every connection is used while all others stand.
        for round_ in range(2):
            answers = list(pool.map(ask, secured, range(round_ * MANY, (round_ + 1) * MANY)))
            assert all(answers)
    proxy.expect_secured(MANY)
    for tls in secured:
        tls.close()
    proxy.wait_closed(MANY)
    assert proxy.open_files() <= files_before + 2
