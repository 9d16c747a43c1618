#!/usr/bin/python3
"""Walks every text that tells somebody what to do: none may bring back what is deprecated.

The fixes that rules and proofs write (verdict_fix in C), the words of each device's configuration
(dialects), and the fixes of the lab's scenarios. The catalogue's fixes, and what is filled into the
others, are walked by the unit and property tests.
"""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

DEPRECATED = re.compile(
    r"TLS ?v?1\.[01]\b|no-tlsv1|SSL ?v?[23]\b|\bRC4\b|3DES|DES-CBC|\bNULL\b|EXPORT|\bMD5\b"
    r"|SHA-?1\b|\b1024\b|SECLEVEL|insecure|unsafe|verify[=: ]+(off|none|no)\b",
    re.I,
)
# Words that switch such a thing off.
NEGATED = re.compile(r"no-tlsv1|without \w*insecure\w*|insecure\w*\s*[:=]\s*false", re.I)


def goes_back(text):
    return DEPRECATED.search(NEGATED.sub("", text)) is not None


def fixes_in_c():
    for path in sorted(ROOT.glob("proxy/**/*.c")):
        for call in re.finditer(r"verdict_fix\(([^;]*?)\);", path.read_text(), re.S):
            literals = re.findall(r'"((?:[^"\\]|\\.)*)"', call.group(1))
            if literals:
                yield path, "".join(literals)


def words_of_devices():
    for path in sorted(ROOT.glob("proxy/policy/presets/dialects/*.yaml")):
        for line in path.read_text().splitlines():
            if re.match(r"\s+[a-z0-9.-]+:", line):
                yield path, line.strip()


def fixes_of_scenarios():
    for path in sorted(ROOT.glob("proxy/lab/scenarios/*/*.yaml")):
        text = path.read_text()
        yield path, text[text.index("\nfix:") :]


# One source that finds nothing would pass unseen.
SOURCES = {fixes_in_c: 20, words_of_devices: 200, fixes_of_scenarios: 60}
KNOWN = {
    "Let the origin speak TLS 1.0 again.": True,
    "ssl_ciphers DEFAULT:@SECLEVEL=0;": True,
    "server-leg: {verify: off}": True,
    "insecureSkipVerify: true": True,
    "insecureSkipVerify: false": False,
    "options { no-tlsv1 no-tlsv1.1 }": False,
    "Update the origin to TLS 1.2 or later.": False,
}


def main():
    wrong = [f"{text!r}: expected {want}" for text, want in KNOWN.items() if goes_back(text) != want]
    for source, count_min in SOURCES.items():
        found = list(source())
        if len(found) < count_min:
            wrong.append(f"{source.__name__} found {len(found)} texts, expected {count_min}")
        wrong += [f"{path.relative_to(ROOT)}: {text}" for path, text in found if goes_back(text)]
    for line in wrong:
        print(f"advice that goes back: {line}", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
