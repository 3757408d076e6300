"""Files of other people, read as ours: W&B sweeps are understood as they are, anything else is refused in words."""

from __future__ import annotations

import json
import os
import textwrap
from pathlib import Path

import pytest

from launchctl.cli.main import run

FOLDER = os.environ.get("LAUNCHCTL_TEST_SAMPLES", "")
pytestmark = pytest.mark.skipif(not FOLDER, reason="needs the samples: set LAUNCHCTL_TEST_SAMPLES to their folder")
SAMPLES = sorted(Path(FOLDER).rglob("*.y*ml")) if FOLDER else []
SWEEPS = [path for path in SAMPLES if path.parent.name == "sweeps"]
OF_ANOTHER_TOOL = ("Metta-AI__metta",)
"""Sweep files whose keys are those of a program of its own."""
WRONG_FOR_WANDB_TOO = {
    "098__konst-int-i__healnet__sweep.yaml": [
        ("not-for-method", 21),
        ("wrong-value", 34),
        ("wrong-value", 35),
        *(("not-for-method", line) for line in (49, 53, 57, 63)),
    ],
    "124__spokenlanguage__platalea__wandb_sweep.yaml": [("wrong-value", 4)],
}
"""Code and line of what is wrong in a file."""
PROJECT = """\
version: 1
project: samples
queues: {q: {resource: docker}}
jobs: {t: {source: {image: "registry.example.com/t:v1"}, command: [python, train.py]}}
sweeps:
  sample:
    job: t
    queue: q
"""


def _errors(folder: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, list[tuple[str, int]]]:
    code = run(["validate", str(folder), "--format", "json"])
    found = json.loads(capsys.readouterr().out)["diagnostics"]
    return code, [(each["code"], each["line"] or 0) for each in found if each["severity"] == "error"]


@pytest.mark.parametrize("sample", SWEEPS, ids=[path.name for path in SWEEPS])
def test_a_wandb_sweep_is_taken_as_it_is(sample: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "project.yaml").write_text(PROJECT + textwrap.indent(sample.read_text(), "    "))
    code, errors = _errors(tmp_path, capsys)
    if any(name in sample.name for name in OF_ANOTHER_TOOL):
        assert code == 6
        assert errors
    else:
        before = len(PROJECT.splitlines())
        assert [(name, line - before) for name, line in errors] == WRONG_FOR_WANDB_TOO.get(sample.name, [])


@pytest.mark.parametrize("sample", SAMPLES, ids=[path.name for path in SAMPLES])
def test_a_file_of_another_tool_is_no_project(sample: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "project.yaml").write_bytes(sample.read_bytes())
    code, errors = _errors(tmp_path, capsys)
    assert code == 6
    assert errors
