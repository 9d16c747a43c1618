"""Rows: versions, suites, groups, signature schemes, names and protocols that do not meet."""

from .row import Row

AES128 = "ECDHE-ECDSA-AES128-GCM-SHA256"
AES256 = "ECDHE-ECDSA-AES256-GCM-SHA384"
RSA128 = "ECDHE-RSA-AES128-GCM-SHA256"
RSA256 = "ECDHE-RSA-AES256-GCM-SHA384"
FIXED = "ca=ROOT,mirror=off"
OLD = "TLS1.2"
NEW = "TLS1.3"
VERSION, SUITE = "protocol.no-common-version", "cipher.no-common-suite"
KEY, GROUP, SCHEME = "cipher.certificate-type-mismatch", "group.no-common", "sigalg.no-common"

# The same fault, asked for by every client: what the client is must not matter.
VERSIONS = [
    Row(
        "a client up to TLS 1.2, an origin from 1.3",
        VERSION,
        "server",
        "client",
        origin=origin,
        serving={"min": NEW},
        client=client,
        ask={"max": OLD},
    )
    for client, origin in (
        ("openssl s_client", "haproxy"),
        ("gnutls-cli", "go"),
        ("Python", "node"),
        ("Node", "s_server"),
        ("Go", "gnutls-serv"),
        ("curl", "java"),
        ("curl", "python"),
    )
] + [
    Row(
        "a client up to TLS 1.2, a bridge from 1.3",
        VERSION,
        "client",
        "bridge",
        client_leg="min=TLS1.3",
        client=client,
        ask={"max": OLD},
    )
    for client in ("openssl s_client", "Python", "Node", "Go")
] + [
    Row(
        "a client from TLS 1.3, a bridge up to 1.2",
        VERSION,
        "client",
        "bridge",
        client_leg="max=TLS1.2",
        client=client,
        ask={"min": NEW},
    )
    for client in ("openssl s_client", "gnutls-cli", "Node", "Go")
] + [
    Row(
        "a bridge up to TLS 1.2, an origin from 1.3",
        VERSION,
        "server",
        "bridge",
        origin=origin,
        serving={"min": NEW},
        client=client,
        server_leg="ca=ROOT,max=TLS1.2",
    )
    for client, origin in (("wget", "java"), ("Java", "python"), ("Node", "nginx"))
] + [
    Row(
        "an edge and a client up to TLS 1.2, an origin from 1.3",
        VERSION,
        "server",
        "bridge",
        origin=origin,
        serving={"min": NEW},
        client=client,
        ask={"max": OLD},
        options=("--edge", edge),
    )
    for client, origin, edge in (
        ("curl", "nginx", "ingress-nginx"),
        ("gnutls-cli", "go", "f5-bigip"),
        ("Go", "s_server", "envoy-default"),
    )
] + [
    Row(
        "a bridge from TLS 1.3, an origin up to 1.2",
        VERSION,
        "server",
        "bridge",
        origin=origin,
        serving={"max": OLD},
        server_leg=f"{FIXED},min=TLS1.3",
    )
    for origin in ("s_server", "gnutls-serv", "haproxy", "go", "node", "java", "python")
]

SUITES = [
    Row(
        "one suite of the bridge, another of the origin",
        SUITE,
        "server",
        "bridge",
        origin=origin,
        serving={"max": OLD, "ciphers": ciphers},
        server_leg=f"{FIXED},max=TLS1.2,ciphers={AES256}",
    )
    for origin, ciphers in (
        ("gnutls-serv", "NORMAL:-VERS-ALL:+VERS-TLS1.2:-AES-256-GCM"),
        ("java", "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"),
        ("python", AES128),
    )
] + [
    Row(
        "one suite of the client, another of the origin",
        SUITE,
        "server",
        "client",
        origin=origin,
        serving={"max": OLD, "ciphers": AES128},
        client="openssl s_client",
        ask={"max": OLD, "extra": ("-cipher", AES256)},
    )
    for origin in ("haproxy", "node")
] + [
    Row(
        "a suite that the bridge has not",
        SUITE,
        "client",
        "bridge",
        client_leg=f"max=TLS1.2,ciphers={AES256}",
        client=client,
        ask={"extra": extra, "max": OLD},
    )
    for client, extra in (
        ("openssl s_client", ("-cipher", AES128)),
        ("gnutls-cli", ("--priority", "NORMAL:-VERS-ALL:+VERS-TLS1.2:-CIPHER-ALL:+AES-128-GCM")),
    )
] + [
    Row(
        "an RSA suite of the bridge, an origin with an ECDSA certificate",
        KEY,
        "server",
        "bridge",
        origin=origin,
        serving={"max": OLD},
        server_leg=f"{FIXED},max=TLS1.2,ciphers={RSA128}",
    )
    for origin in ("s_server", "haproxy", "node", "java", "python")
] + [
    Row(
        "an ECDSA suite of the bridge, an origin with an RSA certificate",
        KEY,
        "server",
        "bridge",
        origin=origin,
        key="rsa",
        serving={"max": OLD},
        server_leg=f"{FIXED},max=TLS1.2,ciphers={AES128}",
    )
    for origin in ("nginx", "go")
] + [
    Row(
        "a client of ECDSA suites, a bridge with an RSA certificate",
        KEY,
        "client",
        "bridge",
        client_leg="max=TLS1.2,cert=RSA_CERT,key=RSA_KEY",
        client="openssl s_client",
        ask={"max": OLD, "extra": ("-cipher", AES256)},
    ),
]

GROUPS = [
    Row(
        "P-256 of the bridge, P-384 of the origin",
        GROUP,
        "server",
        "bridge",
        origin=origin,
        serving=serving,
        server_leg=f"{FIXED},min=TLS1.3,groups=P-256",
    )
    for origin, serving in (
        ("s_server", {"min": NEW, "groups": "secp384r1"}),
        ("gnutls-serv", {"ciphers": "NORMAL:-VERS-ALL:+VERS-TLS1.3:-GROUP-ALL:+GROUP-SECP384R1"}),
        ("java", {"min": NEW, "extra": ("-Djdk.tls.namedGroups=secp384r1",)}),
    )
] + [
    Row(
        "X25519 alone of the bridge, a certificate with a key on P-256",
        GROUP,
        "server",
        "bridge",
        origin=origin,
        serving={"max": OLD},
        server_leg=f"{FIXED},groups=X25519",
        shows="groups: + secp256r1 alone → ServerHello",
    )
    for origin in ("s_server", "haproxy", "nginx")
] + [
    Row(
        "a group of the client that the bridge has not",
        GROUP,
        "client",
        "bridge",
        client_leg="min=TLS1.3,groups=P-384",
        client=client,
        ask={"min": NEW, "extra": extra},
    )
    for client, extra in (
        ("openssl s_client", ("-groups", "X25519")),
        ("gnutls-cli", ("--priority", "NORMAL:-VERS-ALL:+VERS-TLS1.3:-GROUP-ALL:+GROUP-X25519")),
    )
]

SCHEMES = [
    Row(
        "a scheme of the bridge, another of the origin",
        SCHEME,
        "server",
        "bridge",
        origin=origin,
        key="rsa",
        serving=serving,
        server_leg=f"{FIXED},min=TLS1.3,sigalgs=rsa_pss_rsae_sha512",
    )
    for origin, serving in (
        ("node", {"min": NEW, "sigalgs": "rsa_pss_rsae_sha256"}),
        (
            "gnutls-serv",
            {"ciphers": "NORMAL:-VERS-ALL:+VERS-TLS1.3:-SIGN-ALL:+SIGN-RSA-PSS-RSAE-SHA256"},
        ),
    )
] + [
    Row(
        "a scheme of the client that the bridge has not",
        SCHEME,
        "client",
        "bridge",
        key="rsa",
        client_leg="min=TLS1.3,sigalgs=rsa_pss_rsae_sha256:ecdsa_secp256r1_sha256",
        client=client,
        ask={"min": NEW, "extra": extra},
    )
    for client, extra in (
        ("openssl s_client", ("-sigalgs", "rsa_pss_rsae_sha512")),
        (
            "gnutls-cli",
            ("--priority", "NORMAL:-VERS-ALL:+VERS-TLS1.3:-SIGN-ALL:+SIGN-RSA-PSS-RSAE-SHA512"),
        ),
    )
]

# midspan itself takes a small prime, so that labs can show one: it says so in the masking report.
# Clients that are passed on to such an origin refuse it themselves.
SMALL = {"max": OLD, "ciphers": "DHE-RSA-AES128-GCM-SHA256:@SECLEVEL=0"}
PRIMES = {
    "nginx": {**SMALL, "extra": ("ssl_dhparam DH1024;",)},
    "java": {
        "max": OLD,
        "ciphers": "TLS_DHE_RSA_WITH_AES_128_GCM_SHA256",
        "extra": ("-Djdk.tls.ephemeralDHKeySize=1024",),
    },
}

DH = [
    Row(
        "a Diffie-Hellman prime of 1024 bits",
        "dh.too-weak",
        "server",
        "server",
        masked=True,
        origin=origin,
        key="rsa",
        serving=serving,
        server_leg=f"{FIXED},max=TLS1.2,ciphers=DHE-RSA-AES128-GCM-SHA256",
    )
    for origin, serving in PRIMES.items()
] + [
    Row(
        "a Diffie-Hellman prime of 1024 bits, passed on",
        "dh.too-weak",
        "client",
        "server",
        origin=origin,
        key="rsa",
        serving=PRIMES[origin],
        client=client,
        ask={"max": OLD, "extra": extra},
        trust="root",
        options=("--pass", "*"),
    )
    for client, origin, extra in (
        ("curl", "nginx", ("--ciphers", "DHE-RSA-AES128-GCM-SHA256")),
        ("openssl s_client", "java", ("-cipher", "DHE-RSA-AES128-GCM-SHA256")),
    )
]

NAMES = [
    Row(
        "no SNI to an origin that insists",
        "sni.required",
        "server",
        "bridge",
        origin=origin,
        serving={"strict_sni": "localhost"},
        client=client,
        server_leg="ca=ROOT,sni=none",
    )
    for client, origin in (("wget", "haproxy"), ("Python", "nginx"), ("Go", "haproxy"))
] + [
    Row(
        "a name that the origin does not know",
        "sni.unrecognized",
        "server",
        "server",
        origin=origin,
        serving={"strict_sni": "a.test"},
        client=client,
    )
    for client, origin in (
        ("wget", "nginx"),
        ("Go", "s_server"),
        ("Python", "gnutls-serv"),
        ("Node", "nginx"),
    )
] + [
    Row(
        f"{defect} in SNI",
        "sni.malformed",
        "server",
        "bridge",
        origin=origin,
        server_leg=f"ca=ROOT,verify=off,sni={name}",
    )
    for defect, name, origin in (
        ("a final dot", "localhost.", "go"),
        ("an underscore", "local_host", "gnutls-serv"),
        ("a final dot", "localhost.", "java"),
        ("an underscore", "local_host", "java"),
        ("a port", "localhost:443", "gnutls-serv"),
    )
] + [
    Row(
        "the name of another certificate than the one to verify",
        "sni.misdirected",
        "server",
        "bridge",
        origin=origin,
        fault="one-name",
        server_leg="ca=ROOT,sni=a.test,verify-name=localhost",
    )
    for origin in ("nginx", "haproxy", "go")
]

PROTOCOLS = [
    Row(
        "h2 of the bridge, HTTP/1.1 of the origin",
        "alpn.no-overlap",
        "server",
        "bridge",
        origin=origin,
        serving={"alpn": ("http/1.1",)},
        client=client,
        server_leg=f"{FIXED},alpn=h2",
    )
    for client, origin in (("Python", "node"), ("wget", "nginx"), ("Node", "go"))
] + [
    Row(
        "a client of an unknown protocol",
        "alpn.no-overlap",
        "server",
        "client",
        origin=origin,
        client=client,
        ask={"extra": extra},
    )
    for client, origin, extra in (
        ("gnutls-cli", "go", ("--alpn", "unheard-of")),
        ("openssl s_client", "node", ("-alpn", "unheard-of")),
    )
] + [
    Row(
        "a client of h2 alone, a bridge of HTTP/1.1",
        "alpn.no-overlap",
        "client",
        "bridge",
        serving={"alpn": ("h2", "http/1.1")},
        client_leg="alpn=http/1.1",
        client="gnutls-cli",
        ask={"extra": ("--alpn", "h2", "--priority", "NORMAL")},
    ),
]

FALLBACKS = [
    Row(
        "a client that fell back",
        "client.misconfigured",
        leg,
        "client",
        client=client,
        options=options,
        ask={"max": OLD, "extra": extra},
    )
    for client, extra in (
        ("openssl s_client", ("-fallback_scsv",)),
        ("gnutls-cli", ("--priority", "NORMAL:-VERS-TLS1.3:%FALLBACK_SCSV")),
    )
    for leg, options in (("client", ("--order", "client-first")),)
]

ALL = [*VERSIONS, *SUITES, *GROUPS, *SCHEMES, *DH, *NAMES, *PROTOCOLS, *FALLBACKS]
