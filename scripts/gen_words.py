#!/usr/bin/env python3
"""Writes proxy/verdict/words.inc from words.yaml, and holds words.yaml against the code.

usage: gen_words.py [--check]

Every text that the files of SOURCES hold in quotes has a row, or stands under `same`; every row is
of a text that is there; the places of the Japanese are those of the English. With --check nothing
is written: the exit code is 1 when words.inc is not up to date.
Needs PyYAML (Debian: python3-yaml); a build needs it not, words.inc is checked in.
"""
import pathlib
import re
import sys

import yaml

ROOT = pathlib.Path(__file__).resolve().parent.parent
SOURCE = ROOT / "proxy" / "verdict" / "words.yaml"
TABLE = ROOT / "proxy" / "verdict" / "words.inc"

# Where a text is made that is shown to people. What a file holds besides it strips, or `same` says.
SOURCES = (
    "proxy/record/console*.c", "proxy/verdict/rules_*.c", "proxy/verdict/judge.c",
    "proxy/verdict/refusal.c", "proxy/verdict/masked.c", "proxy/verdict/sets.c",
    "proxy/verdict/certificate_text.c", "proxy/probe/*.c",
)
# What speaks to machines, and what `midspan probe` says.
EXCEPT = ("proxy/probe/fetch.c", "proxy/probe/hello_dial.c", "proxy/probe/http_answer.c",
          "proxy/probe/web_address.c", "proxy/probe/survey*.c")
# … and where it is but a part of a file: macros and functions, as their definitions begin.
PARTS = {
    "proxy/verdict/evidence.h": ("#define ENDING_MAP(", "#define PHASE_MAP("),
    "proxy/verdict/names.c": ("const char *party_name(", "const char *confidence_name("),
    "certs/facts/cert_facts.h": ("#define CERT_FAULT_MAP(",),
    "certs/crl.h": ("#define CRL_MAP(",),
    "certs/responder.h": ("#define RESPONDER_MAP(",),
    "proxy/probe/fetch.h": ("#define FETCH_RESULT_MAP(",),
    "proxy/probe/experiment.h": ("#define EXPERIMENT_MAP(",),
    "proxy/verdict/stacks.inc": (".name = ",),
    "proxy/lab/play.c": ("static bool why_text(", "bool play_meets(",
                         "static const char *leg_goes_back(", "static bool goes_back(",
                         "bool play_is_mended("),
    "proxy/lab/trial.c": ("bool trial_mended(",),
    "proxy/lab/guard.h": ("#define GUARD_MAP(",),
    "proxy/cli/lab_all.c": ("static void note_why(",),
    "proxy/bridge/ask.c": ("static void tell_over(",),
    "proxy/bridge/proxy.c": ("static void tell_experiments(",),
    "proxy/bridge/worker.c": ("static void note_full(",),
    "proxy/record/recorder.c": ("static void note_left_out(", "static void turn_off(",
                                "static void keep("),
    "proxy/cli/serving.c": ("static void reload(", "static void drain("),
    "proxy/cli/cmd_explain.c": ("static bool explain_log(", "static void note_captured(",
                                "static bool explain_capture(", "static void note_nothing(",
                                "static void note_session(",
                                "static bool explain_recording("),
    "proxy/cli/session.c": ("static void tell_unshared(", "static void greet_how(", "static void greet_places(",
                            "static void greet_authority(", "static void greet_recording("),
}

# Calls whose texts are compared, looked up or written for machines, or have the catalogue's
# Japanese in their place.
CALLS = ("verdict_say", "verdict_fix", "verdict_set", "cause_find", "strcmp", "strncmp", "strstr",
         "slice_equals_text", "leg_told", "error_set", "report")
PLACE = re.compile(r"%[-+ #0-9.*lhzj]*[a-zA-Z]")
STRING = re.compile(r'"(?:[^"\\]|\\.)*"(?:\s*"(?:[^"\\]|\\.)*")*')
ESCAPES = {"n": "\n", "t": "\t"}


def fail(why):
    sys.exit(f"{SOURCE.relative_to(ROOT)}: {why}")


def without_calls(code, name):
    """The code without what stands between the brackets of calls of a function."""
    out, at = "", 0
    for call in re.finditer(rf"\b{name}\(", code):
        if call.start() < at:
            continue
        depth, end = 1, call.end()
        while depth > 0:
            text = STRING.match(code, end)
            if text:
                end = text.end()
                continue
            depth += {"(": 1, ")": -1}.get(code[end], 0)
            end += 1
        out += code[at:call.start()]
        at = end
    return out + code[at:]


def part_of(code, begin):
    """A macro or a function; or all values of a member (".name = ")."""
    if begin.startswith("."):
        return "\n,".join(re.findall(re.escape(begin) + r'("[^"]*")', code))
    end = r"[^\\]\n" if begin.startswith("#define") else r"\n}\n"
    part = re.search(re.escape(begin) + ".*?" + end, code, flags=re.S)
    if not part:
        sys.exit(f"gen_words.py: nothing begins with {begin}")
    return part.group(0)


def texts_of(path):
    """The texts in quotes of a C file, adjacent ones joined."""
    code = path.read_text(encoding="utf-8")
    code = re.sub(r'("(?:[^"\\]|\\.)*")|//[^\n]*|/\*.*?\*/', lambda m: m.group(1) or "", code,
                  flags=re.S)
    parts = PARTS.get(str(path.relative_to(ROOT)))
    if parts:
        code = "".join(part_of(code, begin) for begin in parts)
    else:
        code = re.sub(r"^\s*#include.*$", "", code, flags=re.M)
        code = re.sub(r"const struct rule \w+\[\] = \{.*?\n\};", "", code, flags=re.S)
    for name in CALLS:
        code = without_calls(code, name)
    for literal in STRING.finditer(code):
        pieces = re.findall(r'"((?:[^"\\]|\\.)*)"', literal.group(0))
        yield re.sub(r"\\(.)", lambda m: ESCAPES.get(m.group(1), m.group(1)), "".join(pieces))


def is_shown(text):
    """Words: not a code such as cert.expired, nor two letters between places."""
    return (re.search("[A-Za-z]{2}", PLACE.sub("", text)) is not None
            and not re.fullmatch(r"[a-z0-9-]+\.[a-z0-9-]*", text))


def texts():
    found = {}
    for pattern in SOURCES + tuple(PARTS):
        paths = sorted(ROOT.glob(pattern))
        if not paths:
            sys.exit(f"gen_words.py: no file is {pattern}")
        paths = [path for path in paths
                 if not any(path.relative_to(ROOT).match(skip) for skip in EXCEPT)]
        for path in paths:
            for text in texts_of(path):
                if is_shown(text):
                    found.setdefault(text, path.relative_to(ROOT))
    return found


def checked(english, japanese):
    """The Japanese without its {-N}, after a look at the places of both."""
    count = len(PLACE.findall(english))
    pieces = PLACE.split(english)
    if "%%" in english or count > 6 or any(not piece for piece in pieces[1:-1]):
        fail(f"'{english}' can't be told apart: see `forms`")
    if re.search(r"\{(?!-[1-9]\}|[1-9][~!]?\})", japanese):
        fail(f"'{japanese}' has a bracket that is no place")
    places = [int(number) for number in re.findall(r"\{-?([1-9])[~!]?\}", japanese)]
    if set(places) != set(range(1, count + 1)):
        fail(f"'{japanese}' has not the places of '{english}' ({count})")
    return re.sub(r"\{-[1-9]\}", "", japanese)


class Loader(yaml.SafeLoader):
    """No key twice in a mapping."""

    def construct_mapping(self, node, deep=False):
        mapping = super().construct_mapping(node, deep)
        if len(mapping) < len(node.value):
            keys = [key.value for key, _ in node.value]
            fail("twice: " + ", ".join(sorted({key for key in keys if keys.count(key) > 1})))
        return mapping


def load():
    """The rows, and the texts of the code that they, and `same`, answer for."""
    data = yaml.load(SOURCE.read_text(encoding="utf-8"), Loader)
    answered = set(data["same"])
    rows = {}
    for text, forms in data["forms"].items():
        answered.add(text)
        for english, japanese in forms.items():
            rows[english] = checked(english, japanese)
    for english, japanese in data["words"].items():
        if english in answered:
            fail(f"'{english}' is there twice")
        answered.add(english)
        rows[english] = checked(english, japanese)
    return rows, answered


def quoted(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def table(rows):
    out = ["// Written by scripts/gen_words.py from words.yaml. Do not edit."]
    order = sorted(rows, key=lambda english: (-len(PLACE.sub("", english)), english))
    out += [f"{{{quoted(english)},\n {quoted(rows[english])}}}," for english in order]
    return "\n".join(out) + "\n"


def main():
    rows, answered = load()
    found = texts()
    lacking = [f"{path}: \"{text}\"" for text, path in found.items()
               if text not in answered and text not in rows]
    unused = [f"\"{text}\"" for text in answered if text not in found]
    if lacking:
        fail("no row for\n  " + "\n  ".join(lacking))
    if unused:
        fail("no such text in the code\n  " + "\n  ".join(unused))
    text = table(rows)
    if "--check" not in sys.argv[1:]:
        TABLE.write_text(text, encoding="utf-8")
    elif not TABLE.exists() or TABLE.read_text(encoding="utf-8") != text:
        sys.exit(f"{TABLE.relative_to(ROOT)} is not up to date: run scripts/gen_words.py")


if __name__ == "__main__":
    main()
