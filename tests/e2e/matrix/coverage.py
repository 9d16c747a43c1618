"""Which causes the end-to-end cases show, how often, and by how many stacks.

Prints the table of README.md: python3 tests/e2e/matrix/coverage.py
"""

import re
import sys
from collections import defaultdict
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
CATALOGUE = FOLDER.parents[2] / "proxy" / "verdict" / "causes.yaml"

if __name__ == "__main__":
    sys.path.insert(0, str(FOLDER.parent))

import test_proofs  # noqa: E402
import verdict_cases  # noqa: E402
from matrix import rows  # noqa: E402
from matrix.row import stack_of  # noqa: E402


def codes():
    return re.findall(r"^- code: (\S+)", CATALOGUE.read_text(), re.M)


def elsewhere():
    """The cases of the other end-to-end tests that name one cause."""
    return [case for case in (*verdict_cases.ALL, *test_proofs.ALL) if isinstance(case.cause, str)]


def table():
    """code → (cases of the matrix, cases elsewhere, stacks)"""
    counts = {code: [0, 0, set()] for code in codes()}
    for column, cases in enumerate((rows.ALL, elsewhere())):
        for case in cases:
            counts[case.cause][column] += 1
            counts[case.cause][2].add(stack_of(case))
    return counts


def main():
    print("| cause | matrix | other tests | stacks |")
    print("| --- | --- | --- | --- |")
    for code, (here, there, stacks) in table().items():
        print(f"| {code} | {here} | {there} | {', '.join(sorted(stacks)) or '-'} |")
    legs = defaultdict(int)
    for row in rows.ALL:
        legs[row.leg] += 1
    print(f"\n{len(rows.ALL)} cases: {legs['client']} client leg, {legs['server']} server leg")
    print(f"{len(rows.CONTROLS)} controls")


if __name__ == "__main__":
    main()
