"""A reader of ClientHellos that is not midspan's, and a listener that keeps what it is sent."""

import hashlib
import socket
import threading
from dataclasses import dataclass, field

SERVER_NAME, GROUPS, SCHEMES, ALPN, VERSIONS = 0, 10, 13, 16, 43


def is_grease(number):
    return number & 0x0F0F == 0x0A0A and number >> 8 == number & 0xFF


@dataclass
class Hello:
    """What a ClientHello offers, each list in its order, without GREASE."""

    legacy_version: int = 0
    suites: list = field(default_factory=list)
    extensions: list = field(default_factory=list)
    versions: list = field(default_factory=list)  # of the extension; empty: it has none
    groups: list = field(default_factory=list)
    schemes: list = field(default_factory=list)
    alpn: list = field(default_factory=list)
    sni: str = None

    def compared(self):
        """What a preset must have in common with its device."""
        return {
            "version": max([self.legacy_version, *self.versions]),
            "versions": self.versions,
            "suites": self.suites,
            "groups": self.groups,
            "schemes": self.schemes,
            "alpn": self.alpn,
            "sni": self.sni,
        }

    def ja4(self):
        """JA4 (github.com/FoxIO-LLC/ja4)."""
        words = {0x0304: "13", 0x0303: "12", 0x0302: "11", 0x0301: "10", 0x0300: "s3"}
        word = words.get(max(self.versions) if self.versions else self.legacy_version, "00")
        alpn = self.alpn[0] if self.alpn else "00"
        listed = ",".join(f"{suite:04x}" for suite in sorted(self.suites))
        named = [number for number in self.extensions if number not in (SERVER_NAME, ALPN)]
        rest = ",".join(sorted(f"{number:04x}" for number in named))
        if self.schemes:
            rest += "_" + ",".join(f"{scheme:04x}" for scheme in self.schemes)
        return (
            f"t{word}{'d' if SERVER_NAME in self.extensions else 'i'}"
            f"{min(len(self.suites), 99):02d}{min(len(self.extensions), 99):02d}"
            f"{alpn[0]}{alpn[-1]}_{_cut(listed)}_{_cut(rest)}"
        )


def _cut(text):
    return hashlib.sha256(text.encode()).hexdigest()[:12] if text else "0" * 12


class _Reader:
    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, count):
        part = self.data[self.at : self.at + count]
        assert len(part) == count, "the ClientHello ends too early"
        self.at += count
        return part

    def number(self, size):
        return int.from_bytes(self.take(size), "big")

    def vector(self, size):
        return self.take(self.number(size))

    def is_at_end(self):
        return self.at == len(self.data)


def _numbers(data):
    listed = [int.from_bytes(data[i : i + 2], "big") for i in range(0, len(data), 2)]
    return [number for number in listed if not is_grease(number)]


def handshake_of(records):
    """The first handshake message of a flight, or None when it isn't whole yet."""
    message, at = b"", 0
    while at + 5 <= len(records):
        size = int.from_bytes(records[at + 3 : at + 5], "big")
        assert records[at] == 22, f"record of type {records[at]}"
        message += records[at + 5 : at + 5 + size]
        at += 5 + size
    if len(message) < 4 or len(message) < 4 + int.from_bytes(message[1:4], "big"):
        return None
    return message[: 4 + int.from_bytes(message[1:4], "big")]


def decode(records):
    message = handshake_of(records)
    assert message is not None and message[0] == 1, "no whole ClientHello"
    reader = _Reader(message[4:])
    hello = Hello(legacy_version=reader.number(2))
    reader.take(32)
    reader.vector(1)
    hello.suites = _numbers(reader.vector(2))
    reader.vector(1)
    if reader.is_at_end():
        return hello
    extensions = _Reader(reader.vector(2))
    while not extensions.is_at_end():
        _decode_extension(hello, extensions.number(2), _Reader(extensions.vector(2)))
    return hello


def _decode_extension(hello, kind, body):
    if is_grease(kind):
        return
    hello.extensions.append(kind)
    if kind == SERVER_NAME:
        names = _Reader(body.vector(2))
        assert names.number(1) == 0
        hello.sni = names.vector(2).decode()
    elif kind == GROUPS:
        hello.groups = _numbers(body.vector(2))
    elif kind == SCHEMES:
        hello.schemes = _numbers(body.vector(2))
    elif kind == VERSIONS:
        hello.versions = _numbers(body.vector(1))
    elif kind == ALPN:
        names = _Reader(body.vector(2))
        while not names.is_at_end():
            hello.alpn.append(names.vector(1).decode())


class HelloCatcher:
    """Listens, keeps the first flight of every connection, and closes without an answer."""

    def __init__(self, host="127.0.0.1"):
        self.listener = socket.create_server((host, 0))
        self.port = self.listener.getsockname()[1]
        self.flights = []
        self.caught = threading.Event()
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def _serve(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(10)
                self._keep(connection)

    def _keep(self, connection):
        data = b""
        try:
            while block := connection.recv(65536):
                data += block
                if data[0] != 22 or handshake_of(data) is not None:
                    break
        except (OSError, AssertionError):
            pass
        if data:
            self.flights.append(data)
            self.caught.set()

    def hello(self, seconds=20):
        """The first ClientHello that came."""
        assert self.caught.wait(seconds), "nothing was sent to the origin"
        return decode(self.flights[0])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        # shutdown wakes the thread in accept; close alone does not.
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join(15)
