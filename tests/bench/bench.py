"""Measures midspan beside HAProxy and nginx as TLS bridges, in one run on one machine.

    MIDSPAN=build/release/proxy/cli/midspan /usr/bin/python3 tests/bench/bench.py [--write] [--check]

docs/benchmarks.md tells the method. --write puts the table there; --check ends with 1 when a new
bridged handshake, or a bulk byte, costs more than 1.5 × HAProxy's CPU.
"""

import argparse
import datetime
import os
import platform
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "e2e"))
sys.path.insert(0, str(HERE))

import bridges  # noqa: E402
from harness import bodies, midspan, origins, pki  # noqa: E402

PAGE = HERE.parent.parent / "docs" / "benchmarks.md"
MARKS = ("<!-- measured: begin -->", "<!-- measured: end -->")
LIMIT = 1.5

HANDSHAKES = 1500
PARALLEL = 16
BULK_MIB = 256
BULK_PARALLEL = 2
WRK_SECONDS = 4
IDLE = 1000

# key, title, unit, digits, more is better
MEASURES = (
    ("handshakes", "new handshakes, both legs", "1/s", 0, True),
    ("handshake_cpu", "CPU of a new handshake", "µs", 0, False),
    ("requests", "keep-alive requests", "1/s", 0, True),
    ("request_cpu", "CPU of a request", "µs", 1, False),
    ("bulk", "bulk", "MB/s", 0, True),
    ("bulk_cpu", "CPU of bulk", "ms/GB", 0, False),
    ("idle", "memory of an idle connection", "kB", 1, False),
)


class Bench:
    def __init__(self, folder):
        self.folder = Path(folder)
        self.pki = pki.Pki(self.folder / "pki")
        self.site = bodies.Site(self.folder / "site")
        large = self.site.folder / "large.bin"
        with open(large, "wb") as file:
            file.truncate(BULK_MIB << 20)  # zeros: the cipher does not mind, and no disk is read
        self.load = self.folder / "load"
        source = HERE / "load" / "main.go"
        env = {**os.environ, "GO111MODULE": "off", "GOCACHE": str(self.folder / "go-cache")}
        subprocess.run(["go", "build", "-o", self.load, source], check=True, env=env)

    def run_load(self, kind, bridge, *words):
        command = [self.load, kind, bridge.address, bridge.ca, *words]
        done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
        if done.returncode != 0:
            raise SystemExit(f"{bridge.name}, {kind}: {done.stderr}")
        _, _, size, seconds = done.stdout.split()
        return int(size), float(seconds)

    def handshakes(self, bridge):
        before = bridge.cpu_seconds()
        _, seconds = self.run_load("handshakes", bridge, HANDSHAKES, PARALLEL)
        used = bridge.cpu_seconds() - before
        return {"handshakes": HANDSHAKES / seconds, "handshake_cpu": used / HANDSHAKES * 1e6}

    def bulk(self, bridge):
        before = bridge.cpu_seconds()
        size, seconds = self.run_load("bulk", bridge, 2, BULK_PARALLEL, "/large.bin")
        used = bridge.cpu_seconds() - before
        return {"bulk": size / seconds / 1e6, "bulk_cpu": used / size * 1e12}

    def requests(self, bridge):
        before = bridge.cpu_seconds()
        wrk = ["wrk", "-t1", "-c16", f"-d{WRK_SECONDS}s", f"https://{bridge.address}/small.bin"]
        said = subprocess.run(wrk, capture_output=True, text=True, check=True).stdout
        used = bridge.cpu_seconds() - before
        count = int(re.search(r"(\d+) requests in", said).group(1))
        if "Non-2xx" in said or "Socket errors" in said:
            raise SystemExit(f"{bridge.name}: {said}")
        rate = float(re.search(r"Requests/sec:\s+([\d.]+)", said).group(1))
        return {"requests": rate, "request_cpu": used / count * 1e6}

    def idle(self, bridge):
        """On a bridge that has served a few connections, so that what it makes once is made."""
        self.run_load("handshakes", bridge, 50, 4)
        before = bridge.resident()
        command = [self.load, "idle", bridge.address, bridge.ca, str(IDLE)]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
            if not holder.stdout.readline().startswith(b"idle"):
                raise SystemExit(f"{bridge.name}: could not hold {IDLE} connections")
            after = bridge.resident()
            holder.stdin.close()
        return {"idle": (after - before) / IDLE / 1000}

    def measure(self, kinds, rounds):
        """{bridge: {measure: [a value a round]}}; bridges take turns, so that drift hits all."""
        site = self.site.folder
        extra = ("worker_processes 2;",)
        origin = Origin(self.folder / "origin", site, cert=self.pki.server("ecdsa"))
        with origin:
            all_of = {kind.name: {} for kind in kinds}
            for _ in range(rounds):
                for kind in kinds:
                    running = kind(tempfile.mkdtemp(dir=self.folder), self.pki, origin.endpoint)
                    running.start()
                    try:
                        for part in (self.idle, self.handshakes, self.requests, self.bulk):
                            for key, value in part(running).items():
                                all_of[kind.name].setdefault(key, []).append(value)
                    finally:
                        running.stop()
                    print(".", end="", flush=True, file=sys.stderr)
        print(file=sys.stderr)
        return all_of


class Origin(origins.Nginx):
    """nginx with as many workers as the machine has cores, and no limit to keep-alive requests."""

    def _conf(self):
        text = super()._conf().replace("worker_processes 1;", "worker_processes auto;")
        text = text.replace("error_log", "worker_rlimit_nofile 8192;\nerror_log", 1)
        text = text.replace(f"access_log {self.folder}/access.log;", "access_log off;")
        return text.replace("http {", "http {\n  keepalive_requests 100000000; sendfile on;")


def table(all_of, names):
    """Markdown: medians, and midspan's ratio to each of the others."""
    median = {
        name: {key: statistics.median(values) for key, values in all_of[name].items()}
        for name in names
    }
    others = [name for name in names if not name.startswith("midspan")]
    head = ["", *names, *(f"midspan ÷ {name}" for name in others)]
    lines = ["| " + " | ".join(head) + " |", "|" + " --- |" + " ---: |" * (len(head) - 1)]
    for key, title, unit, digits, _ in MEASURES:
        row = [f"{title}, {unit}"]
        row += [f"{median[name][key]:,.{digits}f}" for name in names]
        row += [f"{median['midspan'][key] / median[name][key]:.2f}" for name in others]
        lines.append("| " + " | ".join(row) + " |")
    return "\n".join(lines), median


def machine():
    model = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    cpu = model.group(1) if model else platform.machine()
    openssl = subprocess.run(["openssl", "version"], capture_output=True, text=True).stdout
    return f"{os.cpu_count()} cores ({cpu}), Linux {platform.release()}, {openssl.split(' (')[0]}"


def write(text):
    page = PAGE.read_text()
    begin, end = (page.index(mark) for mark in MARKS)
    PAGE.write_text(page[: begin + len(MARKS[0])] + "\n" + text + "\n" + page[end:])


def check(median):
    late = []
    for key in ("handshake_cpu", "bulk_cpu"):
        ratio = median["midspan"][key] / median["HAProxy"][key]
        if ratio > LIMIT:
            late.append(f"{key}: {ratio:.2f} × HAProxy's, expected at most {LIMIT}")
    return late


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--write", action="store_true", help="put the table in docs/benchmarks.md")
    parser.add_argument("--check", action="store_true", help="fail above 1.5 × HAProxy's CPU")
    options = parser.parse_args()
    kinds = [bridges.Haproxy, bridges.Nginx]
    if os.environ.get("MIDSPAN"):
        if midspan.is_sanitized():
            raise SystemExit("MIDSPAN is built with sanitizers, whose speed says nothing")
        kinds = [bridges.Midspan, bridges.MidspanLogging, *kinds]
    elif options.write or options.check:
        raise SystemExit("MIDSPAN must name the binary to measure")
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="midspan-bench-") as folder:
        all_of = Bench(folder).measure(kinds, options.rounds)
    names = [kind.name for kind in kinds]
    if "midspan" not in names:
        print({name: {k: statistics.median(v) for k, v in all_of[name].items()} for name in names})
        return
    text, median = table(all_of, names)
    versions = ", ".join(dict.fromkeys(kind.version() for kind in kinds))
    today = datetime.date.today().isoformat()
    minutes = (time.monotonic() - began) / 60
    note = f"{today}, {options.rounds} rounds in {minutes:.0f} minutes; {versions}; {machine()}."
    print(f"{note}\n\n{text}")
    if options.write:
        write(f"\n{note}\n\n{text}\n")
    late = check(median)
    for line in late:
        print(line, file=sys.stderr)
    if options.check and late:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
