"""Client presets against the clients that they were recorded from, as installed, without settings.

The client is led to a plain listener; its ClientHello and the preset's, both read by our own
reader, have the same JA4 and the same lists. What differs is listed here in full.
"""

import json
import re
import subprocess
from pathlib import Path

import pytest

from harness import browsers
from harness.clients import clean_env
from harness.hellos import HelloCatcher, decode
from harness.midspan import run
from harness.origins import PEERS, go_build

NODE = "require('tls').connect({host: 'localhost', port: %d, servername: 'localhost'})"
PYTHON = (
    "import socket, ssl; ssl.create_default_context().wrap_socket("
    "socket.create_connection(('localhost', %d)), server_hostname='localhost')"
)
WORDS = {
    "curl-788-openssl3019": lambda port: ["curl", "-sk", f"https://localhost:{port}/"],
    "wget-1213-gnutls": lambda port: [
        *("wget", "-q", "-t", "1", "-O", "/dev/null", f"https://localhost:{port}/")
    ],
    "gnutls-cli-379": lambda port: ["gnutls-cli", "--insecure", "-p", port, "localhost"],
    "s-client-3019": lambda port: [
        *("openssl", "s_client", "-connect", f"localhost:{port}", "-servername", "localhost")
    ],
    "node-2020": lambda port: ["node", "-e", NODE % port],
    "python-311-debian": lambda port: ["/usr/bin/python3", "-c", PYTHON % port],
}
GO = {"go-119-http": "http", "go-119-tls": "tls"}
BROWSERS = {"chromium-156": "Chromium", "firefox-153esr": "Firefox"}


def preset_of(name):
    return json.loads(run("presets", "clients", name, "--json").stdout)


def start(words):
    """Runs a client that will be refused; what it says of that does not matter."""
    subprocess.run(
        [str(word) for word in words],
        capture_output=True,
        timeout=60,
        stdin=subprocess.DEVNULL,
        env=clean_env(),
    )


def hold(name, origin):
    """The client's hello is the preset's."""
    preset = preset_of(name)
    recorded, sent = decode(bytes.fromhex(preset["record"])), origin.hello()
    assert recorded.ja4() == preset["ja4"], "the preset is its own record"
    wanted, found = recorded.compared(), sent.compared()
    for hello in (wanted, found):
        hello["sni"] = hello["sni"] is not None
    assert found == wanted
    assert sent.ja4() == preset["ja4"]


@pytest.mark.parametrize("name", WORDS)
def test_programs(name):
    with HelloCatcher() as origin:
        start(WORDS[name](origin.port))
        hold(name, origin)


# Suites without forward secrecy and SHA-1 signatures: updates of OpenJDK 17 took them away.
JAVA_BEFORE = {
    "suites": [0x009D, 0x009C, 0x003D, 0x003C, 0x0035, 0x002F],
    "schemes": [0x0203, 0x0201, 0x0202],
}


def java_version():
    said = subprocess.run(["java", "-version"], capture_output=True, text=True).stderr
    return tuple(int(part) for part in re.search(r'"(\d+)\.(\d+)\.(\d+)', said).groups())


def test_java():
    """The preset is of 17.0.21; an older one differs by what is listed, and by nothing else."""
    with HelloCatcher() as origin:
        start(["java", PEERS / "java" / "Hello.java", "localhost", origin.port])
        sent = origin.hello()
        if java_version() >= (17, 0, 21):
            hold("java-17021", origin)
            return
    recorded = decode(bytes.fromhex(preset_of("java-17021")["record"]))
    for what, more in JAVA_BEFORE.items():
        listed = getattr(sent, what)
        assert [n for n in listed if n not in getattr(recorded, what)] in (more, [])
        setattr(sent, what, [number for number in listed if number not in more])
    assert sent.compared() == recorded.compared()


def test_python_of_its_own():
    """python-311 is Python as its makers build it: fewer suites and versions than Debian's."""
    own, debian = (
        decode(bytes.fromhex(preset_of(name)["record"]))
        for name in ("python-311", "python-311-debian")
    )
    assert (own.versions, debian.versions) == ([0x304, 0x303], [0x304, 0x303, 0x302, 0x301])
    assert set(own.suites) < set(debian.suites)
    assert (own.groups, own.schemes) == (debian.groups, debian.schemes)


@pytest.fixture(scope="module")
def go_hello(tmp_path_factory):
    return go_build("hello", tmp_path_factory.mktemp("go-hello"))


@pytest.mark.parametrize("name", GO)
def test_go(name, go_hello):
    with HelloCatcher() as origin:
        start([go_hello, GO[name], f"localhost:{origin.port}"])
        hold(name, origin)


@pytest.mark.parametrize("name", BROWSERS)
def test_browsers(name, tmp_path):
    browsers.install_driver()
    with HelloCatcher() as origin:
        home = Path(tmp_path) / "home"
        browsers.BROWSERS[BROWSERS[name]].visit(home, f"https://localhost:{origin.port}/")
        hold(name, origin)
