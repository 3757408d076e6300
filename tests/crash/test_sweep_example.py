"""`examples/sweep`, as a user runs it: killed in the middle it goes on, starts no trial twice, and stops some early."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "sweep"
PATIENCE = 300.0
"""Seconds; it takes about sixty."""
pytest.importorskip("bayes_opt", reason="needs bayes_opt, of the extra `bayes`")
pytest.importorskip("sklearn", reason="needs scikit-learn")


def command(folder: Path, *arguments: str) -> list[str]:
    return [sys.executable, "-m", "launchctl", *arguments, "--project", str(folder), "--state", f"{folder}/state.db"]


def environment() -> dict[str, str]:
    """The jobs find this very interpreter as `python`."""
    folder = Path(sys.executable).parent
    return {**os.environ, "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}", "VIRTUAL_ENV": str(folder.parent)}


def trials(folder: Path) -> list[dict[str, Any]]:
    shown = subprocess.run(
        command(folder, "sweep", "show", "sweeps.tune", "--format", "json"), capture_output=True, text=True, timeout=60
    )
    return list(json.loads(shown.stdout)["trials"]) if shown.returncode == 0 else []


def ended(found: list[dict[str, Any]]) -> int:
    return sum(trial["status"] in {"succeeded", "pruned"} for trial in found)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    ignored = shutil.ignore_patterns(".launchctl", "artifacts", "__pycache__")
    shutil.copytree(EXAMPLE, tmp_path / "sweep", ignore=ignored)
    return tmp_path / "sweep"


def test_a_killed_search_goes_on_where_it_was_and_stops_what_falls_behind(folder: Path) -> None:
    apply = ["apply", str(folder), "--auto-approve", "--wait", "--state", f"{folder}/state.db"]
    killed = subprocess.Popen(
        [sys.executable, "-m", "launchctl", *apply],
        env=environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    deadline = time.monotonic() + PATIENCE
    while ended(trials(folder)) < 5:
        assert killed.poll() is None, "the search was over before it could be killed"
        assert time.monotonic() < deadline
        time.sleep(0.5)
    os.killpg(killed.pid, signal.SIGKILL)
    killed.wait()
    before = {trial["key"]: trial for trial in trials(folder)}

    done = subprocess.run(
        [sys.executable, "-m", "launchctl", *apply], env=environment(), capture_output=True, text=True, timeout=PATIENCE
    )
    assert done.returncode == 0, done.stdout + done.stderr

    after = {trial["key"]: trial for trial in trials(folder)}
    assert sorted(after, key=int) == [str(index) for index in range(16)]
    assert all(trial["attempt"] == 1 for trial in after.values())
    assert {trial["status"] for trial in after.values()} == {"succeeded", "pruned"}
    assert all(after[key]["values"] == trial["values"] for key, trial in before.items())
    logs = [path.read_text() for path in folder.glob(".launchctl/runs/*/output.log")]
    assert [log.count('{"epoch": 1,') for log in logs] == [1] * 16
