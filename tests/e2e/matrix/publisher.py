"""What an authority has on the web: certificates, revocation lists, and a responder that tells who is revoked.

Certificates and lists are given out by nginx; the responder is `openssl ocsp`. Both start when first asked for.
"""

import contextlib
import os
import time
import urllib.error
import urllib.request

from cryptography.hazmat.primitives.serialization import Encoding, pkcs7

from harness import pki as base
from harness.process import START_SECONDS, Process, free_port

NGINX = """{user}
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ }}
http {{
  access_log {folder}/access.log;
  client_body_temp_path {folder}/t1;
  proxy_temp_path {folder}/t2;
  fastcgi_temp_path {folder}/t3;
  uwsgi_temp_path {folder}/t4;
  scgi_temp_path {folder}/t5;
  server {{
    listen 127.0.0.1:{port};
    root {folder}/site;
    location /moved/ {{ rewrite ^/moved/(.*)$ /$1 redirect; }}
    location /circle/ {{ return 302 /circle/; }}
  }}
}}
"""

OURS = "asked-by-the-test"


class Publisher:
    def __init__(self, folder):
        self.folder = folder
        self._web = self._responder = None
        self._port = self._responder_port = None

    # Certificates and lists

    @property
    def url(self):
        if self._web is None:
            self._start_web()
        return f"http://127.0.0.1:{self._port}"

    def publish(self, name, certs):
        """Puts certificates where their form's name says: .der, .pem, .p7c; gives the address."""
        if name.endswith(".der"):
            data = certs[0].public_bytes(Encoding.DER)
        elif name.endswith(".p7c"):
            data = pkcs7.serialize_certificates(certs, Encoding.DER)
        else:
            data = b"".join(base._pem(cert) for cert in certs)
        return self.put(name, data)

    def put(self, name, data):
        """Puts bytes there; gives the address."""
        address = f"{self.url}/{name}"
        (self.folder / "site" / name).write_bytes(data)
        return address

    def asked(self):
        """The paths that were asked for so far, in order. nginx notes each after its answer, so what is
        noted before an asking of our own is all of them."""
        with contextlib.suppress(urllib.error.HTTPError):
            urllib.request.urlopen(f"{self.url}/{OURS}", timeout=START_SECONDS).close()
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            log = (self.folder / "access.log").read_text().splitlines()
            paths = [line.split('"')[1].split()[1] for line in log]
            if paths and paths[-1] == f"/{OURS}":
                return [path for path in paths if path != f"/{OURS}"]
            time.sleep(0.01)
        raise AssertionError("nginx noted nothing")

    def _start_web(self):
        (self.folder / "site").mkdir(parents=True)
        self._port = free_port()
        user = "user root;" if os.getuid() == 0 else ""
        conf = self.folder / "nginx.conf"
        conf.write_text(NGINX.format(user=user, folder=self.folder, port=self._port))
        command = ["nginx", "-e", self.folder / "early.log", "-p", self.folder, "-c", conf]
        self._web = Process(command, self.folder / "nginx.txt")
        self._web.await_accept("127.0.0.1", self._port)

    # Revocation

    @property
    def responder_url(self):
        if self._responder_port is None:
            self._responder_port = free_port()
        return f"http://127.0.0.1:{self._responder_port}"

    def answer_for(self, issuer, leaves):
        """Starts the responder: each of `leaves` is (certificate, since when it is revoked or None)."""
        self.folder.mkdir(parents=True, exist_ok=True)
        index = self.folder / "index.txt"
        index.write_text("".join(self._index_line(*leaf) for leaf in leaves))
        cert, key = self.folder / "issuer.pem", self.folder / "issuer-key.pem"
        cert.write_bytes(base._pem(issuer.cert))
        key.write_bytes(base._key_pem(issuer.key))
        command = ["openssl", "ocsp", "-port", self.responder_url.rpartition(":")[2]]
        command += ["-index", index, "-CA", cert, "-rsigner", cert, "-rkey", key, "-ndays", "1"]
        self._responder = Process(command, self.folder / "ocsp.txt")
        self._responder.await_line("ACCEPT")

    @staticmethod
    def _index_line(cert, since):
        ends = cert.not_valid_after.strftime("%y%m%d%H%M%SZ")
        when = since.strftime("%y%m%d%H%M%SZ,keyCompromise") if since else ""
        return f"{'R' if since else 'V'}\t{ends}\t{when}\t{cert.serial_number:X}\tunknown\t/CN=x\n"

    def stop(self):
        for process in (self._web, self._responder):
            if process:
                process.stop()
