"""midspan check: expectations that hold, that do not, and files that are wrong."""

import json

import pytest

from harness.midspan import run

HOLDS = """\
# what we promise
- client: chromium-156
  edge: nginx-1.22
  server: min=TLS1.3
  expect: protocol.no-common-version
  leg: server
- client: all
  edge: none
  server: mozilla-old
  expect: secured
- {client: ie-8-win7, edge: aws-cloudfront-2021, server: min=TLS1.2, expect: protocol.no-common-version}
- client: chromium-156
  server: max=TLS1.2,ciphers=ECDHE-ECDSA-AES128-GCM-SHA256
  server-key: rsa
  expect: cipher.certificate-type-mismatch
"""


@pytest.fixture
def check(tmp_path):
    def run_on(text, *words):
        path = tmp_path / "edges.yaml"
        path.write_text(text)
        return run("check", path, *words)

    return run_on


def test_all_hold(check):
    done = check(HOLDS)
    text = done.stdout.decode()
    assert done.returncode == 0, text
    assert text.count("ok ") == 4
    assert "FAILED" not in text
    assert "4 of 4 expectations hold" in text


@pytest.mark.parametrize(
    "old, new, line",
    [
        ("leg: server", "leg: client", 2),
        ("expect: secured", "expect: group.no-common", 7),
        ("server-key: rsa", "server-key: both", 12),
        ("server: min=TLS1.3", "server: min=TLS1.2", 2),
    ],
)
def test_one_does_not(check, old, new, line):
    assert old in HOLDS
    done = check(HOLDS.replace(old, new, 1))
    text = " ".join(done.stdout.decode().split())
    assert done.returncode == 1
    assert f"edges.yaml:{line}: " in text
    assert "3 of 4 expectations hold" in text


def test_every_client_that_fails_is_named(check):
    done = check(HOLDS.replace("mozilla-old", "min=TLS1.3"), "--json")
    assert done.returncode == 1
    failed = [row["prediction"]["client"] for row in json.loads(done.stdout) if not row["ok"]]
    assert "ie-8-win7" in failed
    assert "chromium-156" not in failed


def test_json(check):
    rows = json.loads(check(HOLDS, "--json").stdout)
    assert len(rows) > 40
    assert all(row["ok"] for row in rows)
    assert rows[0]["expected"] == "protocol.no-common-version on the server leg" == rows[0]["got"]
    assert rows[0]["prediction"]["legs"]["server"]["party"] == "bridge"


@pytest.mark.parametrize(
    "text, said",
    [
        ("", "1: nothing in it, expected a list"),
        ("a: b\n", "1: a mapping, expected a list"),
        ("- a\n", "1: a text, expected a mapping"),
        ("- clint: all\n", "1: unknown key 'clint'"),
        ("- client: all\n  server: min=TLS1.2\n", "no expect"),
        ("- server: min=TLS1.2\n  expect: secured\n", "no client"),
        ("- client: all\n  expect: secured\n", "no server"),
        ("- client: all\n  server: min=TLS9\n  expect: secured\n", "2: server: min: bad value"),
        ("- client: all\n  server: min=TLS1.2\n  expect: secure\n", "3: expect: unknown cause"),
        ("- client: all\n  server: x=y\n  expect: secured\n", "2: server: unknown key 'x'"),
        ("- client: [a]\n", "1: client: a list, expected a text"),
        (
            "- client: all\n  server: min=TLS1.2\n  expect: cert.expired\n",
            "3: expect: a prediction never comes to 'cert.expired'",
        ),
        (
            "- client: all\n  server: min=TLS1.2\n  expect: secured\n  leg: server\n",
            "4: leg: not with",
        ),
        (
            "- client: all\n  edge: f5-bigipp\n  server: min=TLS1.2\n  expect: secured\n",
            "2: edge: unknown preset 'f5-bigipp'",
        ),
        (
            "- client: all\n  server: min=TLS1.2\n  server-key: dsa\n  expect: secured\n",
            "3: server key: 'dsa'",
        ),
        (HOLDS + "- client: x\n", "16: client: unknown preset 'x'"),
    ],
)
def test_wrong_files(check, text, said):
    done = check(text)
    assert done.returncode == 2
    assert f"edges.yaml:{said}" in done.said if said[0].isdigit() else said in done.said
    assert done.stdout == b"", "nothing is checked"


def test_wrong_use():
    assert run("check").returncode == 2
    assert run("check", "a", "b").returncode == 2
    done = run("check", "/no/such.yaml")
    assert done.returncode == 2
    assert "/no/such.yaml" in done.said


def test_a_host_is_asked_once(check, start_origin, pki_):
    origin = start_origin("nginx", cert=pki_.server("ecdsa"), min="TLS1.3")
    entry = "- client: {}\n  server: localhost:%d\n  expect: {}\n" % origin.port
    text = (
        entry.format("chromium-156", "secured")
        + entry.format("java-80442", "secured")
        + entry.format("ie-8-win7", "protocol.no-common-version")
    )
    done = check(text)
    assert done.returncode == 0, done.said
    assert "3 of 3 expectations hold" in done.stdout.decode()
    dials = (origin.folder / "error.log").read_text().count("SSL_do_handshake() failed")
    assert 0 < dials < 120, "three expectations, one survey"


def test_a_host_that_cannot_be_asked(check):
    entry = "- client: chromium-156\n  server: {}\n  expect: secured\n"
    done = check(entry.format("min=TLS1.2") + entry.format("localhost:1"))
    assert done.returncode == 3
    assert "edges.yaml:4: server 'localhost:1': transport.refused" in done.said
