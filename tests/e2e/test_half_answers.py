"""Origins that take a changed hello with a ServerHello and then break all the same: no change has
mended anything, so nothing is proven by it."""

import hashlib

import pytest

from harness import raw
from harness.clients import CLIENTS
from harness.hellos import decode, handshake_of

AES256, AES256_TLS13 = 0xC02C, 0x1302  # ECDHE-ECDSA-AES256-GCM-SHA384, TLS_AES_256_GCM_SHA384
HANDSHAKE_FAILURE = bytes([21, 3, 3, 0, 2, 2, 40])
ALERT = bytes([21, 3, 3, 0, 2, 2, 80])
GARBAGE = b"HTTP/1.1 500 Internal Server Error\r\n\r\n"


def server_hello(suite):
    """Of TLS 1.2, in a record; nothing comes behind it."""
    body = b"\x03\x03" + bytes(32) + b"\x00" + suite.to_bytes(2, "big") + b"\x00"
    extensions = bytes([0xFF, 1, 0, 1, 0, 0, 23, 0, 0])  # renegotiation_info, extended_master_secret
    body += len(extensions).to_bytes(2, "big") + extensions
    message = b"\x02" + len(body).to_bytes(3, "big") + body
    return b"\x16\x03\x03" + len(message).to_bytes(2, "big") + message


# RFC 8446 section 4.1.3: SHA-256 of "HelloRetryRequest".
RETRY = hashlib.sha256(b"HelloRetryRequest").digest()


def retry():
    """For P-384, in TLS 1.3."""
    body = b"\x03\x03" + RETRY + b"\x00\x13\x02\x00"
    body += bytes([0, 12, 0, 43, 0, 2, 3, 4, 0, 51, 0, 2, 0, 24])
    message = b"\x02" + len(body).to_bytes(3, "big") + body
    return b"\x16\x03\x03" + len(message).to_bytes(2, "big") + message


def hold(sock):
    while sock.recv(65536):
        pass


def leave(sock):
    sock.close()


MANNERS = {
    "stalls": hold,
    "talks garbage": lambda sock: (sock.sendall(GARBAGE), hold(sock)),
    "closes": leave,
    "resets": raw.reset,
    "says an alert": lambda sock: (sock.sendall(ALERT), hold(sock)),
}


def read_hello(sock):
    """A ClientHello; None at the end."""
    records = b""
    while handshake_of(records) is None:
        block = sock.recv(65536)
        if not block:
            return None
        records += block
    return decode(records)


def origin_that(manner):
    def serve(sock):
        hello = read_hello(sock)
        if hello and AES256 in hello.suites:
            sock.sendall(server_hello(AES256))
            MANNERS[manner](sock)
        elif hello:
            sock.sendall(HANDSHAKE_FAILURE)

    return raw.RawOrigin(serve)


def ask_again(sock):
    """Whoever offers AES-256 is asked for another share, again and again."""
    while hello := read_hello(sock):
        sock.sendall(retry() if AES256_TLS13 in hello.suites else HANDSHAKE_FAILURE)


@pytest.mark.parametrize("manner", MANNERS)
def test_a_bare_server_hello_proves_nothing(manner, start_midspan, pki_):
    leg = f"ca={pki_.root},mirror=off,max=TLS1.2,ciphers=ECDHE-ECDSA-AES128-GCM-SHA256"
    proxy = start_midspan("--server-leg", leg)
    with origin_that(manner) as origin:
        got = CLIENTS["curl"].fetch(origin.url("/"), proxy=proxy.url, ca=proxy.ca)
        assert not got.ok
        verdict = proxy.wait("verdict")[0]
    assert verdict["leg"] == "server" and verdict["confidence"] != "proven", proxy.story()
    rows = verdict["proof"]
    assert rows and not any(row["passed"] for row in rows), rows
    assert any("after ServerHello" in row["outcome"] for row in rows), rows


def test_a_second_retry_proves_nothing(start_midspan, pki_):
    leg = f"ca={pki_.root},mirror=off,min=TLS1.3,ciphers=TLS_AES_128_GCM_SHA256,groups=x25519"
    proxy = start_midspan("--server-leg", leg)
    with raw.RawOrigin(ask_again) as origin:
        got = CLIENTS["curl"].fetch(origin.url("/"), proxy=proxy.url, ca=proxy.ca)
        assert not got.ok
        verdict = proxy.wait("verdict")[0]
    assert verdict["leg"] == "server" and verdict["confidence"] != "proven", proxy.story()
    assert not any(row["passed"] for row in verdict["proof"]), verdict["proof"]
    assert "a second HelloRetryRequest" in str(verdict["proof"]), verdict["proof"]
