#!/usr/bin/env python3
"""Writes proxy/policy/presets/{edges,clients}/*.yaml from collected facts.

usage: scripts/gen_presets.py FACTS_FOLDER     (edge-profiles.json, clients.json)

The files it writes are the source of the presets from then on: a build reads them and needs neither
this script nor the facts. What the facts call unverified is left out, or said under `unverified`.
Needs `openssl` for devices that are known by an OpenSSL cipher string only.
"""
import hashlib
import json
import re
import subprocess
import sys
from pathlib import Path

PRESETS = Path(__file__).resolve().parent.parent / "proxy" / "policy" / "presets"

# Not usable: no TLS on the server leg at all.
LEFT_OUT = {"cloudflare-flexible"}

# What the facts do not hold in a form that can be read by a program. `status` is the HTTP status of a
# broken server leg; `reset` is for devices that close.
DEVICES = {
    "aws-alb": dict(dialect="aws-alb", status=502),
    "aws-cloudfront": dict(dialect="aws-cloudfront", status=502),
    "cloudflare-full": dict(dialect="cloudflare", status=525),
    "cloudflare-full-strict": dict(dialect="cloudflare", status=525, certificate_status=526),
    "azure-appgw": dict(dialect="azure-appgw", status=502),
    "azure-front-door": dict(dialect="azure-front-door"),
    "gcp-lb": dict(dialect="gcp-lb"),
    "nginx": dict(dialect="nginx", status=502),
    "ingress-nginx": dict(dialect="ingress-nginx", status=502),
    "haproxy": dict(dialect="haproxy", status=503),
    "envoy": dict(dialect="envoy", status=503),
    "apache": dict(dialect="apache", status=500),
    "squid": dict(dialect="squid", status=503),
    "f5-bigip": dict(dialect="f5-bigip", manner="reset"),
    "traefik": dict(dialect="traefik"),
    "caddy": dict(dialect="caddy", status=502),
    "go-reverseproxy": dict(dialect="go", status=502),
    "stunnel": dict(dialect="stunnel", manner="reset"),
    "sslsplit": dict(dialect="sslsplit", manner="reset", order="server-first"),
    "mitmproxy": dict(dialect="mitmproxy", status=502, order="server-first"),
    "mozilla": dict(order="server-first"),
    "apigee-edge": dict(dialect="apigee-edge"),
    "sap-icm": dict(dialect="sap-icm"),
}
# Statuses and manners that come from memory, not from a measurement or a page that was read.
REMEMBERED = {"aws-alb", "azure-appgw", "envoy", "f5-bigip", "ingress-nginx", "mitmproxy"}

# What the software itself was seen to do where the facts say otherwise or nothing; held by
# tests/e2e/test_edge_presets_real.py. Debian 12, OpenSSL 3.0 with its default security level.
CURVES = ["x25519", "secp256r1", "x448", "secp521r1", "secp384r1"]
FFDHE = ["ffdhe2048", "ffdhe3072", "ffdhe4096", "ffdhe6144", "ffdhe8192"]
OPENSSL_SIGALGS = [
    "ecdsa_secp256r1_sha256", "ecdsa_secp384r1_sha384", "ecdsa_secp521r1_sha512", "ed25519", "ed448",
    "rsa_pss_pss_sha256", "rsa_pss_pss_sha384", "rsa_pss_pss_sha512", "rsa_pss_rsae_sha256",
    "rsa_pss_rsae_sha384", "rsa_pss_rsae_sha512", "rsa_pkcs1_sha256", "rsa_pkcs1_sha384",
    "rsa_pkcs1_sha512", "ecdsa_sha224", "rsa_sha224", "dsa_sha224", "dsa_sha256", "dsa_sha384",
    "dsa_sha512",
]
GO_SIGALGS = [
    "rsa_pss_rsae_sha256", "ecdsa_secp256r1_sha256", "ed25519", "rsa_pss_rsae_sha384",
    "rsa_pss_rsae_sha512", "rsa_pkcs1_sha256", "rsa_pkcs1_sha384", "rsa_pkcs1_sha512",
    "ecdsa_secp384r1_sha384", "ecdsa_secp521r1_sha512", "rsa_pkcs1_sha1", "ecdsa_sha1",
]
OLD_REFUSED = ("TLS 1.0 and 1.1 are allowed by its own default, and refused all the same by OpenSSL 3.0's"
               " security level")
OWN_ORDER = ("midspan differs towards clients: the device goes by its own order of suites, midspan by the"
             " client's")
MEASURED = {
    "nginx-1.22": dict(
        version="nginx 1.22.1", client=dict(min="TLS1.2", groups=CURVES, sigalgs=OPENSSL_SIGALGS),
        habits=[OLD_REFUSED]),
    "haproxy-2.6": dict(
        version="HAProxy 2.6.12",
        client=dict(ciphers="DEFAULT", groups=CURVES + FFDHE, sigalgs=OPENSSL_SIGALGS),
        habits=[OWN_ORDER + ", ChaCha20 before all for clients that put it first"]),
    "apache-mod-proxy": dict(
        version="Apache 2.4.71", client=dict(groups=CURVES + FFDHE, sigalgs=OPENSSL_SIGALGS),
        habits=["Towards a client that offers h2 alone it answers http/1.1, which was not offered",
                "midspan differs: it verifies all of a certificate or nothing, so that the preset takes a"
                " wrong name and an expired certificate too"]),
    "squid-5": dict(
        version="Squid 5.7 (squid-openssl), as cache_peer and with ssl-bump",
        client=dict(ciphers="DEFAULT", groups=CURVES + FFDHE, sigalgs=OPENSSL_SIGALGS)),
    "caddy": dict(version="Caddy 2.6.2 built with Go 1.19", client=dict(sigalgs=GO_SIGALGS), habits=[
        OWN_ORDER,
        "midspan differs towards the origin: 3DES, which the device offers, is not in OpenSSL 3.0; the"
        " suites of TLS 1.3 come first, not last; h2 is not offered",
        "An unknown name in SNI is refused with internal_error"]),
    "stunnel": dict(version="stunnel 5.68", client=dict(min="TLS1.2", sigalgs=OPENSSL_SIGALGS),
                    habits=[OLD_REFUSED]),
    "mitmproxy": dict(
        version="mitmproxy 8.1.1", client=dict(groups=CURVES + FFDHE, sigalgs=OPENSSL_SIGALGS), habits=[
        OWN_ORDER,
        "In reverse mode 8.1.1 answers nothing when the origin breaks off (it crashes); as a forward proxy"
        " it answers 502",
        "Leaves have RSA keys; those that midspan makes have a key of either kind",
        "midspan differs from it in reverse mode: there it dials before the client's hello, and offers no"
        " ALPN"]),
}

SCHEMES = {
    "rsa_pkcs1_sha224": "rsa_sha224",
    "ecdsa_sha256": "ecdsa_secp256r1_sha256",
    "ecdsa_sha384": "ecdsa_secp384r1_sha384",
    "ecdsa_sha512": "ecdsa_secp521r1_sha512",
}
VERSIONS = ["SSL3.0", "TLS1.0", "TLS1.1", "TLS1.2", "TLS1.3"]
SILENT_SNI = re.compile(r"^(none|disabled|off)\b|reported as not sent")


def device(name):
    """The row of DEVICES with the longest name that `name` begins with."""
    key = max((key for key in DEVICES if name.startswith(key)), key=len)
    return key, DEVICES[key]


def once(items):
    return list(dict.fromkeys(items))


def quoted(text):
    """A YAML scalar on one line."""
    plain = re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9 ._/()+=;-]*[A-Za-z0-9.)/]|[A-Za-z0-9]", text)
    words = {"on", "off", "yes", "no", "true", "false", "null"}
    return text if plain and text.lower() not in words else json.dumps(text, ensure_ascii=False)


def expanded(string, is_tls13):
    """The suites of an OpenSSL cipher string, as OpenSSL itself lists them."""
    listed = subprocess.run(
        ["openssl", "ciphers", "-s", string], check=True, capture_output=True, text=True
    )
    suites = listed.stdout.strip().split(":")
    return [suite for suite in suites if is_tls13 or not suite.startswith("TLS_")]


class Notes:
    def __init__(self):
        self.unverified = []
        self.habits = []


def leg_numbers(leg, side, notes):
    """The leg keys that are numbers: versions, suites, groups, schemes."""
    keys = {}
    versions = [version for version in VERSIONS if version in (leg.get("protocols") or [])]
    if versions:
        keys["min"], keys["max"] = (v.replace("SSL3.0", "SSL3") for v in (versions[0], versions[-1]))
    if leg.get("protocols_verified") is False:
        notes.unverified.append(f"versions of the {side} leg")
    is_tls13 = "TLS1.3" in versions
    ciphers = leg.get("ciphers")
    string = leg.get("cipher_string", "")
    if not ciphers and re.fullmatch(r"[A-Za-z0-9!:+-]+", string):
        ciphers = expanded(string, is_tls13)
        if side == "client":  # as a server: it has no DSA key, and DHE only with parameters
            has_dhe = not leg.get("dhe", "").startswith("off")
            ciphers = [c for c in ciphers if "DSS" not in c and (has_dhe or not c.startswith("DHE-"))]
        notes.unverified.append(
            f"cipher suites of the {side} leg: '{string}' as OpenSSL 3.0 reads it"
        )
    if ciphers and is_tls13 and not any(cipher.startswith("TLS_") for cipher in ciphers):
        ciphers = ["TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256",
                   *ciphers]
        notes.unverified.append(f"TLS 1.3 suites of the {side} leg: those every stack has")
    for name, values in (("ciphers", ciphers), ("groups", leg.get("groups")),
                         ("sigalgs", leg.get("sigalgs"))):
        if leg.get(f"{name}_verified") is False:
            notes.unverified.append(f"{name} of the {side} leg")
        if values:
            keys[name] = once(SCHEMES.get(value, value) for value in values)
        elif leg.get(f"{name}_note"):
            notes.habits.append(f"{name} of the {side} leg: {leg[f'{name}_note']}")
        else:
            notes.unverified.append(
                f"{name} of the {side} leg are not known: the TLS library's own are used"
            )
    return keys


def alpn_of(leg):
    return [name for name in leg.get("alpn") or [] if re.fullmatch(r"[a-z0-9./-]+", name)]


def client_leg(profile, notes):
    leg = profile["frontend"]
    keys = leg_numbers(leg, "client", notes)
    if leg.get("alpn_verified") is False or leg.get("alpn_note_verified") is False:
        notes.unverified.append("ALPN of the client leg")
    if profile["backend"] is None or any("mirrors" in name for name in leg["alpn"]):
        return keys  # whatever the origin chooses
    keys["alpn"] = ["http/1.1"] if alpn_of(leg) else "none"
    return keys


def server_leg(profile, notes):
    leg = profile["backend"]
    keys = {"mirror": "off", **leg_numbers(leg, "server", notes)}
    keys["sni"] = "none" if SILENT_SNI.search(leg["sni"]) else "forward"
    notes.habits.append(f"SNI towards the origin: {leg['sni']}")
    if leg.get("sni_verified") is False:
        notes.unverified.append("SNI of the server leg")
    if leg.get("alpn_verified") is False:
        notes.unverified.append("ALPN of the server leg")
    verify = leg["verify"]
    keys["verify"] = "on" if verify["chain"] is True else "off"
    notes.habits.append(f"Verification of the origin: {verify['detail']}")
    if verify["chain"] is True and verify["hostname"] is not True:
        notes.unverified.append("whether the origin's name is verified: here it is")
    if leg.get("http"):
        notes.habits.append(f"HTTP towards the origin: {leg['http']}")
    if "mirrors the client ALPN" in leg.get("http", ""):
        keys["mirror"] = "on"  # all numbers are said, so ALPN is all that is mirrored
    else:
        keys["alpn"] = ["http/1.1"] if "http/1.1" in alpn_of(leg) else "none"
    return keys


KEY_ORDER = ["mirror", "min", "max", "ciphers", "groups", "sigalgs"]


def put_measured(name, legs, notes):
    """What was measured goes over what was collected, and is unverified no more."""
    measured = MEASURED.get(name)
    if measured is None:
        return []
    keys = dict(measured["client"])
    if keys.get("ciphers") == "DEFAULT":  # as a server without DH parameters
        listed = expanded("DEFAULT", True)
        keys["ciphers"] = [suite for suite in listed if not suite.startswith("DHE-")]
    said = [key for key in KEY_ORDER if key in legs[0] or key in keys]
    rest = {key: value for key, value in legs[0].items() if key not in KEY_ORDER}
    legs[0] = {key: keys.get(key, legs[0].get(key)) for key in said} | rest
    notes.unverified = [text for text in notes.unverified if "of the client leg" not in text]
    notes.habits = [text for text in notes.habits if "of the client leg: ssl_ecdh_curve" not in text]
    notes.habits += measured.get("habits", [])
    return [f"{measured['version']} of Debian 12, both legs measured: tests/e2e/test_edge_presets_real.py"]


def emit_list(out, key, items, indent=""):
    if items:
        out.append(f"{indent}{key}:")
        out.extend(f"{indent}  - {quoted(item)}" for item in items)


def emit_leg(out, key, leg):
    if not leg:
        return
    out.append(f"{key}:")
    for name, value in leg.items():
        if isinstance(value, list):
            emit_list(out, name, value, "  ")
        else:
            out.append(f"  {name}: {value}")


def emit_edge(profile):
    name = profile["id"]
    key, known = device(name)
    notes = Notes()
    legs = [client_leg(profile, notes), server_leg(profile, notes) if profile["backend"] else {}]
    for text in profile["frontend"].items():
        if text[0] in ("sni", "client_cert"):
            what = "SNI from the client" if text[0] == "sni" else "Client certificates"
            notes.habits.append(f"{what}: {text[1]}")
    for bug in profile["bugs"]:
        (notes.unverified if bug.get("verified") is False else notes.habits).append(bug["text"])
    if profile.get("note"):
        notes.habits.append(profile["note"])
    alpn = [alpn_of(profile["frontend"]), alpn_of(profile["backend"] or {})]
    translates = profile["backend"] is not None and "h2" in alpn[0] + alpn[1]
    if translates:
        notes.habits.append("The device translates between HTTP/2 and HTTP/1.1; midspan passes bytes on "
                            "unchanged, so both legs keep to http/1.1 here")
    if profile["backend"] and "status" not in known and known.get("manner") is None:
        notes.unverified.append("the HTTP status for a broken server leg is not known")
    if key in REMEMBERED:
        notes.unverified.append("how the client is told of a broken server leg: from memory")

    measured = put_measured(name, legs, notes)
    out = [f"title: {quoted(profile['name'])}", f"kind: {profile['kind']}"]
    emit_leg(out, "client-leg", legs[0])
    emit_leg(out, "server-leg", legs[1])
    out.append(f"order: {known.get('order', 'client-first')}")
    out.append(f"on-failure: {known.get('manner', 'page')}")
    for field in ("status", "certificate_status"):
        if field in known:
            out.append(f"{field.replace('_', '-')}: {known[field]}")
    if "dialect" in known:
        out.append(f"dialect: {known['dialect']}")
    if translates:
        out.append("device-alpn:")
        for side, names in zip(("client", "server"), alpn):
            out.append(f"  {side}: [{', '.join(names)}]")
    emit_list(out, "habits", once(notes.habits))
    emit_list(out, "unverified", once(notes.unverified))
    emit_list(out, "sources", [*profile["source"], *measured])
    return "\n".join(out) + "\n"


def write_edges(facts):
    count = 0
    for profile in json.loads((facts / "edge-profiles.json").read_text())["profiles"]:
        if profile["verified"] is False or profile["id"] in LEFT_OUT:
            continue
        (PRESETS / "edges" / f"{profile['id']}.yaml").write_text(emit_edge(profile))
        count += 1
    return count


def is_grease(number):
    return number & 0x0F0F == 0x0A0A and number >> 8 == number & 0xFF


def ja4(client):
    """The JA4 fingerprint (github.com/FoxIO-LLC/ja4) from the parsed fields."""
    suites = [int(suite, 16) for suite in client["ciphers"]]
    suites = [suite for suite in suites if not is_grease(suite)]
    extensions = [number for number in client["extensions"] if not is_grease(number)]
    versions = [int(v, 16) for v in client.get("supported_versions", [])]
    versions = [version for version in versions if not is_grease(version)]
    version = max(versions) if versions else int(client["legacy_version"], 16)
    word = {0x0304: "13", 0x0303: "12", 0x0302: "11", 0x0301: "10", 0x0300: "s3", 2: "s2"}
    alpn = (client.get("alpn") or ["00"])[0]
    schemes = [s.lower() for s in client.get("sigalgs") or [] if not is_grease(int(s, 16))]
    listed = ",".join(f"{suite:04x}" for suite in sorted(suites))
    named = sorted(f"{number:04x}" for number in extensions if number not in (0, 16))
    rest = ",".join(named) + ("_" + ",".join(schemes) if schemes else "")

    def cut(text):
        return hashlib.sha256(text.encode()).hexdigest()[:12] if text else "0" * 12

    return (f"t{word.get(version, '00')}{'d' if 0 in extensions else 'i'}{min(len(suites), 99):02d}"
            f"{min(len(extensions), 99):02d}{alpn[0]}{alpn[-1]}_{cut(listed)}_"
            f"{cut(rest) if extensions else '0' * 12}")


def emit_client(client):
    out = [f"title: {quoted(client['name'])}", f"family: {quoted(client['family'])}"]
    if client.get("platform"):
        out.append(f"platform: {quoted(client['platform'])}")
    if client.get("year"):
        out.append(f"year: {client['year']}")
    out.append(f"ja3: {quoted(client['ja3'])}")
    out.append(f"ja4: {ja4(client)}")
    emit_list(out, "notable", client["notable"])
    out.append("record: |-")
    record = client["client_hello"]
    out.extend(f"  {record[at:at + 96]}" for at in range(0, len(record), 96))
    return "\n".join(out) + "\n"


def write_clients(facts):
    count = 0
    for client in json.loads((facts / "clients.json").read_text())["clients"]:
        if not client["current"] or client["hello_format"] != "TLS":
            continue
        name = client["id"].lower().replace("_", "-")
        (PRESETS / "clients" / f"{name}.yaml").write_text(emit_client(client))
        count += 1
    return count


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    facts = Path(sys.argv[1])
    for kind in ("edges", "clients"):
        (PRESETS / kind).mkdir(parents=True, exist_ok=True)
    print(f"{write_edges(facts)} edge presets, {write_clients(facts)} client presets")


if __name__ == "__main__":
    main()
