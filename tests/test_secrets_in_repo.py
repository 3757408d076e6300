"""No credential and no machine is spelled out in a file of this repository."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SECRETS = {
    "an AWS access key": re.compile(r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"),
    "a private key": re.compile(r"-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----"),
    "a GitHub token": re.compile(r"\bgh[pousr]_[A-Za-z0-9]{36}\b|\bgithub_pat_[A-Za-z0-9_]{60,}"),
    "a Google key": re.compile(r"\bAIza[0-9A-Za-z_-]{35}\b"),
    "a Hugging Face token": re.compile(r"\bhf_[A-Za-z0-9]{30,}\b"),
    "a W&B key": re.compile(r"(?i)(?:wandb|api)[a-z_]*key['\"]?\s*[:=]\s*['\"]?(?:[0-9a-f]{40}\b|wandb_v1_)"),
    "a password in a URL": re.compile(r"\b[a-z+]+://[^\s/:@\"'{}<>$]+:(?!pass|secret|hunter)[^\s/:@\"'{}<>$]+@"),
}
MACHINES = re.compile(r"(?<![\w.])/(?:root/\.|work/(?:main|shared)|opt/(?:pypi|wheels))")


def _files() -> list[str]:
    listed = subprocess.run(["git", "ls-files", "-z", "--cached"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("not a git checkout: nothing says which files belong to the repository")
    names = [name for name in listed.stdout.split("\0") if name and name != "tests/test_secrets_in_repo.py"]
    return [name for name in names if (ROOT / name).is_file()]


def _found(pattern: re.Pattern[str]) -> list[str]:
    hits: list[str] = []
    for name in _files():
        for number, line in enumerate((ROOT / name).read_text(errors="replace").splitlines(), 1):
            if match := pattern.search(line):
                hits.append(f"{name}:{number}: {match[0]}")
    return hits


@pytest.mark.parametrize("kind", SECRETS)
def test_no_file_holds(kind: str) -> None:
    assert _found(SECRETS[kind]) == []


def test_no_file_names_a_folder_of_somebodys_machine() -> None:
    assert _found(MACHINES) == []
