"""Certificates beyond those of harness/pki.py: same words, `make(pki, key, fault)`."""

import subprocess

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from harness import pki as base

USAGE = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
A_TEST = ("a.test",)


def _leaf(pki, label, issuer, sent, key="ecdsa", names=base.NAMES, days=(-3, 90)):
    own = base._new_key(key)
    extensions = [USAGE, base._san(names)]
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


FAULTS = {
    "misordered": _misordered,
    "intercepted": _intercepted,
    "renewed": _renewed,
    "one-name": _one_name,
}


def make(pki, key, fault):
    if fault in FAULTS:
        return pki._once((key, fault), lambda: FAULTS[fault](pki, key))
    return pki.server(key, fault=fault)


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
