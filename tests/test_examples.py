"""Every example compiles to what a reviewer has read: golden files, rewritten by `pytest --update`."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
GOLDEN = ROOT / "tests" / "cases" / "examples"
EXAMPLES = sorted(path.parent for path in (ROOT / "examples").glob("*/project.yaml"))


def compile_into(folder: Path, example: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "launchctl", "compile", str(example), "-o", str(folder), *options]
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


def test_there_are_examples_for_every_target_that_is_supported() -> None:
    assert {"docker", "quickstart", "sweep"} <= {example.name for example in EXAMPLES}


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.name)
def test_an_example_compiles_to_its_golden_files(example: Path, *, update: bool) -> None:
    expected = GOLDEN / example.name
    if update:
        shutil.rmtree(expected, ignore_errors=True)
        assert compile_into(expected, example).returncode == 0
    done = compile_into(expected, example, "--check")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.name)
def test_a_second_compile_rewrites_nothing(example: Path, tmp_path: Path) -> None:
    first = compile_into(tmp_path, example)
    times = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*") if path.is_file()}
    second = compile_into(tmp_path, example)
    assert (first.returncode, second.returncode) == (0, 0)
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*") if path.is_file()} == times
    assert times
