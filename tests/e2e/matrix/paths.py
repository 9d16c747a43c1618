"""Rows: transport, ingress, boxes in between, passed connections, alerts of applications."""

from .row import Row

LARGE_ALPN = ",".join(f"a-protocol-of-some-length-{i:03}" for i in range(45))
# supported_versions that begins with TLS 1.3 and has another: what such a box can't read.
TLS13 = "reject if { req.payload(0,0),hex -m reg -i 002b00....0304 }"

TRANSPORT = [
    Row(
        "nobody listens",
        "transport.refused",
        "server",
        "server",
        origin="nothing",
        client=client,
    )
    for client in ("curl", "wget", "Python", "gnutls-cli")
] + [
    Row(
        "a name without an address",
        "transport.dns",
        "server",
        "network",
        client=client,
        target="no-such-host.invalid:443",
    )
    for client in ("curl", "wget", "Python", "Go")
] + [
    Row(
        "plain HTTP at the port",
        "transport.not-tls",
        "server",
        "server",
        origin=origin,
        client=client,
    )
    for client, origin in (
        ("curl", "plain nginx"),
        ("wget", "plain haproxy"),
        ("Go", "plain nginx"),
    )
] + [
    Row(
        "a box that cuts hellos",
        cause,
        "server",
        party,
        origin="haproxy box",
        serving={"extra": rules},
        client=client,
    )
    for client, cause, party, rules in (
        ("curl", "transport.closed", "server", ("reject if { req.ssl_hello_type 1 }",)),
        ("Go", "transport.closed", "server", ("reject if { req.ssl_hello_type 1 }",)),
    )
] + [
    Row(
        "a box that cuts every version",
        "transport.closed",
        "server",
        "server",
        origin="nginx box",
        serving={"extra": ("TLSv1.2", "TLSv1.3")},
    ),
] + [
    Row(
        "a box that swallows hellos",
        "transport.timeout",
        "server",
        "network",
        origin="haproxy box",
        serving={"extra": ("silent-drop if { req.ssl_hello_type 1 }",)},
        server_leg="ca=ROOT,timeout=500ms",
    ),
    Row(
        "a server that leaves",
        "transport.closed",
        "server",
        "server",
        origin="socat",
        serving={"extra": ("sleep", "0.2")},
    ),
    Row(
        "a server that says nothing",
        "transport.timeout",
        "server",
        "network",
        origin="socat",
        serving={"extra": ("sleep", "30")},
        server_leg="ca=ROOT,timeout=500ms",
        client="Go",
    ),
] + [
    Row(
        "a reset after the hello",
        "transport.reset",
        "server",
        "network",
        origin=origin,
        serving={"extra": extra},
        client=client,
    )
    for client, origin, extra in (
        ("curl", "haproxy box", ("reset", "reject if { req.ssl_hello_type 1 }")),
        ("Python", "haproxy box", ("reset", "reject if { req.ssl_hello_type 1 }")),
    )
]

INTOLERANT = [
    Row(
        "a box that drops hellos of TLS 1.3",
        "protocol.intolerant",
        "server",
        "server",
        origin=origin,
        serving={"extra": extra},
        client=client,
    )
    for client, origin, extra in (
        ("curl", "nginx box", ("TLSv1.3",)),
        ("Go", "nginx box", ("TLSv1.3",)),
        ("curl", "haproxy box", (TLS13,)),
    )
] + [
    Row(
        "a box that drops large hellos",
        "hello.intolerant",
        "server",
        "server",
        origin="haproxy box",
        serving={"extra": ("reject if { req.len gt 350 }",)},
        client=client,
        ask={"extra": extra},
    )
    for client, extra in (
        ("openssl s_client", ("-alpn", LARGE_ALPN)),
        ("gnutls-cli", tuple(f"--alpn={name}" for name in LARGE_ALPN.split(",")[:8])),
    )
]

INGRESS = [
    Row(
        "TLS to the proxy's port",
        "ingress.tls-to-proxy-port",
        "client",
        "client",
        client=client,
        target="PROXY",
        trusts=False,
    )
    for client in ("curl", "wget", "Python", "Go", "openssl s_client")
] + [
    Row(
        "a proxy's request to a TLS port",
        "ingress.proxy-to-tls-port",
        "client",
        "client",
        client=client,
        bridged=True,
    )
    for client in ("curl", "wget", "Python", "Go")
] + [
    Row(
        "SOCKS4",
        "ingress.malformed",
        "client",
        "client",
        ask={"proxy": None, "extra": ("--socks4", "PROXY")},
    ),
    Row(
        "a PROXY protocol header that nobody expects",
        "ingress.malformed",
        "client",
        "client",
        target="PROXY",
        ask={"extra": ("--haproxy-protocol",)},
    ),
]

SERVING_OLD = "NORMAL:-VERS-TLS1.3:%DISABLE_SAFE_RENEGOTIATION"

OLD_HABITS = [
    Row(
        "no secure renegotiation",
        "protocol.legacy-renegotiation",
        "server",
        "server",
        origin="gnutls-serv",
        serving={"ciphers": SERVING_OLD},
        client=client,
    )
    for client in ("curl", "Go", "Python", "gnutls-cli")
]

PASSED = [
    Row(
        f"passed on, and the certificate is {fault}",
        cause,
        "client",
        "server",
        client=client,
        fault=fault,
        trust=trust,
        options=("--pass", "*"),
    )
    for client, fault, cause, trust in (
        ("curl", "untrusted-root", "cert.untrusted-root", "root"),
        ("openssl s_client", "expired", "cert.expired", "root"),
        ("Python", "expired", "cert.expired", "root"),
        ("openssl s_client", "wrong-usage", "cert.wrong-usage", "root"),
    )
] + [
    # TLS 1.3 encrypts the alert of these, or they send none: the shape of what flies by tells.
    Row(
        f"passed on, nothing to read, and the certificate is {fault}",
        cause,
        "client",
        "server",
        client=client,
        origin=origin,
        fault=fault,
        serving=serving,
        trust="root",
        options=("--pass", "*"),
    )
    for client, origin, fault, cause, serving in (
        ("Go", "nginx", "expired", "cert.expired", {}),
        ("Go", "haproxy", "wrong-name", "cert.hostname-mismatch", {}),
        ("gnutls-cli", "nginx", "wrong-name", "cert.hostname-mismatch", {}),
        ("gnutls-cli", "haproxy", "invalid-ca", "cert.invalid-ca", {}),
        ("Java", "nginx", "expired", "cert.expired", {}),
        ("Node", "nginx", "wrong-name", "cert.hostname-mismatch", {}),
        ("Node", "haproxy", "not-yet-valid", "cert.not-yet-valid", {"max": "TLS1.2"}),
        ("wget", "nginx", "expired", "cert.expired", {}),
        ("curl", "haproxy", "wrong-name", "cert.hostname-mismatch", {}),
        ("Python", "nginx", "wrong-name", "cert.hostname-mismatch", {}),
        ("Go", "nginx", "untrusted-root", "cert.untrusted-root", {}),
    )
] + [
    Row(
        "passed on, and the client does not know the authority",
        "cert.untrusted-root",
        "client",
        "client",
        client=client,
        trust="stranger",
        options=("--pass", "*"),
    )
    for client in ("curl", "Go")
] + [
    Row(
        f"passed on, and the certificate is revoked, says the list that {whose}",
        "cert.revoked",
        "client",
        "server",
        client=client,
        fault="listed",
        trust="root",
        ask=ask,
        options=("--pass", "*"),
        shows="revocation: by that list → the certificate was revoked",
    )
    for client, whose, ask in (
        ("curl", "the client has", {"max": "TLS1.2", "extra": ("--crlfile", "REVOCATIONS")}),
        ("openssl s_client", "it names", {"extra": ("-crl_check", "-crl_download")}),
    )
] + [
    Row(
        "passed on, a client up to TLS 1.2, an origin from 1.3",
        "protocol.no-common-version",
        "server",
        "client",
        origin=origin,
        serving={"min": "TLS1.3"},
        client=client,
        ask={"max": "TLS1.2"},
        trust="root",
        options=("--pass", "*"),
    )
    for client, origin in (("curl", "nginx"), ("Go", "haproxy"))
] + [
    Row(
        "passed on, plain HTTP at the port",
        "transport.not-tls",
        "server",
        "server",
        origin=origin,
        client=client,
        trust="root",
        options=("--pass", "*"),
    )
    for client, origin in (("curl", "plain nginx"), ("Go", "plain haproxy"))
] + [
    Row(
        "passed on, a name that the origin does not know",
        "sni.unrecognized",
        "server",
        "server",
        origin="nginx",
        serving={"strict_sni": "a.test"},
        client="Python",
        trust="root",
        options=("--pass", "*"),
    ),
]

# Java can be told to insist; nothing else of Debian 12 does.
INSIST = "-Djdk.tls.allowLegacyMasterSecret=false"

MASTER_SECRET = [
    Row(
        "passed on, a server that insists on extended master secret",
        "protocol.ems-required",
        "server",
        "client",
        origin="java",
        serving={"max": "TLS1.2", "extra": (INSIST,)},
        client=client,
        ask={"max": "TLS1.2", **ask},
        env=env,
        trust="root",
        options=("--pass", "*"),
    )
    for client, ask, env in (
        ("gnutls-cli", {"extra": ("--priority", "NORMAL:-VERS-TLS1.3:%NO_SESSION_HASH")}, {}),
        ("openssl s_client", {}, {"OPENSSL_CONF": "{FOLDER}/no-ems.cnf"}),
    )
]

ALERTS = [
    Row(
        "an application that denies",
        "alert.access-denied",
        "server",
        "server",
        origin="python",
        serving={"extra": ("ALERT_DESCRIPTION_ACCESS_DENIED",)},
        client=client,
    )
    for client in ("curl", "Go")
] + [
    Row(
        "an application that breaks",
        "alert.internal-error",
        "server",
        "server",
        origin=origin,
        serving={"extra": extra},
        client=client,
    )
    for client, origin, extra in (
        ("curl", "python", ("ALERT_DESCRIPTION_INTERNAL_ERROR",)),
        ("curl", "nginx by name", ()),
        ("Python", "nginx by name", ()),
    )
]

ALL = [*TRANSPORT, *INTOLERANT, *INGRESS, *OLD_HABITS, *PASSED, *MASTER_SECRET, *ALERTS]
