"""Whom midspan asks when a verdict is about certificates, and that it waits for nobody too long."""

import socket
import subprocess
import threading
import time

import pytest

from harness import pki as base
from harness.clients import clean_env
from harness.process import free_port
from harness.raw import LIMIT_SECONDS
from matrix import certs
from matrix.publisher import Publisher

# A question may take one; the rest is for a busy machine, and far from what a system waits by itself.
ANSWER_SECONDS_MAX = 20


class Listener:
    """Accepts, keeps what was asked, and answers each with the same bytes (None: never)."""

    def __init__(self, answer=None):
        self.answer, self.asked = answer, []
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self._held = []
        self._was_asked = threading.Event()
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self):
        while True:
            try:
                peer, _ = self._socket.accept()
            except OSError:
                return
            self._held.append(peer)
            self.asked.append(peer.recv(4096))
            self._was_asked.set()
            if self.answer is not None:
                peer.sendall(self.answer)
                peer.close()

    def await_asked(self):
        assert self._was_asked.wait(LIMIT_SECONDS), "nobody asked"

    def close(self):
        self._socket.close()
        for peer in self._held:
            peer.close()


@pytest.fixture
def listen():
    made = []

    def start(answer=None):
        made.append(Listener(answer))
        return made[-1]

    yield start
    for one in made:
        one.close()


@pytest.fixture
def publisher(tmp_path, pki_):
    made = Publisher(tmp_path / "publisher")
    yield made
    made.stop()


def alone(pki, port, path="/x.der"):
    """A leaf that comes alone; its issuer is at a port of this machine."""
    above = base._issuer_at(f"http://127.0.0.1:{port}{path}")
    return certs._leaf(pki, f"alone-{port}", pki._intermediate, [], more=[above])


def broken(start_origin, start_midspan, curl, pki, cert, *options):
    """The verdict on an origin with this certificate, and how long the client waited."""
    origin = start_origin("nginx", cert=cert)
    proxy = start_midspan("--server-leg", f"ca={pki.root}", *options)
    begun = time.monotonic()
    assert not curl.fetch(origin.url("/small.bin"), proxy=proxy.url, ca=proxy.ca).ok
    spent = time.monotonic() - begun
    return proxy.expect_verdict("cert.chain-incomplete", leg="server"), spent


def outcomes(verdict):
    return [proof["outcome"] for proof in verdict.get("proof", [])]


def test_nobody_is_asked_without_probes(start_origin, start_midspan, curl, pki_, listen):
    place = listen()
    cert = alone(pki_, place.port)
    verdict, _ = broken(start_origin, start_midspan, curl, pki_, cert, "--no-probe")
    assert not place.asked and not verdict.get("proof")
    assert "CN=midspan test intermediate" in verdict["fix"]
    assert f"http://127.0.0.1:{place.port}/x.der" in verdict["fix"]


def test_the_fix_names_what_is_missing(start_origin, start_midspan, curl, pki_, publisher):
    above = base._issuer_at(publisher.publish("i.der", [pki_._intermediate.cert]))
    cert = certs._leaf(pki_, "named", pki_._intermediate, [], more=[above])
    verdict, _ = broken(start_origin, start_midspan, curl, pki_, cert)
    assert verdict["confidence"] == "proven"
    assert "CN=midspan test intermediate" in verdict["fix"]
    assert f"{publisher.url}/i.der" in verdict["fix"]
    assert publisher.asked() == ["/i.der"]


def test_what_is_known_is_not_asked_again(start_origin, start_midspan, curl, pki_, publisher):
    above = base._issuer_at(publisher.publish("again.der", [pki_._intermediate.cert]))
    cert = certs._leaf(pki_, "again", pki_._intermediate, [], more=[above])
    origin = start_origin("nginx", cert=cert)
    proxy = start_midspan("--server-leg", f"ca={pki_.root}")
    for _ in range(3):
        proxy.mark()
        curl.fetch(origin.url("/"), proxy=proxy.url, ca=proxy.ca)
        verdict = proxy.expect_verdict("cert.chain-incomplete", leg="server")
        assert verdict["confidence"] == "proven"
    assert publisher.asked() == ["/again.der"]
    assert any(said.endswith("s ago)") for said in outcomes(verdict)), verdict["proof"]


def test_nothing_of_the_client_is_told(start_origin, start_midspan, curl, pki_, listen):
    place = listen(b"HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n")
    cert = alone(pki_, place.port)
    verdict, _ = broken(start_origin, start_midspan, curl, pki_, cert)
    names = [line.split(b":")[0] for line in place.asked[0].split(b"\r\n")[1:] if line]
    assert names == [b"Host", b"User-Agent", b"Accept", b"Connection"]
    assert verdict["confidence"] != "proven" and "HTTP status 404" in outcomes(verdict)


@pytest.mark.parametrize(
    "answer, said",
    [
        (b"220 mail\r\n", "what came is no HTTP, or too much"),
        (b"HTTP/1.0 200 OK\r\n\r\n<html>", "no certificate in the answer"),
        (b"HTTP/1.0 200 OK\r\n\r\n" + b"x" * 70000, "what came is no HTTP, or too much"),
        (b"HTTP/1.1 302 F\r\nLocation: https://x/\r\n\r\n", "it sends elsewhere, or round in a circle"),
    ],
    ids=["no HTTP", "a page", "too much", "a redirect to https"],
)
def test_odd_answers_prove_nothing(start_origin, start_midspan, curl, pki_, listen, answer, said):
    cert = alone(pki_, listen(answer).port)
    verdict, _ = broken(start_origin, start_midspan, curl, pki_, cert)
    assert verdict["confidence"] != "proven" and said in outcomes(verdict)


def test_a_closed_port_costs_no_time(start_origin, start_midspan, curl, pki_):
    cert = alone(pki_, free_port())
    verdict, spent = broken(start_origin, start_midspan, curl, pki_, cert)
    assert "no connection" in outcomes(verdict) and spent < ANSWER_SECONDS_MAX


def test_silence_is_not_waited_out(start_origin, start_midspan, curl, pki_, listen):
    cert = alone(pki_, listen().port)
    verdict, spent = broken(start_origin, start_midspan, curl, pki_, cert)
    assert "no answer in time" in outcomes(verdict) and spent < ANSWER_SECONDS_MAX


def test_a_client_that_leaves_ends_the_question(start_origin, start_midspan, curl, pki_, listen):
    place = listen()
    origin = start_origin("nginx", cert=alone(pki_, place.port))
    proxy = start_midspan("--server-leg", f"ca={pki_.root}")
    command = ["curl", "-s", "-x", proxy.url, "--noproxy", "", "--cacert", proxy.ca]
    client = subprocess.Popen([*command, origin.url("/")], env=clean_env())
    place.await_asked()
    client.kill()
    client.wait()
    proxy.expect_verdict("cert.chain-incomplete", leg="server")
    proxy.wait_closed()
    proxy.settle()


def test_an_upstream_proxy_is_asked(start_origin, start_midspan, curl, pki_, publisher):
    above = base._issuer_at(publisher.publish("v.der", [pki_._intermediate.cert]))
    cert = certs._leaf(pki_, "via", pki_._intermediate, [], more=[above])
    upstream = start_midspan("--pass", "*")
    verdict, _ = broken(start_origin, start_midspan, curl, pki_, cert, "--via", upstream.url)
    assert verdict["confidence"] == "proven" and publisher.asked() == ["/v.der"]
    upstream.wait_closed(2)  # the origin, and the question
