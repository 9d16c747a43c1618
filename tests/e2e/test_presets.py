"""midspan presets: the lists, one in full, and what is refused."""

import json
import subprocess

import pytest

from harness.midspan import run


def presets(*words):
    return run("presets", *words)


@pytest.mark.parametrize(
    "kind, least, known", [("edges", 25, "f5-bigip"), ("clients", 40, "ie-8-win7")]
)
def test_lists(kind, least, known):
    done = presets(kind)
    assert done.returncode == 0, done.said
    lines = done.stdout.decode().splitlines()
    assert lines[0] == kind
    assert len(lines) > least
    columns = {line.rindex(line.split("  ")[-1].strip()) for line in lines[1:] if "  " in line}
    assert len(columns) == 1, "titles stand below each other"
    listed = json.loads(presets(kind, "--json").stdout)
    assert [line.split(" ")[0] for line in lines[1:]] == [row["name"] for row in listed[kind]]
    assert known in {row["name"] for row in listed[kind]}


def test_every_preset_is_shown():
    listed = json.loads(presets("--json").stdout)
    for kind, rows in listed.items():
        for row in rows:
            shown = json.loads(presets(kind, row["name"], "--json").stdout)
            assert shown["title"] == row["title"]
            if kind == "edges":
                assert shown["sources"], row["name"]


def test_an_edge_in_full():
    done = presets("f5-bigip")
    text = done.stdout.decode()
    for word in (
        "client-first",
        "reset",
        "peer-cert-mode",
        "not verified",
        "sources",
        "server-ssl",
    ):
        assert word in text, word
    shown = json.loads(presets("edges", "f5-bigip", "--json").stdout)
    assert shown["legs"]["server"]["sni"] == "none"
    assert shown["legs"]["client"]["max"] == "TLS1.2"
    assert "server-name {}" in shown["dialect_text"]["server"]["sni"]


def test_a_client_in_full():
    shown = json.loads(presets("ie-8-win7", "--json").stdout)
    assert shown["ja4"].startswith("t10d")
    assert shown["versions"] == ["SSL 3.0", "TLS 1.0"] or shown["versions"] == ["TLS 1.0"]
    assert "RC4-SHA" in shown["ciphers"]
    assert bytes.fromhex(shown["record"])[:1] == b"\x16"


@pytest.mark.parametrize(
    "words, said",
    [
        (["nginx-curent"], "did you mean 'nginx-current'?"),
        (["edges", "ie-8-win7"], "unknown preset 'ie-8-win7'"),
        (["clients", "zzzzzzzzz"], "'midspan presets clients' lists them"),
        (["edges", "caddy", "squid-5"], "unexpected 'squid-5'"),
        (["--colour"], "unknown option"),
    ],
)
def test_refusals(words, said):
    done = presets(*words)
    assert done.returncode == 2
    assert said in done.said
    assert done.stdout == b""


def test_a_verdict_says_its_fix_in_the_dialect(start_midspan, start_origin):
    """nginx sends no SNI to an origin by itself; its own words for it are in the verdict."""
    origin = start_origin("nginx", strict_sni="localhost", max="TLS1.2")
    proxy = start_midspan("--edge", "nginx-1.22", target=origin.endpoint)
    subprocess.run(
        ["curl", "-sk", "-m", "20", f"https://localhost:{proxy.port}/"], capture_output=True
    )
    found = proxy.expect_verdict("sni.required", leg="server", party="bridge")
    words = "proxy_ssl_server_name on; proxy_ssl_name localhost;"
    assert found["dialect"] == {"device": "nginx", "lines": [{"key": "sni", "words": words}]}
    said = " ".join(proxy.console().replace("│", " ").split())
    assert f"nginx: {words}" in said
    explained = run("explain", proxy.log_file, "--json").stdout.decode().splitlines()
    verdicts = [json.loads(line) for line in explained]
    assert [v["dialect"] for v in verdicts if v["cause"] == "sni.required"] == [found["dialect"]]


MY_EDGE = """title: my edge
kind: lab
server-leg: {mirror: off, max: TLS1.2, sni: none, verify: off}
order: client-first
on-failure: page
status: 525
sources: [me]
"""


def test_an_edge_from_a_file(tmp_path, start_midspan, start_origin):
    """A file of the user's works as a preset does, and a bad one is refused with its line."""
    path = tmp_path / "mine.yaml"
    path.write_text(MY_EDGE)
    origin = start_origin("nginx", min="TLS1.3")
    proxy = start_midspan("--edge", path, target=origin.endpoint)
    done = subprocess.run(
        ["curl", "-sk", "-m", "20", "-w", "%{http_code}", "-o", tmp_path / "page"]
        + [f"https://localhost:{proxy.port}/"],
        capture_output=True,
    )
    assert done.stdout == b"525"
    proxy.expect_verdict("protocol.no-common-version", leg="server", party="bridge")
    path.write_text(MY_EDGE.replace("client-first", "first"))
    done = run("bridge", "127.0.0.1:0", origin.endpoint, "--edge", path)
    assert done.returncode == 2
    assert f"{path}:4: order: bad value 'first', expected server-first" in done.said
