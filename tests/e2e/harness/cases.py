"""A broken connection as data: which origin, which midspan, which client, and what must be said."""

from dataclasses import dataclass, field


@dataclass
class Case:
    """`origin` is a name of origins.ORIGINS; paths in options are made by `fill`.

    client: name of a client; ask: its arguments for fetch. "ROOT" in a leg option is the test
    root's file, CRL the revocation list; CLIENT_CERT, STRANGER_CERT (of a root that no origin
    trusts) and RSA_CERT (a server's), each with its _KEY, are certificates.
    """

    title: str
    cause: object  # a code, or a tuple of codes where the evidence of one connection can't tell
    leg: str
    party: object = None
    origin: str = "nginx"
    serving: dict = field(default_factory=dict)
    fault: str = None
    key: str = "ecdsa"
    client_leg: str = None
    server_leg: str = "ca=ROOT"
    options: tuple = ()
    client: str = "curl"
    ask: dict = field(default_factory=dict)
    trusts: bool = True
    name: str = "localhost"

    def __str__(self):
        return self.title


def fill(text, pki):
    files = {"ROOT": pki.root}
    if "CLIENT" in text:
        files |= {"CLIENT_CERT": pki.client().chain, "CLIENT_KEY": pki.client().key}
    if "STRANGER" in text:
        stranger = pki.client(stranger=True)
        files |= {"STRANGER_CERT": stranger.chain, "STRANGER_KEY": stranger.key}
    if "RSA" in text:
        rsa = pki.server("rsa")
        files |= {"RSA_CERT": rsa.chain, "RSA_KEY": rsa.key}
    if "CRL" in text:
        files["CRL"] = pki.crl
    for word, path in files.items():
        text = text.replace(word, str(path))
    return text


def arguments(case, pki):
    """The options of midspan for a case."""
    words = list(case.options)
    for side, text in (("client", case.client_leg), ("server", case.server_leg)):
        if text:
            words += [f"--{side}-leg", fill(text, pki)]
    return words


def serving(case, pki):
    """The options of a case's origin."""
    options = dict(case.serving, cert=pki.server(case.key, fault=case.fault))
    if options.get("client_ca"):
        options["client_ca"] = pki.root
    return options
