"""Certificates beyond those of harness/pki.py: same words, `make(pki, key, fault)`."""

import subprocess

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from harness import pki as base

USAGE = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
A_TEST = ("a.test",)


def _leaf(pki, label, issuer, sent, key="ecdsa", names=base.NAMES, days=(-3, 90), more=()):
    own = base._new_key(key)
    extensions = [USAGE, base._san(names), *more]
    leaf = base._sign(names[0], own, issuer, days=days, extensions=extensions)
    return pki._files(label, leaf, sent, own)


def _misordered(pki, key):
    """leaf, root, intermediate: the root comes too early."""
    sent = [pki._root.cert, pki._intermediate.cert]
    return _leaf(pki, "misordered", pki._intermediate, sent, key)


def _intercepted(pki, key):
    """What a firewall's authority signs; nobody trusts it here."""
    firewall = pki._authority("Fortinet FortiGate CA", None)
    return _leaf(pki, "intercepted", firewall, [firewall.cert], key)


def _renewed(pki, key):
    """Self-signed like the one in renewed_anchor, with another key."""
    return _leaf(pki, "renewed", None, [], key)


def _one_name(pki, key):
    return _leaf(pki, "one-name", pki._intermediate, [pki._intermediate.cert], key, A_TEST)


def _alone(form, prefix=""):
    """The leaf alone; its issuer is where it says, in the form that the name ends in."""

    def make(pki, key):
        url = pki.publisher.publish(f"intermediate.{form}", [pki._intermediate.cert])
        url = url.replace("/intermediate", f"/{prefix}intermediate")
        return _leaf(
            pki, f"alone-{form}", pki._intermediate, [], key, more=[base._issuer_at(url)]
        )

    return make


def _on_the_web(days):
    """A whole chain that says where its issuer is."""

    def make(pki, key):
        above = base._issuer_at(
            pki.publisher.publish("intermediate.der", [pki._intermediate.cert])
        )
        sent = [pki._intermediate.cert]
        return _leaf(pki, "on-the-web", pki._intermediate, sent, key, days=days, more=[above])

    return make


def _two_missing(pki, key):
    """root → outer → inner → leaf, which comes alone; each says where its issuer is."""
    outer = pki._authority("midspan outer intermediate", pki._root)
    above = base._issuer_at(pki.publisher.publish("outer.der", [outer.cert]))
    inner = pki._authority("midspan inner intermediate", outer, extensions=[above])
    below = base._issuer_at(pki.publisher.publish("inner.der", [inner.cert]))
    return _leaf(pki, "two-missing", inner, [], key, more=[below])


def _root_not_sent(pki, key):
    """A whole chain of a root that nobody trusts, which rightly is not sent."""
    above = base._issuer_at(pki.publisher.publish("stranger.pem", [pki._stranger.cert]))
    middle = pki._authority("midspan stranger intermediate", pki._stranger, extensions=[above])
    return _leaf(pki, "root-not-sent", middle, [middle.cert], key)


def _remade(sends_root):
    """A root that was made anew with the old name and another key."""

    def make(pki, key):
        root = pki._authority("midspan test root", None)
        middle = pki._authority("midspan remade intermediate", root)
        sent = [middle.cert, root.cert] if sends_root else [middle.cert]
        return _leaf(pki, "remade", middle, sent, key)

    return make


def _asked(pki, key):
    """Names the responder, which says that it was revoked."""
    return _with_responder(pki, "asked", key)


def _asked_good(pki, key):
    """Names the responder, which says that it is good."""
    return _with_responder(pki, "asked-good", key)


def responder_at(url):
    """The extension that says where the responder is."""
    place = x509.UniformResourceIdentifier(url)
    method = x509.oid.AuthorityInformationAccessOID.OCSP
    return x509.AuthorityInformationAccess([x509.AccessDescription(method, place)])


def _with_responder(pki, label, key):
    access = responder_at(pki.publisher.responder_url)
    sent = [pki._intermediate.cert]
    return _leaf(pki, label, pki._intermediate, sent, key, more=[access])


def list_at(*urls):
    """The extension that says where revocation lists are."""
    names = [[x509.UniformResourceIdentifier(url)] for url in urls]
    return x509.CRLDistributionPoints([x509.DistributionPoint(name, None, None, None) for name in names])


def _with_list(has_it):
    """Names a list of its issuer's, in DER, on which it stands or not."""

    def make(pki, key):
        name = f"listed-{has_it}-{key}.crl"
        more = [list_at(f"{pki.publisher.url}/{name}")]
        made = _leaf(pki, "listed", pki._intermediate, [pki._intermediate.cert], key, more=more)
        serials = [made.x509.serial_number] if has_it else []
        pki.publisher.put(name, revocation_list(pki._intermediate, serials))
        return made

    return make


FAULTS = {
    "listed": _with_list(True),
    "listed-elsewhere": _with_list(False),
    "no-intermediate": _alone("der"),
    "alone-pem": _alone("pem"),
    "alone-p7c": _alone("p7c", "moved/"),
    "two-missing": _two_missing,
    "root-not-sent": _root_not_sent,
    "remade-root": _remade(True),
    "remade-root-not-sent": _remade(False),
    "on-the-web": _on_the_web((-3, 90)),
    "expired-on-the-web": _on_the_web((-40, -2)),
    "asked": _asked,
    "asked-good": _asked_good,
    "misordered": _misordered,
    "intercepted": _intercepted,
    "renewed": _renewed,
    "one-name": _one_name,
}


def make(pki, key, fault):
    if fault in FAULTS:
        return pki._once((key, fault), lambda: FAULTS[fault](pki, key))
    return pki.server(key, fault=fault)


def revocations(pki):
    """A revocation list with the leaves that name a list, or the responder, which is started as well."""
    faults = ("asked", "asked-good", "listed", "listed-elsewhere")
    leaves = [make(pki, "ecdsa", fault).x509 for fault in faults]

    def make_list():
        pki.publisher.answer_for(pki._intermediate, [(leaves[0], base._now() - base.DAY), (leaves[1], None)])
        serials = [leaf.serial_number for leaf in leaves]
        text = pki._crl(pki._intermediate, serials) + pki._crl(pki._root, [])
        return pki._write("revocations.pem", text)

    return pki._once("revocations", make_list)


def revocation_list(issuer, serials, days=(-1, 30)):
    """A list in DER, that names the reason."""
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(issuer.cert.subject)
        .last_update(base._now() + days[0] * base.DAY)
        .next_update(base._now() + days[1] * base.DAY)
    )
    for serial in serials:
        entry = x509.RevokedCertificateBuilder().serial_number(serial)
        entry = entry.revocation_date(base._now() - 2 * base.DAY)
        entry = entry.add_extension(x509.CRLReason(x509.ReasonFlags.key_compromise), False)
        builder = builder.add_revoked_certificate(entry.build())
    made = builder.sign(issuer.key, base.hashes.SHA256())
    return made.public_bytes(base.serialization.Encoding.DER)


def staple(pki):
    """What the responder says of the leaf "asked", to be stapled."""
    revocations(pki)
    leaf = make(pki, "ecdsa", "asked").leaf
    path = pki.folder / "staple.der"
    command = ["openssl", "ocsp", "-issuer", pki.intermediate, "-cert", leaf, "-noverify"]
    command += ["-url", pki.publisher.responder_url, "-respout", path]
    subprocess.run(command, capture_output=True, check=True)
    return path


def renewed_anchor(pki):
    """The self-signed certificate that was there before: the same subject, the old key."""
    return pki._once("anchor", lambda: _leaf(pki, "anchor", None, [])).leaf


def small_prime(pki):
    """Diffie-Hellman parameters of 1024 bits."""

    def make_file():
        command = ["openssl", "dhparam", "-dsaparam", "1024"]
        made = subprocess.run(command, capture_output=True, check=True)
        return pki._write("dh1024.pem", made.stdout)

    return pki._once("dh1024", make_file)


def authority(pki, folder, days):
    """Writes an authority for midspan into `folder`."""
    key = base._new_key("ecdsa")
    cert = base._sign("midspan local authority old", key, None, days=days, is_ca=True)
    folder.mkdir(mode=0o700, parents=True)
    (folder / "ca.pem").write_bytes(base._pem(cert))
    secret = folder / "ca-key.pem"
    secret.touch(0o600)
    secret.write_bytes(base._key_pem(key))
    return folder


def revoke(pki, proxy, leaf):
    """A revocation list of midspan's own authority with the serial number of its `leaf` (DER)."""
    ca = x509.load_pem_x509_certificate(proxy.ca.read_bytes())
    secret = (proxy.ca_dir / "ca-key.pem").read_bytes()
    key = base.serialization.load_pem_private_key(secret, None)
    serial = x509.load_der_x509_certificate(leaf).serial_number
    return pki._write("revoked.pem", pki._crl(base.Issuer(ca, key), [serial]))
