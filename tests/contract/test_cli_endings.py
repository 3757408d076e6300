"""What a command says at its end: no secret of a run's output, nothing twice, no advice that does not help."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

SECRET = "hunter2-do-not-tell"
PROJECT = """\
version: 1
project: endings
secrets: {token: {env: MY_TOKEN}}
environment: [REGION]
queues: {here: {resource: process, max_jobs: 4}}
jobs:
  tell:
    source: {code: ./code}
    command: [python3, -c, "import os; print(os.environ['MY_TOKEN'], os.environ['AREA'])"]
    secrets: [token]
    env: {AREA: "${env:REGION}"}
  slow:
    source: {code: ./code}
    command: [python3, -c, "import time; time.sleep(60)"]
runs:
"""

Call = Callable[..., subprocess.CompletedProcess[str]]


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith(("LAUNCHCTL_", "CI"))}


@pytest.fixture
def call(tmp_path: Path) -> Call:
    """Runs `launchctl` in a project of these runs, without a terminal."""

    def launchctl(*arguments: str, runs: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
        (tmp_path / "code").mkdir(exist_ok=True)
        (tmp_path / "code/data.txt").write_text("x")
        if runs:
            (tmp_path / "project.yaml").write_text(PROJECT + runs)
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


def test_a_summary_shows_no_secret_and_no_value_of_the_environment(call: Call) -> None:
    runs = "  open: {job: tell, queue: here}\n"
    done = call("apply", "--auto-approve", "--wait", runs=runs, MY_TOKEN=SECRET, REGION="eu-central-1")
    assert done.returncode == 0, done.stderr
    assert "\n    (sensitive) ${env:REGION}\n1 run: 1 succeeded\n" in done.stdout
    assert SECRET not in done.stdout + done.stderr
    assert call("logs", "runs.open").stdout == f"{SECRET} eu-central-1\n"


def test_what_never_started_has_no_logs_and_says_why(call: Call) -> None:
    runs = "  slow: {job: slow, queue: here}\n  late: {job: slow, queue: here, depends_on: [runs.slow]}\n"
    assert call("apply", "--auto-approve", runs=runs).returncode == 0
    cancelled = call("cancel", "runs.late", "runs.slow")
    assert cancelled.returncode == 0, cancelled.stderr
    for address in ("runs.late", "runs.late@g1#a1"):
        refused = call("logs", address)
        assert (refused.returncode, refused.stdout, refused.stderr) == (
            64,
            "",
            "error: runs.late@g1#a1 never started\nhint: `launchctl state show runs.late` shows its record\n",
        )
    assert call("logs", "runs.slow").returncode == 0


def test_an_earlier_generation_is_cancelled_and_listed_by_itself(call: Call) -> None:
    runs = "  sup: {job: slow, queue: here, env: {N: one}, lifecycle: {on_change: supersede}}\n"
    assert call("apply", "--auto-approve", runs=runs).returncode == 0
    assert call("apply", "--auto-approve", runs=runs.replace("one", "two")).returncode == 0
    shown = call("destroy").stderr
    assert "  - runs.sup@g1  cancel: asked for\n  - runs.sup@g2  cancel: asked for\n" in shown
    stopped = call("cancel", "runs.sup@g1").stdout
    assert stopped.startswith("runs.sup@g1  cancelled")
    assert stopped.endswith("\n1 run: 1 cancelled\n")
    assert call("destroy", "--auto-approve").returncode == 0


def test_after_a_wait_nobody_is_told_to_wait(call: Call) -> None:
    done = call("apply", "--auto-approve", "--wait", runs="  open: {job: tell, queue: here}\n")
    assert done.returncode == 1
    assert "$MY_TOKEN" in done.stdout + done.stderr
    assert "apply --wait" not in done.stderr
    assert "launchctl logs" not in done.stderr
    assert "waits for the secret in $MY_TOKEN" in call("status").stdout
    assert "ready" not in done.stdout


@pytest.mark.parametrize("arguments", [["apply", "--auto-approve"], ["plan"]])
def test_an_interrupt_at_the_very_start_is_not_silent(call: Call, tmp_path: Path, arguments: list[str]) -> None:
    call("version", runs="".join(f"  r{number}: {{job: slow, queue: here}}\n" for number in range(3000)))
    with subprocess.Popen(
        [sys.executable, "-X", "importtime", "-m", "launchctl", *arguments],
        cwd=tmp_path,
        env=_environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as starting:
        assert starting.stderr is not None
        while "launchctl.compiler" not in starting.stderr.readline():
            pass
        starting.send_signal(signal.SIGINT)
        starting.send_signal(signal.SIGINT)
        said = starting.stderr.read()
    assert starting.returncode == 130
    assert "\ninterrupted" in said
    assert "Traceback" not in said
    assert not (tmp_path / ".launchctl").exists()


@pytest.mark.skipif(
    os.environ.get("LAUNCHCTL_TEST_DOCKER") != "1", reason="needs a docker engine: set LAUNCHCTL_TEST_DOCKER=1"
)
def test_a_refusal_is_told_once_as_it_happens_and_once_in_the_summary(call: Call, tmp_path: Path) -> None:
    (tmp_path / "project.yaml").write_text(
        "version: 1\nproject: refusals\nqueues: {boxes: {resource: docker, config: {cpuset-cpus: '4000'}}}\n"
        "jobs: {echo: {source: {image: 'busybox:local'}, command: [echo, hi]}}\n"
        "runs: {refused: {job: echo, queue: boxes}}\n"
    )
    done = call("apply", "--auto-approve", "--wait")
    assert done.returncode in {1, 7}, done.stdout + done.stderr
    assert done.stderr.count("4000") == 1, done.stderr
    assert done.stdout.count("4000") == 1, done.stdout
    assert "launchctl logs" not in done.stderr
    refused = call("logs", "runs.refused")
    assert refused.returncode == 64
    assert refused.stderr.startswith("error: runs.refused@g1#a1 never started: ")
