"""Files and bytes with known hashes."""

import hashlib
import random
from pathlib import Path

SMALL = 10_000
LARGE = 100 * 1024 * 1024

PAGE = """<!doctype html><meta charset="utf-8"><title>midspan test site</title><p>It works.\n"""


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def sha256_file(path):
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def pseudo_random(size, seed=7):
    """Bytes that no compression, reordering or repetition leaves with the same hash."""
    return random.Random(seed).randbytes(size)


class Site:
    """A folder that every origin serves: index.html, small.bin and, when asked for, large.bin."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "index.html").write_text(PAGE)
        (self.folder / "small.bin").write_bytes(pseudo_random(SMALL))
        self.small = sha256_file(self.folder / "small.bin")
        self._large = None

    @property
    def large_file(self):
        return self.folder / "large.bin"

    @property
    def large(self):
        """The hash of large.bin (100 MiB), made on first use."""
        if self._large is None:
            with open(self.large_file, "wb") as file:
                for seed in range(LARGE >> 20):
                    file.write(pseudo_random(1 << 20, seed))
            self._large = sha256_file(self.large_file)
        return self._large
