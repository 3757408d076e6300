"""A run's folder, read: where its attempt stands, from a few small files and the lock alone.

Nothing here writes. The order of the reads matters, and `_stand` says why.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path as FilePath

from launchctl.errors import UnknownOutcome
from launchctl.providers.base import Observation
from launchctl.providers.process import supervisor
from launchctl.status import Cause, Status
from launchctl.values import JSON

_ENDS = {"cancelled": Status.CANCELLED, "timed_out": Status.TIMED_OUT}
_CAUSES = {Status.FAILED: Cause.FAILED, Status.TIMED_OUT: Cause.TIMED_OUT}


def observe(folder: FilePath) -> Observation | None:
    """What the folder tells of its attempt, or None where none was ever requested.

    Raises:
        UnknownOutcome: a file is there and cannot be read, or launchctl did not write it.
    """
    with _reading(folder):
        request = read(folder, supervisor.REQUEST)
        return None if request is None else _stand(folder, request)


def labels(folder: FilePath) -> Mapping[str, str] | None:
    """The labels of the attempt that the folder is for, or None where none was ever requested."""
    with _reading(folder):
        request = read(folder, supervisor.REQUEST)
        return None if request is None else dict(request["labels"])


def read(folder: FilePath, name: str) -> JSON:
    """The value of one of the supervisor's files, or None where it is not there."""
    with _reading(folder / name):
        return supervisor.read_json(str(folder), name)


@contextmanager
def _reading(path: FilePath) -> Iterator[None]:
    """Turns a file that cannot be made sense of into no answer, which is never an absence."""
    try:
        yield
    except OSError as error:
        raise UnknownOutcome(f"cannot read {path}: {error.strerror}") from error
    except (LookupError, TypeError, ValueError) as error:
        raise UnknownOutcome(f"cannot read {path}: it is not what launchctl wrote there") from error


def is_supervised(folder: FilePath) -> bool:
    """Whether a supervisor holds the folder's lock; the look is shared, so that it keeps no other look out."""
    try:
        descriptor = os.open(folder / supervisor.LOCK, os.O_RDONLY)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def is_running(started: JSON) -> bool:
    """Whether the process that `started.json` names, or another of its group, still runs on this machine."""
    if started["boot"] != supervisor.boot_id():
        return False
    process: int = started["pid"]
    fields = supervisor.process_fields(process)
    if fields and int(fields[19]) != started["birth"]:
        return False  # the number was given to another
    # a group keeps its number from being given away for as long as it has a member
    return bool(fields and fields[0] not in b"ZX") or supervisor.group_is_alive(process)


def is_elsewhere(started: JSON) -> bool:
    """Whether the process belongs to another machine that shares this folder."""
    boot: str | None = started["boot"]
    machine: str = started["machine"]
    return boot != supervisor.boot_id() and machine != os.uname().nodename


def _stand(folder: FilePath, request: JSON) -> Observation:
    """Where an attempt stands.

    A supervisor writes how the job ended before it lets go of the lock. So the end is looked for after the lock
    was seen free: only then do several reads of a moving folder tell one truth.
    """
    started = read(folder, supervisor.STARTED)
    is_held = is_supervised(folder)
    end = read(folder, supervisor.EXIT)
    if end is not None:
        return _ended(request, started or read(folder, supervisor.STARTED), end)
    if started is None:  # even under a lock: `submit` waits for what comes of it
        return _observation(request, None, Status.SUBMITTED)
    if is_held:
        return _observation(request, started, Status.RUNNING)
    return _unsupervised(folder, request, started)


def _ended(request: JSON, started: JSON, end: JSON) -> Observation:
    code: int | None = end["exit_code"]
    status = _ENDS.get(end["reason"]) or (Status.SUCCEEDED if code == 0 else Status.FAILED)
    message: str = end["message"]
    if status is Status.TIMED_OUT:
        message = f"stopped after its timeout of {request['timeout']:g} s" + (f"; {message}" if message else "")
    elif status is Status.FAILED and not message:
        message = f"ended with exit code {code}"
    return _observation(request, started, status, message, code, end["ended_at"])


def _unsupervised(folder: FilePath, request: JSON, started: JSON) -> Observation:
    """An attempt whose supervisor is gone and has written no end."""
    if is_running(started):
        return _observation(request, started, Status.RUNNING)
    if is_elsewhere(started):
        message = f'started on "{started["machine"]}": only that machine can tell how it stands'
        return _observation(request, started, Status.RUNNING, message)
    if supervisor.is_there(str(folder), supervisor.CANCEL):
        return _observation(request, started, Status.CANCELLED)
    if started["boot"] != supervisor.boot_id():
        return _observation(request, started, Status.LOST, "the machine was started anew while it ran")
    message = "its supervisor was killed before it ended, so nobody knows how it ended"
    return _observation(request, started, Status.LOST, message)


def _observation(
    request: JSON,
    started: JSON,
    status: Status,
    message: str = "",
    exit_code: int | None = None,
    ended_at: float | None = None,
) -> Observation:
    found: Mapping[str, str] = request["labels"]
    return Observation(
        run_id=found["launchctl.dev/run-id"],
        status=status,
        handle={"pid": started["pid"]} if started else {},
        exit_code=exit_code,
        cause=_CAUSES.get(status),
        message=message,
        started_at=started["started_at"] if started else None,
        ended_at=ended_at,
        owner=(
            found["launchctl.dev/address"],
            int(found["launchctl.dev/generation"]),
            int(found["launchctl.dev/attempt"]),
        ),
        is_started=status is not Status.SUBMITTED,
    )
