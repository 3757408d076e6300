"""What a shell is told when it completes a command line."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest


def _complete(words: str) -> list[str]:
    count = len(words.split(" ")) - 1
    environment = {
        **os.environ,
        "_LAUNCHCTL_COMPLETE": "complete_bash",
        "COMP_WORDS": words,
        "COMP_CWORD": str(count),
    }
    found = subprocess.run(
        [sys.executable, "-m", "launchctl"], env=environment, capture_output=True, text=True, timeout=60
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


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_every_shell_gets_a_script(shell: str) -> None:
    environment = {**os.environ, "_LAUNCHCTL_COMPLETE": f"source_{shell}"}
    found = subprocess.run([sys.executable, "-m", "launchctl"], env=environment, capture_output=True, text=True)
    assert found.returncode == 0
    assert "_LAUNCHCTL_COMPLETE" in found.stdout
