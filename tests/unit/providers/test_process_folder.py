"""Where an attempt stands, from the files of its folder alone."""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from launchctl.errors import UnknownOutcome
from launchctl.providers.process import folder as run_folder
from launchctl.providers.process import supervisor
from launchctl.status import Cause, Status
from launchctl.values import JSON

REQUEST = {
    "version": 1,
    "labels": {
        "launchctl.dev/project": "churn",
        "launchctl.dev/entity": "acme",
        "launchctl.dev/workspace": "default",
        "launchctl.dev/address": "runs.baseline",
        "launchctl.dev/generation": "2",
        "launchctl.dev/attempt": "3",
        "launchctl.dev/run-id": "runs-baseline-3f09a1c2d4",
    },
    "timeout": 90.0,
}
NOBODY = 2**22 + 1
"""A process id beyond the largest that Linux gives."""


def started(process: int = NOBODY, **other: JSON) -> JSON:
    """`started.json` of a process of this machine."""
    return {
        "pid": process,
        "birth": supervisor.birth(process),
        "boot": supervisor.boot_id(),
        "machine": os.uname().nodename,
        "supervisor": 1,
        "started_at": 100.0,
        **other,
    }


def end(reason: str, code: int | None, message: str = "") -> JSON:
    return {"reason": reason, "exit_code": code, "message": message, "ended_at": 160.5}


def write(folder: Path, **files: JSON) -> None:
    for name, value in files.items():
        (folder / f"{name}.json").write_text(json.dumps(value))


@pytest.fixture
def process() -> Iterator[int]:
    """A process that runs, in a group of its own."""
    with subprocess.Popen(["sleep", "60"], start_new_session=True) as found:
        yield found.pid
        found.kill()


def test_a_folder_without_a_request_is_no_attempt(tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()
    assert run_folder.observe(tmp_path) is None
    assert run_folder.observe(tmp_path / "absent") is None
    assert run_folder.labels(tmp_path) is None


@pytest.mark.parametrize(
    ("exit_file", "expected"),
    [
        (end("exited", 0), (Status.SUCCEEDED, 0, None, "")),
        (end("exited", 3), (Status.FAILED, 3, Cause.FAILED, "ended with exit code 3")),
        (end("exited", 137, "ended by SIGKILL"), (Status.FAILED, 137, Cause.FAILED, "ended by SIGKILL")),
        (end("not_executed", 127, "cannot run"), (Status.FAILED, 127, Cause.FAILED, "cannot run")),
        (end("cancelled", 0), (Status.CANCELLED, 0, None, "")),
        (end("cancelled", None), (Status.CANCELLED, None, None, "")),
        (end("timed_out", 0), (Status.TIMED_OUT, 0, Cause.TIMED_OUT, "stopped after its timeout of 90 s")),
        (
            end("timed_out", 143, "ended by SIGTERM"),
            (Status.TIMED_OUT, 143, Cause.TIMED_OUT, "stopped after its timeout of 90 s; ended by SIGTERM"),
        ),
    ],
)
def test_an_end_that_was_written_is_the_end(
    tmp_path: Path, exit_file: JSON, expected: tuple[Status, int | None, Cause | None, str]
) -> None:
    write(tmp_path, request=REQUEST, started=started(), exit=exit_file)
    found = run_folder.observe(tmp_path)
    assert found is not None
    assert (found.status, found.exit_code, found.cause, found.message) == expected
    assert (found.started_at, found.ended_at) == (100.0, 160.5)
    assert (found.run_id, found.owner) == ("runs-baseline-3f09a1c2d4", ("runs.baseline", 2, 3))


def status_of(folder: Path) -> tuple[Status, bool, str]:
    found = run_folder.observe(folder)
    assert found is not None
    return found.status, found.is_started, found.message


def test_a_request_alone_was_never_started(tmp_path: Path) -> None:
    write(tmp_path, request=REQUEST)
    assert status_of(tmp_path) == (Status.SUBMITTED, False, "")


def test_a_request_under_a_lock_is_not_started_yet(tmp_path: Path) -> None:
    write(tmp_path, request=REQUEST)
    lock = supervisor.hold_lock(str(tmp_path), 0.0)
    assert status_of(tmp_path) == (Status.SUBMITTED, False, "")
    assert lock is not None
    os.close(lock)


def test_a_lock_that_is_held_means_running(tmp_path: Path) -> None:
    write(tmp_path, request=REQUEST, started=started())
    lock = supervisor.hold_lock(str(tmp_path), 0.0)
    assert status_of(tmp_path) == (Status.RUNNING, True, "")
    assert lock is not None
    os.close(lock)
    assert status_of(tmp_path)[0] is Status.LOST


def test_looking_keeps_no_other_look_and_no_later_lock_out(tmp_path: Path) -> None:
    write(tmp_path, request=REQUEST, started=started())
    (tmp_path / "lock").touch()
    with (tmp_path / "lock").open() as looking:
        fcntl.flock(looking, fcntl.LOCK_SH)
        assert status_of(tmp_path)[0] is Status.LOST
    lock = supervisor.hold_lock(str(tmp_path), 0.0)
    assert lock is not None
    os.close(lock)


def test_a_process_without_its_supervisor_is_known_by_its_birth(tmp_path: Path, process: int) -> None:
    write(tmp_path, request=REQUEST, started=started(process))
    assert status_of(tmp_path) == (Status.RUNNING, True, "")
    write(tmp_path, started=started(process, birth=(supervisor.birth(process) or 0) + 1))
    assert status_of(tmp_path)[0] is Status.LOST


def test_what_nobody_saw_end_is_lost(tmp_path: Path) -> None:
    write(tmp_path, request=REQUEST, started=started())
    message = "its supervisor was killed before it ended, so nobody knows how it ended"
    assert status_of(tmp_path) == (Status.LOST, True, message)


def test_what_ran_when_the_machine_went_down_is_lost(tmp_path: Path, process: int) -> None:
    write(tmp_path, request=REQUEST, started=started(process, boot="another"))
    assert status_of(tmp_path) == (Status.LOST, True, "the machine was started anew while it ran")


def test_what_runs_on_another_machine_is_never_said_to_be_lost(tmp_path: Path) -> None:
    write(tmp_path, request=REQUEST, started=started(boot="another", machine="login2"))
    assert status_of(tmp_path) == (
        Status.RUNNING,
        True,
        'started on "login2": only that machine can tell how it stands',
    )


def test_what_was_to_be_cancelled_and_is_gone_is_cancelled(tmp_path: Path) -> None:
    write(tmp_path, request=REQUEST, started=started())
    (tmp_path / "cancel").touch()
    assert status_of(tmp_path) == (Status.CANCELLED, True, "")


@pytest.mark.parametrize("name", ["request", "started", "exit"])
@pytest.mark.parametrize("text", ["", "{", "é"])
def test_a_file_that_cannot_be_read_is_no_answer(tmp_path: Path, name: str, text: str) -> None:
    write(tmp_path, request=REQUEST)
    (tmp_path / f"{name}.json").write_text(text)
    with pytest.raises(UnknownOutcome, match=rf"cannot read .*{name}\.json: it is not what launchctl wrote there"):
        run_folder.observe(tmp_path)


@pytest.mark.parametrize("value", [[], {}, {"labels": 1}, {"labels": {}}, {"labels": REQUEST["labels"], "timeout": 1}])
def test_a_file_that_somebody_else_wrote_is_no_answer(tmp_path: Path, value: JSON) -> None:
    write(tmp_path, request=value, exit={"reason": "exited"})
    with pytest.raises(UnknownOutcome, match="it is not what launchctl wrote there"):
        run_folder.observe(tmp_path)


def test_a_draft_is_no_file_yet(tmp_path: Path) -> None:
    draft = supervisor.draft_json(str(tmp_path), supervisor.REQUEST, REQUEST)
    assert run_folder.observe(tmp_path) is None
    supervisor.publish(str(tmp_path), draft, supervisor.REQUEST)
    assert run_folder.labels(tmp_path) == REQUEST["labels"]
