"""TLS clients that are not ours, and what they fetched."""

import base64
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from .bodies import sha256
from .origins import PEERS, go_build

LIMIT_SECONDS = 60
TEXT_BYTES = 65536
ORDER = ("TLS1.0", "TLS1.1", "TLS1.2", "TLS1.3")


@dataclass
class Fetched:
    """What a client got. `ok`: it says itself that all is well, and the status is 200."""

    ok: bool
    exit_code: int
    output: str  # what it said
    status: int = None
    http: str = None  # "HTTP/1.1" or "HTTP/2.0"
    sha256: str = None
    size: int = None
    text: str = ""  # the first bytes of the body; all of it, up to TEXT_BYTES, from curl

    def __repr__(self):
        return (
            f"Fetched(ok={self.ok}, exit={self.exit_code}, status={self.status}, http={self.http},"
            f" size={self.size}, output={self.output[-600:]!r})"
        )


class Client:
    """fetch(url, …) runs the client once. Common arguments:

    proxy   URL of an HTTP proxy, None: direct
    ca      file of the trusted authorities
    h2      offer HTTP/2
    upload  file to POST
    min, max  TLS versions to offer
    extra   more arguments for the command line, where there is one
    """

    name = "?"
    can_h2 = False
    can_upload = True
    can_connect = True  # knows CONNECT; else only through a fixed target
    files_at_root = True

    def fetch(self, url, **how):
        raise NotImplementedError


def _run(command, stdin=None, env=None, limit=LIMIT_SECONDS, cwd=None):
    """Runs a command; a hang is a failure with exit code -1, never an endless test."""
    try:
        done = subprocess.run(
            [str(word) for word in command],
            input=stdin,
            stdin=subprocess.DEVNULL if stdin is None else None,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=clean_env(env),
            timeout=limit,
            cwd=cwd,
        )
    except subprocess.TimeoutExpired as error:
        said = (error.stderr or b"").decode(errors="replace")
        return -1, error.stdout or b"", f"still running after {limit} s; {said}"
    return done.returncode, done.stdout, done.stderr.decode(errors="replace")


def clean_env(more=None):
    """The environment without anybody's proxy settings, and with `more`."""
    env = {key: value for key, value in os.environ.items() if "proxy" not in key.lower()}
    return {**env, **(more or {})}


def _of_json(code, out, said):
    if code != 0:
        return Fetched(False, code, said + out.decode(errors="replace"))
    got = json.loads(out)
    text = got.get("text", "") or base64.b64decode(got.get("text64", "")).decode()
    ok = got["status"] == 200
    return Fetched(ok, code, said, got["status"], got["http"], got["sha256"], got["size"], text)


class Curl(Client):
    name = "curl"
    can_h2 = True

    def fetch(
        self,
        url,
        *,
        proxy=None,
        ca=None,
        h2=False,
        upload=None,
        min=None,
        max=None,
        sni_to=None,
        extra=(),
        put=False,
        limit=LIMIT_SECONDS,
    ):
        """`sni_to`: connect there (host:port), keeping the URL's name for SNI and verification."""
        command = ["curl", "-sS", "-o", "-", "-w", "%{stderr}\n%{http_code} %{http_version}\n"]
        command += ["--http2" if h2 else "--http1.1", "--noproxy", ""]
        if proxy:
            command += ["-x", proxy]
        if ca:
            command += ["--cacert", ca]
        if upload:
            command += ["-T", upload] if put else ["--data-binary", f"@{upload}"]
        if min:
            command += [f"--tlsv{min[3:]}"]
        if max:
            command += ["--tls-max", max[3:]]
        if "TLS1.0" in (min, max) or "TLS1.1" in (min, max):
            command += ["--ciphers", "DEFAULT@SECLEVEL=0"]
        if sni_to:
            name = urlsplit(url)
            command += ["--connect-to", f"{name.hostname}:{name.port or 443}:{sni_to}"]
        code, out, said = _run([*command, *extra, url], limit=limit)
        marks = re.search(r"(\d{3}) (\S+)\s*$", said)
        status = int(marks.group(1)) if marks else None
        http = {"1.1": "HTTP/1.1", "2": "HTTP/2.0"}.get(marks.group(2)) if marks else None
        ok = code == 0 and status in (200, 201, 204)
        text = out[:TEXT_BYTES].decode("latin1")
        return Fetched(ok, code, said, status, http, sha256(out), len(out), text)


class Wget(Client):
    name = "wget"

    def fetch(self, url, *, proxy=None, ca=None, upload=None, extra=(), **_):
        command = ["wget", "-nv", "-O", "-", "--tries=1", "--timeout=30", "--no-hsts"]
        command += ["--no-config"]
        if ca:
            command += [f"--ca-certificate={ca}"]
        if upload:
            command += [f"--post-file={upload}"]
        env = {"https_proxy": proxy, "http_proxy": proxy} if proxy else {}
        code, out, said = _run([*command, *extra, url], env=env)
        text = out[:512].decode("latin1")
        status = 200 if code == 0 else None
        return Fetched(code == 0, code, said, status, "HTTP/1.1", sha256(out), len(out), text)


class SClient(Client):
    """openssl s_client, fed one request by hand."""

    name = "openssl s_client"

    def fetch(
        self,
        url,
        *,
        proxy=None,
        ca=None,
        upload=None,
        min=None,
        max=None,
        extra=(),
        connect=None,
        **_,
    ):
        parts = urlsplit(url)
        host = parts.hostname
        at = f"[{host}]:{parts.port}" if ":" in host else f"{host}:{parts.port}"
        command = ["openssl", "s_client", "-quiet", "-verify_quiet", "-ign_eof"]
        command += ["-connect", connect or at, "-verify_return_error"]
        if not re.fullmatch(r"[\d.]+|.*:.*", host):
            command += ["-servername", host, "-verify_hostname", host]
        if proxy:
            command += ["-proxy", urlsplit(proxy).netloc]
        if ca:
            command += ["-CAfile", ca]
        if min:
            command += ["-min_protocol", min.replace("TLS", "TLSv").replace("v1.0", "v1")]
        if max:
            command += ["-max_protocol", max.replace("TLS", "TLSv").replace("v1.0", "v1")]
        if max in ("TLS1.0", "TLS1.1"):
            command += ["-cipher", "DEFAULT:@SECLEVEL=0"]
        code, out, said = _run([*command, *extra], stdin=_request(parts, upload))
        return _of_http(code, out, said)


class GnutlsCli(Client):
    """gnutls-cli; it asks for the tunnel in plain text, then starts TLS when told to (SIGALRM)."""

    name = "gnutls-cli"

    def fetch(
        self,
        url,
        *,
        proxy=None,
        ca=None,
        upload=None,
        min=None,
        max=None,
        extra=(),
        connect=None,
        **_,
    ):
        parts = urlsplit(url)
        host = urlsplit(proxy).hostname if proxy else parts.hostname
        port = urlsplit(proxy).port if proxy else parts.port
        if connect:
            host, port = connect.rsplit(":", 1)
        command = ["gnutls-cli", "--port", str(port), "--priority", _priority(min, max)]
        command += ["--sni-hostname", parts.hostname, "--verify-hostname", parts.hostname]
        command += ["--logfile", "/dev/null"]
        if ca:
            command += ["--x509cafile", str(ca)]
        if proxy:
            command += ["--starttls"]
        command += [*extra, host]
        tunnel = f"CONNECT {parts.netloc} HTTP/1.1\r\nHost: {parts.netloc}\r\n\r\n" if proxy else ""
        code, out, said = _talk(command, tunnel.encode(), _request(parts, upload))
        return _of_http(code, out, said)


class Python(Client):
    name = "Python"

    def fetch(self, url, *, proxy=None, ca=None, upload=None, min=None, max=None, **_):
        options = _known(url=url, proxy=proxy, ca=ca, upload=upload, min=min, max=max)
        return _of_json(*_run([sys.executable, PEERS / "fetch.py", json.dumps(options)]))


class Node(Client):
    name = "Node"
    can_h2 = True

    def fetch(self, url, *, proxy=None, ca=None, h2=False, upload=None, min=None, max=None, **_):
        options = _known(url=url, proxy=proxy, ca=ca, upload=upload, h2=h2)
        for key, version in (("min", min), ("max", max)):
            if version:
                options[key] = version.replace("TLS", "TLSv").replace("v1.0", "v1")
        return _of_json(*_run(["node", PEERS / "fetch.mjs", json.dumps(options)]))


class Java(Client):
    name = "Java"
    can_h2 = True
    classes = None

    @classmethod
    def build(cls, folder):
        subprocess.run(["javac", "-d", folder, PEERS / "java" / "Fetch.java"], check=True)
        cls.classes = folder

    def fetch(self, url, *, proxy=None, ca=None, h2=False, upload=None, extra=(), **_):
        # C1 alone and a serial collector: a short run on two cores starts twice as fast.
        command = ["java", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xshare:auto"]
        command += [*extra, "-cp", self.classes, "Fetch"]
        command += [url, proxy or "-", ca, "2" if h2 else "1.1", upload or "-"]
        return _of_json(*_run(command))


class Go(Client):
    name = "Go"
    can_h2 = True
    binary = None

    @classmethod
    def build(cls, folder):
        cls.binary = go_build("fetch", folder)

    def fetch(self, url, *, proxy=None, ca=None, h2=False, upload=None, min=None, max=None, **_):
        command = [self.binary, f"-h2={'true' if h2 else 'false'}"]
        for flag, value in (
            ("proxy", proxy),
            ("ca", ca),
            ("upload", upload),
            ("min", min),
            ("max", max),
        ):
            if value:
                command += [f"-{flag}", value]
        return _of_json(*_run([*command, url]))


class Nghttp(Client):
    """nghttp, an h2-only client without a proxy option: for fixed targets."""

    name = "nghttp"
    can_h2 = True
    can_connect = False

    def fetch(self, url, *, upload=None, **_):
        command = ["nghttp", "--no-verify-peer"]
        if upload:
            command += ["-d", upload, "-H", ":method: POST"]
        code, out, said = _run([*command, url])
        ok = code == 0 and len(out) > 0
        text = out[:512].decode("latin1")
        return Fetched(ok, code, said, 200 if ok else None, "HTTP/2.0", sha256(out), len(out), text)


CLIENTS = {
    client.name: client
    for client in (Curl(), SClient(), GnutlsCli(), Wget(), Python(), Node(), Java(), Go())
}


def _known(**values):
    return {key: str(v) if isinstance(v, Path) else v for key, v in values.items() if v}


def _priority(low, high):
    low, high = low or "TLS1.2", high or "TLS1.3"
    # The first named is the one preferred.
    versions = reversed(ORDER[ORDER.index(low) : ORDER.index(high) + 1])
    base = "LEGACY" if low in ("TLS1.0", "TLS1.1") else "NORMAL"
    return ":".join([base, "-VERS-ALL", *(f"+VERS-{version}" for version in versions)])


def _request(parts, upload):
    head = f"{'POST' if upload else 'GET'} {parts.path or '/'} HTTP/1.1\r\nHost: {parts.netloc}\r\n"
    head += "Connection: close\r\n"
    if not upload:
        return (head + "\r\n").encode()
    body = Path(upload).read_bytes()
    return (head + f"Content-Length: {len(body)}\r\n\r\n").encode() + body


def _of_http(code, out, said):
    """A response read off the wire; its head may have noise of the client before it."""
    match = re.search(rb"HTTP/1\.[01] (\d{3})[^\n]*\n(?:[^\r\n]+\r?\n)*\r?\n", out)
    if not match:
        return Fetched(False, code, said + out[-600:].decode(errors="replace"))
    body = out[match.end() :]
    status = int(match.group(1))
    length = re.search(rb"(?i)\ncontent-length: *(\d+)", match.group(0))
    whole = length is None or int(length.group(1)) == len(body)
    ok = code == 0 and status == 200 and whole
    text = body[:512].decode("latin1")
    return Fetched(ok, code, said, status, "HTTP/1.1", sha256(body), len(body), text)


def _talk(command, tunnel, request):
    """Runs gnutls-cli: the tunnel's request first, then TLS, then the request."""
    done = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=clean_env(),
        bufsize=0,
    )
    answer = b""
    if tunnel:
        done.stdin.write(tunnel)
        while b"\r\n\r\n" not in answer:
            block = done.stdout.read(1)
            if not block:
                break
            answer += block
        if b" 200 " not in answer:
            done.kill()
            out, said = done.communicate()
            return 1, answer + out, said.decode(errors="replace")
        done.send_signal(signal.SIGALRM)
        time.sleep(0.1)  # it reads no more plain text once the signal is in
    return _finish(done, request)


def _finish(done, request):
    # gnutls-cli leaves at the end of its input, so that stays open until the peer has ended.
    out, said = [], []
    readers = [
        threading.Thread(target=lambda: out.append(done.stdout.read())),
        threading.Thread(target=lambda: said.append(done.stderr.read())),
    ]
    for reader in readers:
        reader.start()
    try:
        done.stdin.write(request)
    except BrokenPipeError:
        pass
    try:
        code = done.wait(LIMIT_SECONDS)
    except subprocess.TimeoutExpired:
        done.kill()
        code = -1
    done.stdin.close()
    for reader in readers:
        reader.join()
    return code, out[0], said[0].decode(errors="replace")
