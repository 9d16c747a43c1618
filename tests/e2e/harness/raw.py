"""Origins and clients that do exactly what a test says, with Python's sockets and ssl.

For manners that real servers have but can't be told to have: an end without close_notify, a reset
in mid-answer, silence, garbage.
"""

import contextlib
import socket
import ssl
import struct
import threading

LIMIT_SECONDS = 30


def reset(sock):
    """Closes with RST instead of FIN."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


def _context(protocol):
    context = ssl.SSLContext(protocol)
    # By default Python takes a bare FIN for a clean end: just what must be told apart here. The
    # module has no name for the flag before Python 3.12.
    context.options &= ~getattr(ssl, "OP_IGNORE_UNEXPECTED_EOF", 0x80)
    return context


def server_context(cert, *, low=None, high=None, ciphers=None, alpn=()):
    context = _context(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert.chain, cert.key)
    if low:
        context.minimum_version = low
    if high:
        context.maximum_version = high
    if ciphers:
        context.set_ciphers(ciphers)
    if alpn:
        context.set_alpn_protocols(list(alpn))
    return context


def client_context(ca=None, *, low=None, high=None, ciphers=None, alpn=()):
    """`ca` None: takes any certificate."""
    context = _context(ssl.PROTOCOL_TLS_CLIENT)
    context.options |= getattr(ssl, "OP_NO_TICKET", 0)
    if ca is None:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    else:
        context.load_verify_locations(ca)
    if low:
        context.minimum_version = low
    if high:
        context.maximum_version = high
    if ciphers:
        context.set_ciphers(ciphers)
    if alpn:
        context.set_alpn_protocols(list(alpn))
    return context


class RawOrigin:
    """Listens on a free port; `serve(socket)` runs in a thread for each connection.

    What `serve` raises because the peer went away is ignored; any other exception fails the test
    that leaves the context.
    """

    def __init__(self, serve, host="127.0.0.1"):
        self.serve = serve
        self.errors = []
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._listener = socket.socket(family)
        self._listener.bind((host, 0))
        self._listener.listen(1024)
        self.host, self.port = self._listener.getsockname()[:2]
        self._threads = []
        self._open = set()
        self._acceptor = threading.Thread(target=self._accept, daemon=True)

    @property
    def endpoint(self):
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    def url(self, path="/", host="localhost"):
        return f"https://{host}:{self.port}{path}"

    def _accept(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            connection.settimeout(LIMIT_SECONDS)
            self._open.add(connection)
            thread = threading.Thread(target=self._serve_one, args=(connection,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve_one(self, connection):
        try:
            self.serve(connection)
        except (OSError, ssl.SSLError):
            pass
        except Exception as error:  # noqa: BLE001: told to the test by __exit__
            self.errors.append(error)
        finally:
            connection.close()
            self._open.discard(connection)

    def __enter__(self):
        self._acceptor.start()
        return self

    def __exit__(self, *_):
        # shutdown wakes the thread in accept; close alone does not.
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in list(self._open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(LIMIT_SECONDS)
        assert not self.errors, self.errors


def read_head(stream):
    """Reads an HTTP head from anything with recv; b"" when the peer ended before."""
    data = b""
    while b"\r\n\r\n" not in data:
        block = stream.recv(65536)
        if not block:
            return b""
        data += block
    return data


def end_of(error):
    """What an SSLError says about the end of a connection."""
    if isinstance(error, ssl.SSLZeroReturnError):
        return "close_notify"
    if isinstance(error, ssl.SSLEOFError) or "UNEXPECTED_EOF" in str(error):
        return "fin"
    raise error


def read_all(stream):
    """Everything up to the end, and how the end came: "close_notify", "fin" or "reset".

    A plain socket's end is "fin" or "reset".
    """
    data = bytearray()
    while True:
        try:
            block = stream.recv(65536)
        except ssl.SSLError as error:
            return bytes(data), end_of(error)
        except ConnectionError:
            return bytes(data), "reset"
        if not block:
            return bytes(data), "close_notify" if isinstance(stream, ssl.SSLSocket) else "fin"
        data += block


def connect_tunnel(proxy, target):
    """A socket that has got a tunnel to `target` by CONNECT."""
    sock = socket.create_connection(proxy, timeout=LIMIT_SECONDS)
    sock.sendall(f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n".encode())
    head = read_to(sock, b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.1 200"):
        sock.close()
        raise ConnectionError(f"CONNECT was answered {head[:80]!r}")
    return sock


def read_to(sock, end):
    """Reads byte by byte up to and with `end`: nothing of what follows is taken."""
    data = b""
    while not data.endswith(end):
        block = sock.recv(1)
        if not block:
            break
        data += block
    return data


def wrap(sock, context, name="localhost"):
    """TLS over `sock`; an end without close_notify raises SSLEOFError."""
    return context.wrap_socket(sock, server_hostname=name, suppress_ragged_eofs=False)


def wrap_server(sock, context):
    return context.wrap_socket(sock, server_side=True, suppress_ragged_eofs=False)
