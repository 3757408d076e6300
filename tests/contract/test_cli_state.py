"""`launchctl state`, `cancel`, `resolve` and `destroy`, on a real project of the process target."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

PROJECT = """\
version: 1
project: state
queues: {here: {resource: process, max_jobs: 4}}
jobs:
  job:
    source: {code: ./code}
    command: [python3, -c, "print('fine')"]
runs:
  fine: {job: job, queue: here}
  slow: {job: job, queue: here, command: [python3, -c, "import time; time.sleep(60)"]}
"""

Call = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def call(tmp_path: Path) -> Iterator[Call]:
    """Runs `launchctl` in a project whose run `fine` has ended and whose run `slow` goes on."""
    (tmp_path / "code").mkdir()
    (tmp_path / "code/data.txt").write_text("x")
    (tmp_path / "project.yaml").write_text(PROJECT)
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("LAUNCHCTL_", "CI"))}

    def launchctl(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "launchctl", *arguments],
            cwd=tmp_path,
            env=inherited,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=90,
        )

    assert launchctl("apply", "--auto-approve", "--wait", "--target", "runs.fine").returncode == 0
    assert launchctl("apply", "--auto-approve").returncode == 0
    yield launchctl
    launchctl("destroy", "--auto-approve")


def test_list_and_show_tell_what_is_on_record(call: Call) -> None:
    listed = call("state", "list").stdout.splitlines()
    assert listed[:2] == ["runs.fine  g1  succeeded", "runs.slow  g1  running"]
    assert listed[2].startswith("state, workspace default: decision 2, lineage ")
    shown = call("state", "show", "runs.fine").stdout.splitlines()
    assert shown[0] == "runs.fine  active"
    assert shown[1].startswith("  g1  decision 1, ")
    assert "succeeded, exit code 0, since " in shown[3]
    assert call("state", "show", "runs.nobody").returncode == 64


def test_a_renamed_run_keeps_its_history(call: Call) -> None:
    assert call("state", "mv", "runs.fine", "runs.good").stderr == "runs.fine is runs.good from now on\n"
    assert call("logs", "runs.good").stdout == "fine\n"
    assert call("state", "mv", "runs.good", "runs.slow").returncode == 64
    assert call("state", "mv", "runs.nobody", "runs.x").returncode == 64


@pytest.mark.parametrize(
    ("old", "new", "wrong"),
    [
        ("runs.fine", "queues.p", "queues.p"),
        ("runs.fine", "jobs.s", "jobs.s"),
        ("runs.fine", "sweeps.s/1", "sweeps.s/1"),
        ("runs.fine", "runs.b@g1", "runs.b@g1"),
        ("runs.fine@g1", "runs.b", "runs.fine@g1"),
        ("queues.here", "queues.p", "queues.here"),
    ],
)
def test_only_a_run_is_renamed_and_only_to_a_run(call: Call, old: str, new: str, wrong: str) -> None:
    before = call("state", "list").stdout
    refused = call("state", "mv", old, new)
    assert (refused.returncode, refused.stderr) == (
        64,
        f'error: "{wrong}" is no run and no sweep: only these can be renamed\n'
        "hint: as in `runs.baseline` or `sweeps.lr`\n",
    )
    assert call("state", "list").stdout == before


def test_a_forgotten_run_stays_in_the_history(call: Call) -> None:
    assert call("state", "rm", "runs.fine").stderr == "runs.fine is forgotten\n"
    assert "runs.fine  g1  succeeded  forgotten" in call("state", "list").stdout
    assert "runs.fine" not in call("status").stdout
    assert call("logs", "runs.fine").stdout == "fine\n"


def test_a_copy_goes_out_and_in(call: Call, tmp_path: Path) -> None:
    pulled = call("state", "pull").stdout
    assert json.loads(pulled)["head"]["project"] == "state"
    (tmp_path / "copy.json").write_text(pulled)
    assert call("state", "push", "copy.json").returncode == 0
    call("state", "rm", "runs.fine")
    refused = call("state", "push", "copy.json")
    assert refused.returncode == 1
    assert "has moved on to" in refused.stderr
    assert call("state", "push", "--force", "copy.json").returncode == 0
    assert "runs.fine  g1  succeeded\n" in call("state", "list").stdout


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"format_version": "9"}', "[" * 100_000])
def test_what_is_no_state_is_not_pushed(call: Call, tmp_path: Path, text: str) -> None:
    (tmp_path / "copy.json").write_text(text)
    refused = call("state", "push", "copy.json")
    assert refused.returncode == 1
    assert refused.stderr.startswith("error: ")
    assert call("state", "push", "missing.json").returncode == 1


def test_a_damaged_state_is_named_and_mended_or_not_but_never_taken_for_none(call: Call, tmp_path: Path) -> None:
    state = tmp_path / ".launchctl/state.db"
    assert call("state", "repair").returncode == 0
    call("destroy", "--auto-approve")
    whole = state.read_bytes()
    state.write_bytes(whole[:3000])
    for arguments in (["plan"], ["apply", "--auto-approve"], ["status"], ["state", "list"]):
        found = call(*arguments)
        assert found.returncode == 1
        assert "launchctl state repair" in found.stderr
    state.unlink()
    assert call("apply", "--auto-approve").returncode == 1
    state.write_bytes(whole)
    assert call("plan").returncode == 0


def test_nothing_to_adopt_and_nobody_to_unlock_are_said(call: Call) -> None:
    assert call("state", "import", "--all").stderr == (
        "Nothing to adopt: the state knows every object of this project\n"
    )
    assert call("state", "import").returncode == 64
    assert call("state", "unlock").stderr == "Nobody holds the lock\n"


def test_cancel_stops_what_runs_and_nothing_else(call: Call) -> None:
    done = call("cancel", "runs.s*")
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("1 run: 1 cancelled\n")
    assert call("cancel", "runs.fine").stderr == "Nothing to cancel: it has ended already\n"
    assert call("cancel", "runs.nobody").returncode == 64
    assert call("cancel", "runs.n*").returncode == 64
    held = call("plan").stdout
    assert "h runs.slow  held: cancelled" in held
    assert "way out: launchctl apply --rerun runs.slow" in held


def test_destroy_cancels_everything_and_history_stays(call: Call) -> None:
    assert call("destroy").returncode == 64
    done = call("destroy", "--auto-approve")
    assert done.returncode == 0
    assert done.stderr.startswith("Will happen\n  - runs.slow@g1  cancel: asked for\n\nPlan: 1 to cancel\n")
    assert call("destroy").stdout == "Nothing to do: nothing runs and nothing waits\n"
    assert call("logs", "runs.fine").stdout == "fine\n"
    assert call("plan", "--detailed-exitcode").returncode == 0


def test_only_what_is_lost_is_resolved(call: Call) -> None:
    refused = call("resolve", "runs.fine", "--as", "failed")
    assert refused.returncode == 64
    assert "only a lost attempt can be resolved" in refused.stderr


def test_a_fault_in_the_project_keeps_nobody_from_looking_or_stopping(call: Call, tmp_path: Path) -> None:
    (tmp_path / "project.yaml").write_text(PROJECT.replace("queue: here", "queue: heer"))
    assert call("plan").returncode == 6
    assert call("status").returncode == 0
    assert call("logs", "runs.fine").stdout == "fine\n"
    assert call("cancel", "runs.slow").returncode == 0
