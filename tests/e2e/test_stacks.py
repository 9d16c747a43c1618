"""How clients answer a bad certificate, as proxy/verdict/stacks.yaml has it: the quick part of
tests/measure/stacks.py, which measures all of it."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "measure"))

import stacks  # noqa: E402

QUICK = ["curl", "wget", "openssl s_client", "Python", "Node", "Go"]


def test_clients_answer_as_written_down(tmp_path):
    lines = []
    assert not stacks.run(QUICK, ["untrusted", "expired"], tmp_path, lines.append)
    assert len(lines) == 1 + len(QUICK) * 3


def test_a_difference_is_told():
    written = stacks.written_down()
    assert stacks.differences("curl", "expired", [45, 45], written) == []
    (wrong,) = stacks.differences("curl", "expired", [45, "silence"], written)
    assert wrong == "curl, expired, TLS 1.3: silence, stacks.yaml says 45"
    (wrong,) = stacks.differences("Go", None, ["accepts", "cut"], written)
    assert "a good certificate" in wrong
    assert stacks.differences("Java", "untrusted", [46, "cut"], written) == [], "may_cut"
