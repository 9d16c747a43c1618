"""The TLS bridges compared. Each has one worker, verifies the origin, and resumes nothing."""

import os
import subprocess
from pathlib import Path

from harness.process import Process, free_port


class Bridge:
    """A running bridge from `port` to `origin` (host:port)."""

    name = "?"

    def __init__(self, folder, pki, origin):
        self.folder = Path(folder) / self.name.replace(" ", "-").replace(",", "")
        self.folder.mkdir(parents=True)
        self.pki = pki
        self.cert = pki.server("ecdsa")
        self.origin = origin
        self.port = free_port()
        self.ca = pki.root
        self.process = None

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"

    def start(self):
        self.process = Process(self.command(), self.folder / "output.txt")
        self.process.await_accept("127.0.0.1", self.port)
        return self

    def stop(self):
        self.process.stop()

    def pids(self):
        """The process and its children: a master does little, its worker the work."""
        pids = [self.process.pid]
        for task in Path(f"/proc/{self.process.pid}/task").iterdir():
            pids += [int(pid) for pid in (task / "children").read_text().split()]
        return pids

    def cpu_seconds(self):
        """User and system time of all threads so far, from the kernel's count."""
        ticks = 0
        for pid in self.pids():
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])  # utime, stime
        return ticks / os.sysconf("SC_CLK_TCK")

    def resident(self):
        """Resident bytes of all processes."""
        pages = 0
        for pid in self.pids():
            pages += int(Path(f"/proc/{pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")


class Midspan(Bridge):
    name = "midspan"
    options = ("--quiet",)

    def __init__(self, folder, pki, origin):
        super().__init__(folder, pki, origin)
        self.ca = self.folder / "ca" / "ca.pem"

    def command(self):
        program = [
            os.environ["MIDSPAN"],
            "bridge",
            self.address,
            f"localhost:{self.port_of_origin}",
        ]
        program += ["--workers", "1", "--ca-dir", self.ca.parent]
        return [*program, "--server-leg", f"ca={self.pki.root}", *self.options]

    @property
    def port_of_origin(self):
        return self.origin.rpartition(":")[2]

    @staticmethod
    def version():
        done = subprocess.run([os.environ["MIDSPAN"], "--version"], capture_output=True, text=True)
        return done.stdout.split("\n")[0]


class MidspanLogging(Midspan):
    """The same, with every connection's handshakes on record."""

    name = "midspan, logging"

    @property
    def options(self):
        return ("--quiet", "--log", self.folder / "events.jsonl")


class Haproxy(Bridge):
    name = "HAProxy"

    def command(self):
        conf = self.folder / "haproxy.cfg"
        conf.write_text(
            f"""global
  nbthread 1
  maxconn 4000
defaults
  mode tcp
  timeout connect 10s
  timeout client 60s
  timeout server 60s
listen bridge
  bind {self.address} ssl crt {self.cert.bundle}
  server origin {self.origin} ssl verify required ca-file {self.pki.root} sni str(localhost) verifyhost localhost no-ssl-reuse
"""
        )
        return ["haproxy", "-f", conf, "-db"]

    @staticmethod
    def version():
        done = subprocess.run(["haproxy", "-v"], capture_output=True, text=True)
        return " ".join(done.stdout.split()[:3])


class Nginx(Bridge):
    name = "nginx"
    module = "/usr/lib/nginx/modules/ngx_stream_module.so"

    def command(self):
        conf = self.folder / "nginx.conf"
        user = "user root;" if os.getuid() == 0 else ""
        conf.write_text(
            f"""load_module {self.module};
{user} daemon off; worker_processes 1; pid {self.folder}/nginx.pid; error_log {self.folder}/error.log;
events {{ worker_connections 8192; }}
stream {{
  server {{
    listen {self.address} ssl;
    ssl_certificate {self.cert.chain}; ssl_certificate_key {self.cert.key};
    ssl_protocols TLSv1.2 TLSv1.3;
    proxy_pass {self.origin};
    proxy_ssl on; proxy_ssl_protocols TLSv1.2 TLSv1.3;
    proxy_ssl_verify on; proxy_ssl_verify_depth 3; proxy_ssl_trusted_certificate {self.pki.root};
    proxy_ssl_server_name on; proxy_ssl_name localhost; proxy_ssl_session_reuse off;
  }}
}}
"""
        )
        return ["nginx", "-p", self.folder, "-c", conf, "-e", self.folder / "error.log"]

    @staticmethod
    def version():
        done = subprocess.run(["nginx", "-v"], capture_output=True, text=True)
        return done.stderr.split(":")[1].strip().replace("/", " ")
