"""Origins and boxes in between beyond those of harness/origins.py, with the same options."""

import json
import re
import subprocess
import sys
from pathlib import Path

from harness.origins import ORIGINS, Haproxy, Nginx, Origin

FOLDER = Path(__file__).resolve().parent
PASSWORD = "midspan"


class Python(Origin):
    """`extra` names the alert with which it refuses every name."""

    name = "python"

    def start(self):
        options = self.options
        settings = {"cert": options.cert.chain, "key": options.cert.key, "min": options.min}
        settings |= {"max": options.max, "ciphers": options.ciphers}
        settings |= {"client_ca": options.client_ca, "alert": next(iter(options.extra), None)}
        settings = {key: str(value) for key, value in settings.items() if value}
        self._run_until_listening([sys.executable, FOLDER / "origin.py", json.dumps(settings)])


class Java(Origin):
    name = "java"
    classes = None

    @classmethod
    def build(cls, folder):
        subprocess.run(["javac", "-d", folder, FOLDER / "Origin.java"], check=True)
        cls.classes = folder

    def start(self):
        options = self.options
        store = self.folder / "keys.p12"
        export = ["openssl", "pkcs12", "-export", "-in", options.cert.chain]
        export += ["-inkey", options.cert.key, "-out", store, "-passout", f"pass:{PASSWORD}"]
        subprocess.run([*export, "-name", "origin"], check=True)
        versions = ",".join(version.replace("TLS", "TLSv") for version in options.versions)
        command = ["java", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xshare:auto"]
        command += [*options.extra, "-cp", self.classes, "Origin", store, versions]
        self._run_until_listening([*command, options.ciphers or "-", options.client_ca or "-"])


class PlainNginx(Nginx):
    """nginx where HTTP is spoken and TLS was meant."""

    name = "plain nginx"

    def _servers(self):
        return f"  server {{ listen {self.endpoint}; root {self.site}; }}"


class PlainHaproxy(Haproxy):
    name = "plain haproxy"

    def _conf(self):
        return re.sub(r" (ssl-m\S+ \S+|ssl\b|crt \S+|alpn \S+)", "", super()._conf())


class HaproxyBox(Haproxy):
    """HAProxy as a firewall before a good server: `extra` are its tcp-request content rules.

    "reset" first: it resets what it rejects.
    """

    name = "haproxy box"

    def _conf(self):
        inner = f"unix@{self.folder}/inner.sock"
        words = self.options.extra
        rules = "\n".join(f"  tcp-request content {rule}" for rule in words if rule != "reset")
        linger = "option nolinger" if "reset" in words else ""
        self.options.extra = ()
        whole = super()._conf().replace(f"bind {self.endpoint}", f"bind {inner}")
        return f"""{whole}
frontend box
  mode tcp
  {linger}
  bind {self.endpoint}
  tcp-request inspect-delay 200ms
{rules}
  tcp-request content accept if {{ req.ssl_hello_type 1 }}
  default_backend inner
backend inner
  mode tcp
  server inner {inner}
"""


class NginxBox(Nginx):
    """nginx's stream module before a good server: `extra` are versions whose hellos it cuts."""

    name = "nginx box"

    def _conf(self):
        built = subprocess.run(["nginx", "-V"], capture_output=True, text=True).stderr
        modules = re.search(r"--modules-path=(\S+)", built).group(1)
        cut = " ".join(f'{version} "";' for version in self.options.extra)
        self.options.extra = ()
        inner = f"unix:{self.folder}/inner.sock"
        whole = super()._conf().replace(f"listen {self.endpoint}", f"listen {inner}")
        return f"""load_module {modules}/ngx_stream_module.so;
{whole}
stream {{
  map $ssl_preread_protocol $inner {{ {cut} default {inner}; }}
  server {{ listen {self.endpoint}; ssl_preread on; proxy_pass $inner; }}
}}
"""


class Names(Nginx):
    """nginx with a certificate for each name, found by the name; `extra` is the folder of them."""

    name = "nginx by name"

    def _tls(self):
        return f"""ssl_protocols TLSv1.2 TLSv1.3;
    ssl_certificate {self.folder}/$ssl_server_name.pem;
    ssl_certificate_key {self.folder}/$ssl_server_name.pem;"""


class Socat(Origin):
    """`extra` is the program that stands where a server was meant."""

    name = "socat"

    def start(self):
        self._run_on_free_port(self._command)

    def _command(self):
        listen = f"TCP-LISTEN:{self.port},bind={self.host},fork,reuseaddr"
        return ["socat", listen, f"EXEC:{' '.join(self.options.extra)}"]


class Nothing(Origin):
    """Where nobody listens."""

    name = "nothing"

    def start(self):
        from harness.process import free_port

        self.port = free_port()


NEW = (Python, Java, PlainNginx, PlainHaproxy, HaproxyBox, NginxBox, Names)
NEW += (Socat, Nothing)
STACKS = {**ORIGINS, **{cls.name: cls for cls in NEW}}
