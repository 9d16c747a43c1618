"""Rows: certificates on both legs, clocks, trust, client certificates."""

from .row import Row

ORIGINS = ("nginx", "s_server", "gnutls-serv", "haproxy", "node", "go", "java", "python")
PIN = f"sha256//{'A' * 43}="
BRIDGE_CA = "trust.client-rejects-bridge-ca"

# fault → cause, and the origins besides nginx that show it
FAULTS = {
    "expired": ("cert.expired", ("s_server", "haproxy", "node", "java")),
    "not-yet-valid": ("cert.not-yet-valid", ("go", "gnutls-serv", "python")),
    "wrong-name": ("cert.hostname-mismatch", ("s_server", "gnutls-serv", "node", "java")),
    "self-signed": ("cert.self-signed", ("go", "haproxy", "python")),
    "no-intermediate": ("cert.chain-incomplete", ("go", "gnutls-serv", "haproxy")),
    "untrusted-root": ("cert.untrusted-root", ("go", "node", "java")),
    "intermediate-expired": ("cert.intermediate-expired", ("go", "haproxy", "node")),
    "wrong-usage": ("cert.wrong-usage", ("s_server", "haproxy", "gnutls-serv")),
    "invalid-ca": ("cert.invalid-ca", ("go", "haproxy")),
    "name-constraints": ("cert.name-constraints", ("gnutls-serv", "haproxy")),
    "no-san": ("cert.no-san", ("go", "node")),
    "sha1": ("cert.weak", ("gnutls-serv",)),
    "weak-key": ("cert.weak", ("go",)),
}

CERTIFICATES = [
    Row(f"a certificate that is {fault}", cause, "server", "server", origin=origin, fault=fault)
    for fault, (cause, origins) in FAULTS.items()
    for origin in origins
] + [
    Row(
        "a chain in the wrong order",
        "cert.chain-misordered",
        "server",
        "server",
        masked=True,
        origin=origin,
        fault="misordered",
    )
    for origin in ("nginx", "go", "haproxy")
] + [
    Row(
        "a revoked certificate",
        "cert.revoked",
        "server",
        "server",
        origin=origin,
        fault="revoked",
        server_leg="ca=ROOT,crl=CRL",
    )
    for origin in ("go", "haproxy", "s_server")
] + [
    Row(
        "a self-signed certificate, renewed",
        "cert.self-signed-replaced",
        "server",
        "server",
        origin=origin,
        fault="renewed",
        server_leg="ca=ANCHOR",
    )
    for origin in ("nginx", "go", "gnutls-serv")
] + [
    Row(
        f"an authority made anew, the root {sent}",
        "cert.self-signed-replaced",
        "server",
        "server",
        origin=origin,
        fault=fault,
        shows="the signature does not verify: another key made it",
    )
    for origin, fault, sent in (
        ("nginx", "remade-root", "sent"),
        ("go", "remade-root", "sent"),
        ("haproxy", "remade-root-not-sent", "not sent"),
    )
] + [
    Row(
        f"a leaf alone, its issuer on the web as {form}",
        "cert.chain-incomplete",
        "server",
        "server",
        origin=origin,
        fault=fault,
        shows="CN=midspan test intermediate → verifies",
    )
    for origin, fault, form in (
        ("nginx", "no-intermediate", "DER"),
        ("go", "alone-pem", "PEM"),
        ("haproxy", "alone-p7c", "PKCS#7, moved"),
    )
] + [
    Row(
        "a leaf alone, two intermediates missing",
        "cert.chain-incomplete",
        "server",
        "server",
        origin=origin,
        fault="two-missing",
        shows="then CN=midspan outer intermediate → verifies",
    )
    for origin in ("nginx", "s_server")
] + [
    Row(
        "a whole chain of a root that is not trusted and not sent",
        "cert.untrusted-root",
        "server",
        "server",
        origin=origin,
        fault="root-not-sent",
        shows="CN=midspan stranger root, the chain as it was sent → verifies",
    )
    for origin in ("nginx", "gnutls-serv")
] + [
    Row(
        "a revoked certificate, its responder asked",
        "cert.revoked",
        "server",
        "server",
        origin=origin,
        fault="asked",
        server_leg="ca=ROOT,crl=REVOCATIONS",
        shows="revoked since",
    )
    for origin in ("nginx", "go")
] + [
    Row(
        "a revoked certificate, its list asked",
        "cert.revoked",
        "server",
        "server",
        origin=origin,
        fault="listed",
        server_leg="ca=ROOT,crl=REVOCATIONS",
        shows="(keyCompromise)",
    )
    for origin in ("nginx", "haproxy")
] + [
    Row(
        "on the bridge's revocation list, not on its issuer's",
        "cert.revoked",
        "server",
        "server",
        origin="go",
        fault="listed-elsewhere",
        server_leg="ca=ROOT,crl=REVOCATIONS",
        shows="not on the list",
    ),
    Row(
        "on the revocation list, and its responder says good",
        "cert.revoked",
        "server",
        "server",
        fault="asked-good",
        server_leg="ca=ROOT,crl=REVOCATIONS",
        shows="→ good",
    ),
    Row(
        "a revoked certificate, by its staple",
        "cert.revoked",
        "server",
        "server",
        origin="s_server",
        fault="asked",
        serving={"extra": ("-status_file", "STAPLE")},
        ask={"extra": ("--cert-status",)},
        shows="revoked since",
    ),
] + [
    Row(
        "a firewall's certificate",
        "intercept.upstream-interceptor",
        "server",
        "network",
        origin=origin,
        fault="intercepted",
    )
    for origin in ("nginx", "go")
] + [
    Row(
        "another midspan on the way",
        "intercept.upstream-interceptor",
        "server",
        "network",
        origin=origin,
        upstream=("--server-leg", "ca=ROOT"),
    )
    for origin in ("nginx", "haproxy")
]

CLOCKS = [
    Row(
        f"a machine of the bridge whose clock is off by {offset}",
        "clock.bridge",
        "server",
        "bridge",
        origin=origin,
        fault="on-the-web",
        machine=offset,
        shows="(the other clock) → verifies",
    )
    for offset, origin in (("+400d", "nginx"), ("-200d", "go"))
] + [
    Row(
        "a certificate that is expired by another clock as well",
        "cert.expired",
        "server",
        "server",
        fault="expired-on-the-web",
        shows="as midspan's clock says",
    ),
] + [
    Row(
        f"a bridge's clock of {offset}",
        "clock.bridge",
        "server",
        "bridge",
        origin=origin,
        server_leg=f"ca=ROOT,clock={offset}",
    )
    for offset, origin in (
        ("+400d", "go"),
        ("+400d", "haproxy"),
        ("-400d", "nginx"),
        ("-400d", "node"),
        ("-60d", "gnutls-serv"),
    )
] + [
    Row(
        f"a client's clock of {offset}",
        "clock.client",
        "client",
        "client",
        client=client,
        clock=offset,
        fresh=True,
    )
    for client, offset in (
        ("curl", "+400d"),
        ("openssl s_client", "+400d"),
        ("Python", "+400d"),
        ("curl", "+3000d"),
        ("curl", "-400d"),
        ("openssl s_client", "-400d"),
        ("Python", "-400d"),
    )
]

CLOCKS += [
    Row(
        f"a client's clock of {offset}, and one answer for all",
        "clock.client",
        "client",
        "client",
        client=client,
        clock=offset,
        fresh=True,
        experiment=True,
        guess=BRIDGE_CA,
    )
    for client in ("Node", "wget")
    for offset in ("-400d", "+400d")
]

TRUST = [
    Row(
        "the authority is not trusted, client-first",
        BRIDGE_CA,
        "client",
        "client",
        origin=origin,
        client=client,
        trust="root",
        fresh=True,
        options=("--order", "client-first"),
        experiment=True,
    )
    for client, origin in (
        ("openssl s_client", "haproxy"),
        ("Python", "go"),
        ("Go", "node"),
        ("Java", "gnutls-serv"),
        ("wget", "s_server"),
        ("Node", "java"),
    )
] + [
    Row(
        "the authority has expired",
        "trust.bridge-ca-expired",
        "client",
        "bridge",
        client=client,
        authority="expired",
    )
    for client in ("curl", "openssl s_client", "Python", "Go", "wget", "Node", "gnutls-cli")
] + [
    Row(
        "a pin, after a connection without",
        "trust.pinned",
        "client",
        "bridge",
        client=client,
        first=(),
        fresh=True,
        ask={"extra": extra},
    )
    for client, extra in (("curl", ("--pinnedpubkey", PIN)), ("wget", (f"--pinnedpubkey={PIN}",)))
] + [
    Row(
        "a leaf that is no mail certificate",
        "trust.leaf-refused",
        "client",
        "bridge",
        client="openssl s_client",
        first=(),
        fresh=True,
        ask={"extra": ("-purpose", "smimesign")},
    ),
] + [
    Row(
        "a leaf on a revocation list of the client's",
        "trust.leaf-refused",
        "client",
        "bridge",
        first=(),
        fresh=True,
        ask={"extra": ("--crlfile", "REVOKED")},
    ),
]

# leaf=replace:FAULT: the clients judge, aloud or in silence.
LEAVES = [
    Row(
        f"a leaf that is {fault}",
        cause,
        "client",
        "bridge",
        client=client,
        client_leg=f"leaf=replace:{fault}",
        fresh=True,
    )
    for fault, cause, clients in (
        ("expired", "cert.expired", ("curl", "openssl s_client", "Python", "Go", "Java")),
        ("not-yet-valid", "cert.not-yet-valid", ("curl", "gnutls-cli", "Go")),
        ("wrong-name", "cert.hostname-mismatch", ("curl", "Python", "wget", "Node", "Java")),
        ("self-signed", "cert.self-signed", ("curl", "openssl s_client", "Go")),
        ("no-san", "cert.no-san", ("Go",)),
        ("wrong-usage", "cert.wrong-usage", ("curl", "openssl s_client", "Python")),
        ("sha1", "cert.weak", ("curl", "Go")),
    )
    for client in clients
] + [
    Row(
        "a leaf that mirrors the origin's fault",
        cause,
        "client",
        "server",
        client=client,
        fault=fault,
        client_leg="leaf=mirror",
        server_leg="ca=ROOT,verify=off",
        fresh=True,
    )
    for client, fault, cause in (
        ("curl", "expired", "cert.expired"),
        ("Go", "wrong-name", "cert.hostname-mismatch"),
        ("Python", "expired", "cert.expired"),
    )
]

REQUIRE = {"client_ca": "ROOT"}
STRANGER = "ca=ROOT,cert=STRANGER_CERT,key=STRANGER_KEY"

CLIENT_AUTH = [
    Row(
        f"the origin wants a client certificate, {version}",
        "client-auth.required",
        "server",
        "bridge",
        origin=origin,
        client=client,
        serving={**REQUIRE, "min": version, "max": version},
    )
    for version in ("TLS1.2", "TLS1.3")
    for client, origin in (
        ("curl", "java"),
        ("Python", "haproxy"),
        ("Go", "s_server"),
        ("curl", "python"),
    )
] + [
    Row(
        f"the origin refuses the bridge's certificate, {version}",
        "client-auth.rejected",
        "server",
        "bridge",
        origin=origin,
        serving={**REQUIRE, "min": version, "max": version},
        server_leg=STRANGER,
    )
    for version in ("TLS1.2", "TLS1.3")
    for origin in ("haproxy", "go", "gnutls-serv", "java", "node", "python")
] + [
    Row(
        f"the bridge wants a client certificate, {version}",
        "client-auth.required",
        "client",
        "client",
        client=client,
        client_leg=f"client-auth=require,max={version}",
    )
    for version in ("TLS1.2", "TLS1.3")
    for client in ("openssl s_client", "Python", "Go", "Node")
] + [
    Row(
        "the bridge refuses the client's certificate",
        "client-auth.rejected",
        "client",
        "client",
        client=client,
        client_leg="client-auth=require,ca=ROOT",
        ask={"extra": extra},
    )
    for client, extra in (
        ("curl", ("--cert", "STRANGER_CERT", "--key", "STRANGER_KEY")),
        ("openssl s_client", ("-cert", "STRANGER_CERT", "-key", "STRANGER_KEY")),
        ("gnutls-cli", ("--x509certfile", "STRANGER_CERT", "--x509keyfile", "STRANGER_KEY")),
        ("wget", ("--certificate=STRANGER_CERT", "--private-key=STRANGER_KEY")),
    )
]

ALL = [*CERTIFICATES, *CLOCKS, *TRUST, *LEAVES, *CLIENT_AUTH]
