"""`agent run` as a process: it works until it is interrupted, and its runs go on."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

COMMAND = [sys.executable, "-m", "launchctl"]
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "CI"}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Three trials, one at a time, so that apply starts the first alone; the last takes long."""
    (tmp_path / "job").mkdir()
    (tmp_path / "job" / "job.sh").write_text('case "$1" in --x=3) sleep 60;; esac; echo "$1"\n')
    project = {
        "version": 1,
        "project": "agents",
        "entity": "acme",
        "agents": {"box": {"queues": ["q"], "max_jobs": 1}},
        "queues": {"q": {"resource": "process", "max_jobs": 1}},
        "jobs": {"j": {"source": {"code": "job"}, "command": ["sh", "job.sh"]}},
        "sweeps": {"s": {"job": "j", "queue": "q", "method": "grid", "parameters": {"x": {"values": [1, 2, 3]}}}},
    }
    (tmp_path / "project.yaml").write_text(json.dumps(project))
    return tmp_path


def call(project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [*COMMAND, *arguments, "-p", str(project)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, env=ENVIRONMENT)


def statuses(project: Path) -> list[str]:
    done = call(project, "status", "--format", "json")
    return sorted(run["status"] for run in json.loads(done.stdout)["runs"])


def test_an_agent_drains_its_queues_until_it_is_interrupted(project: Path) -> None:
    command = [*COMMAND, "agent", "run", "box", "-p", str(project)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=ENVIRONMENT) as agent:
        assert call(project, "apply", "--auto-approve").returncode == 0
        deadline = time.monotonic() + 60
        while statuses(project) != ["running", "succeeded", "succeeded"] and time.monotonic() < deadline:
            time.sleep(0.2)
        agent.send_signal(signal.SIGINT)
        _, said = agent.communicate(timeout=30)
    assert agent.returncode == 130, said
    assert statuses(project) == ["running", "succeeded", "succeeded"]
    assert call(project, "cancel", "sweeps.s").returncode == 0
    assert statuses(project) == ["cancelled", "succeeded", "succeeded"]


def test_an_unknown_agent_is_wrong_usage(project: Path) -> None:
    done = call(project, "agent", "run", "bxo")
    assert done.returncode == 64
    assert 'error: the project has no agent "bxo"\nhint: did you mean "box"?' in done.stderr


def test_a_short_key_names_a_trial(project: Path) -> None:
    assert call(project, "apply", "--auto-approve").returncode == 0
    found = json.loads(call(project, "status", "--format", "json").stdout)["runs"]
    keys = [run["address"].partition("[")[2][:-1] for run in found]
    short = next(
        key[:length] for key in keys for length in range(4, 17) if sum(k.startswith(key[:length]) for k in keys) == 1
    )
    assert call(project, "logs", f"sweeps.s[{short}]").returncode == 0
    assert call(project, "cancel", "sweeps.s").returncode == 0
