"""Starts, awaits and ends one process. Only what was started here is ever ended here."""

import os
import random
import signal
import socket
import subprocess
import time

# How long a peer may take to accept its first connection: bounds a hang, measures nothing.
START_SECONDS = 30
STOP_SECONDS = 15


def free_port(host="127.0.0.1"):
    """A port that nobody uses now, from below the range that outgoing connections get."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    for _ in range(200):
        port = random.randrange(20000, 32000)
        with socket.socket(family) as probe:
            try:
                probe.bind((host, port))
                return port
            except OSError:
                continue
    raise RuntimeError("no free port between 20000 and 32000")


def await_accept(host, port, process, log):
    """Waits until something accepts on host:port; raises when `process` ends before."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        try:
            socket.create_connection((host, port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.02)
    said = log.read_text(errors="replace")[-2000:] if log else ""
    raise RuntimeError(f"{process.args[0]} does not accept on {host}:{port}\n{said}")


class Process:
    """One process, its output in `log`. Use as a context manager."""

    def __init__(self, command, log, env=None, cwd=None, stdin=subprocess.DEVNULL):
        self.log = log
        self._output = open(log, "wb")
        self.popen = subprocess.Popen(
            [str(word) for word in command],
            stdin=stdin,
            stdout=self._output,
            stderr=subprocess.STDOUT,
            env={**os.environ, **(env or {})},
            cwd=cwd,
            start_new_session=True,
        )

    @property
    def pid(self):
        return self.popen.pid

    def await_accept(self, host, port):
        try:
            await_accept(host, port, self.popen, self.log)
        except RuntimeError:
            self.stop()
            raise

    def await_line(self, start):
        """Waits for a line of output that begins with `start`; gives the rest of it."""
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            for line in self.text().splitlines(keepends=True):
                if line.startswith(start) and line.endswith("\n"):
                    return line[len(start) :].strip()
            if self.popen.poll() is not None:
                break
            time.sleep(0.02)
        said = self.text()[-2000:]
        self.stop()
        raise RuntimeError(f"{self.popen.args[0]} did not say '{start}'\n{said}")

    def text(self):
        return self.log.read_text(errors="replace")

    def stop(self, how=signal.SIGTERM):
        """Ends the process and its children; gives the exit code."""
        if self.popen.poll() is None:
            self.popen.send_signal(how)
        try:
            code = self.popen.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            code = None
        self._end_group()
        self.popen.wait()
        self._output.close()
        return code

    def _end_group(self):
        # The session is ours alone (start_new_session), so its group holds only its children.
        try:
            os.killpg(self.popen.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()
