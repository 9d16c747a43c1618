"""A test authority and server certificates, good and faulty.

root → intermediate → leaf. Each fault changes one thing of a good chain.
"""

import datetime
import ipaddress
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

DAY = datetime.timedelta(days=1)
NAMES = ("localhost", "a.test", "b.test", "*.wild.test", "127.0.0.1", "::1")

FAULTS = (
    "expired",
    "not-yet-valid",
    "wrong-name",
    "self-signed",
    "no-intermediate",
    "untrusted-root",
    "sha1",
    "weak-key",
    "wrong-usage",
    "no-san",
    "intermediate-expired",
    "invalid-ca",
    "name-constraints",
    "revoked",
)


@dataclass(frozen=True)
class Cert:
    """Files of one certificate: `chain` is leaf and intermediates as an origin sends them."""

    leaf: Path
    chain: Path
    key: Path
    bundle: Path  # chain and key in one file
    x509: object


@dataclass(frozen=True)
class Issuer:
    cert: object
    key: object


def _name(common):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _san(names):
    general = []
    for name in names:
        try:
            general.append(x509.IPAddress(ipaddress.ip_address(name)))
        except ValueError:
            general.append(x509.DNSName(name))
    return x509.SubjectAlternativeName(general)


def _issuer_at(address):
    place = x509.UniformResourceIdentifier(address)
    method = x509.oid.AuthorityInformationAccessOID.CA_ISSUERS
    return x509.AuthorityInformationAccess([x509.AccessDescription(method, place)])


def _new_key(kind):
    if kind == "ecdsa":
        return ec.generate_private_key(ec.SECP256R1())
    if kind == "p384":
        return ec.generate_private_key(ec.SECP384R1())
    return rsa.generate_private_key(65537, 1024 if kind == "rsa1024" else 2048)


def _pem(cert):
    return cert.public_bytes(serialization.Encoding.PEM)


def _key_pem(key):
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def _usage(is_ca):
    return x509.KeyUsage(
        digital_signature=not is_ca,
        key_encipherment=not is_ca,
        key_cert_sign=is_ca,
        crl_sign=is_ca,
        content_commitment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _now():
    return datetime.datetime.utcnow().replace(microsecond=0)


def _sign(subject, key, issuer, *, days=(-3, 90), is_ca=False, digest=None, extensions=()):
    """One certificate; `issuer` None signs itself."""
    signer = issuer.key if issuer else key
    issuer_name = issuer.cert.subject if issuer else _name(subject)
    signer_public = issuer.cert.public_key() if issuer else key.public_key()
    builder = (
        x509.CertificateBuilder()
        .subject_name(_name(subject))
        .issuer_name(issuer_name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(_now() + days[0] * DAY)
        .not_valid_after(_now() + days[1] * DAY)
        .add_extension(x509.BasicConstraints(ca=is_ca, path_length=None), critical=True)
        .add_extension(_usage(is_ca), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer_public), False)
    )
    for extension in extensions:
        builder = builder.add_extension(extension, critical=False)
    return builder.sign(signer, digest or hashes.SHA256())


class Pki:
    """Everything under one folder; `root` is the only file a client must trust."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self._made = {}
        self._root = self._authority("midspan test root", None)
        self._stranger = self._authority("midspan stranger root", None)
        self._intermediate = self._authority("midspan test intermediate", self._root)
        self.root = self._write("root.pem", _pem(self._root.cert))
        self.intermediate = self._write("intermediate.pem", _pem(self._intermediate.cert))
        self.stranger = self._write("stranger.pem", _pem(self._stranger.cert))

    def server(self, key="ecdsa", names=NAMES, fault=None):
        """A server certificate; `fault` is None or one of FAULTS."""
        assert fault is None or fault in FAULTS, fault
        return self._once((key, tuple(names), fault), lambda: self._server(key, names, fault))

    def client(self, name="client.test", stranger=False):
        """A client certificate, of the test root or of one that no origin trusts."""
        return self._once(("client", name, stranger), lambda: self._client(name, stranger))

    @property
    def crl(self):
        """Revocation lists of root and intermediate; the latter lists the `revoked` leaf."""
        revoked = self.server(fault="revoked").x509.serial_number
        text = self._crl(self._intermediate, [revoked]) + self._crl(self._root, [])
        return self._write("crl.pem", text)

    def _server(self, key_kind, names, fault):
        if fault == "wrong-name":
            names = ("elsewhere.test",)
        if fault == "weak-key":
            key_kind = "rsa1024"
        key = _new_key(key_kind)
        issuer, sent = self._chain_for(fault)
        usage = ExtendedKeyUsageOID.SERVER_AUTH
        if fault == "wrong-usage":
            usage = ExtendedKeyUsageOID.CLIENT_AUTH
        extensions = [x509.ExtendedKeyUsage([usage])]
        if fault != "no-san":
            extensions.append(_san(names))
        if fault == "no-intermediate":
            # Public authorities say where the issuer can be had; it is what tells an intermediate
            # that is missing from a root that is not trusted.
            extensions.append(_issuer_at("http://authority.test/intermediate.der"))
        leaf = _sign(
            names[0],
            key,
            issuer,
            days={"expired": (-40, -2), "not-yet-valid": (5, 90)}.get(fault, (-3, 90)),
            digest=hashes.SHA1() if fault == "sha1" else None,
            extensions=extensions,
        )
        return self._files(f"{key_kind}-{fault or 'good'}", leaf, sent, key)

    def _chain_for(self, fault):
        """Who signs a leaf with `fault`, and what is sent after the leaf."""
        if fault == "self-signed":
            return None, []
        if fault == "no-intermediate":
            return self._intermediate, []
        if fault == "untrusted-root":
            return self._stranger, [self._stranger.cert]
        if fault == "intermediate-expired":
            issuer = self._authority("midspan expired intermediate", self._root, days=(-40, -2))
            return issuer, [issuer.cert]
        if fault == "invalid-ca":
            issuer = self._authority("midspan mere leaf", self._root, is_ca=False)
            return issuer, [issuer.cert]
        if fault == "name-constraints":
            only = x509.NameConstraints([x509.DNSName("permitted.example")], None)
            issuer = self._authority("midspan narrow intermediate", self._root, extensions=[only])
            return issuer, [issuer.cert]
        return self._intermediate, [self._intermediate.cert]

    def _client(self, name, stranger):
        key = _new_key("ecdsa")
        issuer = self._stranger if stranger else self._root
        usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH])
        leaf = _sign(name, key, issuer, extensions=[usage])
        return self._files(f"client-{'stranger' if stranger else 'good'}", leaf, [], key)

    def _authority(self, subject, issuer, *, days=(-30, 365), is_ca=True, extensions=()):
        key = _new_key("ecdsa")
        cert = _sign(subject, key, issuer, days=days, is_ca=is_ca, extensions=extensions)
        return Issuer(cert, key)

    def _crl(self, issuer, serials):
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(issuer.cert.subject)
            .last_update(_now() - DAY)
            .next_update(_now() + 30 * DAY)
        )
        for serial in serials:
            entry = x509.RevokedCertificateBuilder().serial_number(serial)
            builder = builder.add_revoked_certificate(entry.revocation_date(_now() - DAY).build())
        return builder.sign(issuer.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)

    def _files(self, label, leaf, sent, key):
        stem = f"{len(self._made):03}-{label}"
        chain = b"".join(_pem(cert) for cert in [leaf, *sent])
        return Cert(
            leaf=self._write(f"{stem}-leaf.pem", _pem(leaf)),
            chain=self._write(f"{stem}-chain.pem", chain),
            key=self._write(f"{stem}-key.pem", _key_pem(key)),
            bundle=self._write(f"{stem}-bundle.pem", chain + _key_pem(key)),
            x509=leaf,
        )

    def _once(self, key, make):
        if key not in self._made:
            self._made[key] = make()
        return self._made[key]

    def _write(self, name, data):
        path = self.folder / name
        path.write_bytes(data)
        return path
