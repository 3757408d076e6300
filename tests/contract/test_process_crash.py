"""A job is started once, whoever is killed at whatever moment: submitters, supervisors, or all of them.

Each job appends one line to a file, so that what counts is what happened, not what anybody
recorded. How many rounds are tried follows the profile of hypothesis: a quarter of its examples.
"""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import settings
from provider_contract import labels_of, wait_until

from launchctl.errors import UnknownOutcome
from launchctl.providers.base import Observation, Site, Submission, Target
from launchctl.providers.process.client import ProcessClient
from launchctl.status import Status

ROUNDS = settings.default.max_examples // 4 if settings.default else 25
RUN_ID = "runs-baseline-3f09a1c2d4"
TARGET = Target(RUN_ID, "runs.baseline", 1, 1)
SECONDS_OF_A_START = 0.06

pytestmark = pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="needs a /proc to find processes to kill")


@pytest.fixture
def random_source(request: pytest.FixtureRequest) -> random.Random:
    """Random moments; what a moment meets is up to the scheduler all the same."""
    return random.Random(request.node.name)


class Round:
    """One attempt at starting a job, in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.site = Site(folder, folder / "runs", {"PATH": "/usr/bin:/bin"}, "churn", "acme", "default")
        self.client = ProcessClient(self.site, grace=0.2)

    def submission(self, script: str) -> Submission:
        body = {"argv": ["sh", "-c", f"echo started >> starts; {script}"], "env": {}, "cwd": "."}
        return Submission(TARGET, body, labels_of(self.site, TARGET))

    def fork(self, action: Callable[[], object]) -> int:
        """A process that does something of this round; its id."""
        child = os.fork()
        if child == 0:
            with suppress(BaseException):
                action()
            os._exit(0)
        return child

    def submit_until_known(self, submission: Submission) -> Observation:
        """What an apply does after a crash: submit again until there is an answer."""
        for _ in range(20):
            with suppress(UnknownOutcome):
                return self.client.submit(submission)
        raise AssertionError("never an answer")

    def seen(self) -> Observation | None:
        return self.client.observe([TARGET]).get(RUN_ID)

    def end(self) -> Observation:
        """The attempt once it has ended."""
        wait_until(lambda: (found := self.seen()) is not None and found.status.is_terminal)
        found = self.seen()
        assert found is not None
        return found

    def starts(self) -> int:
        path = self.site.project_folder / "starts"
        return len(path.read_text().splitlines()) if path.exists() else 0

    def processes(self) -> list[tuple[int, int]]:
        """Supervisors of this round and their waiting children, with their parents."""
        return list(_processes_of(str(self.site.run_folder / RUN_ID)))


def _processes_of(folder: str) -> Iterator[tuple[int, int]]:
    for name in filter(str.isdigit, os.listdir("/proc")):
        with suppress(OSError, IndexError):
            if folder.encode() in Path(f"/proc/{name}/cmdline").read_bytes().split(b"\0"):
                yield int(name), int(Path(f"/proc/{name}/stat").read_text().rpartition(")")[2].split()[1])


def kill(process: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(process, signal.SIGKILL)


@pytest.mark.parametrize("number", range(ROUNDS))
def test_a_submitter_that_is_killed_leaves_one_start_to_its_successor(
    tmp_path: Path, random_source: random.Random, number: int
) -> None:
    one = Round(tmp_path / str(number))
    submission = one.submission("sleep 0.05; exit 3")
    first = one.fork(lambda: one.client.submit(submission))
    time.sleep(random_source.uniform(0, SECONDS_OF_A_START))
    kill(first)
    os.waitpid(first, 0)
    time.sleep(random_source.choice([0, 0, random_source.uniform(0, SECONDS_OF_A_START)]))
    assert one.submit_until_known(submission).owner == ("runs.baseline", 1, 1)
    found = one.end()
    assert (found.status, found.exit_code, one.starts()) == (Status.FAILED, 3, 1)


@pytest.mark.parametrize("number", range(ROUNDS))
def test_a_supervisor_that_is_killed_never_makes_for_two_starts_nor_hides_one(
    tmp_path: Path, random_source: random.Random, number: int
) -> None:
    one = Round(tmp_path / str(number))
    submission = one.submission("sleep 0.02")
    first = one.fork(lambda: one.client.submit(submission))
    until = time.monotonic() + random_source.uniform(0, SECONDS_OF_A_START)
    while time.monotonic() < until:
        pass
    found = one.processes()
    for process in [process for process, parent in found if parent not in dict(found)]:
        kill(process)
    os.waitpid(first, 0)
    one.submit_until_known(submission)
    end = one.end()
    wait_until(lambda: one.processes() == [])
    assert end.status in {Status.SUCCEEDED, Status.LOST}
    assert one.starts() == 1


@pytest.mark.parametrize("number", range(ROUNDS))
def test_everybody_killed_at_once_never_makes_for_two_starts(
    tmp_path: Path, random_source: random.Random, number: int
) -> None:
    one = Round(tmp_path / str(number))
    submission = one.submission("sleep 0.02")
    for _ in range(random_source.randint(1, 4)):
        submitter = one.fork(lambda: one.client.submit(submission))
        time.sleep(random_source.uniform(0, SECONDS_OF_A_START))
        victims = [process for process, _ in one.processes()] + [submitter]
        random_source.shuffle(victims)
        for process in victims:
            kill(process)
        os.waitpid(submitter, 0)
    one.submit_until_known(submission)
    end = one.end()
    assert one.starts() <= 1
    assert (end.status, end.exit_code) in {(Status.LOST, None), (Status.FAILED, 137), (Status.SUCCEEDED, 0)}
    assert end.status is not Status.SUCCEEDED or one.starts() == 1


@pytest.mark.parametrize("number", range(ROUNDS))
def test_submitters_in_a_race_start_one_process(tmp_path: Path, random_source: random.Random, number: int) -> None:
    one = Round(tmp_path / str(number))
    submission = one.submission("sleep 0.05")
    racers = [one.fork(lambda: one.client.submit(submission)) for _ in range(random_source.randint(2, 4))]
    watcher = one.fork(lambda: [one.seen() for _ in range(2000)])
    for process in racers:
        os.waitpid(process, 0)
    found = one.end()
    kill(watcher)
    os.waitpid(watcher, 0)
    assert (found.status, one.starts()) == (Status.SUCCEEDED, 1)


@pytest.mark.parametrize("number", range(ROUNDS))
def test_a_cancel_in_a_race_with_a_submit_leaves_nothing_running(
    tmp_path: Path, random_source: random.Random, number: int
) -> None:
    one = Round(tmp_path / str(number))
    submission = one.submission("sleep 60")
    (one.site.run_folder / RUN_ID).mkdir(parents=True)
    submitter = one.fork(lambda: one.client.submit(submission))
    time.sleep(random_source.uniform(0, SECONDS_OF_A_START))
    one.client.cancel(TARGET)
    os.waitpid(submitter, 0)
    found = one.client.submit(submission)
    assert found.status is Status.CANCELLED
    assert one.starts() <= 1
    wait_until(lambda: one.processes() == [])


def test_a_job_outlives_its_supervisor_and_is_then_lost(tmp_path: Path) -> None:
    one = Round(tmp_path / "one")
    one.client.submit(one.submission("while [ ! -e go ]; do sleep 0.02; done"))
    wait_until(lambda: one.starts() == 1)
    for process, _ in one.processes():
        kill(process)
    wait_until(lambda: one.processes() == [])
    running = one.seen()
    assert running is not None
    assert running.status is Status.RUNNING
    (one.site.project_folder / "go").touch()
    found = one.end()
    assert (found.status, found.exit_code, found.cause) == (Status.LOST, None, None)
    assert found.message == "its supervisor was killed before it ended, so nobody knows how it ended"
    assert one.client.submit(one.submission("true")).status is Status.LOST
    assert one.starts() == 1


def test_a_job_whose_supervisor_was_killed_is_cancelled_all_the_same(tmp_path: Path) -> None:
    one = Round(tmp_path / "one")
    one.client.submit(one.submission("trap '' TERM; sleep 60 & while :; do echo tick; sleep 0.02; done"))
    wait_until(lambda: one.starts() == 1)
    for process, _ in one.processes():
        kill(process)
    one.client.cancel(TARGET)
    found = one.seen()
    assert found is not None
    assert (found.status, found.exit_code, found.message) == (Status.CANCELLED, None, "")
    log = one.site.run_folder / RUN_ID / "output.log"
    said = log.stat().st_size
    time.sleep(0.1)
    assert log.stat().st_size == said


def test_a_canceller_that_is_killed_leaves_its_work_to_the_supervisor(tmp_path: Path) -> None:
    one = Round(tmp_path / "one")
    one.client.submit(one.submission("trap 'sleep 0.1; exit 5' TERM; while :; do sleep 0.02; done"))
    wait_until(lambda: one.starts() == 1)
    canceller = one.fork(lambda: one.client.cancel(TARGET))
    wait_until((one.site.run_folder / RUN_ID / "cancel").exists)
    kill(canceller)
    os.waitpid(canceller, 0)
    found = one.end()
    assert (found.status, found.exit_code) == (Status.CANCELLED, 5)


def test_no_signal_but_kill_ends_a_supervisor_before_its_job(tmp_path: Path) -> None:
    one = Round(tmp_path / "one")
    one.client.submit(one.submission("sleep 0.3; exit 4"))
    wait_until(lambda: one.starts() == 1)
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM):
        for process, _ in one.processes():
            os.kill(process, number)
    assert one.end().exit_code == 4
