"""The exit codes of the contract, each from a command line and a real project on the process target."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

PROJECT = """\
version: 1
project: codes
queues: {here: {resource: process, max_jobs: 4}}
jobs:
  job:
    source: {code: ./code}
    command: [python3, -c, "print('fine')"]
runs:
"""
FINE = "  fine: {job: job, queue: here}\n"
BROKEN = "  broken: {job: job, queue: here, command: [python3, -c, 'raise SystemExit(3)']}\n"
SLOW = "  slow: {job: job, queue: here, command: [python3, -c, 'import time; time.sleep(60)'], args: [ARGUMENT]}\n"

Call = Callable[..., subprocess.CompletedProcess[str]]


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith(("LAUNCHCTL_", "CI"))}


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., None]:
    """Writes a project of these runs."""

    def project(*runs: str) -> None:
        (tmp_path / "code").mkdir(exist_ok=True)
        (tmp_path / "code/data.txt").write_text("x")
        (tmp_path / "project.yaml").write_text(PROJECT + "".join(runs))

    return project


@pytest.fixture
def call(tmp_path: Path) -> Call:
    """Runs `launchctl` in the project's folder, without a terminal."""

    def launchctl(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "launchctl", *arguments],
            cwd=tmp_path,
            env={**_environment(), **environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=90,
        )

    return launchctl


@pytest.fixture
def slow(write: Callable[..., None], call: Call) -> object:
    """A project whose run goes on until it is cancelled, started."""
    write(SLOW.replace("ARGUMENT", "one"))
    assert call("apply", "--auto-approve").returncode == 0
    yield None
    call("destroy", "--auto-approve")


def test_success_is_0_and_a_second_plan_has_nothing_to_do(write: Callable[..., None], call: Call) -> None:
    write(FINE)
    assert call("plan", "--detailed-exitcode").returncode == 2
    assert call("apply", "--auto-approve", "--wait").returncode == 0
    again = call("plan", "--detailed-exitcode")
    assert (again.returncode, again.stdout) == (0, "Nothing to do: 1 run is as the project wants it\n")
    assert call("apply").returncode == 0


def test_a_failed_run_that_was_waited_for_is_7_and_is_held_ever_after(write: Callable[..., None], call: Call) -> None:
    write(FINE, BROKEN)
    done = call("apply", "--auto-approve", "--wait")
    assert done.returncode == 7
    assert "`launchctl logs runs.broken` shows what it printed" in done.stderr
    held = call("plan", "--detailed-exitcode")
    assert held.returncode == 0
    assert "h runs.broken  held: failed" in held.stdout
    assert call("plan", "--detailed-exitcode", "--retry-failed").returncode == 2


@pytest.mark.usefixtures("slow")
def test_an_edit_of_a_running_experiment_is_3(write: Callable[..., None], call: Call) -> None:
    write(SLOW.replace("ARGUMENT", "two"))
    planned = call("plan", "--detailed-exitcode")
    assert planned.returncode == 3
    assert planned.stdout.startswith("Needs a decision\n  ! runs.slow  blocked: another experiment")
    assert 'args[0]: "one" -> "two"  intent  project.yaml:9:' in planned.stdout
    assert call("plan").returncode == 0
    assert call("apply", "--auto-approve").returncode == 3
    assert call("plan", "--detailed-exitcode", "--allow", "supersede=runs.slow").returncode == 2


@pytest.mark.usefixtures("slow")
def test_a_lock_that_somebody_holds_is_4(write: Callable[..., None], call: Call, tmp_path: Path) -> None:
    write(SLOW.replace("ARGUMENT", "one"), FINE)
    with subprocess.Popen(
        [sys.executable, "-m", "launchctl", "state", "lock"],
        cwd=tmp_path,
        env=_environment(),
        stderr=subprocess.PIPE,
        text=True,
    ) as holder:
        assert holder.stderr is not None
        assert holder.stderr.readline() == "Locked: Ctrl-C gives it back\n"
        locked = call("apply", "--auto-approve")
        assert call("plan").returncode == 0
        holder.send_signal(signal.SIGINT)
    assert locked.returncode == 4
    assert "error: the state is locked by" in locked.stderr
    assert holder.returncode == 0
    assert call("apply", "--auto-approve").returncode == 0


def test_a_stale_plan_or_one_that_was_tampered_with_is_5(
    write: Callable[..., None], call: Call, tmp_path: Path
) -> None:
    write(FINE)
    assert call("plan", "-o", "saved.json").returncode == 0
    saved = json.loads((tmp_path / "saved.json").read_text())
    (tmp_path / "edited.json").write_text(json.dumps({**saved, "changes": []}))
    assert call("apply", "edited.json", "--auto-approve").returncode == 5
    (tmp_path / "project.yaml").write_text((tmp_path / "project.yaml").read_text() + "# edited\n")
    assert call("apply", "saved.json", "--auto-approve").returncode == 5
    write(FINE)
    assert call("apply", "saved.json", "--auto-approve", "--wait").returncode == 0
    assert call("apply", "saved.json", "--auto-approve").returncode == 5


def test_a_saved_plan_takes_no_other_options(write: Callable[..., None], call: Call) -> None:
    write(FINE)
    call("plan", "-o", "saved.json")
    for option in (["--rerun", "runs.fine"], ["--retry-failed"], ["--workspace", "other"]):
        assert call("apply", "saved.json", "--auto-approve", *option).returncode == 64


@pytest.mark.parametrize("command", ["validate", "compile", "plan", "apply", "status"])
def test_an_invalid_project_is_6_with_every_fault(tmp_path: Path, call: Call, command: str) -> None:
    (tmp_path / "project.yaml").write_text("version: 1\nproject: x\nqueue: {}\nruns: {a: {jub: b}}\n")
    found = call(command)
    if command == "status":  # looking needs the project's name alone
        assert found.returncode == 0
        return
    assert found.returncode == 6
    said = found.stdout if command == "validate" else found.stderr
    assert "project.yaml:3:1: error: " in said
    assert "project.yaml:4:12: error: " in said
    assert "Traceback" not in found.stderr


@pytest.mark.parametrize(
    "option", [["--target", "runs.fnie"], ["--rerun", "runs.fnie"], ["--allow", "cancel=runs.fnie"]]
)
def test_an_address_that_fits_nothing_is_64(write: Callable[..., None], call: Call, option: list[str]) -> None:
    write(FINE)
    for command in (["plan"], ["apply", "--auto-approve"]):
        found = call(*command, *option)
        assert (found.returncode, found.stdout, found.stderr) == (
            64,
            "",
            'error: nothing of the project or its state is "runs.fnie"\nhint: did you mean "runs.fine"?\n',
        )


def test_a_project_that_is_not_there_is_told_without_a_traceback(call: Call) -> None:
    found = call("plan")
    assert found.returncode in {6, 64}
    assert "project.yaml" in found.stderr
    assert "Traceback" not in found.stderr


def test_no_terminal_and_no_approval_is_64(write: Callable[..., None], call: Call, tmp_path: Path) -> None:
    write(FINE)
    refused = call("apply")
    assert refused.returncode == 64
    assert refused.stderr.endswith(
        "error: there is no terminal on which to ask for approval\nhint: `--auto-approve` goes on without asking\n"
    )
    assert not (tmp_path / ".launchctl").exists()


def test_ci_without_a_named_state_is_64(write: Callable[..., None], call: Call, tmp_path: Path) -> None:
    write(FINE)
    refused = call("apply", "--auto-approve", CI="true")
    assert refused.returncode == 64
    assert call("apply", "--auto-approve", "--wait", CI="true", LAUNCHCTL_STATE="state.db").returncode == 0
    assert (tmp_path / "state.db").exists()


def test_check_that_finds_a_difference_is_1(write: Callable[..., None], call: Call) -> None:
    write(FINE)
    assert call("compile", "-o", "out").returncode == 0
    assert call("compile", "--check", "-o", "out").returncode == 0
    write(FINE, BROKEN)
    checked = call("compile", "--check", "-o", "out")
    assert checked.returncode == 1
    assert checked.stdout == "new     out/runs/broken.sh\nchanged out/index.json\n"


def test_an_interrupt_is_130_and_runs_go_on(write: Callable[..., None], call: Call, tmp_path: Path) -> None:
    write("  slow: {job: job, queue: here, command: [python3, -c, 'import time; time.sleep(2)']}\n")
    with subprocess.Popen(
        [sys.executable, "-m", "launchctl", "apply", "--auto-approve", "--wait"],
        cwd=tmp_path,
        env=_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as applying:
        assert applying.stderr is not None
        while "running" not in (said := applying.stderr.readline()):
            assert said
        applying.send_signal(signal.SIGINT)
        said = applying.stderr.read()
    assert applying.returncode == 130
    assert "interrupted: 1 run is not finished\n  runs.slow@g1: running\n" in said
    time.sleep(2)
    assert call("status").stdout.endswith("1 run: 1 succeeded\n")
    assert call("apply", "--wait").returncode == 0
