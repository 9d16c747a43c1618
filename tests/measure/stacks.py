#!/usr/bin/env python3
"""How real TLS clients answer a certificate that they do not take: which alert, or silence.

    tests/measure/stacks.py                      prints a table: client, fault, TLS 1.2, TLS 1.3
    tests/measure/stacks.py --check              holds proxy/verdict/stacks.yaml against it
    tests/measure/stacks.py --clients curl,Go --faults expired

Each client asks an origin on loopback (Python's own TLS, nothing of midspan) for one page, its
certificate good but for one fault. What is written down is how the first connection ended:

    48        the client's fatal alert
    silence   the handshake was completed, and the client left without a byte
    cut       the client left in the middle of the handshake, without an alert
    accepts   it asked for the page
"""

import argparse
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests" / "e2e"))

from harness import browsers, clients, pki  # noqa: E402

VERSIONS = {"TLS 1.2": ssl.TLSVersion.TLSv1_2, "TLS 1.3": ssl.TLSVersion.TLSv1_3}
# The names of stacks.yaml → those of harness/pki.py. Revoked certificates need a list or a staple,
# which each program is handed in its own way: they are not measured here.
FAULTS = {
    "untrusted": "untrusted-root",
    "self-signed": "self-signed",
    "wrong-name": "wrong-name",
    "expired": "expired",
    "not-yet-valid": "not-yet-valid",
    "wrong-usage": "wrong-usage",
    "weak-key": "weak-key",
    "weak-signature": "sha1",
}
STACKS = {
    "curl": "curl",
    "wget": "wget",
    "openssl s_client": "openssl",
    "gnutls-cli": "gnutls",
    "Python": "python",
    "Node": "node",
    "Java": "jsse",
    "Java SSLSocket": "jsse",
    "Go": "go",
    "Chromium": "chromium",
    "Firefox": "firefox",
    "tstclnt": "firefox",
}
# stacks.yaml says it of the stack; these programs on it do otherwise, as it says in a comment.
OTHERWISE = {"tstclnt"}
ALERTS = {
    "HANDSHAKE_FAILURE": 40,
    "BAD_CERTIFICATE": 42,
    "UNSUPPORTED_CERTIFICATE": 43,
    "CERTIFICATE_REVOKED": 44,
    "CERTIFICATE_EXPIRED": 45,
    "CERTIFICATE_UNKNOWN": 46,
    "ILLEGAL_PARAMETER": 47,
    "UNKNOWN_CA": 48,
    "ACCESS_DENIED": 49,
    "DECODE_ERROR": 50,
    "DECRYPT_ERROR": 51,
    "PROTOCOL_VERSION": 70,
    "INSUFFICIENT_SECURITY": 71,
    "INTERNAL_ERROR": 80,
    "USER_CANCELLED": 90,
}
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"
WAIT_SECONDS = 10
ATTEMPTS_MAX = 8


class Origin:
    """One certificate, one version; `seen` is how each connection ended."""

    def __init__(self, cert, version):
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.set_ciphers("DEFAULT:@SECLEVEL=0")  # a weak key is sent as well
        self.context.load_cert_chain(cert.chain, cert.key)
        self.context.minimum_version = self.context.maximum_version = version
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.seen = []
        self.thread = threading.Thread(target=self._serve)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join()

    def _serve(self):
        while len(self.seen) < ATTEMPTS_MAX:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return  # closed
            connection.settimeout(WAIT_SECONDS)
            with connection:
                said = self._answer(connection)
            if said is not None:
                self.seen.append(said)

    def _answer(self, connection):
        # A browser opens sockets ahead of need and says nothing on them.
        try:
            if not connection.recv(1, socket.MSG_PEEK):
                return None
            tls = self.context.wrap_socket(connection, server_side=True)
        except OSError as error:  # ssl.SSLError is one
            return alert_of(error) or "cut"
        with tls:
            try:
                asked = tls.recv(1)
                if asked:
                    tls.sendall(ANSWER)
                return "accepts" if asked else "silence"
            except socket.timeout:
                return "waits"
            except OSError as error:
                return alert_of(error) or "silence"


def alert_of(error):
    """The number of the alert that OpenSSL names in its reason, e.g. TLSV1_ALERT_UNKNOWN_CA."""
    reason = getattr(error, "reason", None) or ""
    return ALERTS.get(reason.partition("_ALERT_")[2])


# ---- the clients


class Tstclnt:
    """NSS's own test client."""

    name = "tstclnt"

    def fetch(self, url, *, ca):
        with tempfile.TemporaryDirectory() as folder:
            browsers.nss_store(Path(folder) / "store", ca)
            port = url.rpartition(":")[2].strip("/")
            command = ["tstclnt", "-4", "-h", "localhost", "-p", port]
            command += ["-d", f"sql:{folder}/store", "-V", "tls1.2:tls1.3"]
            request = b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
            try:
                subprocess.run(command, input=request, capture_output=True, timeout=WAIT_SECONDS)
            except subprocess.TimeoutExpired:
                pass  # how the connection ended is what counts


class JavaSocket:
    """Java without java.net.http, whose engine closes before its alert is out."""

    name = "Java SSLSocket"
    classes = None

    @classmethod
    def build(cls, folder):
        subprocess.run(["javac", "-d", folder, Path(__file__).parent / "Ask.java"], check=True)
        cls.classes = folder

    def fetch(self, url, *, ca):
        command = ["java", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-cp", self.classes]
        subprocess.run([*command, "Ask", url, ca], capture_output=True, env=clients.clean_env())


class Visit:
    """A browser, in a home of its own."""

    def __init__(self, browser):
        self.browser = browser
        self.name = browser.name

    def fetch(self, url, *, ca):
        with tempfile.TemporaryDirectory() as folder:
            self.browser.visit_all(Path(folder) / "home", [url], ca=ca)


def all_clients():
    known = dict(clients.CLIENTS)
    known["tstclnt"] = Tstclnt()
    known["Java SSLSocket"] = JavaSocket()
    for name, browser in browsers.BROWSERS.items():
        known[name] = Visit(browser)
    return known


def prepare(names, folder):
    """Builds what has to be built."""
    known = all_clients()
    for name in names:
        build = getattr(known[name], "build", None)
        if build:
            into = folder / name
            into.mkdir()
            build(into)
    if {"Chromium", "Firefox"} & set(names):
        browsers.install_driver()


# ---- measuring


def measure(client, cert, version, ca):
    """How the client answered; it trusts `ca`, and the name asked for is localhost."""
    with Origin(cert, version) as origin:
        client.fetch(f"https://localhost:{origin.port}/", ca=ca)
    return origin.seen[0] if origin.seen else "nothing"


def measure_all(names, faults, folder):
    """Yields (client, fault, [TLS 1.2, TLS 1.3]); the fault None is a good certificate."""
    made = pki.Pki(folder / "pki")
    known = all_clients()
    for name in names:
        for fault in (None, *faults):
            cert = made.server(key="rsa", fault=FAULTS.get(fault))
            found = [measure(known[name], cert, v, made.root) for v in VERSIONS.values()]
            yield name, fault, found


# ---- what stacks.yaml says


def written_down():
    said = yaml.safe_load((ROOT / "proxy" / "verdict" / "stacks.yaml").read_text())
    return {stack["id"]: stack for stack in said["stacks"]}


def differences(name, fault, found, stacks):
    """What of `found` is not as written down; a fault that is left out there is not held."""
    stack = stacks[STACKS[name]]
    may_cut = stack.get("may_cut") and name != "Java SSLSocket"
    if fault is None:
        return [] if found == ["accepts", "accepts"] else [f"{name}: a good certificate: {found}"]
    want = stack["answers"].get(fault)
    if want is None or name in OTHERWISE:
        return []
    wants = want if isinstance(want, list) else [want, want]
    wrong = []
    for version, was, expected in zip(VERSIONS, found, wants):
        is_cut = was == "cut" and may_cut
        if was != expected and not is_cut:
            wrong.append(f"{name}, {fault}, {version}: {was}, stacks.yaml says {expected}")
    return wrong


def run(names, faults, folder, report=print):
    """Measures and prints; gives the differences."""
    prepare(names, folder)
    stacks = written_down()
    wrong = []
    report(f"{'client':18}{'fault':16}{'TLS 1.2':10}TLS 1.3")
    for name, fault, found in measure_all(names, faults, folder):
        report(f"{name:18}{fault or '(none)':16}{found[0]!s:10}{found[1]}")
        wrong += differences(name, fault, found, stacks)
    return wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="exit 1 if stacks.yaml differs")
    parser.add_argument("--clients", default=",".join(STACKS), help="comma-separated")
    parser.add_argument("--faults", default=",".join(FAULTS), help="comma-separated")
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp())
    try:
        wrong = run(options.clients.split(","), options.faults.split(","), folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    for line in wrong:
        print("DIFFERS", line)
    return 1 if options.check and wrong else 0


if __name__ == "__main__":
    sys.exit(main())
