"""A client that knows of no proxy: the kernel redirects its connection (SO_ORIGINAL_DST)."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

from harness.bodies import sha256
from harness.midspan import Midspan
from harness.process import Process

# Only this user's connections are redirected: midspan's own go straight to the origin.
NOBODY = 65534
PORT = 4443


@pytest.fixture
def namespace():
    """A network namespace of this test's own, with loopback up; gives the words to run in it."""
    tools = ("ip", "iptables", "ip6tables", "setpriv")
    missing = [tool for tool in tools if not shutil.which(tool)]
    if os.getuid() != 0 or missing:
        pytest.skip(f"needs root and {', '.join(tools)}; missing: {missing or 'root'}")
    name = f"midspan-{os.getpid()}"
    made = subprocess.run(["ip", "netns", "add", name], capture_output=True)
    if made.returncode != 0:
        pytest.skip(f"no network namespace here: {made.stderr.decode().strip()}")
    try:
        subprocess.run(["ip", "netns", "exec", name, "ip", "link", "set", "lo", "up"], check=True)
        yield ["ip", "netns", "exec", name]
    finally:
        subprocess.run(["ip", "netns", "del", name], check=True)


@pytest.fixture
def readable():
    """A folder that another user can read, for the authority's certificate."""
    folder = Path(tempfile.mkdtemp(prefix="midspan-e2e-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def redirect(inside, table, to_port):
    rule = ["-A", "OUTPUT", "-p", "tcp", "--dport", PORT, "-m", "owner", "--uid-owner", NOBODY]
    command = [*inside, table, "-t", "nat", *rule, "-j", "REDIRECT", "--to-ports", to_port]
    made = subprocess.run([str(word) for word in command], capture_output=True)
    if made.returncode != 0:
        pytest.skip(f"the kernel has no REDIRECT: {made.stderr.decode().strip()}")


def fetch_as_nobody(inside, url, ca):
    user = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
    command = [*inside, *user, "curl", "-sS", "-q", "--cacert", str(ca), url]
    return subprocess.run(command, capture_output=True, timeout=60, cwd="/")


@pytest.mark.parametrize(
    "host, table",
    [("127.0.0.1", "iptables"), ("[::1]", "ip6tables")],
    ids=["over IPv4", "over IPv6"],
)
def test_redirected(host, table, namespace, readable, tmp_path, authority_dir, pki_, site):
    cert = pki_.server()
    files = ["-cert", cert.leaf, "-key", cert.key, "-cert_chain", cert.chain]
    server = ["openssl", "s_server", "-accept", f"{host}:{PORT}", *files, "-WWW"]
    with Process([*namespace, *server], tmp_path / "s_server.log", cwd=site.folder) as origin:
        origin.await_line("ACCEPT")
        proxy = Midspan(
            tmp_path / "midspan",
            "--transparent",
            "--server-leg",
            f"ca={pki_.root}",
            listen=f"{host}:0",
            ca_dir=authority_dir,
            prefix=namespace,
        )
        try:
            redirect(namespace, table, proxy.port)
            shutil.copy(proxy.ca, readable / "ca.pem")
            got = fetch_as_nobody(
                namespace, f"https://{host}:{PORT}/small.bin", readable / "ca.pem"
            )
            assert got.returncode == 0, got.stderr
            assert sha256(got.stdout) == site.small
            assert "transparent" in str(proxy.wait("target")[0])
            proxy.expect_secured()
        finally:
            proxy.stop()
