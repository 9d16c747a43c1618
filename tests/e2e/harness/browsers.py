"""Headless Chromium and Firefox, driven by puppeteer; each run has a throw-away profile."""

import json
import shutil
import subprocess
from pathlib import Path

from .clients import clean_env

FOLDER = Path(__file__).resolve().parent.parent / "browser"
LIMIT_SECONDS = 280


def install_driver():
    """Puts puppeteer-core, as locked, beside the driver."""
    if not (FOLDER / "node_modules" / "puppeteer-core").exists():
        subprocess.run(["npm", "ci", "--no-audit", "--no-fund"], cwd=FOLDER, check=True)


def nss_store(folder, ca):
    """An NSS certificate store that trusts `ca` (None: trusts nothing of ours)."""
    folder.mkdir(parents=True, exist_ok=True)
    at = f"sql:{folder}"
    subprocess.run(["certutil", "-N", "-d", at, "--empty-password"], check=True)
    if ca:
        trust = ["-n", "midspan", "-t", "C,,", "-i", str(ca)]
        subprocess.run(["certutil", "-A", "-d", at, *trust], check=True)


class Browser:
    def __init__(self, name, browser, programs):
        self.name = name
        self.browser = browser
        self.programs = programs

    def store(self, home):
        """Where this browser keeps what it trusts."""
        return home / "profile" if self.browser == "firefox" else home / ".pki" / "nssdb"

    def visit(self, home, url, *, proxy=None, ca=None):
        """Opens `url`; gives what the driver found (browser/drive.mjs)."""
        return self._drive(home, proxy, ca, {"url": url})

    def visit_all(self, home, urls, *, proxy=None, ca=None):
        """url → its title and status, or the browser's error."""
        return self._drive(home, proxy, ca, {"urls": urls})["visits"]

    def _drive(self, home, proxy, ca, what):
        program = next(filter(None, map(shutil.which, self.programs)), None)
        assert program, f"none of {self.programs} is installed"
        (home / "profile").mkdir(parents=True)
        nss_store(self.store(home), ca)
        options = {"browser": self.browser, "program": program, "proxy": proxy, **what}
        options["profile"] = str(home / "profile")
        done = subprocess.run(
            ["node", FOLDER / "drive.mjs", json.dumps(options)],
            capture_output=True,
            text=True,
            timeout=LIMIT_SECONDS,
            env=clean_env({"HOME": str(home), "XDG_CONFIG_HOME": str(home / ".config")}),
        )
        assert done.returncode == 0, done.stderr[-3000:]
        return json.loads(done.stdout)


BROWSERS = {
    "Chromium": Browser("Chromium", "chrome", ("chromium", "chromium-browser", "google-chrome")),
    "Firefox": Browser("Firefox", "firefox", ("firefox-esr", "firefox")),
}
