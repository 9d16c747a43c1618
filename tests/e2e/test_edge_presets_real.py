"""Edge presets against the devices that they imitate, with default settings, as Debian has them.

Server leg: the ClientHello that the device sends to an origin, and that of midspan running the
preset, read by our own reader and compared as data. Client leg: what `midspan probe` finds the
device to take, and midspan. Where a preset can't do as its device, the difference is written down
here in full and compared, and the preset says so under its habits.
"""

import json
import subprocess

import pytest

from harness import edges
from harness.hellos import HelloCatcher
from harness.midspan import run

BY_NAME = {edge.name: edge for edge in edges.EDGES}
NAMES = list(BY_NAME)

GO_SUITES = [
    *(0xC02B, 0xC02F, 0xC02C, 0xC030, 0xCCA9, 0xCCA8, 0xC009, 0xC013, 0xC00A, 0xC014),
    *(0x009C, 0x009D, 0x002F, 0x0035),
]
TLS13_SUITES = [0x1301, 0x1302, 0x1303]
TRIPLE_DES = [0xC012, 0x000A]
SCSV = 0x00FF

# (device's, midspan's): midspan passes bytes on, so that it never speaks h2 where a device would
# translate; OpenSSL has no 3DES, puts the suites of TLS 1.3 first and says secure renegotiation
# with a suite instead of an extension.
HELLO_DIFFERENCES = {
    "caddy": {
        "suites": (
            [*GO_SUITES, *TRIPLE_DES, *TLS13_SUITES],
            [*TLS13_SUITES, *GO_SUITES, SCSV],
        ),
        "alpn": (["h2", "http/1.1"], ["http/1.1"]),
    },
    # It dials before it knows what the client offers.
    "mitmproxy-reverse": {"alpn": ([], ["http/1.1"])},
}
# The status of an answer, for an origin that breaks the handshake off; 0: no answer.
STATUS = {
    "nginx": 502,
    "haproxy": 503,
    "apache": 500,
    "caddy": 502,
    "stunnel": 0,
    "mitmproxy": 502,
    "squid": 503,
    "squid-bump": 503,
}


def shown(preset):
    return json.loads(run("presets", "edges", preset, "--json").stdout)


def curl(*words):
    command = ["curl", "-sk", "--http1.1", "--noproxy", "", "-m", "20", "-o", "/dev/null"]
    done = subprocess.run(
        [*command, "-w", "%{http_code}", *words], capture_output=True, text=True, timeout=60
    )
    return int(done.stdout or 0)


def both_hellos(name, tmp_path, pki_, start_midspan):
    """The ClientHello of the device and that of its preset, and the statuses of their answers."""
    kind = BY_NAME[name]
    with HelloCatcher() as origin:
        with kind(tmp_path / name, pki_.server(), f"localhost:{origin.port}") as edge:
            # Debian's mitmproxy crashes in reverse mode, and its client waits.
            statuses = [edge.ask(seconds=3 if name == "mitmproxy-reverse" else 20)]
            hellos = [origin.hello().compared()]
    with HelloCatcher() as origin:
        proxy = start_midspan("--edge", kind.preset, target=f"localhost:{origin.port}")
        statuses.append(curl(f"https://localhost:{proxy.port}/"))
        hellos.append(origin.hello().compared())
    return hellos, statuses


@pytest.mark.parametrize("name", NAMES)
def test_the_hello_to_the_origin(name, tmp_path, pki_, start_midspan):
    (device, ours), _ = both_hellos(name, tmp_path, pki_, start_midspan)
    differences = HELLO_DIFFERENCES.get(name, {})
    for what in device:
        wanted = differences.get(what, (device[what], device[what]))
        assert (device[what], ours[what]) == wanted, what
    if differences:
        habits = " ".join(shown(BY_NAME[name].preset)["habits"])
        assert "midspan differs" in habits, "the preset says what it can't do"


@pytest.mark.parametrize("name", STATUS)
def test_the_answer_when_the_origin_breaks_off(name, tmp_path, pki_, start_midspan):
    _, (device, ours) = both_hellos(name, tmp_path, pki_, start_midspan)
    assert device == STATUS[name]
    preset = shown(BY_NAME[name].preset)
    assert preset.get("status", 0) == device
    assert (preset["on_failure"] == "reset") == (device == 0)
    assert ours == device


# ---- certificates of the origin

FAULTS = ["wrong-name", "expired", "untrusted-root"]
# It looks at the name and the dates of certificates that it does not verify; midspan can't.
HALF_VERIFIED = {("apache", "wrong-name"): (500, 200), ("apache", "expired"): (500, 200)}
TRUST = {"squid": "tls-cafile={}", "squid-bump": "tls_outgoing_options cafile={}"}


@pytest.mark.parametrize("fault", [None, *FAULTS])
@pytest.mark.parametrize("name", STATUS)
def test_the_verification_of_the_origin(
    name, fault, tmp_path, pki_, start_midspan, start_origin
):
    """Refused by the device and by its preset, with the same status, or taken by both."""
    kind = BY_NAME[name]
    origin = start_origin("nginx", cert=pki_.server(fault=fault))
    target = f"localhost:{origin.port}"
    trust = TRUST.get(name, "").format(pki_.root)
    with kind(tmp_path / name, pki_.server(), target, pki_.root, trust) as edge:
        device = edge.ask()
    own_trust = ["--server-leg", f"ca={pki_.root}", "--no-probe"]
    proxy = start_midspan("--edge", kind.preset, *own_trust, target=target)
    ours = curl(f"https://localhost:{proxy.port}/")
    verifies = shown(kind.preset)["legs"]["server"]["verify"] == "on"
    is_refused = fault is not None and verifies
    wanted = STATUS[name] if is_refused else 200
    assert (device, ours) == HALF_VERIFIED.get((name, fault), (wanted, wanted))


# ---- the client leg

CLIENT_NAMES = [name for name in NAMES if name not in ("mitmproxy-reverse", "squid-bump")]
KEYS = ["rsa", "ecdsa"]

# Whose order of suites counts: midspan's engine goes by the client's.
OWN_ORDER = ("server", "client")
ORDER_DIFFERENCES = {"haproxy": OWN_ORDER, "caddy": OWN_ORDER, "mitmproxy": OWN_ORDER}
# What is chosen for h2 with http/1.1, for h2 alone, for http/1.1 alone; None: a failure.
ALPN_DIFFERENCES = {"caddy": (["h2", "h2", "http/1.1"], ["http/1.1", None, "http/1.1"])}


def accepted(probed):
    """What a probe found, version by version, lists without order where the client's counts."""
    found = {}
    for version in probed["versions"]:
        if version["accepted"]:
            found[version["version"]] = {
                "suites": sorted(item["id"] for item in version["suites"]["items"]),
                "groups": sorted(item["name"] for item in version["groups"]["items"]),
                "schemes": sorted(item["name"] for item in version["schemes"]["items"]),
            }
    return found


def orders(probed):
    return {v["suites"]["order"] for v in probed["versions"] if v["accepted"]}


def protocols(probed):
    return [probed["alpn"][offer].get("chosen") for offer in ("h2,http/1.1", "h2", "http/1.1")]


def probe(port, *words):
    return json.loads(run("probe", f"localhost:{port}", "--json", *words).stdout)


@pytest.fixture
def probes(request, tmp_path, pki_, start_midspan, start_origin):
    """What the device takes, and what midspan takes with its preset."""
    name, key = request.param
    kind, cert = BY_NAME[name], pki_.server(key)
    origin = start_origin("nginx", alpn=("h2", "http/1.1"))
    target = f"localhost:{origin.port}"
    with kind(tmp_path / name, cert, target, origin_ca=pki_.root) as edge:
        if name == "mitmproxy":
            device = probe(origin.port, "--via", f"http://127.0.0.1:{edge.port}")
        else:
            device = probe(edge.port)
    own = ["--client-leg", f"cert={cert.chain},key={cert.key}"]
    trust = ["--server-leg", f"ca={pki_.root}"]
    proxy = start_midspan("--edge", kind.preset, *own, *trust, target=target)
    return name, key, device, probe(proxy.port)


# mitmproxy makes its leaves with RSA keys.
ALL_PROBES = [
    (name, key)
    for name in CLIENT_NAMES
    for key in KEYS
    if (name, key) != ("mitmproxy", "ecdsa")
]


@pytest.mark.parametrize("probes", ALL_PROBES, indirect=True, ids="-".join)
def test_what_clients_may_speak(probes):
    name, key, device, ours = probes
    found, own = accepted(device), accepted(ours)
    assert found and list(found) == list(own)
    for version in found:
        assert found[version]["suites"] == own[version]["suites"], version
        # The curve of an ECDSA key must stay in the offer, and HAProxy, by its own order, takes it
        # before those behind it: a probe does not see them.
        if (name, key) != ("haproxy", "ecdsa"):
            assert found[version]["groups"] == own[version]["groups"], version
        assert found[version]["schemes"] == own[version]["schemes"], version
    order = ORDER_DIFFERENCES.get(name, ("client", "client"))
    assert (orders(device), orders(ours)) == ({order[0]}, {order[1]})
    habits = " ".join(shown(BY_NAME[name].preset)["habits"])
    assert ("own order of suites" in habits) == (name in ORDER_DIFFERENCES)
    wanted = ALPN_DIFFERENCES.get(name, (protocols(device), protocols(device)))
    assert (protocols(device), protocols(ours)) == wanted
