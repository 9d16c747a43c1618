"""TLS servers that are not ours. Each is a context manager that accepts once entered.

Options are the same words for all, as far as a server knows them: min and max ("TLS1.2"), ciphers
(TLS 1.2 and below) and suites (TLS 1.3) in OpenSSL's form, groups, sigalgs, alpn, client_ca
(require a certificate), strict_sni (the one name it knows; any other, or none, is refused).
"""

import json
import os
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from .process import Process, free_port

PEERS = Path(__file__).resolve().parent.parent / "peers"
ORDER = ("TLS1.0", "TLS1.1", "TLS1.2", "TLS1.3")


@dataclass
class Options:
    cert: object
    min: str = "TLS1.2"
    max: str = "TLS1.3"
    ciphers: str = None
    suites: str = None
    groups: str = None
    sigalgs: str = None
    alpn: tuple = ("http/1.1",)
    client_ca: Path = None
    strict_sni: str = None
    extra_certs: tuple = ()
    host: str = "127.0.0.1"
    extra: tuple = ()
    uploads: Path = field(default=None)

    @property
    def versions(self):
        return ORDER[ORDER.index(self.min) : ORDER.index(self.max) + 1]

    @property
    def cipher_list(self):
        """Below TLS 1.2 OpenSSL needs its security level lowered."""
        if self.min in ("TLS1.0", "TLS1.1") and self.ciphers is None:
            return "DEFAULT:@SECLEVEL=0"
        return self.ciphers


class Origin:
    """A running origin: host, port, and the files in `folder`."""

    name = "?"

    def __init__(self, folder, site, **options):
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.site = Path(site)
        self.options = Options(**options)
        self.host = self.options.host
        self.port = None
        self.process = None

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        if self.process:
            self.process.stop()

    def log(self):
        return self.process.text()

    @property
    def endpoint(self):
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"

    def url(self, path="/", host="localhost"):
        return f"https://{host}:{self.port}{path}"

    def _run_on_free_port(self, command, **how):
        """For servers that can't say which port they got; another try when it was taken."""
        for attempt in range(3):
            self.port = free_port(self.host)
            log = self.folder / f"{self.name}.log"
            self.process = Process(command(), log, **how)
            try:
                self.process.await_accept(self.host, self.port)
                return
            except RuntimeError:
                if attempt == 2:
                    raise

    def _run_until_listening(self, command, **how):
        self.process = Process(command, self.folder / f"{self.name}.log", **how)
        self.port = int(self.process.await_line("listening "))

    def _write(self, name, text):
        path = self.folder / name
        path.write_text(text)
        return path


class Nginx(Origin):
    """Files; `PUT /uploads/NAME` stores the body in the folder `uploads`."""

    name = "nginx"

    def start(self):
        self.uploads = self.folder / "uploads"
        self.uploads.mkdir(exist_ok=True)
        self._run_on_free_port(self._command)

    def _command(self):
        conf = self._write("nginx.conf", self._conf())
        return ["nginx", "-p", self.folder, "-c", conf, "-e", self.folder / "error.log"]

    def _conf(self):
        user = "user root;" if os.getuid() == 0 else ""
        temp = " ".join(
            f"{kind}_temp_path {self.folder}/{kind};"
            for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        return f"""{user} daemon off; worker_processes 1; pid {self.folder}/nginx.pid;
error_log {self.folder}/error.log info;
events {{ worker_connections 8192; }}
http {{
  access_log {self.folder}/access.log; client_max_body_size 0; {temp}
  types {{ text/html html; text/css css; text/javascript js; image/svg+xml svg; }}
  default_type application/octet-stream;
{self._servers()}
}}
"""

    def _servers(self):
        options = self.options
        listen = f"listen {self.endpoint} ssl" + (" http2" if "h2" in options.alpn else "")
        if not options.strict_sni:
            return self._server(listen + " default_server", "_")
        refusing = f"server {{ {listen} default_server; ssl_reject_handshake on; {self._tls()} }}"
        return refusing + self._server(listen, options.strict_sni)

    def _server(self, listen, name):
        return f"""  server {{
    {listen}; server_name {name}; root {self.site};
    {self._tls()}
    location /uploads/ {{ root {self.folder}; dav_methods PUT; }}
  }}
"""

    def _tls(self):
        options = self.options
        lines = [
            f"ssl_certificate {cert.chain}; ssl_certificate_key {cert.key};"
            for cert in (options.cert, *options.extra_certs)
        ]
        nginx_versions = " ".join(
            v.replace("TLS1.0", "TLSv1").replace("TLS1", "TLSv1") for v in options.versions
        )
        lines.append(f"ssl_protocols {nginx_versions};")
        if options.cipher_list:
            lines.append(f"ssl_ciphers {options.cipher_list};")
        if options.suites:
            lines.append(f"ssl_conf_command Ciphersuites {options.suites};")
        if options.groups:
            lines.append(f"ssl_ecdh_curve {options.groups};")
        if options.sigalgs:
            lines.append(f"ssl_conf_command SignatureAlgorithms {options.sigalgs};")
        if options.client_ca:
            lines.append(f"ssl_verify_client on; ssl_client_certificate {options.client_ca};")
        lines.extend(options.extra)
        return "\n    ".join(lines)

    def uploaded(self, name):
        return self.uploads / name


class SServer(Origin):
    """openssl s_server: serves files (-WWW), one connection at a time."""

    name = "s_server"

    def start(self):
        self._run_on_free_port(self._command, cwd=self.site)

    def _command(self):
        options = self.options
        command = ["openssl", "s_server", "-accept", self.endpoint, "-WWW"]
        command += ["-cert", options.cert.leaf, "-cert_chain", options.cert.chain]
        command += ["-key", options.cert.key]
        command += ["-min_protocol", _openssl_version(options.min)]
        command += ["-max_protocol", _openssl_version(options.max)]
        for flag, value in (
            ("-cipher", options.cipher_list),
            ("-ciphersuites", options.suites),
            ("-groups", options.groups),
            ("-sigalgs", options.sigalgs),
        ):
            if value:
                command += [flag, value]
        if options.alpn:
            command += ["-alpn", ",".join(options.alpn)]
        if options.client_ca:
            command += ["-Verify", "3", "-verify_return_error", "-CAfile", options.client_ca]
        if options.strict_sni:
            # Any other name is refused by alert; without a name it carries on.
            command += ["-servername", options.strict_sni, "-servername_fatal"]
            command += ["-cert2", options.cert.leaf, "-key2", options.cert.key]
        return command + list(options.extra)


class GnutlsServ(Origin):
    """gnutls-serv --http: a page about the session, whatever is asked; or --echo."""

    name = "gnutls-serv"

    def start(self):
        self._run_on_free_port(self._command)

    def _command(self):
        options = self.options
        command = ["gnutls-serv", "--port", self.port, "--quiet"]
        command += ["--x509certfile", options.cert.chain, "--x509keyfile", options.cert.key]
        command += ["--priority", self._priority()]
        if "--echo" not in options.extra:
            command += ["--http"]
        if options.client_ca:
            command += ["--require-client-cert", "--verify-client-cert"]
            command += ["--x509cafile", options.client_ca]
        else:
            command += ["--disable-client-cert"]
        if options.strict_sni:
            command += ["--sni-hostname", options.strict_sni, "--sni-hostname-fatal"]
        for name in options.alpn:
            command += ["--alpn", name]
        return command + list(options.extra)

    def _priority(self):
        if self.options.ciphers:  # a GnuTLS priority string, here
            return self.options.ciphers
        # The first named is the one preferred.
        versions = [f"+VERS-{version}" for version in reversed(self.options.versions)]
        base = "LEGACY" if self.options.min in ("TLS1.0", "TLS1.1") else "NORMAL"
        return ":".join([base, "-VERS-ALL", *versions])


class Haproxy(Origin):
    """HAProxy that answers every request with small.bin."""

    name = "haproxy"

    def start(self):
        self._run_on_free_port(self._command)

    def _command(self):
        return ["haproxy", "-f", self._write("haproxy.cfg", self._conf()), "-db"]

    def _conf(self):
        options = self.options
        bind = [f"bind {self.endpoint} ssl crt {options.cert.bundle}"]
        bind += [f"crt {cert.bundle}" for cert in options.extra_certs]
        bind += [f"ssl-min-ver {_haproxy_version(options.min)}"]
        bind += [f"ssl-max-ver {_haproxy_version(options.max)}"]
        if options.cipher_list:
            bind += [f"ciphers {options.cipher_list}"]
        if options.suites:
            bind += [f"ciphersuites {options.suites}"]
        if options.groups:
            bind += [f"curves {options.groups}"]
        if options.alpn:
            bind += [f"alpn {','.join(options.alpn)}"]
        if options.client_ca:
            bind += [f"verify required ca-file {options.client_ca}"]
        if options.strict_sni:
            bind += ["strict-sni"]
        return f"""global
  maxconn 4000
  tune.bufsize 65536
defaults
  mode http
  timeout connect 10s
  timeout client 60s
  timeout server 60s
frontend tls
  {' '.join([*bind, *options.extra])}
  http-request return status 200 content-type application/octet-stream file {self.site}/small.bin
"""


class Node(Origin):
    """peers/origin.mjs: files, POST /hash, /sse, /about and a WebSocket echo."""

    name = "node"

    def start(self):
        options = self.options
        settings = {
            "site": str(self.site),
            "cert": str(options.cert.chain),
            "key": str(options.cert.key),
            "min": options.min.replace("TLS", "TLSv").replace("v1.0", "v1"),
            "max": options.max.replace("TLS", "TLSv").replace("v1.0", "v1"),
            "h2": "h2" in options.alpn,
            "host": options.host,
        }
        optional = {"ciphers": options.cipher_list, "groups": options.groups}
        optional |= {"sigalgs": options.sigalgs, "clientCa": options.client_ca}
        settings |= {key: str(value) for key, value in optional.items() if value}
        self._run_until_listening(["node", PEERS / "origin.mjs", json.dumps(settings)])


class Go(Origin):
    """peers/go/origin: files and POST /hash. `binary` is what build() made."""

    name = "go"
    binary = None

    @classmethod
    def build(cls, folder):
        cls.binary = go_build("origin", folder)

    def start(self):
        options = self.options
        command = [self.binary, "-site", self.site]
        command += ["-cert", options.cert.chain, "-key", options.cert.key]
        command += ["-min", options.min, "-max", options.max, f"-h2={'h2' in options.alpn}".lower()]
        if options.client_ca:
            command += ["-client-ca", options.client_ca]
        self._run_until_listening(command)


def go_build(which, folder):
    """Builds peers/go/WHICH with the standard library alone."""
    binary = Path(folder) / f"go-{which}"
    source = PEERS / "go" / which / "main.go"
    env = {**os.environ, "GO111MODULE": "off", "GOFLAGS": "", "GOCACHE": f"{folder}/go-cache"}
    subprocess.run(["go", "build", "-o", binary, source], check=True, env=env)
    return binary


def _openssl_version(version):
    return version.replace("TLS", "TLSv").replace("v1.0", "v1")


def _haproxy_version(version):
    return version.replace("TLS", "TLSv")


ORIGINS = {cls.name: cls for cls in (Nginx, SServer, GnutlsServ, Haproxy, Node, Go)}
