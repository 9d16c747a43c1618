"""Real edge devices with their default settings, bridging TLS to one origin.

Each says nothing about TLS in its configuration but its own certificate (and, where it would not
start otherwise, that the origin is not verified): what it offers is what it offers by itself.
"""

import os
import subprocess
from pathlib import Path

from .process import Process, free_port

MODULES = "/usr/lib/apache2/modules"


class Edge:
    """A device that passes what comes to `port` on to https://`origin`."""

    name = preset = "?"
    is_tunnel = False  # passes bytes on, knows no HTTP

    def __init__(self, folder, cert, origin, origin_ca=None, extra=""):
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.cert = cert
        self.origin = origin  # "localhost:PORT"
        self.origin_ca = origin_ca
        self.extra = extra
        self.port = None
        self.process = None

    @property
    def env(self):
        # Where programs keep their state; not the user's.
        return {"HOME": str(self.folder), "XDG_DATA_HOME": str(self.folder / "data")} | (
            {"SSL_CERT_FILE": str(self.origin_ca)} if self.origin_ca else {}
        )

    def __enter__(self):
        for attempt in range(3):
            self.port = free_port()
            self.process = Process(
                self.command(), self.folder / "log.txt", env=self.env, cwd=self.folder
            )
            try:
                self.process.await_accept("127.0.0.1", self.port)
                return self
            except RuntimeError:
                if attempt == 2:
                    raise

    def __exit__(self, *_):
        self.process.stop()

    def write(self, name, text):
        path = self.folder / name
        path.write_text(text)
        return path

    def curl(self):
        """How curl is led through it to the origin."""
        return [f"https://localhost:{self.port}/"]

    def ask(self, *words, seconds=20):
        """One request of curl; gives its HTTP status, 0 for none."""
        done = subprocess.run(
            ["curl", "-sk", "--http1.1", "--noproxy", "", "-o", os.devnull, "-w", "%{http_code}"]
            + ["--max-time", str(seconds), *words, *self.curl()],
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
        )
        return int(done.stdout or 0)


class Nginx(Edge):
    name, preset = "nginx", "nginx-1.22"

    def command(self):
        return ["nginx", "-p", self.folder, "-c", self.conf(), "-e", self.folder / "error.log"]

    def conf(self, client="", server=""):
        user = "user root;" if os.getuid() == 0 else ""
        temp = " ".join(
            f"{kind}_temp_path {self.folder}/{kind};"
            for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        own = f"ssl_certificate {self.cert.chain}; ssl_certificate_key {self.cert.key};"
        return self.write(
            "nginx.conf",
            f"""{user} daemon off; worker_processes 1; pid {self.folder}/nginx.pid;
error_log {self.folder}/error.log info;
events {{ }}
http {{
  access_log off; {temp}
  server {{
    listen 127.0.0.1:{self.port or 1} ssl;
    {own}
    {client}
    location / {{ proxy_pass https://{self.origin}; {self.extra} {server} }}
  }}
}}
""",
        )


class Haproxy(Edge):
    name, preset = "haproxy", "haproxy-2.6"

    def command(self):
        return ["haproxy", "-f", self.conf(), "-db"]

    def conf(self, client="", server="verify none", bind_crt=True):
        crt = f"crt {self.cert.bundle}" if bind_crt else ""
        return self.write(
            "haproxy.cfg",
            f"""defaults
  mode http
  timeout connect 10s
  timeout client 30s
  timeout server 30s
frontend tls
  bind 127.0.0.1:{self.port or 1} ssl {crt} {client}
  default_backend origin
backend origin
  server origin {self.origin} ssl {server} {self.extra}
""",
        )


class Apache(Edge):
    name, preset = "apache", "apache-mod-proxy"

    def command(self):
        return ["apache2", "-d", self.folder, "-f", self.conf(), "-DFOREGROUND"]

    def conf(self, client="", server=""):
        modules = "mpm_event authz_core ssl socache_shmcb proxy proxy_http http2 headers"
        loads = "\n".join(f"LoadModule {m}_module {MODULES}/mod_{m}.so" for m in modules.split())
        if os.getuid() == 0:
            loads += "\nUser www-data\nGroup www-data"
        return self.write(
            "apache.conf",
            f"""{loads}
ServerName localhost
Listen 127.0.0.1:{self.port or 1}
PidFile {self.folder}/apache.pid
DefaultRuntimeDir {self.folder}
ErrorLog {self.folder}/error.log
<VirtualHost *:{self.port or 1}>
  SSLEngine on
  SSLCertificateFile {self.cert.chain}
  SSLCertificateKeyFile {self.cert.key}
  {client}
  SSLProxyEngine on
  {server}
  {self.extra}
  ProxyPass / https://{self.origin}/
</VirtualHost>
""",
        )


class Caddy(Edge):
    name, preset = "caddy", "caddy"

    def command(self):
        return ["caddy", "run", "--adapter", "caddyfile", "--config", self.conf()]

    def conf(self, tls="", transport="", own=True):
        own_tls = f"tls {self.cert.chain} {self.cert.key}" if own else "tls"
        tls = f"{own_tls} {{\n    {tls}\n  }}" if tls else own_tls if own else ""
        transport = f"transport http {{\n      {transport}\n    }}" if transport else ""
        return self.write(
            "Caddyfile",
            f"""{{
  admin off
  auto_https off
  storage file_system {self.folder}/storage
}}
https://localhost:{self.port or 1} {{
  bind 127.0.0.1
  {tls}
  reverse_proxy https://{self.origin} {{
    {transport}
    {self.extra}
  }}
}}
""",
        )


class Stunnel(Edge):
    """Two sections: what the first takes off, the second puts on again."""

    name, preset = "stunnel", "stunnel"
    is_tunnel = True

    def command(self):
        return ["stunnel4", self.conf()]

    def conf(self, client="", server="", own=True):
        inner = free_port()
        own_lines = f"cert = {self.cert.chain}\nkey = {self.cert.key}" if own else ""
        return self.write(
            "stunnel.conf",
            f"""foreground = yes
pid =
[client-leg]
accept = 127.0.0.1:{self.port or 1}
connect = 127.0.0.1:{inner}
{own_lines}
{client}
[server-leg]
client = yes
accept = 127.0.0.1:{inner}
connect = {self.origin}
{server}
{self.extra}
""",
        )


class Mitmproxy(Edge):
    """As a forward proxy."""

    name, preset = "mitmproxy", "mitmproxy"
    mode = ()

    def curl(self):
        return ["-x", f"http://127.0.0.1:{self.port}", f"https://{self.origin}/"]

    def command(self):
        return [
            *("mitmdump", *self.mode, "--listen-host", "127.0.0.1"),
            *("--listen-port", self.port, "--set", f"confdir={self.folder}/confdir"),
            *(["--set", f"ssl_verify_upstream_trusted_ca={self.origin_ca}"] * bool(self.origin_ca)),
            *self.extra.split(),
        ]


class MitmproxyReverse(Mitmproxy):
    name = "mitmproxy-reverse"

    @property
    def mode(self):
        return ("--mode", f"reverse:https://{self.origin}")

    def curl(self):
        return Edge.curl(self)


class Squid(Edge):
    """As an accelerator: https_port and cache_peer."""

    name, preset = "squid", "squid-5"

    def command(self):
        return ["squid", "-N", "-d", "1", "-n", f"t{os.getpid()}", "-f", self.conf()]

    def conf(self, client=None, server=""):
        host, port = self.origin.split(":")
        own = f"tls-cert={self.cert.chain} tls-key={self.cert.key}" if client is None else client
        return self._write(
            f"""https_port 127.0.0.1:{self.port or 1} accel defaultsite={host} {own}
cache_peer {host} parent {port} 0 no-query originserver tls {server} {self.extra}
never_direct allow all
"""
        )

    def _write(self, ports):
        user = "cache_effective_user proxy" if os.getuid() == 0 else ""
        return self.write(
            "squid.conf",
            f"""{user}
{ports}
http_access allow all
cache deny all
cache_log {self.folder}/cache.log
access_log none
pid_filename none
coredump_dir {self.folder}
netdb_filename none
pinger_enable off
shutdown_lifetime 1 second
""",
        )


class SquidBump(Squid):
    """As a forward proxy that bumps: http_port ssl-bump."""

    name = "squid-bump"

    def conf(self, client="", server=""):
        return self._write(
            f"""http_port 127.0.0.1:{self.port or 1} ssl-bump generate-host-certificates=off \\
  tls-cert={self.cert.chain} tls-key={self.cert.key} {client}
ssl_bump bump all
{server}
{self.extra}
"""
        )

    def curl(self):
        return ["-x", f"http://127.0.0.1:{self.port}", f"https://{self.origin}/"]


EDGES = (Nginx, Haproxy, Apache, Caddy, Stunnel, Mitmproxy, MitmproxyReverse, Squid, SquidBump)
