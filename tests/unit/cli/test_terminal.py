"""What a person sees: prompts, colours, live progress and interrupts, on a terminal of its own."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pexpect  # type: ignore[import-untyped]
import pyte
import pytest

PROJECT = """\
version: 1
project: screen
queues: {here: {resource: process, max_jobs: 2}}
jobs:
  wait:
    source: {code: ./code}
    command: [python3, -c, "import time; time.sleep(SECONDS); print('done waiting')"]
runs:
  first: {job: wait, queue: here}
  second: {job: wait, queue: here, depends_on: [runs.first]}
"""


@pytest.fixture
def project(tmp_path: Path) -> Callable[[float], Path]:
    """Writes a project of two runs that take so many seconds each."""

    def write(seconds: float) -> Path:
        (tmp_path / "code").mkdir(exist_ok=True)
        (tmp_path / "code/note.txt").write_text("x")
        (tmp_path / "project.yaml").write_text(PROJECT.replace("SECONDS", str(seconds)))
        return tmp_path

    return write


class Terminal:
    """`launchctl` on a terminal of 100 by 24 cells, and what is on the screen."""

    def __init__(self, folder: Path, *arguments: str, **environment: str) -> None:
        inherited = os.environ.items()
        surroundings = {
            name: value for name, value in inherited if not name.startswith(("CI", "NO_COLOR", "LAUNCHCTL_"))
        }
        self.child = pexpect.spawn(
            sys.executable,
            ["-m", "launchctl", *arguments],
            cwd=str(folder),
            env={**surroundings, "TERM": "xterm-256color", **environment},
            dimensions=(24, 100),
            timeout=30,
        )
        self.screen = pyte.Screen(100, 24)
        self._stream = pyte.ByteStream(self.screen)
        self.raw = b""

    @property
    def text(self) -> str:
        """What is on the screen, without trailing blanks."""
        return "\n".join(row.rstrip() for row in self.screen.display).rstrip()

    def until(self, words: str) -> None:
        """Reads until the screen has the words."""
        deadline = time.monotonic() + 30
        while words not in self.text:
            assert time.monotonic() < deadline, self.text
            self._read()

    def end(self) -> int | None:
        """Reads to the end and returns the exit code."""
        deadline = time.monotonic() + 30
        while self._read():
            assert time.monotonic() < deadline, self.text
        self.child.close()
        code: int | None = self.child.exitstatus
        return code

    def _read(self) -> bool:
        try:
            data: bytes = self.child.read_nonblocking(4096, timeout=0.2)
        except pexpect.TIMEOUT:
            return True
        except pexpect.EOF:
            return False
        self.raw += data
        self._stream.feed(data)
        return True


@contextmanager
def terminal(folder: Path, *arguments: str, **environment: str) -> Iterator[Terminal]:
    """A terminal that is closed at the end."""
    found = Terminal(folder, *arguments, **environment)
    try:
        yield found
    finally:
        found.child.close(force=True)


def test_a_plan_is_coloured_on_a_terminal(project: Callable[[float], Path]) -> None:
    with terminal(project(0), "plan") as shown:
        assert shown.end() == 0
    assert "> runs.first   start: never run  project.yaml:9:3" in shown.text
    assert b"\x1b[32m>\x1b[0m" in shown.raw


@pytest.mark.parametrize("variable", ["NO_COLOR", "CI"])
def test_a_plan_has_no_colour_where_nobody_wants_it(project: Callable[[float], Path], variable: str) -> None:
    with terminal(project(0), "plan", **{variable: "1"}) as shown:
        assert shown.end() == 0
    assert "> runs.first   start: never run" in shown.text
    assert b"\x1b[" not in shown.raw


@pytest.mark.parametrize("answer", ["n", "", "maybe"])
def test_a_declined_plan_starts_nothing(project: Callable[[float], Path], answer: str) -> None:
    folder = project(0)
    with terminal(folder, "apply") as shown:
        shown.until("Apply this plan? [y/N]")
        shown.child.sendline(answer)
        assert shown.end() == 1
    assert "Not applied" in shown.text
    assert not (folder / ".launchctl/runs").exists()


def test_an_interrupt_at_the_prompt_starts_nothing(project: Callable[[float], Path]) -> None:
    with terminal(project(0), "apply") as shown:
        shown.until("Apply this plan? [y/N]")
        shown.child.sendintr()
        assert shown.end() == 130
    assert "Traceback" not in shown.text


def test_an_accepted_plan_is_followed_live_to_its_end(project: Callable[[float], Path]) -> None:
    with terminal(project(1.5), "apply", "--wait") as shown:
        shown.until("Apply this plan? [y/N]")
        shown.child.sendline("y")
        shown.until("waits for runs.first, which is running")
        assert "1 pending, 1 running" in shown.text
        assert shown.end() == 0
    assert "runs.first@g1   succeeded" in shown.text
    assert "    done waiting\nruns.second@g1  succeeded" in shown.text
    assert shown.text.endswith("2 runs: 2 succeeded")


def test_an_interrupted_apply_leaves_the_runs_alone(project: Callable[[float], Path]) -> None:
    folder = project(4)
    with terminal(folder, "apply", "--wait", "--auto-approve") as shown:
        shown.until("waits for runs.first, which is running")
        shown.child.sendintr()
        assert shown.end() == 130
    assert "interrupted: 2 runs are not finished" in shown.text
    assert "runs.first@g1: running" in shown.text
    with terminal(folder, "apply", "--wait") as again:
        assert again.end() == 0
    assert again.text.endswith("2 runs: 2 succeeded")


def test_watching_ends_when_everything_has_ended(project: Callable[[float], Path]) -> None:
    folder = project(1)
    with terminal(folder, "apply", "--auto-approve", "--target", "runs.first") as started:
        assert started.end() == 0
    with terminal(folder, "status", "--watch") as shown:
        assert shown.end() == 0
    assert "runs.first@g1  succeeded" in shown.text
