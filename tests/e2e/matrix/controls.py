"""Rows that work, on which midspan must have nothing to say."""

from .row import Row


def good(title, client="curl", origin="nginx", **more):
    return Row(title, None, None, client=client, origin=origin, **more)


CONTROLS = [
    *(good("as it comes", client) for client in ("curl", "wget", "gnutls-cli", "openssl s_client")),
    *(good("as it comes", client) for client in ("Python", "Node", "Java", "Go")),
    *(good("as it comes", "curl", origin) for origin in ("s_server", "gnutls-serv", "haproxy")),
    *(good("as it comes", "curl", origin) for origin in ("node", "go", "java", "python")),
    good("up to TLS 1.2", "Go", "haproxy", ask={"max": "TLS1.2"}),
    good("up to TLS 1.2", "gnutls-cli", "node", ask={"max": "TLS1.2"}),
    good("from TLS 1.3", "Python", "go", ask={"min": "TLS1.3"}),
    good("HTTP/2", "curl", "nginx", serving={"alpn": ("h2", "http/1.1")}, ask={"h2": True}),
    good("client-first", "Java", "haproxy", options=("--order", "client-first")),
    *(
        good("passed on", client, "nginx", trust="root", options=("--pass", "*"))
        for client in ("Go", "wget", "Node", "Java", "openssl s_client")
    ),
    good("a box in between", "curl", "haproxy box"),
    good(
        "a client certificate that the origin takes",
        "Python",
        "gnutls-serv",
        serving={"client_ca": "ROOT"},
        server_leg="ca=ROOT,cert=CLIENT_CERT,key=CLIENT_KEY",
    ),
    good("an RSA certificate", "wget", "haproxy", key="rsa"),
    good("a certificate of P-384", "Node", "go", key="p384"),
]
