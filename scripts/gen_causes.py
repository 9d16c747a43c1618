#!/usr/bin/env python3
"""Writes the generated files of proxy/verdict and docs/causes.

causes.yaml -> causes.inc and docs/causes/*.md
stacks.yaml -> stacks.inc, stack_traits.inc and servers.inc

usage: gen_causes.py [--check]

With --check nothing is written: the exit code is 1 when a generated file is not up to date.
Needs PyYAML (Debian: python3-yaml); a build needs neither, the generated files are checked in.
"""
import pathlib
import re
import sys
import textwrap

import yaml

ROOT = pathlib.Path(__file__).resolve().parent.parent
VERDICT = ROOT / "proxy" / "verdict"
SOURCE = VERDICT / "causes.yaml"
TABLE = VERDICT / "causes.inc"
STACKS = VERDICT / "stacks.yaml"
DOCS = ROOT / "docs" / "causes"

FAULTS = ("untrusted", "self-signed", "wrong-name", "expired", "not-yet-valid", "wrong-usage",
          "weak-key", "weak-signature", "revoked")
SERVER_FAULTS = ("old-offer", "new-offer", "nothing-common", "unknown-name", "no-name", "no-protocol",
                 "fallback", "no-certificate", "bad-certificate")
RUNS = {"suites_start": 16, "suites_end": 16, "suites_have": 16, "schemes_start": 16,
        "extensions_row": 10, "extensions_have": 10, "extensions_lack": 10}
RUN_MAX = 10  # as in stacks.c

LANGUAGES = ("en", "ja")
TEXTS = ("title", "means", "shows", "who", "fix")
FAMILIES = {
    "clock": "Clocks",
    "client": "The client's own settings",
    "trust": "Trust in midspan's certificates",
    "intercept": "Another interceptor",
    "protocol": "Protocol versions and rules",
    "cipher": "Cipher suites and key types",
    "group": "Key exchange groups",
    "sigalg": "Signature schemes",
    "dh": "Finite-field Diffie-Hellman",
    "cert": "Certificates",
    "sni": "Server Name Indication",
    "client-auth": "Client certificates",
    "alpn": "Application protocols",
    "hello": "Intolerance of a legal hello",
    "alert": "Alerts that no better cause explains",
    "transport": "The network below TLS",
    "ingress": "How the client reached midspan",
}
HEADINGS = {
    "en": {"means": "What it means", "shows": "How it shows", "who": "Who fixes it",
           "fix": "The fix"},
    "ja": {"means": "意味", "shows": "現れ方", "who": "直す人", "fix": "直し方"},
}


def clean(text):
    """One line of text: YAML's folded lines joined, Japanese without the blanks between lines."""
    return " ".join(str(text).split())


def load():
    causes = yaml.safe_load(SOURCE.read_text(encoding="utf-8"))["causes"]
    seen = set()
    for cause in causes:
        code = cause["code"]
        if code in seen:
            sys.exit(f"{SOURCE}: the code '{code}' is there twice")
        seen.add(code)
        if family(cause) not in FAMILIES:
            sys.exit(f"{SOURCE}: '{code}' is of no known family")
        for language in LANGUAGES:
            for text in TEXTS:
                if not clean(cause.get(language, {}).get(text, "")):
                    sys.exit(f"{SOURCE}: '{code}' has no '{text}' in '{language}'")
                cause[language][text] = clean(cause[language][text])
                if language == "ja":
                    cause[language][text] = cause[language][text].replace("。 ", "。")
    return causes


def family(cause):
    return cause["code"].split(".")[0]


def width(text):
    return sum(2 if ord(character) > 0x2E80 else 1 for character in text)


def words(text):
    """The text cut where a source line may end: after blanks and after Japanese characters."""
    return re.findall(r"[^\s\u2e80-\uffff]*(?:[\u2e80-\uffff]|\s+|$)", text)


def c_string(text):
    """A C literal, cut into source lines of at most about 90 columns."""
    pieces, piece = [], ""
    for word in words(text.replace("\\", "\\\\").replace('"', '\\"')):
        if piece and width(piece + word) > 86:
            pieces.append(piece)
            piece = ""
        piece += word
    pieces.append(piece)
    return ("\n" + " " * 10).join(f'"{piece}"' for piece in pieces)


def table(causes):
    out = ["// Written by scripts/gen_causes.py from causes.yaml. Do not edit."]
    for cause in causes:
        out.append(f'{{.code = "{cause["code"]}",')
        out.append(" .text = {")
        for language in LANGUAGES:
            out.append(f"     [LANGUAGE_{language.upper()}] = {{")
            for text in TEXTS:
                out.append(f"         .{text} =\n          {c_string(cause[language][text])},")
            out.append("     },")
        out.append(" },")
        if cause.get("rfc"):
            out.append(f' .rfc = {c_string(clean(cause["rfc"]))},')
        is_certificate = "true" if family(cause) == "cert" else "false"
        out.append(f" .is_certificate = {is_certificate}}},")
    return "\n".join(out) + "\n"


def reaction(answer):
    if isinstance(answer, int):
        return f"ALERT({answer})"
    if answer not in ("accepts", "silence", "cut"):
        sys.exit(f"{STACKS}: '{answer}' is no alert number, accepts, silence or cut")
    return answer.upper()


def both(answer, text):
    """The answer under TLS 1.2 and below, and under TLS 1.3."""
    return [text(one) for one in (answer if isinstance(answer, list) else [answer, answer])]


def reactions(stack, faults, prefix):
    """Two rows, TLS 1.2 and below first; what was not measured is left out."""
    out = []
    for version in (0, 1):
        row = []
        for fault, answer in stack["answers"].items():
            if fault not in faults:
                sys.exit(f"{STACKS}: '{stack['id']}' answers '{fault}', which is no fault")
            one = answer[version] if isinstance(answer, list) else answer
            row.append(f"[{prefix}_{fault.upper().replace('-', '_')}] = {reaction(one)}")
        out.append("{" + (",\n" + " " * 16).join(row) + "}")
    return out


def stack_table(stacks):
    out = ["// Written by scripts/gen_causes.py from stacks.yaml. Do not edit."]
    for stack in stacks:
        old, new = reactions(stack, FAULTS, "STACK_FAULT")
        is_browser = "true" if stack.get("browser") else "false"
        out.append(f'{{.id = "{stack["id"]}", .name = {c_string(clean(stack["name"]))}, '
                   f".is_browser = {is_browser},")
        if stack.get("may_cut"):
            out.append(" .may_cut = true,")
        if stack.get("always_asks"):
            out.append(" .always_asks = true,")
        if "own_check" in stack:
            out.append(f" .own_check = {{{', '.join(both(stack['own_check'], reaction))}}},")
        if stack["answers"]:
            out.append(f" .reactions = {{{old},\n               {new}}}")
        out[-1] += "},"
    return "\n".join(out) + "\n"


def server_table(servers):
    out = ["// Written by scripts/gen_causes.py from stacks.yaml. Do not edit."]
    for server in servers:
        old, new = reactions(server, SERVER_FAULTS, "SERVER_FAULT")
        out.append(f'{{.id = "{server["id"]}", .name = "{server["name"]}",\n'
                   f" .reactions = {{{old},\n               {new}}}}},")
    return "\n".join(out) + "\n"


def trait_table(stacks):
    out = ["// Written by scripts/gen_causes.py from stacks.yaml. Do not edit."]
    for index, stack in enumerate(stacks):
        for trait in stack["recognise"]:
            fields = [f".stack = {index}"]
            for key, value in trait.items():
                if key in ("grease", "scsv_first"):
                    fields.append(f".{key} = {str(value).lower()}")
                    continue
                numbers = [int(str(item), RUNS[key]) for item in value]
                if len(numbers) > RUN_MAX:
                    sys.exit(f"{STACKS}: a list of '{stack['id']}' is longer than {RUN_MAX}")
                items = ", ".join(f"0x{number:04x}" for number in numbers)
                fields.append(f".{key} = {{{len(numbers)}, {{{items}}}}}")
            out.append("{" + ",\n ".join(fields) + "},")
    return "\n".join(out) + "\n"


def wrapped(text):
    return textwrap.fill(text, 100, break_long_words=False, break_on_hyphens=False)


GENERATED = "<!-- Written by scripts/gen_causes.py from proxy/verdict/causes.yaml. Do not edit. -->"


def page(cause):
    out = [GENERATED, f"# `{cause['code']}`", "", f"**{cause['en']['title']}**", ""]
    for text in TEXTS[1:]:
        out += [f"## {HEADINGS['en'][text]}", "", wrapped(cause["en"][text]), ""]
    if cause.get("rfc"):
        out += ["## Where it is specified", "", clean(cause["rfc"]), ""]
    if cause.get("scenarios"):
        out += ["## In the lab", "",
                ", ".join(f"`midspan lab run {name}`" for name in cause["scenarios"]), ""]
    if cause.get("see"):
        out += ["## Easily confused with", ""]
        out += [f"- [`{code}`]({code}.md)" for code in cause["see"]] + [""]
    out += ["---", "", f"## 日本語: {cause['ja']['title']}", ""]
    for text in TEXTS[1:]:
        out += [f"### {HEADINGS['ja'][text]}", "", cause["ja"][text], ""]
    out += ["[All causes](README.md)", ""]
    return "\n".join(out)


def index(causes):
    out = [GENERATED, "# The cause catalogue", "",
           wrapped("Every verdict of midspan names one of these causes. The code is stable: it is "
                   "what logs, the page and `midspan check` use. Each page says what the cause "
                   "means, how it shows on the wire, who fixes it, and the fix. Fixes go forward "
                   "only: none of them brings back what is deprecated."), ""]
    last = None
    for cause in causes:
        if family(cause) != last:
            last = family(cause)
            if out[-1]:
                out.append("")
            out += [f"## {FAMILIES[last]}", "", "| code | in short | 日本語 |",
                    "| --- | --- | --- |"]
        out.append(f"| [`{cause['code']}`]({cause['code']}.md) | {cause['en']['title']} "
                   f"| {cause['ja']['title']} |")
    return "\n".join(out) + "\n"


def outputs(causes):
    files = {TABLE: table(causes), DOCS / "README.md": index(causes)}
    for cause in causes:
        files[DOCS / f"{cause['code']}.md"] = page(cause)
    source = yaml.safe_load(STACKS.read_text(encoding="utf-8"))
    stacks = source["stacks"]
    files[VERDICT / "stacks.inc"] = stack_table(stacks)
    files[VERDICT / "servers.inc"] = server_table(source["servers"])
    files[VERDICT / "stack_traits.inc"] = trait_table(stacks)
    return files


def check(files):
    stale = [path for path, text in files.items()
             if not path.exists() or path.read_text(encoding="utf-8") != text]
    stale += [path for path in DOCS.glob("*.md") if path not in files]
    for path in stale:
        print(f"not up to date: {path.relative_to(ROOT)}")
    return 1 if stale else 0


def main():
    if sys.argv[1:] not in ([], ["--check"]):
        sys.exit(__doc__)
    files = outputs(load())
    if sys.argv[1:]:
        sys.exit(check(files))
    DOCS.mkdir(parents=True, exist_ok=True)
    for path in DOCS.glob("*.md"):
        if path not in files:
            path.unlink()
    for path, text in files.items():
        path.write_text(text, encoding="utf-8")
    print(f"{len(files)} files written")


if __name__ == "__main__":
    main()
