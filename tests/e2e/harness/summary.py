"""What a test run measured: told behind its results, where pytest does not swallow it."""

LINES = []


def tell(line):
    LINES.append(line)
