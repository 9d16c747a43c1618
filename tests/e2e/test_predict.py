"""midspan predict: held against what curl, midspan and OpenSSL then really agree on."""

import json

import pytest

from harness.midspan import leg, run

CURL = "curl-788-openssl3019"  # the curl of Debian 12


def predict(*words):
    done = run("predict", *words)
    assert done.returncode in (0, 1), done.said
    return done


def predict_one(client, server, edge=None, *words):
    words = ["--client", client, "--server", server, *words, "--json"]
    done = predict(*words, *(["--edge", edge] if edge else []))
    (prediction,) = json.loads(done.stdout)
    assert done.returncode == (0 if prediction["secured"] else 1)
    return prediction


# Against the real thing

SERVERS = {
    "TLS 1.2 and 1.3": ("min=TLS1.2", {}),
    "TLS 1.3 only": ("min=TLS1.3", {"min": "TLS1.3"}),
    "TLS 1.2 only": ("max=TLS1.2", {"max": "TLS1.2"}),
    "one suite": (
        "max=TLS1.2,ciphers=ECDHE-RSA-AES256-GCM-SHA384",
        {"max": "TLS1.2", "ciphers": "ECDHE-RSA-AES256-GCM-SHA384"},
    ),
    "a suite that few have": (
        "max=TLS1.2,ciphers=DHE-RSA-AES128-CCM",
        {"max": "TLS1.2", "ciphers": "DHE-RSA-AES128-CCM"},
    ),
    "one group": ("min=TLS1.3,groups=secp521r1", {"min": "TLS1.3", "groups": "secp521r1"}),
}
EDGES = [None, "f5-bigip", "nginx-1.22", "haproxy-2.6", "aws-cloudfront-2021", "squid-5", "caddy"]


@pytest.fixture(scope="module", params=EDGES, ids=str)
def bridge(request, share, pki_):
    edge = ["--edge", request.param] if request.param else []
    shared = share(*edge, "--server-leg", f"ca={pki_.root}", "--on-failure", "reset")
    shared.edge = request.param
    yield shared
    shared.stop()


@pytest.mark.parametrize("server", SERVERS.values(), ids=SERVERS.keys())
def test_what_was_predicted_happens(server, bridge, start_origin, pki_, curl):
    text, options = server
    predicted = predict_one(CURL, f"{text},alpn=http/1.1", bridge.edge, "--server-key", "rsa")
    proxy = bridge.running()
    origin = start_origin("s_server", cert=pki_.server("rsa"), **options)
    got = curl.fetch(origin.url("/small.bin"), proxy=proxy.url, ca=proxy.ca)
    if not predicted["secured"]:
        side = predicted["broken"]
        assert not got.ok
        verdict = proxy.wait("verdict", where=lambda event: event["severity"] == "error")[0]
        assert verdict["leg"] == side, proxy.story()
        assert verdict["cause"] == predicted["legs"][side]["cause"], proxy.story()
        return
    event = proxy.wait("secured")[0]
    for side in ("client", "server"):
        real = {key: leg(event, side).get(key) for key in ("version", "suite", "group", "alpn")}
        told = {key: predicted["legs"][side].get(key) for key in real}
        assert told == real, (side, bridge.edge)


# What is shown


def test_all_clients_of_a_table():
    done = predict("--edge", "aws-cloudfront-2021", "--server", "mozilla-intermediate")
    text = done.stdout.decode()
    rows = [line for line in text.splitlines() if line[:1] in "✓✗" and line]
    assert len(rows) >= 40
    locked = [row for row in rows if row.startswith("✗")]
    assert any(
        "ie-8-win7" in row and "protocol.no-common-version (client)" in row for row in locked
    )
    assert f"{len(locked)} of {len(rows)} clients would be locked out" in text
    assert done.returncode == 1
    shown = json.loads(
        predict(
            "--edge", "aws-cloudfront-2021", "--server", "mozilla-intermediate", "--json"
        ).stdout
    )
    assert [row["client"] for row in shown if not row["secured"]] == [
        row.split()[1] for row in locked
    ]


def test_nobody_is_locked_out():
    done = predict("--client", "chromium-156", "--server", "mozilla-intermediate")
    assert done.returncode == 0
    assert "secured" in done.stdout.decode()


def test_the_fix_is_said_as_the_device_says_it():
    told = predict_one("chromium-156", "min=TLS1.3", "nginx-1.22")
    assert told["legs"]["server"]["party"] == "bridge"
    assert "proxy_ssl_protocols" in told["legs"]["server"]["fix"]
    assert told["direct"] == "would-succeed"


def test_a_preset_of_the_users_own(tmp_path):
    own = tmp_path / "own-edge.yaml"
    own.write_text(
        "title: Ours\nkind: ADC\nserver-leg:\n  mirror: off\n  max: TLS1.1\n"
        "order: client-first\non-failure: reset\nsources: [we know]\n"
    )
    told = predict_one("chromium-156", "min=TLS1.2", own)
    assert told["edge"] == "own-edge"
    assert told["legs"]["server"]["cause"] == "protocol.no-common-version"
    own.write_text(own.read_text().replace("TLS1.1", "TLS9"))
    done = run("predict", "--server", "min=TLS1.2", "--edge", own)
    assert done.returncode == 2
    assert "own-edge.yaml:5:" in done.said and "TLS9" in done.said


@pytest.mark.parametrize(
    "words, said",
    [
        ([], "no --server"),
        (["--server", "min=TLS1.2", "more"], "unexpected operand"),
        (["--server", "mozilla-modem"], "did you mean 'mozilla-modern'?"),
        (["--server", "min=TLS1.2", "--edge", "f5-bigipp"], "did you mean 'f5-bigip'?"),
        (["--server", "min=TLS1.2", "--client", "ie-8-win"], "did you mean 'ie-8-win7'?"),
        (["--server", "cert=x.pem"], "says nothing about what a server accepts"),
        (["--server", "ciphers=NONE-SUCH"], "NONE-SUCH"),
        (["--server", "min=TLS1.2", "--server-key", "dsa"], "expected rsa, ecdsa or both"),
        (["--server", "min=TLS1.2", "--edge", "/no/such.yaml"], "/no/such.yaml"),
    ],
)
def test_refusals(words, said):
    done = run("predict", *words)
    assert done.returncode == 2, done.said
    assert said in done.said
    assert done.stdout == b""


# A host that is asked

ONE_SUITE = "ECDHE-ECDSA-AES256-GCM-SHA384"
HOSTS = {
    "TLS 1.3 only": ("rsa", {"min": "TLS1.3"}),
    "TLS 1.2, one suite for ECDSA": ("ecdsa", {"max": "TLS1.2", "ciphers": ONE_SUITE}),
    "TLS 1.2, AES-CBC alone": ("rsa", {"max": "TLS1.2", "ciphers": "ECDHE-RSA-AES128-SHA"}),
    "one group": ("ecdsa", {"groups": "P-521"}),
}
LIVE_EDGES = [None, "f5-bigip", "aws-cloudfront-2021"]


def can_be_asked_for(server, options):
    """Go has no list of TLS 1.2 suites of ours to choose from, but its own."""
    return server != "go" or not {"groups", "ciphers"} & set(options)


@pytest.fixture(scope="module", params=LIVE_EDGES, ids=str)
def live_bridge(request, share, pki_):
    edge = ["--edge", request.param] if request.param else []
    shared = share(*edge, "--server-leg", f"ca={pki_.root}", "--on-failure", "reset")
    shared.edge = request.param
    yield shared
    shared.stop()


@pytest.mark.parametrize("server", ["nginx", "haproxy", "go"])
@pytest.mark.parametrize("kind, options", HOSTS.values(), ids=HOSTS.keys())
def test_what_a_host_accepts_is_what_happens(
    server, kind, options, live_bridge, start_origin, pki_, curl
):
    if not can_be_asked_for(server, options):
        pytest.skip("Go does not take these lists")
    origin = start_origin(server, cert=pki_.server(kind), **options)
    predicted = predict_one(CURL, f"localhost:{origin.port}", live_bridge.edge)
    proxy = live_bridge.running()
    got = curl.fetch(origin.url("/small.bin"), proxy=proxy.url, ca=proxy.ca)
    if not predicted["secured"]:
        side = predicted["broken"]
        assert not got.ok
        verdict = proxy.wait("verdict", where=lambda event: event["severity"] == "error")[0]
        assert verdict["leg"] == side, proxy.story()
        assert verdict["cause"] == predicted["legs"][side]["cause"], proxy.story()
        return
    event = proxy.wait("secured")[0]
    for side in ("client", "server"):
        real = {key: leg(event, side).get(key) for key in ("version", "suite", "group")}
        told = {key: predicted["legs"][side].get(key) for key in real}
        assert told == real, (side, live_bridge.edge)


def test_who_would_be_locked_out_of_a_host(start_origin, pki_):
    origin = start_origin("nginx", cert=pki_.server("ecdsa"), min="TLS1.3")
    done = predict("--edge", "f5-bigip", "--server", f"localhost:{origin.port}")
    text = done.stdout.decode()
    assert done.returncode == 1
    assert f"localhost:{origin.port}" in text and "asked in" in text
    locked = [row for row in text.splitlines() if row.startswith("✗")]
    # This edge stops at TLS 1.2: nobody comes through, and the edge is at fault.
    assert all("protocol.no-common-version (" in row for row in locked)
    modern = next(row for row in locked if "chromium-156" in row)
    assert "protocol.no-common-version (bridge)" in modern
    assert f"{len(locked)} of {len(locked)} clients would be locked out" in text


def test_a_host_of_two_certificates_takes_old_and_new(start_origin, pki_):
    origin = start_origin("nginx", cert=pki_.server("rsa"), extra_certs=[pki_.server("ecdsa")])
    told = predict_one("java-80442", f"localhost:{origin.port}")
    assert told["secured"] and told["direct"] == "would-succeed"


def test_a_preset_goes_before_a_host():
    assert b"asked in" not in predict("--client", CURL, "--server", "nginx-1.22").stdout


@pytest.mark.parametrize(
    "words, code, said",
    [
        (["--server", "127.0.0.1:1"], 3, "transport.refused"),
        (["--server", "nobody.invalid"], 3, "no preset has that name either"),
        (["--server", "localhost:1", "--server-key", "rsa"], 2, "whose certificates are seen"),
        (["--server", "localhost:99999"], 2, "99999"),
        (["--server", "localhost:1", "--client", "ie-8-win"], 2, "did you mean 'ie-8-win7'?"),
    ],
)
def test_hosts_that_cannot_be_asked(words, code, said):
    done = run("predict", *words)
    assert done.returncode == code, done.said
    assert said in done.said
    assert done.stdout == b""
