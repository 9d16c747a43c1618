#!/usr/bin/env python3
"""Writes proxy/wire/code_points_*.inc, the tables of TLS numbers and names.

usage: gen_code_points.py FACTS-FOLDER

FACTS-FOLDER holds cipher-suites.json, groups.json, signature-schemes.json, extensions.json,
alerts.json and versions.json: the IANA registries, with OpenSSL's names beside them. The tables
are checked in, so that a build needs neither this script nor the facts.
"""
import json
import pathlib
import sys

TARGET = pathlib.Path(__file__).resolve().parent.parent / "proxy" / "wire"

VERSIONS = {"SSL3.0": "VERSION_SSL30", "TLS1.0": "VERSION_TLS10", "TLS1.1": "VERSION_TLS11",
            "TLS1.2": "VERSION_TLS12", "TLS1.3": "VERSION_TLS13"}

SUITE_KX = {"ANY(TLS1.3)": "KX_ANY", "RSA": "KX_RSA", "DHE": "KX_DHE", "ECDHE": "KX_ECDHE",
            "PSK": "KX_PSK"}
SUITE_AUTH = {"ANY(TLS1.3)": "AUTH_ANY", "RSA": "AUTH_RSA", "ECDSA": "AUTH_ECDSA",
              "DSS": "AUTH_DSS", "PSK": "AUTH_PSK", "RSA+PSK": "AUTH_PSK", "anon": "AUTH_NONE",
              "NULL": "AUTH_NONE"}
SUITE_CLASS = {"modern": "SUITE_MODERN", "acceptable": "SUITE_LEGACY", "weak": "SUITE_LEGACY",
               "broken": "SUITE_BROKEN", "signal": "SUITE_SIGNALLING"}
# 64-bit blocks (Sweet32) and MD5: the facts call them weak, but no advice may bring them back.
SMALL_BLOCKS = ("3DES", "IDEA", "GOST28147", "MAGMA-CTR")

# 0xFFE0 and 0xFFE1 share their names with 0xFEFF and 0xFEFE; NSS (sslproto.h) tells them apart.
SUITE_NAMES = {0xFFE0: "SSL_RSA_OLDFIPS_WITH_3DES_EDE_CBC_SHA",
               0xFFE1: "SSL_RSA_OLDFIPS_WITH_DES_CBC_SHA"}

# What SSL_CTX_set1_groups_list takes; tried with OpenSSL 3.0: every curve up to 30 by its IANA
# name, these by the name that people write, nothing above but the five FFDHE groups.
GROUP_OPENSSL_NAMES = {19: "P-192", 21: "P-224", 23: "P-256", 24: "P-384", 25: "P-521",
                       29: "X25519", 30: "X448"}
GROUP_OPENSSL_IDS = set(range(1, 31)) | set(range(256, 261))

# What SSL_CTX_set1_sigalgs_list takes; tried with OpenSSL 3.0, which has no MD5 there.
SCHEME_PAIRS = {"rsa": "RSA", "dsa": "DSA", "ecdsa": "ECDSA"}
SCHEME_PAIR_HASHES = ("sha1", "sha224", "sha256", "sha384", "sha512")
SCHEME_PAIR_IDS = {hash_id << 8 | key_id for hash_id in range(2, 7) for key_id in range(1, 4)}
SCHEME_OPENSSL_BY_NAME = set(range(0x0804, 0x080C))
# Ed25519, PSS-only and other keys are kinds of their own: an ordinary RSA or EC key cannot sign so.
SCHEME_KEY = {"rsa": "AUTH_RSA", "ecdsa": "AUTH_ECDSA", "dsa": "AUTH_DSS"}


def number(row):
    return row["id"] if "id" in row else int(row["hex"], 16)


def is_kept(row):
    """GREASE has a function of its own; what one source alone claims is left out."""
    if row.get("grease") or row.get("status") == "grease" or row.get("name") == "Unassigned":
        return False
    return row.get("verified") is not False or is_registered(row)


def is_registered(row):
    """In the IANA registry. Drafts that the registry's snapshot lacks have no `recommended`."""
    if "iana" in row:
        return True
    return row.get("registered") is not False and "draft-reddy-tls-slhdsa" not in row.get("ref", [])


def text(value):
    return "NULL" if value is None else json.dumps(value)


def flag(value):
    return "true" if value else "false"


def suite_line(row):
    name = SUITE_NAMES.get(number(row)) or row.get("iana") or row["name"]
    openssl = row.get("openssl") if row.get("openssl") != "NULL" else None  # an alias, no suite
    if name.startswith("UNNAMED"):
        name = openssl
    kind = SUITE_CLASS[row["class"]]
    if kind == "SUITE_LEGACY" and (row["enc"].startswith(SMALL_BLOCKS) or row["mac"] == "MD5"):
        kind = "SUITE_BROKEN"
    return (f'{{0x{number(row):04x}, {text(name)}, {text(openssl)}, '
            f'{SUITE_KX.get(row.get("kx"), "KX_OTHER")}, '
            f'{SUITE_AUTH.get(row.get("auth"), "AUTH_OTHER")}, {row.get("bits", 0)}, '
            f'{VERSIONS[row["min"]]}, {VERSIONS[row["max"]]}, {flag(row.get("fs"))}, {kind}}},')


def group_line(row):
    openssl = None
    if number(row) in GROUP_OPENSSL_IDS:
        openssl = GROUP_OPENSSL_NAMES.get(number(row), row["name"])
    are_sizes_known = row.get("verified") is not False
    client = row.get("client_share", 0) if are_sizes_known else 0
    server = row.get("server_share", 0) if are_sizes_known else 0
    return (f'{{0x{number(row):04x}, {text(row["name"])}, {text(openssl)}, {flag(row["pq"])}, '
            f'{flag(row["kind"] == "ffdhe")}, {client}, {server}, {flag("1.3" in row["tls"])}}},')


def scheme_line(row):
    openssl = None
    if number(row) in SCHEME_PAIR_IDS and row["hash"] in SCHEME_PAIR_HASHES:
        openssl = f'{SCHEME_PAIRS[row["key"]]}+{row["hash"].upper()}'
    elif number(row) in SCHEME_OPENSSL_BY_NAME:
        openssl = row["name"]
    return (f'{{0x{number(row):04x}, {text(row["name"])}, {text(openssl)}, '
            f'{SCHEME_KEY.get(row["key"], "AUTH_OTHER")}, {flag(row["tls12"])}, '
            f'{flag(row["tls13_handshake"])}, {flag(row.get("hash") in ("md5", "sha1"))}}},')


def name_line(row):
    return f'{{0x{number(row):04x}, {text(row["name"])}}},'


TABLES = (
    ("suites", "cipher-suites.json", "suites", suite_line),
    ("groups", "groups.json", "groups", group_line),
    ("schemes", "signature-schemes.json", "schemes", scheme_line),
    ("extensions", "extensions.json", "extensions", name_line),
    ("alerts", "alerts.json", "alerts", name_line),
    ("versions", "versions.json", "versions", name_line),
)


def is_on_wire(row):
    return row["name"] != "rsa_pkcs1_md5_sha1"  # BoringSSL's own name for TLS 1.0 signatures


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    facts = pathlib.Path(sys.argv[1])
    for table, source, key, line in TABLES:
        rows = json.loads((facts / source).read_text(encoding="utf-8"))[key]
        kept = sorted((row for row in rows if is_kept(row) and is_on_wire(row)), key=number)
        lines = [f"// Written by scripts/gen_code_points.py from {source}. Do not edit."]
        lines += [line(row) for row in kept]
        path = TARGET / f"code_points_{table}.inc"
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        print(f"{path.name}: {len(kept)} of {len(rows)} rows")


if __name__ == "__main__":
    main()
