"""Broken and hostile bytes, on every ingress and both legs.

Each case ends in a `closed` event, and the proxy then still serves another connection.
"""

import errno
import socket
import ssl
import struct
import time

import pytest

from harness import raw
from harness.sockets import MemoryClient, MemoryServer

# Short, for those that never finish, and long enough for a good handshake on a busy machine.
TIMEOUT = ("--handshake-timeout", "2s", "--connect-timeout", "2s")


@pytest.fixture(scope="module")
def shared_proxy(share, pki_):
    shared = share("--server-leg", f"ca={pki_.root}", *TIMEOUT)
    yield shared
    shared.stop()


@pytest.fixture(scope="module")
def shared_client_first(share, pki_):
    shared = share("--order", "client-first", "--server-leg", f"ca={pki_.root}", *TIMEOUT)
    yield shared
    shared.stop()


@pytest.fixture(params=["server-first", "client-first"])
def of_any_order(request, shared_proxy, shared_client_first):
    of = {"server-first": shared_proxy, "client-first": shared_client_first}
    yield from of[request.param].lend()


@pytest.fixture(scope="module")
def shared_bridge(share, pki_, nginx):
    options = ("--proxy-protocol", "--server-leg", f"ca={pki_.root}", *TIMEOUT)
    shared = share(*options, target=f"localhost:{nginx.port}")
    yield shared
    shared.stop()


@pytest.fixture
def bridge(shared_bridge):
    yield from shared_bridge.lend()


@pytest.fixture(params=["TLSv1_2", "TLSv1_3"])
def version(request):
    return ssl.TLSVersion[request.param]


def still_serves(proxy, nginx, site):
    """A good connection, after the bad one."""
    with raw.connect_tunnel(proxy.address, f"localhost:{nginx.port}") as sock:
        client = MemoryClient(sock, raw.client_context(proxy.ca, alpn=("http/1.1",)))
        client.handshake()
        client.send(b"GET /small.bin HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        answer, _ = client.read_all()
    assert len(answer.partition(b"\r\n\r\n")[2]) == (site.folder / "small.bin").stat().st_size
    assert proxy.is_running()


def survived(proxy, nginx, site):
    """The hostile connection is closed by the end of the test, and others work."""
    yield proxy
    proxy.wait_closed()
    still_serves(proxy, nginx, site)
    proxy.wait_closed(2)


@pytest.fixture
def survives(proxy, nginx, site):
    yield from survived(proxy, nginx, site)


@pytest.fixture(scope="module")
def shared_patient(share, pki_):
    """As it is by default: who comes byte by byte takes a while on a busy machine."""
    shared = share("--server-leg", f"ca={pki_.root}")
    yield shared
    shared.stop()


@pytest.fixture
def patient(shared_patient, nginx, site):
    for proxy in shared_patient.lend():
        yield from survived(proxy, nginx, site)


def drain(sock):
    """Reads whatever comes until the end."""
    data = b""
    try:
        while block := sock.recv(65536):
            data += block
    except ConnectionError:
        pass
    return data


def say_and_end(sock, data, end="fin"):
    """Sends `data` and ends; the peer may have refused it before all was sent."""
    try:
        sock.sendall(data)
        if end == "fin":
            sock.shutdown(socket.SHUT_WR)
    except ConnectionError:
        pass
    except OSError as error:
        if error.errno != errno.ENOTCONN:  # reset already
            raise
    if end == "reset":
        raw.reset(sock)


LONG = b"a" * 70_000
HELLO_OF_SSL2 = bytes.fromhex(
    "802e0100020015000000100100800200800300800400800500800600400700c0"
) + bytes(16)

POST = b"POST http://127.0.0.1:9/ HTTP/1.1\r\nHost: x\r\n"

GARBAGE = {
    "nothing": b"",
    "one NUL": b"\0",
    "random bytes": bytes(range(128, 256)) * 40,
    "a lone newline": b"\n",
    "half a request line": b"CONNECT local",
    "a head without an end": b"CONNECT localhost:443 HTTP/1.1\r\nHost: localhost\r\n",
    "a request line of 70 kB": b"CONNECT " + LONG + b":443 HTTP/1.1\r\n\r\n",
    "a header of 70 kB": b"CONNECT localhost:443 HTTP/1.1\r\nX: " + LONG + b"\r\n\r\n",
    "20,000 headers": b"CONNECT localhost:443 HTTP/1.1\r\n" + b"A: b\r\n" * 20_000 + b"\r\n",
    "CONNECT without a port": b"CONNECT localhost HTTP/1.1\r\n\r\n",
    "CONNECT to port 0": b"CONNECT localhost:0 HTTP/1.1\r\n\r\n",
    "CONNECT to port 99999": b"CONNECT localhost:99999 HTTP/1.1\r\n\r\n",
    "CONNECT to a port of letters": b"CONNECT localhost:https HTTP/1.1\r\n\r\n",
    "CONNECT to no host": b"CONNECT :443 HTTP/1.1\r\n\r\n",
    "CONNECT to a host with a NUL": b"CONNECT local\0host:443 HTTP/1.1\r\n\r\n",
    "CONNECT to a host with an escape code": b"CONNECT \x1b[31mred:443 HTTP/1.1\r\n\r\n",
    "CONNECT to a broken IPv6 address": b"CONNECT [::1:443 HTTP/1.1\r\n\r\n",
    "CONNECT of HTTP/9.9": b"CONNECT localhost:443 HTTP/9.9\r\n\r\n",
    "CONNECT of no version": b"CONNECT localhost:443\r\n\r\n",
    "an unknown method": b"FROBNICATE / HTTP/1.1\r\n\r\n",
    "the h2 preface": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "absolute-form with another scheme": b"GET ftp://localhost/ HTTP/1.1\r\nHost: x\r\n\r\n",
    "absolute-form without a host": b"GET http:///x HTTP/1.1\r\nHost: x\r\n\r\n",
    "a broken length": POST + b"Content-Length: -1\r\n\r\n",
    "two lengths": POST + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n",
    "SOCKS4": b"\x04\x01\x01\xbb\x7f\0\0\x01\0",
    "SOCKS5 that offers no method": b"\x05\x00",
    "SOCKS5 that insists on a password": b"\x05\x01\x02",
    "SOCKS5 bind": b"\x05\x01\x00\x05\x02\x00\x01\x7f\0\0\x01\x01\xbb",
    "SOCKS5 with an unknown kind of address": b"\x05\x01\x00\x05\x01\x00\x09\x7f\0\0\x01\x01\xbb",
    "SOCKS5 with an empty name": b"\x05\x01\x00\x05\x01\x00\x03\x00\x01\xbb",
    "SOCKS5 cut in its request": b"\x05\x01\x00\x05\x01\x00\x03\x20local",
    "SSLv2": HELLO_OF_SSL2,
    "a TLS record of 65,535 bytes": b"\x16\x03\x01\xff\xff" + LONG,
    "a TLS record of no bytes": b"\x16\x03\x01\x00\x00" * 40,
    "a TLS alert": b"\x15\x03\x01\x00\x02\x02\x28",
    "TLS application data first": b"\x17\x03\x03\x00\x05hello",
    "a hello that claims 16 MB": b"\x16\x03\x01\x00\x05\x01\xff\xff\xff\x03",
    "a hello with broken lengths": b"\x16\x03\x01\x00\x30\x01\x00\x00\x2c\x03\x03" + b"\xff" * 42,
}


@pytest.mark.parametrize("end", ["fin", "reset"])
@pytest.mark.parametrize("data", GARBAGE.values(), ids=GARBAGE.keys())
def test_ingress(data, end, survives):
    sock = socket.create_connection(survives.address, timeout=raw.LIMIT_SECONDS)
    say_and_end(sock, data, end)
    if end == "fin":
        drain(sock)
        sock.close()


@pytest.mark.parametrize("data", GARBAGE.values(), ids=GARBAGE.keys())
def test_inside_a_tunnel(data, survives, nginx):
    """After CONNECT anything may come; what is not TLS goes to the origin as it is."""
    with raw.connect_tunnel(survives.address, f"localhost:{nginx.port}") as sock:
        say_and_end(sock, data)
        drain(sock)


PROXY_HEADERS = {
    "v1 without an end": b"PROXY TCP4 127.0.0.1 127.0.0.1 1 2",
    "v1 of 200 bytes": b"PROXY TCP4 " + b"1" * 200 + b"\r\n",
    "v1 with letters for ports": b"PROXY TCP4 127.0.0.1 127.0.0.1 a b\r\n",
    "v1 with a NUL": b"PROXY TCP4 127.0.0.1\0 127.0.0.1 1 2\r\n",
    "v2 cut in its signature": b"\r\n\r\n\0\r\nQU",
    "v2 of version 3": b"\r\n\r\n\0\r\nQUIT\n\x31\x11\x00\x0c" + bytes(12),
    "v2 whose length is short": b"\r\n\r\n\0\r\nQUIT\n\x21\x11\x00\x02\0\0",
    "v2 of 65,535 bytes": b"\r\n\r\n\0\r\nQUIT\n\x21\x11\xff\xff" + bytes(65535),
    "no header": b"GET / HTTP/1.1\r\n\r\n",
}


@pytest.mark.parametrize("data", PROXY_HEADERS.values(), ids=PROXY_HEADERS.keys())
def test_proxy_header(data, bridge):
    with socket.create_connection(bridge.address, timeout=raw.LIMIT_SECONDS) as sock:
        say_and_end(sock, data)
        drain(sock)
    bridge.wait_closed()
    bridge.mark()
    with socket.create_connection(bridge.address, timeout=raw.LIMIT_SECONDS) as sock:
        sock.sendall(b"PROXY TCP4 127.0.0.9 127.0.0.1 1234 443\r\n")
        client = MemoryClient(sock, raw.client_context(bridge.ca))
        client.handshake()
        client.send(b"used")
        client.end("close_notify")
        client.read_all()
    bridge.expect_secured()


def byte_by_byte(sock, data):
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for i in range(len(data)):
        sock.sendall(data[i : i + 1])


def test_connect_byte_by_byte(patient, nginx):
    target = f"localhost:{nginx.port}"
    with socket.create_connection(patient.address, timeout=raw.LIMIT_SECONDS) as sock:
        byte_by_byte(sock, f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n".encode())
        assert raw.read_to(sock, b"\r\n\r\n").startswith(b"HTTP/1.1 200")


def test_hello_byte_by_byte(patient, nginx, version):
    with raw.connect_tunnel(patient.address, f"localhost:{nginx.port}") as sock:
        client = MemoryClient(sock, raw.client_context(patient.ca, high=version))
        client.step()
        byte_by_byte(sock, client.flight())
        client.handshake()
    patient.expect_secured()


@pytest.mark.parametrize("size", [1, 5, 64])
def test_hello_in_many_records(size, patient, nginx, version):
    """RFC 8446 section 5.1: a handshake message may be spread over several records."""
    with raw.connect_tunnel(patient.address, f"localhost:{nginx.port}") as sock:
        client = MemoryClient(sock, raw.client_context(patient.ca, high=version))
        client.step()
        record = client.flight()
        body = record[5:]
        for at in range(0, len(body), size):
            part = body[at : at + size]
            sock.sendall(record[:3] + struct.pack(">H", len(part)) + part)
        client.handshake()
    patient.expect_secured()


@pytest.mark.parametrize("keep", [1, 4, 5, 6, 40, 100, -1])
@pytest.mark.parametrize("end", ["fin", "reset"])
def test_hello_cut_short(keep, end, survives, nginx):
    with raw.connect_tunnel(survives.address, f"localhost:{nginx.port}") as sock:
        client = MemoryClient(sock, raw.client_context(survives.ca))
        client.step()
        sock.sendall(client.flight()[:keep])
        client.end(end)
        if end == "fin":
            drain(sock)


@pytest.mark.parametrize("end", ["fin", "reset"])
@pytest.mark.parametrize("keep", [0, 1, 20, -1])
def test_second_flight_cut_short(keep, end, survives, nginx, version):
    """The client's Finished, or what comes before it, is missing or torn."""
    with raw.connect_tunnel(survives.address, f"localhost:{nginx.port}") as sock:
        client = MemoryClient(sock, raw.client_context(survives.ca, high=version))
        while not client.step():
            flight = client.flight()
            if flight and flight[5:6] == b"\x01":
                sock.sendall(flight)  # the hello
                flight = b""
            if flight:
                break
            client._pull()
        else:
            flight = client.flight()
        sock.sendall(flight[:keep])
        client.end(end)
        if end == "fin":
            drain(sock)


@pytest.mark.parametrize(
    "junk",
    [b"\x17\x03\x03\x00\x20" + bytes(32), b"\x17\x03\x03\xff\xff", b"GET / HTTP/1.1\r\n\r\n"],
    ids=["a record that does not decrypt", "an oversized record", "plain text"],
)
@pytest.mark.parametrize("who", ["client", "origin"])
def test_garbage_after_the_handshake(who, junk, survives, pki_, version):
    """The peer of the broken leg gets an alert; the other leg never sees a clean end."""
    context = raw.server_context(pki_.server(), high=version)
    seen = {}

    def serve(sock):
        server = MemoryServer(sock, context)
        server.handshake()
        assert server.recv() == b"hello"
        if who == "origin":
            sock.sendall(junk)
            drain(sock)
        else:
            server.send(b"ready")
            seen["end"] = server.read_all()

    with raw.RawOrigin(serve) as origin:
        with raw.connect_tunnel(survives.address, f"localhost:{origin.port}") as sock:
            client = MemoryClient(sock, raw.client_context(survives.ca, high=version))
            client.handshake()
            client.send(b"hello")
            if who == "client":
                assert client.recv() == b"ready"
                sock.sendall(junk)
                drain(sock)
            else:
                seen["end"] = client.read_all()
    assert seen["end"][0] == b"" and seen["end"][1] != "close_notify", seen


def silence(sock):
    drain(sock)


def say(data, end="fin"):
    def serve(sock):
        sock.recv(65536)
        sock.sendall(data)
        if end == "reset":
            raw.reset(sock)
        elif end == "fin":
            sock.shutdown(socket.SHUT_WR)
            drain(sock)
        else:
            drain(sock)

    return serve


def reset_at_once(sock):
    raw.reset(sock)


SERVER_HELLO_13 = bytes.fromhex("160303007a020000760303") + bytes(32)

BAD_ORIGINS = {
    "closes at once": lambda sock: None,
    "resets at once": reset_at_once,
    "says nothing": silence,
    "closes after the hello": say(b""),
    "resets after the hello": say(b"", "reset"),
    "speaks HTTP": say(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n"),
    "speaks SMTP": say(b"220 mail.test ESMTP\r\n", "stay"),
    "sends random bytes": say(bytes(range(128, 256)) * 100),
    "sends an alert": say(b"\x15\x03\x03\x00\x02\x02\x28"),
    "sends a warning and closes": say(b"\x15\x03\x03\x00\x02\x01\x00"),
    "sends an alert of a length of its own": say(b"\x15\x03\x03\x00\x05\x02\x28\0\0\0"),
    "sends 1,000 empty records": say(b"\x16\x03\x03\x00\x00" * 1000),
    "sends a record of 65,535 bytes": say(b"\x16\x03\x03\xff\xff" + LONG),
    "sends half a ServerHello": say(SERVER_HELLO_13),
    "sends half a ServerHello and stays": say(SERVER_HELLO_13, "stay"),
    "sends a hello of 16 MB": say(b"\x16\x03\x03\x00\x04\x02\xff\xff\xff", "stay"),
    "sends a ClientHello": say(b"\x16\x03\x01\x00\x2d\x01\x00\x00\x29\x03\x03" + bytes(39)),
    "sends Finished first": say(b"\x16\x03\x03\x00\x10\x14\x00\x00\x0c" + bytes(12)),
}


@pytest.mark.parametrize("serve", BAD_ORIGINS.values(), ids=BAD_ORIGINS.keys())
def test_origin(serve, of_any_order, nginx, site):
    proxy = of_any_order
    with raw.RawOrigin(serve) as origin:
        with raw.connect_tunnel(proxy.address, f"localhost:{origin.port}") as sock:
            client = MemoryClient(sock, raw.client_context(proxy.ca))
            try:
                client.handshake()
                client.send(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
                client.read_all()
            except (ssl.SSLError, OSError):
                pass
        verdict = proxy.wait("verdict")[0]
        assert verdict["leg"] == "server", verdict
        proxy.wait_closed()
    still_serves(proxy, nginx, site)


def cutting_relay(port, size, how):
    """Passes on what a real origin says, up to `size` bytes; then it is cut."""

    def serve(sock):
        with socket.create_connection(("127.0.0.1", port), timeout=5) as real:
            real.sendall(sock.recv(65536))
            said = b""
            while len(said) < size:
                block = real.recv(65536)
                if not block:
                    break
                said += block
            sock.sendall(said[:size])
            time.sleep(0.05)  # so that a reset does not overtake the bytes
            raw.reset(sock) if how == "reset" else sock.close()

    return serve


@pytest.mark.parametrize("how", ["fin", "reset"])
@pytest.mark.parametrize("size", [1, 5, 30, 90, 200, 700])
def test_origin_cut_in_its_first_flight(size, how, survives, nginx, version):
    with raw.RawOrigin(cutting_relay(nginx.port, size, how)) as origin:
        with raw.connect_tunnel(survives.address, f"localhost:{origin.port}") as sock:
            client = MemoryClient(sock, raw.client_context(survives.ca, high=version))
            try:
                client.handshake()
                client.read_all()
            except (ssl.SSLError, OSError):
                pass
        verdict = survives.wait("verdict")[0]
        assert verdict["leg"] == "server", verdict
        assert verdict["cause"] in ("transport.closed", "transport.reset"), verdict


def test_origin_byte_by_byte(patient, pki_, version):
    """Slow is not broken: the handshake is completed."""
    context = raw.server_context(pki_.server(), high=version)

    def serve(sock):
        server = MemoryServer(sock, context)
        while not server.step():
            byte_by_byte(sock, server.flight())
            server._pull()
        byte_by_byte(sock, server.flight())
        server.read_all()

    with raw.RawOrigin(serve) as origin:
        with raw.connect_tunnel(patient.address, f"localhost:{origin.port}") as sock:
            client = MemoryClient(sock, raw.client_context(patient.ca, high=version))
            client.handshake()
            client.send(b"used")  # who leaves without a byte has refused the certificate
            client.end("close_notify")
            client.read_all()
    patient.expect_secured()


SLOW = 60


@pytest.mark.parametrize(
    "beginning",
    [b"", b"CONNECT local", b"\x05", b"\x16\x03\x01\x02\x00\x01"],
    ids=["silent", "half a CONNECT", "half of SOCKS5", "half a hello"],
)
def test_slow_clients_hold_nobody_up(beginning, proxy, nginx, site):
    """Clients that never finish; others are served, and midspan ends them at its timeout."""
    slow = [socket.create_connection(proxy.address, timeout=raw.LIMIT_SECONDS) for _ in range(SLOW)]
    for sock in slow:
        sock.sendall(beginning)
    still_serves(proxy, nginx, site)
    for sock in slow:
        drain(sock)  # returns once midspan has closed it
        sock.close()
    proxy.wait_closed(SLOW + 1)


def test_a_slow_trickle_is_ended_too(proxy, nginx, site):
    """A byte now and then does not keep a handshake open for ever."""
    with raw.connect_tunnel(proxy.address, f"localhost:{nginx.port}") as sock:
        hello = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(501)
        with pytest.raises(ConnectionError):
            for i in range(len(hello)):
                sock.sendall(hello[i : i + 1])
                time.sleep(0.05)
                sock.setblocking(False)
                try:
                    if sock.recv(4096) == b"":
                        raise ConnectionError("ended by midspan")
                except BlockingIOError:
                    pass
                sock.setblocking(True)
    still_serves(proxy, nginx, site)


def test_no_descriptor_is_left(proxy, nginx, site):
    """Whatever came before: with all connections closed, only a good one's worth is open."""
    still_serves(proxy, nginx, site)
    idle = proxy.open_files()
    for data in GARBAGE.values():
        with socket.create_connection(proxy.address, timeout=raw.LIMIT_SECONDS) as sock:
            say_and_end(sock, data)
    proxy.wait_closed(len(GARBAGE) + 1)
    deadline = time.monotonic() + 10
    while proxy.open_files() > idle and time.monotonic() < deadline:
        time.sleep(0.05)
    assert proxy.open_files() <= idle


def test_terminal_escapes_of_a_peer_are_not_printed(proxy):
    with socket.create_connection(proxy.address, timeout=raw.LIMIT_SECONDS) as sock:
        sock.sendall(b"CONNECT \x1b]0;owned\x07evil\x1b[2J:443 HTTP/1.1\r\nHost: \x1b[31m\r\n\r\n")
        drain(sock)
    proxy.wait_closed()
    assert "\x1b]0" not in proxy.console() and "\x07" not in proxy.console()
