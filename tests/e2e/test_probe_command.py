"""midspan probe: what it says of servers that are not ours is what they were configured with."""

import json
import socket

import pytest

from harness import raw
from harness.midspan import run

GCM = "ECDHE-RSA-AES256-GCM-SHA384", "ECDHE-RSA-AES128-GCM-SHA256"


def probe(origin, *words, ca=None):
    target = origin if isinstance(origin, str) else f"localhost:{origin.port}"
    trust = ("--ca", ca) if ca else ()
    done = run("probe", target, "--json", *trust, *words)
    found = json.loads(done.stdout)
    assert done.returncode == (0 if found["surveyed"] else 1), done.said
    assert found["dials"] <= 300
    return found


def accepted(found):
    return [row["version"] for row in found["versions"] if row["accepted"]]


def version(found, name):
    return next(row for row in found["versions"] if row["version"] == name)


def names(found, name, what):
    listed = version(found, name)[what]
    assert listed["checked"] == "whole"
    return [item["openssl" if what == "suites" else "name"] for item in listed["items"]]


def order(found, name):
    return version(found, name)["suites"]["order"]


# ---- what was configured


@pytest.mark.parametrize("suites", [GCM, GCM[::-1]], ids=["256 first", "128 first"])
@pytest.mark.parametrize("server", ["nginx", "s_server", "haproxy"])
def test_suites_in_the_servers_order(start_origin, pki_, server, suites):
    preferring = {
        "nginx": ("ssl_prefer_server_ciphers on;",),
        "s_server": ("-serverpref",),
        "haproxy": (),
    }
    origin = start_origin(
        server,
        cert=pki_.server(key="rsa"),
        max="TLS1.2",
        ciphers=":".join(suites),
        groups="P-384:P-256",
        extra=preferring[server],
    )
    found = probe(origin, ca=pki_.root)
    assert accepted(found) == ["TLS 1.2"]
    assert names(found, "TLS 1.2", "suites") == list(suites)
    assert order(found, "TLS 1.2") == "server"
    assert sorted(names(found, "TLS 1.2", "groups")) == ["secp256r1", "secp384r1"]
    assert not found["was_cut"]


@pytest.mark.parametrize("server", ["nginx", "s_server"])
def test_the_client_decides_the_order(start_origin, pki_, server):
    suites = "TLS_AES_128_GCM_SHA256:TLS_CHACHA20_POLY1305_SHA256"
    origin = start_origin(server, min="TLS1.3", suites=suites, groups="P-256:X25519")
    found = probe(origin, ca=pki_.root)
    assert accepted(found) == ["TLS 1.3"]
    assert sorted(names(found, "TLS 1.3", "suites")) == sorted(suites.split(":"))
    assert order(found, "TLS 1.3") == "client"
    assert sorted(names(found, "TLS 1.3", "groups")) == ["secp256r1", "x25519"]


@pytest.mark.parametrize("server", ["nginx", "s_server", "haproxy", "gnutls-serv", "go"])
@pytest.mark.parametrize(
    "low, high", [("TLS1.3", "TLS1.3"), ("TLS1.2", "TLS1.3"), ("TLS1.0", "TLS1.2")]
)
def test_versions(start_origin, pki_, server, low, high):
    origin = start_origin(server, min=low, max=high)
    found = probe(origin, ca=pki_.root)
    configured = [name.replace("TLS", "TLS ") for name in origin.options.versions]
    assert accepted(found) == configured[::-1]
    for name in accepted(found):
        assert names(found, name, "suites")
        old = name in ("TLS 1.0", "TLS 1.1")
        assert version(found, name)["rating"] == ("deprecated" if old else "modern")
    assert found["verification"] == {"verifies": True, "name": "localhost"}
    sent = [row["subject"] for row in found["chain"]]
    expected = ["CN=localhost", "CN=midspan test intermediate"]
    # The harness has s_server send the leaf twice: the chain is shown as it was sent.
    assert sent == (expected[:1] if server == "s_server" else []) + expected


@pytest.mark.parametrize("low, high", [("TLS1.2", "TLS1.2"), ("TLS1.3", "TLS1.3")])
@pytest.mark.parametrize("server", ["nginx", "s_server"])
def test_signature_schemes(start_origin, pki_, server, low, high):
    origin = start_origin(
        server,
        cert=pki_.server(key="rsa"),
        min=low,
        max=high,
        sigalgs="rsa_pss_rsae_sha256:rsa_pss_rsae_sha512",
    )
    found = probe(origin, ca=pki_.root)
    listed = names(found, low.replace("TLS", "TLS "), "schemes")
    assert sorted(listed) == ["rsa_pss_rsae_sha256", "rsa_pss_rsae_sha512"]


def test_two_certificates(start_origin, pki_):
    """An RSA and an ECDSA certificate: the suites of both are found."""
    suites = "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256"
    origin = start_origin(
        "nginx",
        cert=pki_.server(key="rsa"),
        extra_certs=(pki_.server(key="ecdsa"),),
        max="TLS1.2",
        ciphers=suites,
    )
    found = probe(origin, ca=pki_.root)
    assert sorted(names(found, "TLS 1.2", "suites")) == suites.split(":")
    assert "ecdsa_secp256r1_sha256" in names(found, "TLS 1.2", "schemes")
    assert "rsa_pss_rsae_sha256" in names(found, "TLS 1.2", "schemes")


# ---- names, ALPN, certificates


@pytest.mark.parametrize(
    "server, nameless",
    [("nginx", "refused"), ("haproxy", "refused"), ("s_server", "same-certificate")],
)
def test_names_that_are_refused(start_origin, pki_, server, nameless):
    origin = start_origin(server, strict_sni="localhost")
    found = probe(origin, ca=pki_.root)
    assert found["sni_sent"] == "localhost"
    assert found["sni"]["unknown_name"]["answer"] == "refused"
    assert "alert" in found["sni"]["unknown_name"]["ending"]
    assert found["sni"]["without_name"]["answer"] == nameless


def test_names_that_do_not_matter(start_origin, pki_):
    found = probe(start_origin("go"), ca=pki_.root)
    assert found["sni"]["unknown_name"]["answer"] == "same-certificate"
    assert found["sni"]["without_name"]["answer"] == "same-certificate"


def test_another_certificate_for_another_name(start_origin, pki_):
    other = pki_.server(names=("b.test",))
    extra = ("-servername", "localhost", "-cert2", other.leaf, "-key2", other.key)
    origin = start_origin("s_server", extra=extra)
    found = probe(origin, ca=pki_.root)
    assert found["chain"][0]["names"] == ["dns:b.test"]
    assert not found["verification"]["verifies"]
    assert found["sni"]["without_name"]["answer"] == "another-certificate"


@pytest.mark.parametrize("server", ["nginx", "haproxy", "go", "gnutls-serv"])
def test_alpn(start_origin, pki_, server):
    origin = start_origin(server, alpn=("h2", "http/1.1"))
    found = probe(origin, ca=pki_.root)["alpn"]
    assert found["h2"]["chosen"] == "h2"
    assert found["http/1.1"]["chosen"] == "http/1.1"
    assert found["h2,http/1.1"]["chosen"] == "h2"


def test_a_server_without_h2(start_origin, pki_):
    found = probe(start_origin("s_server", alpn=("http/1.1",)), ca=pki_.root)["alpn"]
    assert found["h2,http/1.1"]["chosen"] == "http/1.1"
    assert "chosen" not in found["h2"]


@pytest.mark.parametrize(
    "fault, cause",
    [
        ("expired", "cert.expired"),
        ("not-yet-valid", "cert.not-yet-valid"),
        ("wrong-name", "cert.hostname-mismatch"),
        ("self-signed", "cert.self-signed"),
        ("no-intermediate", "cert.chain-incomplete"),
        ("untrusted-root", "cert.untrusted-root"),
    ],
)
def test_faulty_certificates(start_origin, pki_, fault, cause):
    origin = start_origin("s_server", cert=pki_.server(fault=fault))
    found = probe(origin, ca=pki_.root)
    assert not found["verification"]["verifies"]
    assert found["verification"]["cause"] == cause


def test_a_server_that_wants_a_client_certificate(start_origin, pki_):
    origin = start_origin("nginx", client_ca=pki_.root, max="TLS1.2")
    found = probe(origin, ca=pki_.root)
    assert found["asks_client_certificate"]
    assert found["verification"]["verifies"]


# ---- the way there


def test_dialled_elsewhere(start_origin, pki_):
    origin = start_origin("nginx")
    found = probe("a.test", "--connect", f"127.0.0.1:{origin.port}", ca=pki_.root)
    assert (found["target"], found["sni_sent"]) == ("a.test:443", "a.test")
    assert found["verification"] == {"verifies": True, "name": "a.test"}
    found = probe(f"127.0.0.1:{origin.port}", "--sni", "b.test", ca=pki_.root)
    assert found["sni_sent"] == "b.test"
    found = probe(f"localhost:{origin.port}", "--sni", "none", ca=pki_.root)
    assert "sni_sent" not in found
    assert found["sni"]["without_name"]["answer"] == "not-checked"


def test_through_a_proxy(start_origin, start_midspan, pki_):
    origin = start_origin("nginx")
    proxy = start_midspan("--pass", "*")
    found = probe(origin, "--via", f"http://127.0.0.1:{proxy.port}", ca=pki_.root)
    assert accepted(found) == ["TLS 1.3", "TLS 1.2"]
    assert found["verification"]["verifies"]


# ---- what is no TLS server


def say(words):
    def serve(connection):
        connection.recv(4096)
        connection.sendall(words)

    return serve


@pytest.mark.parametrize(
    "serve, cause",
    [
        (say(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"), "transport.not-tls"),
        (say(b"SSH-2.0-OpenSSH_9.2\r\n"), "transport.not-tls"),
        (lambda connection: connection.recv(4096), "transport.closed"),
        (raw.reset, "transport.reset"),
    ],
    ids=["http", "ssh", "closes", "resets"],
)
def test_not_tls(serve, cause):
    with raw.RawOrigin(serve) as origin:
        found = probe(f"127.0.0.1:{origin.port}")
    assert found["cause"] == cause
    assert not found["surveyed"] and not found["was_cut"]
    assert not any(row["accepted"] for row in found.get("versions", ()))


def test_refused_with_a_fix():
    with socket.socket() as taken:  # bound, not listening
        taken.bind(("127.0.0.1", 0))
        target = "127.0.0.1:%d" % taken.getsockname()[1]
        found = probe(target)
        done = run("probe", target)
    assert (found["cause"], found["dials"]) == ("transport.refused", 0)
    assert done.returncode == 1
    text = done.stdout.decode()
    assert "transport.refused" in text and "fix " in text


def test_a_name_that_nobody_has():
    assert probe("nobody.invalid")["cause"] == "transport.dns"


def test_every_version_refused(start_origin, pki_):
    origin = start_origin("nginx", strict_sni="a.test")
    found = probe(origin, "--sni", "b.test", ca=pki_.root)
    assert found["cause"] == "sni.unrecognized"


def test_nothing_but_handshakes(pki_):
    """What arrives inside TLS is nothing: no request, only the end."""
    cert = pki_.server()
    read = []

    def serve(connection):
        tls = raw.wrap_server(connection, raw.server_context(cert))
        read.append(tls.recv(100))

    with raw.RawOrigin(serve) as origin:
        found = probe(f"localhost:{origin.port}", "--connect", origin.endpoint, ca=pki_.root)
    assert found["surveyed"]
    assert len(read) == 5, "as many full handshakes as docs/probe.md says"
    assert set(read) == {b""}


# ---- what is printed


def test_the_table(start_origin, pki_):
    origin = start_origin("s_server", min="TLS1.0", max="TLS1.2", ciphers="ALL:@SECLEVEL=0")
    done = run("probe", f"localhost:{origin.port}", "--ca", pki_.root)
    assert done.returncode == 0, done.said
    text = done.stdout.decode()
    for line in (
        "✓  TLS 1.2  accepted",
        "✗  TLS 1.0  accepted: deprecated",
        "·  TLS 1.3  refused: alert protocol_version (70)",
        "cipher suites of TLS 1.2; the client decides the order",
        "groups of TLS 1.2",
        "verification  ✓ verifies for localhost",
    ):
        assert line in text, line
    assert "\033" not in text


def test_nothing_of_the_peer_unescaped(start_origin, pki_):
    cert = pki_.server(names=("evil\x1b[31m\nforged", "localhost"))
    origin = start_origin("s_server", cert=cert)
    done = run("probe", f"localhost:{origin.port}", "--ca", pki_.root)
    assert done.returncode == 0, done.said
    assert b"\x1b" not in done.stdout
    assert "evil" in done.stdout.decode()
    assert not any(line.startswith("forged") for line in done.stdout.decode().splitlines())


@pytest.mark.parametrize(
    "words, said",
    [
        ((), "no HOST"),
        (("a.test", "b.test"), "more than one HOST"),
        (("a.test:0x",), "HOST"),
        (("a.test", "--via", "socks5://b.test"), "--via"),
        (("a.test", "--sni", "not a name"), "--sni"),
        (("a.test", "--ca", "/nowhere.pem"), "/nowhere.pem"),
    ],
)
def test_wrong_use(words, said):
    done = run("probe", *words)
    assert done.returncode == 2
    assert said in done.said
