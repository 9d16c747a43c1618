"""What proofs of the client leg rest on, measured: how each client stack leaves when a check of its
own (a pin) says no, and when the certificate is on a revocation list. Held against stacks.yaml."""

import queue
import ssl
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from harness.origins import PEERS, go_build
from harness.raw import LIMIT_SECONDS, RawOrigin, server_context, wrap_server

STACKS = Path(__file__).resolve().parents[2] / "proxy" / "verdict" / "stacks.yaml"
VERSIONS = {"TLS1.2": ssl.TLSVersion.TLSv1_2, "TLS1.3": ssl.TLSVersion.TLSv1_3}
ALERTS = {
    "BAD_CERTIFICATE": 42,
    "UNSUPPORTED_CERTIFICATE": 43,
    "CERTIFICATE_REVOKED": 44,
    "CERTIFICATE_EXPIRED": 45,
    "CERTIFICATE_UNKNOWN": 46,
    "UNKNOWN_CA": 48,
}
PIN = f"sha256//{'A' * 43}="

# Python has no place for a check within the handshake: programs look after it.
PYTHON = """
import socket, ssl, sys
port, version, ca, crl = sys.argv[1:]
context = ssl.create_default_context(cafile=ca)
context.maximum_version = ssl.TLSVersion[version.replace("TLS1.", "TLSv1_")]
if crl != "-":
    context.load_verify_locations(crl)
    context.verify_flags |= ssl.VERIFY_CRL_CHECK_LEAF
with socket.create_connection(("127.0.0.1", int(port))) as sock:
    with context.wrap_socket(sock, server_hostname="localhost") as tls:
        assert tls.getpeercert(True) and crl == "-"
"""


@pytest.fixture(scope="module")
def refusing(tmp_path_factory):
    """Programs that refuse, made once."""
    folder = tmp_path_factory.mktemp("refusing")
    subprocess.run(["javac", "-d", folder, PEERS / "java" / "Refuse.java"], check=True)
    return {"go": go_build("refuse", folder), "java": folder}


def command_of(stack, port, version, ca, crl, refusing):
    """A client that refuses: by `crl`, or, when that is "-", by a check of its own."""
    url = f"https://localhost:{port}/"
    by_list = crl != "-"
    four = [str(port), version, str(ca), str(crl)]
    if stack == "curl":
        how = ["--crlfile", crl] if by_list else ["--pinnedpubkey", PIN]
        return ["curl", "-s", "--cacert", ca, "--tls-max", version[3:], *how, url]
    if stack == "wget":
        how = [f"--crl-file={crl}"] if by_list else [f"--pinnedpubkey={PIN}"]
        ciphers = "NORMAL:-VERS-ALL:+VERS-" + version
        options = ["--no-config", "-q", "-O", "/dev/null", "--tries=1", f"--ca-certificate={ca}"]
        return ["wget", *options, f"--ciphers={ciphers}", *how, url]
    if stack == "node":
        return ["node", PEERS / "refuse.mjs", *four]
    if stack == "python":
        return [sys.executable, "-c", PYTHON, *four]
    if stack == "jsse":
        return ["java", "-XX:+UseSerialGC", "-cp", refusing["java"], "Refuse", *four]
    if stack == "openssl":
        how = ["-CRL", crl, "-crl_check", "-verify_return_error", "-brief"]
        at = ["-connect", f"localhost:{port}", "-CAfile", ca]
        return ["openssl", "s_client", *at, "-max_protocol", version.replace("TLS", "TLSv"), *how]
    assert stack == "go"
    return [refusing["go"], "-ca", ca, "-max", version, f"localhost:{port}"]


def seen(connection, context):
    """How the client left: the alert's number, "silence", "cut" or "accepts"."""
    try:
        tls = wrap_server(connection, context)
    except (ssl.SSLError, OSError) as error:
        return alert_of(error, "cut")
    try:
        return "accepts" if tls.recv(1) else "silence"
    except (ssl.SSLError, OSError) as error:
        return alert_of(error, "silence")


def alert_of(error, otherwise):
    reason = getattr(error, "reason", None) or ""
    for name, number in ALERTS.items():
        if reason.endswith(f"ALERT_{name}"):
            return number
    return otherwise


def measured(stack, version, crl, pki, refusing):
    answers = queue.Queue()
    context = server_context(pki.server(fault="revoked"), high=VERSIONS[version])
    with RawOrigin(lambda sock: answers.put(seen(sock, context))) as origin:
        command = command_of(stack, origin.port, version, pki.root, crl, refusing)
        subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=LIMIT_SECONDS
        )
        return answers.get(timeout=LIMIT_SECONDS)


def noted(stack, version, key):
    """What stacks.yaml says; a list holds the answers under TLS 1.2 and 1.3."""
    stacks = yaml.safe_load(STACKS.read_text(encoding="utf-8"))["stacks"]
    [found] = [each for each in stacks if each["id"] == stack]
    answer = found["own_check"] if key == "own_check" else found["answers"][key]
    return answer[list(VERSIONS).index(version)] if isinstance(answer, list) else answer


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("stack", ["curl", "wget", "node", "python", "jsse", "go"])
def test_a_check_of_the_programs_own(stack, version, pki_, refusing):
    assert measured(stack, version, "-", pki_, refusing) == noted(stack, version, "own_check")


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("stack", ["curl", "wget", "node", "python", "jsse", "openssl"])
def test_a_revocation_list(stack, version, pki_, refusing):
    assert measured(stack, version, pki_.crl, pki_, refusing) == noted(stack, version, "revoked")
