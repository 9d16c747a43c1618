#!/usr/bin/env python3
"""What logging costs a handshake, in instructions: a figure that a busy machine does not change.

    MIDSPAN=build/release/proxy/cli/midspan tests/bench/logging_cost.py [--check]

midspan runs under callgrind (valgrind) with logging off, with the console, with --log FILE and with
--record FILE.db. It bridges a few handshakes, in which all is made that is made once (keys above all,
whose making takes another time each time); then its counters are set to nothing, and more handshakes are counted.
--check: exit 1 when console or log cost more than 5 % over none; a recording has no such bound.
"""

import argparse
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "e2e"))

from harness import bodies, clients, origins, pki  # noqa: E402

WARM_UP, COUNTED = 5, 20
WAYS = {
    "off": ("--quiet",),
    "console": (),
    "--log FILE": ("--quiet", "--log", "{folder}/events.jsonl"),
    "--record FILE.db": ("--quiet", "--record", "{folder}/session.db"),
}
WAIT_SECONDS = 60
BOUND = 1.05
BOUNDED = ("console", "--log FILE")


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def await_port(port):
    deadline = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.05)
    sys.exit("midspan does not listen")


def await_rest(pid):
    """Until it works no more: keys are made ahead of need by a thread of their own."""
    used, deadline = -1, time.monotonic() + WAIT_SECONDS
    while time.monotonic() < deadline:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        if int(fields[11]) + int(fields[12]) <= used + 1:
            return
        used = int(fields[11]) + int(fields[12])
        time.sleep(1)
    sys.exit("midspan does not come to rest")


def fetch(port, folder, count):
    curl = clients.CLIENTS["curl"]
    for _ in range(count):
        got = curl.fetch(f"https://localhost:{port}/small.bin", ca=folder / "ca" / "ca.pem")
        assert got.ok, got


def instructions(folder, origin, root, words):
    """Of one handshake, its relay and its end."""
    port = free_port()
    out = folder / "callgrind.out"
    command = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={out}", os.environ["MIDSPAN"]]
    command += ["bridge", f"127.0.0.1:{port}", f"localhost:{origin.port}", "--workers", "1"]
    command += ["--ca-dir", folder / "ca", "--server-leg", f"ca={root}"]
    command += [word.format(folder=folder) for word in words]
    with open(folder / "console.txt", "wb") as console:
        process = subprocess.Popen(
            [str(word) for word in command], stdout=console, stderr=subprocess.DEVNULL
        )
    try:
        await_port(port)
        fetch(port, folder, WARM_UP)
        await_rest(process.pid)
        zero = ["callgrind_control", "--zero", str(process.pid)]
        subprocess.run(zero, check=True, stdout=subprocess.DEVNULL)
        fetch(port, folder, COUNTED)
    finally:
        process.terminate()
        process.wait(WAIT_SECONDS)
    counted = re.search(r"^(?:summary|totals): (\d+)", out.read_text(), re.M).group(1)
    return int(counted) / COUNTED


def measure(folder):
    made = pki.Pki(folder / "pki")
    site = bodies.Site(folder / "site")
    costs = {}
    with origins.Nginx(folder / "origin", site.folder, cert=made.server()) as origin:
        for way, words in WAYS.items():
            costs[way] = instructions(folder, origin, made.root, words)
    return costs


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="exit 1 above 5 %%")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        costs = measure(Path(folder))
    for way, cost in costs.items():
        print(f"{way:17}{cost / 1000:12,.0f} thousand instructions{cost / costs['off']:8.3f}")
    worst = max(costs[way] for way in BOUNDED) / costs["off"]
    return 1 if options.check and worst > BOUND else 0


if __name__ == "__main__":
    sys.exit(main())
