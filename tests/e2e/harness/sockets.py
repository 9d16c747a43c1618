"""A TLS client over memory: every byte it sends and gets can be held, cut or torn apart."""

import socket
import ssl

from . import raw


class MemoryClient:
    """TLS over `sock`, with the handshake's flights and the shutdown in the test's hands."""

    def __init__(self, sock, context, name="localhost"):
        self.sock = sock
        self._in = ssl.MemoryBIO()
        self._out = ssl.MemoryBIO()
        self.tls = context.wrap_bio(self._in, self._out, server_hostname=name)

    def flight(self):
        """What TLS wants to send now, taken out and not sent."""
        return self._out.read()

    def flush(self):
        data = self.flight()
        if data:
            self.sock.sendall(data)

    def _pull(self):
        block = self.sock.recv(65536)
        if block:
            self._in.write(block)
        else:
            self._in.write_eof()

    def step(self):
        """One step of the handshake; True once it is complete. Sends nothing."""
        try:
            self.tls.do_handshake()
            return True
        except ssl.SSLWantReadError:
            return False

    def handshake(self):
        while not self.step():
            self.flush()
            self._pull()
        self.flush()

    def send(self, data):
        self.tls.write(data)
        self.flush()

    def recv(self, _size=0):
        """Some bytes; b"" at close_notify; an SSLError (raw.end_of) at a bare end."""
        while True:
            try:
                return self.tls.read(65536)
            except ssl.SSLWantReadError:
                self._pull()
            except ssl.SSLZeroReturnError:
                return b""

    def recv_ready(self):
        """What one read of the socket gives, decrypted; maybe nothing."""
        self._pull()
        data = bytearray()
        try:
            while block := self.tls.read(65536):
                data += block
        except ssl.SSLWantReadError:
            pass
        return bytes(data)

    def close_notify(self):
        """Says that nothing more will be sent; goes on reading."""
        try:
            self.tls.unwrap()
        except ssl.SSLWantReadError:
            pass
        self.flush()

    def end(self, how):
        """Ends the sending side: "close_notify", "fin" (without one) or "reset"."""
        if how == "reset":
            raw.reset(self.sock)
            return
        if how == "close_notify":
            self.close_notify()
        self.sock.shutdown(socket.SHUT_WR)

    def read_all(self):
        """Everything that comes, and how it ended: "close_notify", "fin" or "reset"."""
        data = bytearray()
        while True:
            try:
                block = self.recv()
            except ssl.SSLError as error:
                return bytes(data), raw.end_of(error)
            except ConnectionError:
                return bytes(data), "reset"
            if not block:
                return bytes(data), "close_notify"
            data += block


class MemoryServer(MemoryClient):
    """The same for the server's side of a connection."""

    def __init__(self, sock, context):
        self.sock = sock
        self._in = ssl.MemoryBIO()
        self._out = ssl.MemoryBIO()
        self.tls = context.wrap_bio(self._in, self._out, server_side=True)
