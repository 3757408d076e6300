"""A job may print what it must not: no name of a metric carries a secret into the state or into any output."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

SECRET = "hunter2-do-not-tell"
REGION = "eu-central-1"
PROJECT = """\
version: 1
project: leaky
secrets: {token: {env: MY_TOKEN}}
environment: [REGION]
queues: {here: {resource: process}}
jobs:
  train:
    source: {code: ./train}
    command: [python3, train.py]
    secrets: [token]
    env: {AREA: "${env:REGION}"}
sweeps:
  lr: {job: train, queue: here, method: grid, metric: {name: loss, goal: minimize}, parameters: {x: {values: [1, 2]}}}
"""
TRAIN = """\
import json, os
names = (os.environ["MY_TOKEN"], "of " + os.environ["AREA"])
print("launchctl.metrics", json.dumps({"loss": 1, **dict.fromkeys(names, 7)}), flush=True)
"""


def call(folder: Path, *arguments: str) -> str:
    """All that `launchctl` says in a folder."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("LAUNCHCTL_", "CI"))}
    found = subprocess.run(
        [sys.executable, "-m", "launchctl", *arguments],
        cwd=folder,
        env={**environment, "MY_TOKEN": SECRET, "REGION": REGION},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert found.returncode == 0, found.stderr
    return found.stdout + found.stderr


def test_no_name_of_a_metric_carries_a_secret(tmp_path: Path) -> None:
    (tmp_path / "train").mkdir()
    (tmp_path / "train/train.py").write_text(TRAIN)
    (tmp_path / "project.yaml").write_text(PROJECT)
    call(tmp_path, "apply", "--auto-approve", "--wait")
    document = call(tmp_path, "sweep", "show", "lr", "--format", "json")
    assert '"(sensitive)"' in document
    assert '"of ${env:REGION}"' in document
    said = [document, call(tmp_path, "state", "pull"), call(tmp_path, "status"), call(tmp_path, "plan")]
    said += [call(tmp_path, "sweep", "show", "lr", "--format", form) for form in ("text", "csv")]
    assert not any(value in text for text in said for value in (SECRET, REGION))
    jobs_own = tmp_path / ".launchctl/runs"
    kept = [path for path in (tmp_path / ".launchctl").rglob("*") if path.is_file() and jobs_own not in path.parents]
    assert any("state" in str(path) for path in kept)
    assert [path.name for path in kept for value in (SECRET, REGION) if value.encode() in path.read_bytes()] == []
