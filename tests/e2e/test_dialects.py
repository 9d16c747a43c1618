"""Dialects: each line that a preset's device is given to say is put into a configuration of the
real software, which is asked whether it understands it. Remarks in brackets at the end are for
people."""

import functools
import json
import re
import subprocess
import time

import pytest

from harness import edges
from harness.midspan import run
from harness.process import Process, free_port

DEVICES = ("nginx", "haproxy", "apache", "caddy", "stunnel", "mitmproxy", "squid")
BY_NAME = {edge.name: edge for edge in edges.EDGES}


def lines_of(name):
    preset = json.loads(run("presets", "edges", BY_NAME[name].preset, "--json").stdout)
    texts = preset["dialect_text"]
    return [(leg, key, words) for leg in texts for key, words in texts[leg].items()]


def pytest_generate_tests(metafunc):
    """One test for each device, leg and key."""
    if "line" in metafunc.fixturenames:
        lines = [(name, *line) for name in DEVICES for line in lines_of(name)]
        metafunc.parametrize("line", lines, ids=["-".join(line[:3]) for line in lines])


@pytest.fixture
def values(pki_):
    """What stands for {}, by key."""
    client = pki_.client()
    return {
        "ciphers": "ECDHE-RSA-AES128-GCM-SHA256",
        "ciphers-1.3": "TLS_AES_128_GCM_SHA256",
        "groups": "secp256r1",
        "sigalgs": "rsa_pss_rsae_sha256",
        "alpn": "h2",
        "sni": "a.test",
        "verify-name": "a.test",
        "ca": str(pki_.root),
        "crl": str(pki_.crl),
        "cert": str(client.bundle),
        "key": str(client.key),
    }


def without_remark(words):
    return re.sub(r" \([^()]*\)$", "", words)


@functools.cache
def mitmdump(word):
    return checked(["mitmdump", word])


def checked(command, **how):
    done = subprocess.run(
        [str(word) for word in command],
        capture_output=True,
        text=True,
        timeout=60,
        stdin=subprocess.DEVNULL,
        **how,
    )
    return done.returncode, done.stdout + done.stderr


class Check:
    """Puts words into a configuration of one device; `ok` asks the device."""

    def __init__(self, name, folder, cert, values):
        self.edge = BY_NAME[name](folder, cert, "localhost:443")
        self.cert = cert
        self.values = values

    def ok(self, leg, key, words):
        raise NotImplementedError


class Nginx(Check):
    companions = {
        ("client", "client-auth"): "ssl_client_certificate {ca};",
        ("client", "cert"): "ssl_certificate_key {key};",
        ("server", "cert"): "proxy_ssl_certificate_key {key};",
        ("server", "verify"): "proxy_ssl_trusted_certificate {ca};",
    }

    def ok(self, leg, key, words):
        # The installed version may be older than the words that are recommended.
        older = re.search(r" \(before 1\.25\.1: (.*)\)$", words)
        version = re.search(r"nginx/1\.(\d+)", checked(["nginx", "-v"])[1]).group(1)
        words = older.group(1) if older and int(version) < 25 else without_remark(words)
        words = words.replace("listen 443", "listen 127.0.0.1:2")
        words += " " + self.companions.get((leg, key), "").format(**self.values)
        if leg == "client" and key == "key":
            words = ""  # the pair that `conf` writes is said by this very word
        conf = self.edge.conf(**{leg: words})
        folder = self.edge.folder
        code, said = checked(["nginx", "-t", "-p", folder, "-c", conf, "-e", folder / "error.log"])
        return code == 0 and "successful" in said and "[warn]" not in said, said


class Haproxy(Check):
    def ok(self, leg, key, words):
        words = without_remark(words)
        ca = f" ca-file {self.values['ca']}"
        prefix = {"client": "bind ... ", "server": "server ... "}[leg]
        assert words.startswith(prefix), words
        words = words[len(prefix) :]
        words += ca if key in ("verify", "client-auth", "crl") else ""
        if leg == "client":
            conf = self.edge.conf(client=words, bind_crt=key != "cert")
        else:
            verify = "" if "verify required" in words else "verify none "
            conf = self.edge.conf(server=verify + words)
        code, said = checked(["haproxy", "-c", "-f", conf])
        return code == 0 and "ALERT" not in said and "deprecated" not in said, said


class Apache(Check):
    def ok(self, leg, key, words):
        also = re.search(r" \(with (.*)\)$", words)
        words = without_remark(words) + (f"\n{also.group(1)}" if also else "")
        self.edge.conf(**{leg: words})
        conf = self.edge.folder / "apache.conf"
        code, said = checked(["apache2", "-t", "-d", self.edge.folder, "-f", conf])
        return code == 0 and "Syntax OK" in said, said


class Caddy(Check):
    def ok(self, leg, key, words):
        place = re.search(r" \(in ([a-z_ ]+)", words)
        words = without_remark(words).replace("KEYFILE", self.values["key"])
        where = place.group(1) if place else None
        if where == "client_auth of tls":
            ca = f"trusted_ca_cert_file {self.values['ca']}" if key == "client-auth" else ""
            conf = self.edge.conf(tls=f"client_auth {{\n      {words}\n      {ca}\n    }}")
        elif where == "tls":
            conf = self.edge.conf(tls=words)
        elif where == "transport http":
            conf = self.edge.conf(transport=words)
        else:
            conf = self.edge.conf(own=False)
            text = conf.read_text().replace("bind 127.0.0.1", f"bind 127.0.0.1\n  {words}")
            conf.write_text(text)
        code, said = checked(
            ["caddy", "validate", "--adapter", "caddyfile", "--config", conf], env=self.env()
        )
        return code == 0 and "Valid configuration" in said, said

    def env(self):
        return {"PATH": "/usr/bin:/bin", **self.edge.env}


class Stunnel(Check):
    """Has no check alone: it says that its configuration is good, and listens."""

    def ok(self, leg, key, words):
        words = without_remark(words)
        needs = {"client-auth": "ca", "verify": "ca", "verify-name": "ca", "crl": "ca"}.get(key)
        more = [f"CAfile = {self.values['ca']}"] * bool(needs)
        more += ["verifyChain = yes"] * (key in ("verify-name", "crl"))
        more += [f"key = {self.values['key']}"] * (key == "cert")
        more += [f"cert = {self.cert.chain}"] * (key == "key")
        value = self.values.get(key)
        if key == "key":
            words = words.replace(value, str(self.cert.key))
        lines = "\n".join([words, *more])
        conf = self.edge.conf(**{leg: lines}, own=key not in ("cert", "key") or leg == "server")
        conf.write_text(conf.read_text().replace("127.0.0.1:1\n", f"127.0.0.1:{free_port()}\n"))
        return self.starts(conf)

    def starts(self, conf):
        with Process(["stunnel4", conf], self.edge.folder / "log.txt") as process:
            deadline = time.monotonic() + 20
            while time.monotonic() < deadline:
                said = process.text()
                if "Configuration successful" in said or process.popen.poll() is not None:
                    break
                time.sleep(0.02)
            said = process.text()
        return "Configuration successful" in said, said


class Mitmproxy(Check):
    """Ignores options that it does not know: asked for the list of those that it does."""

    def ok(self, leg, key, words):
        version = mitmdump("--version")[1]
        if "newer than 8.1.1" in words and re.search(r"Mitmproxy: [0-8]\.", version):
            pytest.skip("the installed mitmproxy is older than this option")
        words = without_remark(words)
        code, said = mitmdump("--options")
        if words.startswith("--certs "):
            return "--certs SPEC" in mitmdump("--help")[1], said
        name, value = re.fullmatch(r"--set ([a-z_]+)=(\S+)", words).groups()
        known = re.search(rf"((?:^#.*\n)+){name}:", said, re.M)
        if code != 0 or not known:
            return False, said
        comment = known.group(1).replace("\n# ", " ")
        choices = re.search(r"Valid values are ([^.]*)\.", comment)
        return not choices or f"'{value}'" in choices.group(1), comment


class Squid(Check):
    def ok(self, leg, key, words):
        words = without_remark(words)
        own = f"tls-cert={self.cert.chain} tls-key={self.cert.key}"
        if key == "sni":
            conf = self.edge.conf()
            conf.write_text(re.sub(r"cache_peer .*", words, conf.read_text()))
        elif leg == "client":
            assert words.startswith("https_port ... ")
            words = words[len("https_port ... ") :]
            words = words.replace("clientca=FILE", f"clientca={self.values['ca']}")
            if key in ("cert", "key"):
                pair = [f"tls-cert={self.values['cert']}", words]  # in this order
                words = " ".join(pair if key == "key" else [words, f"tls-key={self.values['key']}"])
                own = ""
            if key == "crl":
                words += f" clientca={self.values['ca']}"
            conf = self.edge.conf(client=f"{own} {words}")
        else:
            assert words.startswith("cache_peer ... ")
            words = words[len("cache_peer ... ") :]
            words += f" sslkey={self.values['key']}" if key == "cert" else ""
            words = f"sslcert={self.values['cert']} {words}" if key == "key" else words
            conf = self.edge.conf(server=words)
        code, said = checked(["squid", "-k", "parse", "-f", conf])
        bad = re.compile(r"FATAL|ERROR|UPGRADE|Unknown")
        wrong = [line for line in said.splitlines() if bad.search(line)]
        return code == 0 and not wrong, "\n".join(wrong) or said


CHECKS = {
    "nginx": Nginx,
    "haproxy": Haproxy,
    "apache": Apache,
    "caddy": Caddy,
    "stunnel": Stunnel,
    "mitmproxy": Mitmproxy,
    "squid": Squid,
}


def said_in(words, key, values, name):
    if key == "ciphers" and name == "caddy":
        return words.replace("{}", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256")
    return words.replace("{}", values.get(key, "?"))


def test_the_device_understands_it(line, tmp_path, pki_, values):
    name, leg, key, words = line
    check = CHECKS[name](name, tmp_path, pki_.server("rsa"), values)
    is_ok, said = check.ok(leg, key, said_in(words, key, values, name))
    assert is_ok, f"{words}\n{said[-2500:]}"


@pytest.mark.parametrize("name", DEVICES)
def test_the_check_refuses_nonsense(name, tmp_path, pki_, values):
    """Else the test above could not fail."""
    check = CHECKS[name](name, tmp_path, pki_.server("rsa"), values)
    words = {
        "nginx": "proxy_ssl_nonsense on;",
        "haproxy": "server ... ssl-nonsense yes",
        "apache": "SSLProxyNonsense on",
        "caddy": "tls_nonsense on (in transport http)",
        "stunnel": "sslNonsense = yes",
        "mitmproxy": "--set ssl_nonsense=true",
        "squid": "cache_peer ... sslnonsense=1",
    }[name]
    is_ok, _ = check.ok("server", "max", words)
    assert not is_ok
