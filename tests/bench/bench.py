"""Measures midspan beside HAProxy and nginx as TLS bridges, in one run on one machine.

    MIDSPAN=build/release/proxy/cli/midspan tests/bench/bench.py [--write] [--check]

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

HANDSHAKES = 1000
PARALLEL = 16
BULK_MIB = 256
BULK_PARALLEL = 2
WRK_SECONDS = 3
IDLE = 1000
IDLE_ROUNDS = 2  # memory does not waver

# key, title, unit, digits
MEASURES = (
    ("handshakes", "new handshakes, both legs", "1/s", 0),
    ("handshake_cpu", "CPU of a new handshake", "µs", 0),
    ("requests", "keep-alive requests", "1/s", 0),
    ("request_cpu", "CPU of a request", "µs", 1),
    ("bulk", "bulk", "MB/s", 0),
    ("bulk_cpu", "CPU of bulk", "ms/GB", 0),
    ("idle", "memory of an idle connection", "kB", 1),
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
        """{bridge: {measure: [a value a round]}}.

        All bridges stand ready and take turns at each part, so that what else the machine does
        falls on all of them alike.
        """
        all_of = {kind.name: {} for kind in kinds}
        cert = self.pki.server("ecdsa")
        with Origin(self.folder / "origin", self.site.folder, cert=cert) as origin:
            for round_ in range(rounds):
                self._round(kinds, origin.endpoint, all_of, round_)
        print(file=sys.stderr)
        return all_of

    def _round(self, kinds, origin, all_of, round_):
        started = []
        try:
            for kind in kinds:
                folder = tempfile.mkdtemp(dir=self.folder)
                started.append(kind(folder, self.pki, origin).start())
            for part in (self.idle, self.handshakes, self.requests, self.bulk):
                if part == self.idle and round_ >= IDLE_ROUNDS:
                    continue
                # Another one begins each time: the first finds other caches than the last.
                turn = round_ % len(started)
                for bridge in started[turn:] + started[:turn]:
                    for key, value in part(bridge).items():
                        all_of[bridge.name].setdefault(key, []).append(value)
                print(".", end="", flush=True, file=sys.stderr)
        finally:
            for bridge in started:
                bridge.stop()


class Origin(origins.Nginx):
    """nginx with as many workers as the machine has cores, and no limit to keep-alive requests."""

    def _conf(self):
        text = super()._conf().replace("worker_processes 1;", "worker_processes auto;")
        text = text.replace("error_log", "worker_rlimit_nofile 8192;\nerror_log", 1)
        text = text.replace(f"access_log {self.folder}/access.log;", "access_log off;")
        return text.replace("http {", "http {\n  keepalive_requests 100000000; sendfile on;")


def ratio(all_of, key, one, other):
    """The median of the rounds' ratios: both of a pair were measured seconds apart."""
    pairs = zip(all_of[one][key], all_of[other][key])
    return statistics.median(a / b for a, b in pairs)


def table(all_of):
    """Markdown: medians, and midspan's ratio to each of the others."""
    others = [name for name in all_of if not name.startswith("midspan")]
    head = ["", *all_of, *(f"midspan ÷ {name}" for name in others)]
    lines = ["| " + " | ".join(head) + " |", "| --- |" + " ---: |" * (len(head) - 1)]
    for key, title, unit, digits in MEASURES:
        row = [f"{title}, {unit}"]
        row += [f"{statistics.median(all_of[name][key]):,.{digits}f}" for name in all_of]
        row += [f"{ratio(all_of, key, 'midspan', name):.2f}" for name in others]
        lines.append("| " + " | ".join(row) + " |")
    return "\n".join(lines)


def machine():
    model = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    cpu = model.group(1) if model else platform.machine()
    openssl = subprocess.run(["openssl", "version"], capture_output=True, text=True).stdout
    return f"{os.cpu_count()} cores ({cpu}), Linux {platform.release()}, {openssl.split(' (')[0]}"


def write(text):
    page = PAGE.read_text()
    begin, end = (page.index(mark) for mark in MARKS)
    PAGE.write_text(page[: begin + len(MARKS[0])] + "\n" + text + "\n" + page[end:])


def check(all_of):
    for key in ("handshake_cpu", "bulk_cpu"):
        found = ratio(all_of, key, "midspan", "HAProxy")
        if found > LIMIT:
            yield f"{key}: {found:.2f} × HAProxy's, expected at most {LIMIT}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--write", action="store_true", help="put the table in docs/benchmarks.md")
    parser.add_argument("--check", action="store_true", help="fail above 1.5 × HAProxy's CPU")
    options = parser.parse_args()
    if not os.environ.get("MIDSPAN"):
        raise SystemExit("MIDSPAN must name the binary to measure")
    if midspan.is_sanitized():
        raise SystemExit("MIDSPAN is built with sanitizers, whose speed says nothing")
    kinds = [bridges.Midspan, bridges.MidspanLogging, bridges.Haproxy, bridges.Nginx]
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="midspan-bench-") as folder:
        all_of = Bench(folder).measure(kinds, options.rounds)
    versions = ", ".join(dict.fromkeys(kind.version() for kind in kinds))
    minutes = (time.monotonic() - began) / 60
    note = (
        f"{datetime.date.today().isoformat()}, {options.rounds} rounds in {minutes:.0f} minutes,"
        f" load {os.getloadavg()[2]:.1f}; {versions}; {machine()}."
    )
    text = f"{note}\n\n{table(all_of)}"
    print(text)
    if options.write:
        write(f"\n{text}\n")
    late = list(check(all_of))
    print("\n".join(late), file=sys.stderr)
    if options.check and late:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
