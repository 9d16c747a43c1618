"""Revocation lists that certificates name: fetched, believed as far as they may be, and not twice."""

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import load_der_x509_crl

from harness.clients import CLIENTS
from harness.process import free_port
from matrix import certs
from matrix.publisher import Publisher

S_CLIENT = CLIENTS["openssl s_client"]


@pytest.fixture
def publisher(tmp_path):
    made = Publisher(tmp_path / "publisher")
    yield made
    made.stop()


def leaf_with(pki, *urls, issuer=None, sent=None):
    issuer = issuer or pki._intermediate
    more = [certs.list_at(*urls)] if urls else []
    return certs._leaf(pki, "named", issuer, sent or [issuer.cert], more=more)


def lists_of(pki, *pairs):
    """The bridge's own lists: of each issuer, with these serial numbers."""
    text = b"".join(pki._crl(issuer, serials) for issuer, serials in pairs)
    return pki._write("bridge-lists.pem", text)


def with_leaf(pki, cert):
    serials = [cert.x509.serial_number]
    return lists_of(pki, (pki._intermediate, serials), (pki._root, []))


def broken(start_origin, start_midspan, curl, pki, cert, lists, *options):
    """The proxy and the verdict on an origin whose certificate is on the bridge's own list."""
    origin = start_origin("nginx", cert=cert)
    proxy = start_midspan("--server-leg", f"ca={pki.root},crl={lists}", *options)
    assert not curl.fetch(origin.url("/small.bin"), proxy=proxy.url, ca=proxy.ca).ok
    return origin, proxy, proxy.expect_verdict("cert.revoked", leg="server", party="server")


def asked(verdict):
    """What was asked now, and what it said."""
    rows = [(row["changed"], row["outcome"]) for row in verdict.get("proof", [])]
    return [(changed, outcome) for changed, outcome in rows if " asked now" in changed]


def test_a_list_says_when_and_why(start_origin, start_midspan, curl, pki_, publisher):
    cert = leaf_with(pki_, f"{publisher.url}/a.crl")
    publisher.put("a.crl", certs.revocation_list(pki_._intermediate, [cert.x509.serial_number]))
    _, _, verdict = broken(start_origin, start_midspan, curl, pki_, cert, with_leaf(pki_, cert))
    [(changed, outcome)] = asked(verdict)
    assert changed == f"the revocation list asked now: {publisher.url}/a.crl"
    serial = cert.x509.serial_number.to_bytes(20, "big").lstrip(b"\0").hex()
    assert f"serial number {serial}: revoked since " in outcome.lower()
    assert outcome.startswith("list of ") and outcome.endswith("(keyCompromise)")
    assert verdict["confidence"] == "proven"
    assert any("its issuer's list says the same now" in fact for fact in verdict["facts"])


def test_nobody_is_asked_without_probes(start_origin, start_midspan, curl, pki_, publisher):
    cert = leaf_with(pki_, f"{publisher.url}/a.crl")
    lists = with_leaf(pki_, cert)
    _, _, verdict = broken(start_origin, start_midspan, curl, pki_, cert, lists, "--no-probe")
    assert not publisher.asked() and not verdict.get("proof")


def test_a_list_is_asked_for_once(start_origin, start_midspan, curl, pki_, publisher):
    cert = leaf_with(pki_, f"{publisher.url}/once.crl")
    publisher.put("once.crl", certs.revocation_list(pki_._intermediate, [cert.x509.serial_number]))
    lists = with_leaf(pki_, cert)
    origin, proxy, _ = broken(start_origin, start_midspan, curl, pki_, cert, lists)
    proxy.mark()
    curl.fetch(origin.url("/"), proxy=proxy.url, ca=proxy.ca)
    verdict = proxy.expect_verdict("cert.revoked", leg="server")
    [(_, outcome)] = asked(verdict)
    assert "(keyCompromise)" in outcome and outcome.endswith("s ago)")
    assert publisher.asked() == ["/once.crl"]


def test_a_host_may_be_anywhere(start_origin, start_midspan, curl, pki_, publisher):
    """--resolve says where the list's host is."""
    cert = leaf_with(pki_, "http://lists.authority.test/there.crl")
    publisher.put("there.crl", certs.revocation_list(pki_._intermediate, []))
    at = publisher.url.removeprefix("http://")
    lists = with_leaf(pki_, cert)
    route = ("--resolve", f"*.authority.test={at}")
    _, _, verdict = broken(start_origin, start_midspan, curl, pki_, cert, lists, *route)
    [(changed, outcome)] = asked(verdict)
    assert "lists.authority.test" in changed and "not on the list" in outcome
    assert publisher.asked() == ["/there.crl"]
    assert any("its issuer's list does not have it now" in fact for fact in verdict["facts"])


def test_what_the_responder_does_not_tell_a_list_may(
    start_origin, start_midspan, curl, pki_, publisher
):
    access = certs.responder_at(f"http://127.0.0.1:{free_port()}")
    more = [access, certs.list_at(f"{publisher.url}/second.crl")]
    cert = certs._leaf(pki_, "both", pki_._intermediate, [pki_._intermediate.cert], more=more)
    publisher.put("second.crl", certs.revocation_list(pki_._intermediate, [cert.x509.serial_number]))
    _, _, verdict = broken(start_origin, start_midspan, curl, pki_, cert, with_leaf(pki_, cert))
    [(responder, nothing), (changed, outcome)] = asked(verdict)
    assert responder.startswith("the responder asked now") and nothing == "no connection"
    assert changed.startswith("the revocation list asked now") and "(keyCompromise)" in outcome


def pem(pki, serials):
    data = certs.revocation_list(pki._intermediate, serials)
    return load_der_x509_crl(data).public_bytes(Encoding.PEM)


def der(tag, *parts):
    body = b"".join(parts)
    size = len(body).to_bytes(4, "big").lstrip(b"\0") or b"\0"
    head = bytes([len(body)]) if len(body) < 128 else bytes([0x80 | len(size)]) + size
    return bytes([tag]) + head + body


def long_list(pki, serials, count=20_000):
    """A list with twenty thousand others; made by hand, since libraries take minutes."""
    when = der(0x17, (certs.base._now() - certs.base.DAY).strftime("%y%m%d%H%M%SZ").encode())
    until = der(0x17, (certs.base._now() + certs.base.DAY).strftime("%y%m%d%H%M%SZ").encode())
    ecdsa = der(0x30, bytes.fromhex("06082a8648ce3d040302"))
    others = [b"\x40" + number.to_bytes(7, "big") for number in range(count)]
    last = [number.to_bytes(21, "big").lstrip(b"\0") for number in serials]
    last = [b"\0" + number if number[0] & 0x80 else number for number in last]
    entries = b"".join(der(0x30, der(0x02, number), when) for number in [*others, *last])
    issuer = pki._intermediate
    name = issuer.cert.subject.public_bytes()
    body = der(0x30, der(0x02, b"\x01"), ecdsa, name, when, until, der(0x30, entries))
    signature = issuer.key.sign(body, ec.ECDSA(hashes.SHA256()))
    return der(0x30, body, ecdsa, der(0x03, b"\0", signature))


@pytest.mark.parametrize(
    "make, said",
    [
        (pem, "revoked since"),
        (long_list, "revoked since"),
        (lambda pki, serials: b"<html>gone</html>", "what came is no revocation list"),
        (
            lambda pki, serials: certs.revocation_list(pki._stranger, serials),
            "a revocation list of another issuer",
        ),
        (
            lambda pki, serials: certs.revocation_list(
                certs.base.Issuer(pki._intermediate.cert, pki._stranger.key), serials
            ),
            "a list that the issuer did not sign",
        ),
        (
            lambda pki, serials: certs.revocation_list(pki._intermediate, [], days=(-9, -2)),
            "which is over",
        ),
        (lambda pki, serials: b"x" * (4 * 2**20 + 1), "what came is no HTTP, or too much"),
    ],
    ids=["PEM", "long", "a page", "another's", "a stranger's", "over", "too much"],
)
def test_lists_of_all_kinds(start_origin, start_midspan, curl, pki_, publisher, make, said):
    cert = leaf_with(pki_, f"{publisher.url}/kind.crl")
    publisher.put("kind.crl", make(pki_, [cert.x509.serial_number]))
    _, _, verdict = broken(start_origin, start_midspan, curl, pki_, cert, with_leaf(pki_, cert))
    [(_, outcome)] = asked(verdict)
    assert said in outcome
    is_told = any("its issuer's list says the same now" in fact for fact in verdict["facts"])
    assert is_told == ("revoked since" in said)


def test_an_intermediate_has_a_list_too(start_origin, start_midspan, curl, pki_, publisher):
    above = certs.list_at(f"{publisher.url}/root.crl")
    middle = pki_._authority("midspan listed intermediate", pki_._root, extensions=[above])
    serial = middle.cert.serial_number
    publisher.put("root.crl", certs.revocation_list(pki_._root, [serial]))
    cert = leaf_with(pki_, issuer=middle)
    lists = lists_of(pki_, (middle, []), (pki_._root, [serial]))
    _, _, verdict = broken(start_origin, start_midspan, curl, pki_, cert, lists)
    [(changed, outcome)] = asked(verdict)
    assert " about CN=midspan listed intermediate" in changed and "(keyCompromise)" in outcome


# A client that is passed on, and refuses the origin's certificate itself.


def passed(start_origin, start_midspan, pki, cert, *extra):
    origin = start_origin("nginx", cert=cert)
    proxy = start_midspan("--pass", "*", "--server-leg", f"ca={pki.root}")
    got = S_CLIENT.fetch(origin.url("/small.bin"), proxy=proxy.url, ca=pki.root, extra=extra)
    assert not got.ok, got
    verdict = proxy.expect_verdict("cert.revoked", leg="client", party="server")
    proxy.wait_closed()
    proxy.settle()
    return verdict


def test_the_clients_word_is_held_against_the_issuers(
    start_origin, start_midspan, pki_, publisher
):
    """The leaf is on no list, the intermediate is."""
    above = certs.list_at(f"{publisher.url}/root.crl")
    middle = pki_._authority("midspan listed intermediate", pki_._root, extensions=[above])
    cert = leaf_with(pki_, f"{publisher.url}/middle.crl", issuer=middle)
    publisher.put("root.crl", certs.revocation_list(pki_._root, [middle.cert.serial_number]))
    publisher.put("middle.crl", certs.revocation_list(middle, []))
    verdict = passed(
        start_origin, start_midspan, pki_, cert, "-crl_check_all", "-crl_download"
    )
    assert verdict["confidence"] == "proven"
    assert [outcome.rpartition(": ")[2].split()[0] for _, outcome in asked(verdict)] == [
        "not",
        "revoked",
    ]
    rows = [(row["changed"], row["outcome"]) for row in verdict["proof"]]
    assert rows[-2:] == [
        ("revocation: by that list", "the certificate was revoked"),
        ("revocation: not looked at", "verifies"),
    ]


def test_a_client_with_a_list_of_its_own(start_origin, start_midspan, pki_, publisher):
    """Nobody else knows of it: nothing is proven."""
    cert = leaf_with(pki_, f"{publisher.url}/clean.crl")
    publisher.put("clean.crl", certs.revocation_list(pki_._intermediate, []))
    own = pki_._write("own.pem", pki_._crl(pki_._intermediate, [cert.x509.serial_number]))
    verdict = passed(start_origin, start_midspan, pki_, cert, "-CRL", own, "-crl_check")
    assert verdict["confidence"] != "proven"
    assert any("its issuer does not say so now" in fact for fact in verdict["facts"])
