"""Lab origins against clients that are not ours: `lab serve` passes them on untouched."""

import subprocess

import pytest

from harness.clients import clean_env
from harness.midspan import Midspan

LIMIT_SECONDS = 30


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    folder = tmp_path_factory.mktemp("lab-origins")
    served = Midspan(folder, "--pass", "*.midspan.test", words=("lab", "serve"))
    yield served
    served.stop()


def curl(lab, host, *options):
    done = subprocess.run(
        ["curl", "-sS", "-k", "--noproxy", "", "-x", f"http://127.0.0.1:{lab.address[1]}"]
        + [*options, "-o", "/dev/null", "-w", "%{http_code}", f"https://{host}.midspan.test/"],
        capture_output=True,
        text=True,
        env=clean_env(),
        timeout=LIMIT_SECONDS,
    )
    return done.returncode, done.stdout, done.stderr


def s_client(lab, host, *options):
    done = subprocess.run(
        ["openssl", "s_client", "-proxy", f"127.0.0.1:{lab.address[1]}"]
        + ["-connect", f"{host}.midspan.test:443", "-servername", f"{host}.midspan.test", *options],
        input="",
        capture_output=True,
        text=True,
        env=clean_env(),
        timeout=LIMIT_SECONDS,
    )
    return done.stdout + done.stderr


@pytest.mark.parametrize(
    "host, words",
    [
        ("expired", "certificate has expired"),
        ("not-yet-valid", "certificate is not yet valid"),
    ],
)
def test_openssl_finds_the_certificates_fault(lab, host, words):
    assert words in s_client(lab, host)


def test_a_faulty_certificate_is_the_only_fault(lab):
    assert curl(lab, "expired")[:2] == (0, "200")


def test_the_server_that_fears_tls13(lab):
    assert curl(lab, "version-intolerant")[0] == 35
    assert curl(lab, "version-intolerant", "--tls-max", "1.2")[:2] == (0, "200")


def test_the_server_of_ssl3(lab):
    code, _, said = curl(lab, "sslv3")
    assert code == 35
    assert "unsupported protocol" in said or "wrong version number" in said


def test_the_small_group(lab):
    code, _, said = curl(lab, "small-dh")
    assert code == 35
    assert "dh key too small" in said
    lowered = ("--ciphers", "DEFAULT@SECLEVEL=0")
    assert curl(lab, "small-dh", *lowered)[:2] == (0, "200")
    assert "Server Temp Key: DH, 1024 bits" in s_client(
        lab, "small-dh", "-cipher", "DEFAULT@SECLEVEL=0"
    )
