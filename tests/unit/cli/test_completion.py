"""What a shell is told when it completes a command line."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest


def _complete(words: str, folder: Path | None = None) -> list[str]:
    count = len(words.split(" ")) - 1
    environment = {
        **os.environ,
        "_LAUNCHCTL_COMPLETE": "complete_bash",
        "COMP_WORDS": words,
        "COMP_CWORD": str(count),
    }
    found = subprocess.run(
        [sys.executable, "-m", "launchctl"], cwd=folder, env=environment, capture_output=True, text=True, timeout=60
    )
    assert found.stderr == ""
    return found.stdout.split()


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("launchctl p", ["plan"]),
        ("launchctl st", ["status", "state"]),
        ("launchctl plan --no", ["--no-refresh"]),
        ("launchctl plan --format ", ["text", "json", "markdown", "html"]),
        ("launchctl state un", ["unlock"]),
    ],
)
def test_commands_options_and_choices_are_completed(words: str, expected: list[str]) -> None:
    assert _complete(words) == expected


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("launchctl logs runs.", ["runs.baseline", "runs.large"]),
        ("launchctl cancel runs.l", ["runs.large"]),
        ("launchctl plan --target ", ["runs.baseline", "runs.large"]),
        ("launchctl logs -p elsewhere runs.", []),
        ("launchctl logs -p project.yaml runs.b", ["runs.baseline"]),
    ],
)
def test_addresses_of_the_project_are_completed(tmp_path: Path, words: str, expected: list[str]) -> None:
    (tmp_path / "project.yaml").write_text(
        "version: 1\nproject: x\nqueues: {q: {resource: docker}}\n"
        "jobs: {j: {source: {image: busybox}}}\n"
        "runs: {baseline: {job: j, queue: q}, large: {job: j, queue: q}, broken: {job: j, queue: nobody}}\n"
    )
    assert _complete(words, tmp_path) == expected


SWEEPS = """\
version: 1
project: x
queues: {q: {resource: process}}
jobs: {j: {source: {code: ./code}, command: ["true"]}}
runs: {lrun: {job: j, queue: q}}
sweeps:
  lr: {job: j, queue: q, method: grid, parameters: {x: {values: [1, 2]}}}
  seed: {job: j, queue: q, method: grid, parameters: {x: {values: [1, 2]}}}
"""


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("launchctl sweep show ", ["sweeps.lr", "sweeps.seed"]),
        ("launchctl sweep show sweeps.s", ["sweeps.seed"]),
        ("launchctl plan --rerun sweeps.", ["sweeps.lr", "sweeps.seed"]),
        ("launchctl logs sweeps.lr[", []),
    ],
)
def test_sweeps_of_the_project_are_completed(tmp_path: Path, words: str, expected: list[str]) -> None:
    (tmp_path / "code").mkdir()
    (tmp_path / "code/main.py").touch()
    (tmp_path / "project.yaml").write_text(SWEEPS)
    assert _complete(words, tmp_path) == expected
    assert not (tmp_path / ".launchctl").exists()


def test_trials_on_record_are_completed(tmp_path: Path) -> None:
    (tmp_path / "code").mkdir()
    (tmp_path / "code/main.py").touch()
    (tmp_path / "project.yaml").write_text(SWEEPS)
    apply = [sys.executable, "-m", "launchctl", "apply", "--auto-approve", "--wait", "--target", "sweeps.lr"]
    environment = {name: value for name, value in os.environ.items() if name != "CI"}
    subprocess.run(apply, cwd=tmp_path, env=environment, capture_output=True, check=True, timeout=60)
    found = _complete("launchctl logs sweeps.lr[", tmp_path)
    assert len(found) == 2
    assert _complete(f"launchctl logs {found[0][:14]}", tmp_path) == found[:1]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_every_shell_gets_a_script(shell: str) -> None:
    environment = {**os.environ, "_LAUNCHCTL_COMPLETE": f"source_{shell}"}
    found = subprocess.run([sys.executable, "-m", "launchctl"], env=environment, capture_output=True, text=True)
    assert found.returncode == 0
    assert "_LAUNCHCTL_COMPLETE" in found.stdout
