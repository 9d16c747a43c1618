"""The commands around the proxy: exec, browser, ca, help."""

import json
import os
import stat
import subprocess
import sys

import pytest

from harness import bodies
from harness.browsers import BROWSERS, nss_store
from harness.midspan import run
from harness.origins import PEERS, Nginx


@pytest.fixture
def home(tmp_path):
    """A home folder of nobody's, and the environment that says so."""
    folder = tmp_path / "home"
    (folder / "tmp").mkdir(parents=True)
    return {
        "HOME": str(folder),
        "XDG_DATA_HOME": str(folder / ".local/share"),
        "XDG_CONFIG_HOME": str(folder / ".config"),
        "TMPDIR": str(folder / "tmp"),
    }


# exec


def exec_(pki, home, *words, options=()):
    return run("exec", "--server-leg", f"ca={pki.root}", *options, "--", *words, env=home)


def programs(url, built):
    node_options = json.dumps({"url": url, "proxy": "env"})
    python = f"import urllib.request as r, sys; sys.stdout.buffer.write(r.urlopen('{url}').read())"
    return {
        "curl": ["curl", "-sS", url],
        "wget": ["wget", "-q", "-O", "-", "--no-hsts", url],
        "Python": [sys.executable, "-c", python],
        "Java": ["java", "-XX:TieredStopAtLevel=1", PEERS / "java" / "Plain.java", url],
        "Node": ["node", PEERS / "fetch.mjs", node_options],
    }


@pytest.mark.parametrize("program", ["curl", "wget", "Python", "Java", "Node"])
def test_exec(program, pki_, home, nginx, site, built):
    done = exec_(pki_, home, *programs(nginx.url("/small.bin"), built)[program])
    assert done.returncode == 0, done.said
    if program == "Node":
        assert json.loads(done.stdout)["sha256"] == site.small
    else:
        assert bodies.sha256(done.stdout) == site.small
    assert os.listdir(home["TMPDIR"]) == []


def test_exec_git(pki_, home, tmp_path, start_origin):
    work = tmp_path / "work"
    git = ["git", "-c", "user.name=t", "-c", "user.email=t@t.test", "-C", work]
    subprocess.run(["git", "init", "-q", work], check=True)
    (work / "file").write_text("content\n")
    subprocess.run([*git, "add", "file"], check=True)
    subprocess.run([*git, "commit", "-q", "-m", "one"], check=True)
    bare = tmp_path / "site" / "repo.git"
    subprocess.run(["git", "clone", "-q", "--bare", work, bare], check=True)
    subprocess.run(["git", "-C", bare, "update-server-info"], check=True)
    with Nginx(tmp_path / "git-nginx", tmp_path / "site", cert=pki_.server()) as origin:
        copy = tmp_path / "copy"
        done = exec_(pki_, home, "git", "clone", "-q", origin.url("/repo.git"), copy)
    assert done.returncode == 0, done.said
    assert (copy / "file").read_text() == "content\n"


def test_exec_says_what_it_found(home, nginx):
    done = run("exec", "--", "curl", "-sS", nginx.url(), env=home)
    assert "cert." in done.said, done.said


@pytest.mark.parametrize(
    "words, code",
    [
        (["sh", "-c", "exit 7"], 7),
        (["sh", "-c", "kill -9 $$"], 128 + 9),
        (["no-such-program-here"], 127),
        (["/etc/passwd"], 126),
    ],
    ids=["the program's own", "after a signal", "not found", "not executable"],
)
def test_exec_exit_code(words, code, home):
    assert run("exec", "--", *words, env=home).returncode == code


def test_exec_without_a_command(home):
    done = run("exec", "--", env=home)
    assert done.returncode == 2 and "expected" in done.said


# browser


@pytest.fixture(scope="module")
def page_origin(start_origin_session):
    return start_origin_session("nginx", alpn=("h2", "http/1.1"))


def test_browser_chromium(pki_, home, page_origin):
    done = run(
        "browser",
        "chromium",
        "--headless",
        "--server-leg",
        f"ca={pki_.root}",
        page_origin.url("/"),
        "--",
        "--dump-dom",
        "--disable-gpu",
        env=home,
    )
    assert done.returncode == 0, done.said[-3000:]
    assert b"It works." in done.stdout, done.said[-3000:]
    assert os.listdir(home["TMPDIR"]) == []


def test_browser_firefox(pki_, home, page_origin, tmp_path):
    shot = tmp_path / "shot.png"
    done = run(
        "browser",
        "firefox",
        "--headless",
        "--verbose",
        "--server-leg",
        f"ca={pki_.root}",
        page_origin.url("/"),
        "--",
        "--screenshot",
        shot,
        env=home,
    )
    assert shot.exists() and shot.read_bytes().startswith(b"\x89PNG"), done.said[-3000:]
    assert f"localhost:{page_origin.port}" in done.said
    assert "client-rejects" not in done.said
    assert os.listdir(home["TMPDIR"]) == []


def test_browser_that_is_not_there(home):
    done = run("browser", "firefox", env={**home, "PATH": "/nonexistent"})
    assert done.returncode == 2 and "firefox" in done.said


# ca


def test_ca_show_makes_one_authority_and_keeps_it(home):
    first, second = run("ca", "show", env=home), run("ca", "show", env=home)
    assert first.returncode == 0 and first.stdout == second.stdout
    assert b"PRIVATE KEY" not in first.stdout
    folder = os.path.join(home["XDG_DATA_HOME"], "midspan")
    key = os.stat(os.path.join(folder, "ca-key.pem"))
    assert stat.S_IMODE(key.st_mode) == 0o600
    assert stat.S_IMODE(os.stat(folder).st_mode) == 0o700


def test_ca_key_that_others_can_read_is_refused(home):
    run("ca", "show", env=home)
    os.chmod(os.path.join(home["XDG_DATA_HOME"], "midspan", "ca-key.pem"), 0o644)
    done = run("ca", "show", env=home)
    assert done.returncode == 3 and "ca-key.pem" in done.said


def test_ca_export(home, tmp_path):
    pem, der = tmp_path / "out.pem", tmp_path / "out.der"
    assert run("ca", "export", pem, env=home).returncode == 0
    assert run("ca", "export", "--der", der, env=home).returncode == 0
    to_der = ["openssl", "x509", "-in", pem, "-outform", "DER"]
    assert subprocess.run(to_der, capture_output=True, check=True).stdout == der.read_bytes()
    assert run("ca", "export", env=home).stdout == pem.read_bytes()
    assert run("ca", "export", pem, env=home).returncode == 2  # never over a file that is there


def nicknames(folder):
    command = ["certutil", "-L", "-d", f"sql:{folder}"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_ca_install_status_uninstall_in_nss_stores(home, tmp_path):
    where = tmp_path / "home"
    chromium = BROWSERS["Chromium"].store(where)
    firefox = where / ".mozilla" / "firefox" / "abcd.default"
    for folder in (chromium, firefox):
        nss_store(folder, None)
    profiles = where / ".mozilla" / "firefox" / "profiles.ini"
    profiles.write_text("[Profile0]\nName=default\nIsRelative=1\nPath=abcd.default\nDefault=1\n")
    assert run("ca", "install", "--nss", env=home).returncode != 0  # nobody was asked
    assert "midspan" not in nicknames(chromium)
    done = run("ca", "install", "--nss", "--yes", env=home)
    assert done.returncode == 0, done.said
    for folder in (chromium, firefox):
        assert "midspan" in nicknames(folder).lower(), done.stdout
    assert run("ca", "status", "--nss", env=home).returncode == 0
    assert run("ca", "uninstall", "--nss", "--yes", env=home).returncode == 0
    for folder in (chromium, firefox):
        assert "midspan" not in nicknames(folder).lower()


# help


@pytest.mark.parametrize("command", ["proxy", "bridge", "exec", "browser", "ca"])
def test_help_of_each_command(command):
    asked, flag = run("help", command), run(command, "--help")
    assert asked.returncode == 0 and flag.returncode == 0
    assert asked.stdout == flag.stdout and command.encode() in asked.stdout


def test_version():
    done = run("--version")
    assert done.returncode == 0 and b"midspan" in done.stdout


@pytest.mark.parametrize(
    "words, named",
    [
        (["frobnicate"], "frobnicate"),
        (["proxy", "--frobnicate"], "--frobnicate"),
        (["proxy", "--order", "sideways"], "sideways"),
        (["proxy", "--listen", "nonsense"], "nonsense"),
        (["proxy", "--client-leg", "min=TLS9"], "TLS9"),
        (["proxy", "--server-leg", "colour=red"], "colour"),
        (["proxy", "--web", "127.0.0.1:8081"], "--web"),
        (["bridge", "127.0.0.1:0"], "expected"),
        (["proxy", "--listen", "0.0.0.0:0"], "--allow-remote"),
        (["proxy", "--client-leg", "cert=/x"], "key"),
        (["proxy", "--server-leg", "ca=/nowhere"], "server leg: cannot open '/nowhere'"),
        (["proxy", "--edge", "nginx"], "did you mean 'nginx-1.22'?"),
        (["ca"], "expected: midspan ca show"),
        (["browser", "opera"], "unknown browser 'opera', expected chromium or firefox"),
        (["proxy", "--client-leg", "min=TLS1.3,max=TLS1.2"], "min"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_wrong_use_is_named(words, named, home):
    done = run(*words, env=home, limit=20)
    assert done.returncode == 2, done
    assert named in done.said
