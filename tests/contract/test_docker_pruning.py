"""Stopping trials early on a real docker engine: however a container takes the signal, its trial ends as pruned."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(
    os.environ.get("LAUNCHCTL_TEST_DOCKER") != "1", reason="needs a docker engine: set LAUNCHCTL_TEST_DOCKER=1"
)

SAY = "echo 'launchctl.metrics {\"loss\": 9}'"
LOOP = "while true; do sleep 0.2; done"


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """An empty project folder; its containers are removed at the end."""
    yield tmp_path
    name = _project_name(tmp_path)
    listed = ["docker", "ps", "--all", "--quiet", "--filter", f"label=launchctl.dev/project={name}"]
    found = subprocess.run(listed, capture_output=True, text=True, check=True).stdout.split()
    if found:
        subprocess.run(["docker", "rm", "--force", *found], capture_output=True, check=True)


def _project_name(folder: Path) -> str:
    name = folder / "name"
    if not name.exists():
        name.write_text(f"pruning-{uuid.uuid4().hex[:8]}")
    return name.read_text()


def call(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs `launchctl` in the project's folder."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("LAUNCHCTL_", "CI"))}
    command = [sys.executable, "-m", "launchctl", *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=120)


@pytest.mark.parametrize(
    ("script", "end"),
    [
        pytest.param(f"trap 'exit 3' TERM; {SAY}; {LOOP}", "pruned", id="handles-it-and-fails"),
        pytest.param(f"{SAY}; {LOOP}", "pruned", id="is-killed-after-the-grace"),
        pytest.param(f"{SAY}; exec sleep 600", "pruned", id="has-no-shell-any-more"),
        pytest.param(f"trap 'exit 0' TERM; {SAY}; {LOOP}", "succeeded", id="ends-well-within-the-grace"),
    ],
)
def test_a_container_that_is_stopped_early_ends_its_trial_as_pruned(folder: Path, script: str, end: str) -> None:
    project = {
        "version": 1,
        "project": _project_name(folder),
        "queues": {"box": {"resource": "docker", "config": {"stop-timeout": 2}}},
        "jobs": {"train": {"source": {"image": "busybox:local"}, "command": ["sh", "-c", script, "--"]}},
        "sweeps": {
            "s": {
                "job": "train",
                "queue": "box",
                "method": "grid",
                "metric": {"name": "loss"},
                "parameters": {"x": {"values": [1]}},
                "early_terminate": {"type": "threshold", "min_iter": 1, "value": 5},
            }
        },
    }
    (folder / "project.yaml").write_text(json.dumps(project))
    done = call(folder, "apply", "--auto-approve", "--wait")
    assert done.returncode == 0, done.stderr
    assert "is worse than 5, the threshold" in done.stderr
    found = json.loads(call(folder, "sweep", "show", "s", "--format", "json").stdout)
    assert [(one["status"], one["metric"]["best"]) for one in found["trials"]] == [(end, 9)]
    assert call(folder, "apply", "--auto-approve").returncode == 0
    assert len(json.loads(call(folder, "status", "--format", "json").stdout)["runs"]) == 1
