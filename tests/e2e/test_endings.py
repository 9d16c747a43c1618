"""An end is passed on as it was: close_notify as close_notify, FIN as FIN, a reset as a reset.

A truncated answer must never look whole, in either direction.
"""

import queue
import ssl

import pytest

from harness import bodies, raw
from harness.clients import CLIENTS
from harness.sockets import MemoryClient, MemoryServer

ENDS = ["close_notify", "fin", "reset"]
VERSIONS = ["TLSv1_2", "TLSv1_3"]
BODY = bodies.pseudo_random(200_000)


class Pair:
    """A client and an origin, both in the test's hands, joined by midspan."""

    def __init__(self, proxy, pki, version):
        self._accepted = queue.Queue()
        self._done = queue.Queue()
        self._origin = raw.RawOrigin(self._hold)
        self._proxy = proxy
        self._contexts = (
            raw.client_context(proxy.ca, high=ssl.TLSVersion[version]),
            raw.server_context(pki.server(), high=ssl.TLSVersion[version]),
        )

    def _hold(self, sock):
        server = MemoryServer(sock, self._contexts[1])
        server.handshake()
        self._accepted.put(server)
        self._done.get(timeout=raw.LIMIT_SECONDS)

    def __enter__(self):
        self._origin.__enter__()
        sock = raw.connect_tunnel(self._proxy.address, f"localhost:{self._origin.port}")
        self.client = MemoryClient(sock, self._contexts[0])
        self.client.handshake()
        self.server = self._accepted.get(timeout=raw.LIMIT_SECONDS)
        return self

    def __exit__(self, *_):
        self._done.put(True)
        self.client.sock.close()
        self._origin.__exit__()


@pytest.fixture(params=VERSIONS)
def pair(request, proxy, pki_):
    with Pair(proxy, pki_, request.param) as pair:
        pair.version = request.param
        yield pair
    proxy.wait_closed()
    assert not proxy.events("error")


@pytest.mark.parametrize("end", ENDS)
def test_end_of_the_origin(end, pair):
    pair.client.send(b"GET / HTTP/1.0\r\n\r\n")
    assert pair.server.recv()
    pair.server.end(end)
    assert pair.client.read_all() == (b"", end)


@pytest.mark.parametrize("end", ENDS)
def test_end_of_the_client(end, pair):
    pair.client.send(b"x")
    assert pair.server.recv() == b"x"
    pair.client.end(end)
    assert pair.server.read_all() == (b"", end)


@pytest.mark.parametrize("end", ["close_notify", "fin"])
def test_bytes_before_the_end_arrive(end, pair):
    pair.server.send(BODY)
    pair.server.end(end)
    assert pair.client.read_all() == (BODY, end)


@pytest.mark.parametrize("end", ["close_notify", "fin"])
def test_bytes_of_the_client_before_its_end_arrive(end, pair):
    pair.client.send(BODY)
    pair.client.end(end)
    assert pair.server.read_all() == (BODY, end)


def test_answer_after_the_client_has_ended(pair):
    """Half-close: the client has said all, and still hears all (RFC 8446 section 6.1)."""
    pair.client.send(b"question")
    pair.client.close_notify()
    assert pair.server.read_all() == (b"question", "close_notify")
    pair.server.send(BODY)
    pair.server.end("close_notify")
    assert pair.client.read_all() == (BODY, "close_notify")


def test_question_after_the_origin_has_ended(pair):
    pair.server.close_notify()
    assert pair.client.recv() == b""
    pair.client.send(BODY)
    pair.client.end("close_notify")
    assert pair.server.read_all() == (BODY, "close_notify")


def test_reset_amid_an_answer(pair):
    """The client has got a part, and knows that it is one."""
    pair.server.send(BODY[:50_000])
    assert pair.client.recv()
    pair.server.end("reset")
    _, how = pair.client.read_all()
    assert how == "reset"


def test_s_client_calls_a_truncated_answer_truncated(proxy, pki_):
    """No length is given, so only the ending tells that a part is missing. (curl would not say.)"""
    context = raw.server_context(pki_.server())

    def serve(sock):
        server = MemoryServer(sock, context)
        server.handshake()
        raw.read_head(server)
        server.send(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhalf of the ans")
        server.end("fin")
        server.read_all()

    with raw.RawOrigin(serve) as origin:
        client = CLIENTS["openssl s_client"]
        got = client.fetch(origin.url(), proxy=proxy.url, ca=proxy.ca)
    assert not got.ok
    assert "unexpected eof" in got.output, got


# Below TLS: a tunnel that carries something else.


@pytest.fixture
def plain_pair(proxy):
    accepted, done = queue.Queue(), queue.Queue()

    def hold(sock):
        accepted.put(sock)
        done.get(timeout=raw.LIMIT_SECONDS)

    with raw.RawOrigin(hold) as origin:
        client = raw.connect_tunnel(proxy.address, origin.endpoint)
        client.sendall(b"plain words\n")
        server = accepted.get(timeout=raw.LIMIT_SECONDS)
        assert raw.read_to(server, b"\n") == b"plain words\n"
        yield client, server
        done.put(True)
        client.close()
    proxy.wait_closed()


def test_plain_half_close(plain_pair):
    client, server = plain_pair
    client.shutdown(1)
    assert raw.read_all(server) == (b"", "fin")
    server.sendall(BODY)
    server.shutdown(1)
    assert raw.read_all(client) == (BODY, "fin")


@pytest.mark.parametrize("who", ["client", "origin"])
def test_plain_reset(who, plain_pair):
    client, server = plain_pair
    raw.reset(client if who == "client" else server)
    _, how = raw.read_all(server if who == "client" else client)
    assert how == "reset"


GREETING = b"220 mail.test ESMTP\r\n"


def test_a_hello_to_a_server_that_speaks_first(proxy):
    """The greeting comes before the hello: the connection looks plain until the client speaks."""

    def greet(sock):
        sock.sendall(GREETING)
        sock.recv(65536)

    with raw.RawOrigin(greet) as origin:
        with raw.connect_tunnel(proxy.address, origin.endpoint) as sock:
            assert raw.read_to(sock, b"\n") == GREETING
            client = MemoryClient(sock, raw.client_context())
            client.step()
            hello = client.flight()
            sock.sendall(hello[:100])
            sock.sendall(hello[100:])
            raw.read_all(sock)
        verdict = proxy.expect_verdict("transport.not-tls", leg="server", party="server")
        assert "220 mail.test" in verdict["summary"] and verdict["confidence"] == "proven", verdict
        proxy.wait_closed()
        assert len(proxy.events("verdict")) == 1, proxy.story()


def test_a_server_that_speaks_first_and_starts_tls_when_asked(proxy, pki_):
    """STARTTLS: plain at first, and rightly so."""

    def serve(sock):
        sock.sendall(GREETING)
        assert raw.read_to(sock, b"\n") == b"STARTTLS\r\n"
        sock.sendall(b"220 go ahead\r\n")
        with raw.wrap_server(sock, raw.server_context(pki_.server())) as tls:
            tls.sendall(BODY)
            tls.unwrap()

    with raw.RawOrigin(serve) as origin:
        with raw.connect_tunnel(proxy.address, origin.endpoint) as sock:
            assert raw.read_to(sock, b"\n") == GREETING
            sock.sendall(b"STARTTLS\r\n")
            raw.read_to(sock, b"\n")
            with raw.wrap(sock, raw.client_context(pki_.root)) as tls:
                assert raw.read_all(tls) == (BODY, "close_notify")
    proxy.wait_closed()
    assert not proxy.events("verdict"), proxy.story()
