"""The first verdicts as a table: see harness/cases.py for what a row says."""

from harness.cases import Case

# One connection's alert 40 does not tell which list had nothing in common; only a probe could.
NO_COMMON = (
    "cipher.no-common-suite",
    "group.no-common",
    "sigalg.no-common",
    "cipher.certificate-type-mismatch",
)

VERSIONS = [
    Case(
        "a client up to TLS 1.2, an origin from 1.3",
        "protocol.no-common-version",
        "server",
        "client",
        serving={"min": "TLS1.3"},
        ask={"max": "TLS1.2"},
    ),
    Case(
        "a bridge up to TLS 1.2, an origin from 1.3",
        "protocol.no-common-version",
        "server",
        "bridge",
        serving={"min": "TLS1.3"},
        server_leg="ca=ROOT,max=TLS1.2",
    ),
    Case(
        "a bridge up to TLS 1.2, Go from 1.3",
        "protocol.no-common-version",
        "server",
        "bridge",
        origin="go",
        serving={"min": "TLS1.3"},
        server_leg="ca=ROOT,max=TLS1.2",
    ),
    Case(
        "a bridge up to TLS 1.2, s_server from 1.3",
        "protocol.no-common-version",
        "server",
        "bridge",
        origin="s_server",
        serving={"min": "TLS1.3"},
        server_leg="ca=ROOT,max=TLS1.2",
    ),
    Case(
        "a bridge up to TLS 1.2, HAProxy from 1.3",
        "protocol.no-common-version",
        "server",
        "bridge",
        origin="haproxy",
        serving={"min": "TLS1.3"},
        server_leg="ca=ROOT,max=TLS1.2",
    ),
    Case(
        "a bridge up to TLS 1.2, Node from 1.3",
        "protocol.no-common-version",
        "server",
        "bridge",
        origin="node",
        serving={"min": "TLS1.3"},
        server_leg="ca=ROOT,max=TLS1.2",
    ),
    Case(
        "an origin of TLS 1.0",
        "protocol.no-common-version",
        "server",
        "server",
        serving={"min": "TLS1.0", "max": "TLS1.0"},
        server_leg="ca=ROOT,min=TLS1.2",
    ),
    Case(
        "an origin of TLS 1.1, s_server",
        "protocol.no-common-version",
        "server",
        "server",
        origin="s_server",
        serving={"min": "TLS1.1", "max": "TLS1.1"},
        server_leg="ca=ROOT,min=TLS1.2",
    ),
    Case(
        "an origin of TLS 1.1, GnuTLS",
        "protocol.no-common-version",
        "server",
        "server",
        origin="gnutls-serv",
        serving={"min": "TLS1.1", "max": "TLS1.1"},
        server_leg="ca=ROOT,min=TLS1.2",
    ),
    Case(
        "a bridge from TLS 1.3, an origin up to 1.2",
        "protocol.no-common-version",
        "server",
        origin="nginx",
        serving={"max": "TLS1.2"},
        server_leg="ca=ROOT,min=TLS1.3,mirror=off",
    ),
    Case(
        "curl up to TLS 1.2, a bridge from 1.3",
        "protocol.no-common-version",
        "client",
        client_leg="min=TLS1.3",
        ask={"max": "TLS1.2"},
    ),
    Case(
        "gnutls-cli up to TLS 1.2, a bridge from 1.3",
        "protocol.no-common-version",
        "client",
        client_leg="min=TLS1.3",
        client="gnutls-cli",
        ask={"max": "TLS1.2"},
    ),
    Case(
        "Go of TLS 1.1, whose hello the origin refuses",
        "protocol.no-common-version",
        "server",
        "client",
        client="Go",
        ask={"min": "TLS1.1", "max": "TLS1.1"},
    ),
    Case(
        "Go of TLS 1.1, and midspan has to answer first",
        "protocol.no-common-version",
        "client",
        "client",
        client="Go",
        options=("--order", "client-first"),
        client_leg="min=TLS1.2",
        ask={"min": "TLS1.1", "max": "TLS1.1"},
    ),
    Case(
        "curl from TLS 1.3, a bridge up to 1.2",
        "protocol.no-common-version",
        "client",
        "bridge",
        client_leg="max=TLS1.2",
        ask={"min": "TLS1.3"},
    ),
    Case(
        "Python from TLS 1.3, a bridge up to 1.2",
        "protocol.no-common-version",
        "client",
        "bridge",
        client_leg="max=TLS1.2",
        client="Python",
        ask={"min": "TLS1.3"},
    ),
]

AES128 = "ECDHE-ECDSA-AES128-GCM-SHA256"
AES256 = "ECDHE-ECDSA-AES256-GCM-SHA384"
RSA128 = "ECDHE-RSA-AES128-GCM-SHA256"

SUITES = [
    Case(
        "one suite of the bridge, another of nginx",
        NO_COMMON,
        "server",
        "bridge",
        serving={"max": "TLS1.2", "ciphers": AES128},
        server_leg=f"ca=ROOT,mirror=off,max=TLS1.2,ciphers={AES256}",
    ),
    Case(
        "one suite of the bridge, another of s_server",
        NO_COMMON,
        "server",
        "bridge",
        origin="s_server",
        serving={"max": "TLS1.2", "ciphers": AES128},
        server_leg=f"ca=ROOT,mirror=off,max=TLS1.2,ciphers={AES256}",
    ),
    Case(
        "one suite of the bridge, another of HAProxy",
        NO_COMMON,
        "server",
        "bridge",
        origin="haproxy",
        serving={"max": "TLS1.2", "ciphers": AES128},
        server_leg=f"ca=ROOT,mirror=off,max=TLS1.2,ciphers={AES256}",
    ),
    Case(
        "disjoint suites of TLS 1.3",
        NO_COMMON,
        "server",
        "bridge",
        serving={"min": "TLS1.3", "suites": "TLS_AES_128_GCM_SHA256"},
        server_leg="ca=ROOT,mirror=off,min=TLS1.3,ciphers=TLS_CHACHA20_POLY1305_SHA256",
    ),
    Case(
        "curl with a suite that the bridge has not",
        "cipher.no-common-suite",
        "client",
        client_leg=f"max=TLS1.2,ciphers={AES256}",
        ask={"max": "TLS1.2", "extra": ("--ciphers", AES128)},
    ),
    Case(
        "curl with one suite of TLS 1.3 that the bridge has not",
        "cipher.no-common-suite",
        "client",
        client_leg="min=TLS1.3,ciphers=TLS_AES_256_GCM_SHA384",
        ask={"min": "TLS1.3", "extra": ("--tls13-ciphers", "TLS_CHACHA20_POLY1305_SHA256")},
    ),
    Case(
        "a client of ECDSA suites, a bridge with an RSA certificate",
        "cipher.certificate-type-mismatch",
        "client",
        "bridge",
        client_leg="max=TLS1.2,cert=RSA_CERT,key=RSA_KEY",
        ask={"max": "TLS1.2", "extra": ("--ciphers", AES128)},
    ),
    Case(
        "a client of RSA suites, an origin with an ECDSA certificate",
        NO_COMMON,
        "server",
        ask={"max": "TLS1.2", "extra": ("--ciphers", RSA128)},
    ),
    Case(
        "a client of X448 alone, a bridge of P-256",
        "group.no-common",
        "client",
        client_leg="min=TLS1.3,groups=P-256",
        ask={"extra": ("--curves", "X448")},
    ),
    Case(
        "a bridge of X448 alone, an origin of P-256",
        "group.no-common",
        "server",
        "bridge",
        serving={"min": "TLS1.3", "groups": "prime256v1"},
        server_leg="ca=ROOT,mirror=off,min=TLS1.3,groups=X448",
    ),
]

SNI = [
    Case(
        "no SNI to nginx that insists",
        "sni.required",
        "server",
        "bridge",
        serving={"strict_sni": "localhost"},
        server_leg="ca=ROOT,sni=none",
    ),
    Case(
        "no SNI to HAProxy that insists",
        "sni.required",
        "server",
        "bridge",
        origin="haproxy",
        serving={"strict_sni": None, "extra": ("strict-sni",)},
        server_leg="ca=ROOT,sni=none",
    ),
    Case(
        "a client without SNI, an origin that insists",
        "sni.required",
        "server",
        "client",
        serving={"strict_sni": "localhost"},
        client="openssl s_client",
        name="127.0.0.1",
        ask={"extra": ("-noservername",)},
    ),
    Case(
        "no SNI over TLS 1.2",
        "sni.required",
        "server",
        "bridge",
        serving={"strict_sni": "localhost", "max": "TLS1.2"},
        server_leg="ca=ROOT,sni=none",
    ),
    Case(
        "a name that nginx does not know",
        "sni.unrecognized",
        "server",
        serving={"strict_sni": "a.test"},
    ),
    Case(
        "a name that HAProxy does not know",
        "sni.unrecognized",
        "server",
        origin="haproxy",
        serving={"extra": ("strict-sni",)},
        server_leg="ca=ROOT,sni=unknown.example",
    ),
    Case(
        "a name that s_server does not know",
        "sni.unrecognized",
        "server",
        origin="s_server",
        serving={"strict_sni": "a.test"},
    ),
    Case(
        "a name that gnutls-serv does not know",
        "sni.unrecognized",
        "server",
        origin="gnutls-serv",
        serving={"strict_sni": "a.test"},
    ),
    Case(
        "a name that the bridge made up",
        "sni.unrecognized",
        "server",
        "bridge",
        serving={"strict_sni": "a.test"},
        server_leg="ca=ROOT,sni=backend-pool",
    ),
]

CERTIFICATES = [
    Case(
        f"an origin's certificate: {fault}",
        cause,
        "server",
        "server",
        origin=origin,
        fault=fault,
        server_leg=leg,
    )
    for fault, cause, origin, leg in [
        ("expired", "cert.expired", "nginx", "ca=ROOT"),
        ("expired", "cert.expired", "go", "ca=ROOT"),
        ("not-yet-valid", "cert.not-yet-valid", "nginx", "ca=ROOT"),
        ("wrong-name", "cert.hostname-mismatch", "nginx", "ca=ROOT"),
        ("wrong-name", "cert.hostname-mismatch", "haproxy", "ca=ROOT"),
        ("self-signed", "cert.self-signed", "nginx", "ca=ROOT"),
        ("self-signed", "cert.self-signed", "gnutls-serv", "ca=ROOT"),
        ("no-intermediate", "cert.chain-incomplete", "nginx", "ca=ROOT"),
        ("no-intermediate", "cert.chain-incomplete", "node", "ca=ROOT"),
        ("untrusted-root", "cert.untrusted-root", "nginx", "ca=ROOT"),
        ("intermediate-expired", "cert.intermediate-expired", "nginx", "ca=ROOT"),
        ("wrong-usage", "cert.wrong-usage", "nginx", "ca=ROOT"),
        ("invalid-ca", "cert.invalid-ca", "nginx", "ca=ROOT"),
        ("name-constraints", "cert.name-constraints", "nginx", "ca=ROOT"),
        ("no-san", "cert.no-san", "nginx", "ca=ROOT"),
        ("sha1", "cert.weak", "go", "ca=ROOT"),
        ("weak-key", "cert.weak", "gnutls-serv", "ca=ROOT"),
        ("revoked", "cert.revoked", "nginx", "ca=ROOT,crl=CRL"),
    ]
]

TRUST = [
    Case(
        f"{client} of {version} without the authority",
        "trust.client-rejects-bridge-ca",
        "client",
        "client",
        client=client,
        trusts=False,
        ask={"max": version},
    )
    for version in ("TLS1.2", "TLS1.3")
    for client in ("curl", "openssl s_client", "gnutls-cli", "Python", "Node", "Go")
] + [
    Case(
        "wget without the authority",
        "trust.client-rejects-bridge-ca",
        "client",
        "client",
        client="wget",
        trusts=False,
    ),
    Case(
        "Java without the authority",
        "trust.client-rejects-bridge-ca",
        "client",
        "client",
        client="Java",
        trusts=False,
    ),
    Case(
        "curl without the authority, client-first",
        "trust.client-rejects-bridge-ca",
        "client",
        "client",
        trusts=False,
        options=("--order", "client-first"),
    ),
]

REQUIRE = {"client_ca": "ROOT"}

CLIENT_AUTH = [
    Case(
        f"{origin} wants a client certificate, {version}",
        "client-auth.required",
        "server",
        origin=origin,
        serving={**REQUIRE, "min": version, "max": version},
    )
    for version in ("TLS1.2", "TLS1.3")
    for origin in ("s_server", "haproxy", "node", "go", "gnutls-serv")
] + [
    Case(
        "the bridge wants a client certificate of curl",
        "client-auth.required",
        "client",
        "client",
        client_leg="client-auth=require",
    ),
    Case(
        "the bridge wants a client certificate of curl, TLS 1.2",
        "client-auth.required",
        "client",
        "client",
        client_leg="client-auth=require,max=TLS1.2",
    ),
    Case(
        "an origin that refuses the bridge's certificate",
        "client-auth.rejected",
        "server",
        "bridge",
        origin="s_server",
        serving=REQUIRE,
        server_leg="ca=ROOT,cert=STRANGER_CERT,key=STRANGER_KEY",
    ),
]

ALPN = [
    Case(
        "a bridge of h2 alone, nginx of HTTP/1.1",
        "alpn.no-overlap",
        "server",
        "bridge",
        serving={"alpn": ("http/1.1",)},
        server_leg="ca=ROOT,mirror=off,alpn=h2",
    ),
    Case(
        "a bridge of h2 alone, Go of HTTP/1.1",
        "alpn.no-overlap",
        "server",
        "bridge",
        origin="go",
        serving={"alpn": ("http/1.1",)},
        server_leg="ca=ROOT,mirror=off,alpn=h2",
    ),
    Case(
        "a bridge of h2 alone, gnutls-serv of HTTP/1.1",
        "alpn.no-overlap",
        "server",
        "bridge",
        origin="gnutls-serv",
        serving={"alpn": ("http/1.1",), "extra": ("--alpn-fatal",)},
        server_leg="ca=ROOT,mirror=off,alpn=h2",
    ),
    Case(
        "a client of an unknown protocol, nginx of HTTP/1.1",
        "alpn.no-overlap",
        "server",
        "client",
        client="openssl s_client",
        ask={"extra": ("-alpn", "unheard-of")},
    ),
    Case(
        "a client of h2 alone, a bridge of HTTP/1.1",
        "alpn.no-overlap",
        "client",
        serving={"alpn": ("h2", "http/1.1")},
        client_leg="alpn=http/1.1",
        client="openssl s_client",
        ask={"extra": ("-alpn", "h2")},
    ),
]

ALL = [*VERSIONS, *SUITES, *SNI, *CERTIFICATES, *TRUST, *CLIENT_AUTH, *ALPN]
