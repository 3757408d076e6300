"""The client of the target `process`: starts supervisors, reads and cancels what they look after.

There is no daemon to talk to. Whatever dies at whatever moment, a job is started at most once: that rests on the
supervisor's lock and on `started.json`, never on anything that a client remembers.
"""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path as FilePath

from launchctl.errors import NameTaken, NoOutput, Refused, Throttled, UnknownOutcome
from launchctl.providers.base import FILE_LIMIT, Observation, Site, Submission, Target
from launchctl.providers.process import files as run_files
from launchctl.providers.process import folder as run_folder
from launchctl.providers.process import supervisor
from launchctl.providers.process.lower import INHERITED, LOCALE_PREFIX, WORK, before_path
from launchctl.values import JSON

GRACE = 10.0
"""Seconds between TERM and KILL, as `docker stop` has them."""
_ANSWER = 60.0
"""Seconds for a supervisor to answer; it needs some hundredths."""
_PAUSE = 0.05
_ELSEWHERE = "it stays on the machine where the run was started, in the project's .launchctl folder"
_CHUNK = 1 << 16
_FOR_PYTHON = frozenset({"LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH"})
"""All that the supervisor's interpreter may need from an environment."""
_BUSY = frozenset({errno.EAGAIN, errno.ENOMEM, errno.EMFILE, errno.ENFILE})


class ProcessClient:
    """Local processes, one folder each."""

    def __init__(self, site: Site, *, grace: float = GRACE) -> None:
        self._site = site
        self._runs = site.run_folder.absolute()
        self._grace = grace

    def submit(self, submission: Submission) -> Observation:
        """Start the attempt, or adopt it where it was started before."""
        folder = self._folder(submission.target)
        found = self._own(folder, submission)
        if found is None or not found.is_started:
            self._start(folder, submission)
            found = self._own(folder, submission)
        if found is None or not found.is_started:
            raise UnknownOutcome(f'the supervisor of "{submission.target.run_id}" gave no answer')
        return found

    def observe(self, targets: Sequence[Target]) -> Mapping[str, Observation]:
        """What the folders of these attempts tell."""
        found = {target.run_id: run_folder.observe(self._folder(target)) for target in targets}
        return {run_id: observation for run_id, observation in found.items() if observation is not None}

    def discover(self) -> Sequence[Observation]:
        """Every attempt of this project and workspace that has a folder here, by run id."""
        try:
            names = sorted(entry.name for entry in os.scandir(self._runs) if entry.is_dir())
        except FileNotFoundError:
            return ()
        except OSError as error:
            raise UnknownOutcome(f"cannot read {self._runs}: {error.strerror}") from error
        ours = [name for name in names if self._is_ours(run_folder.labels(self._runs / name))]
        return tuple(found for name in ours if (found := run_folder.observe(self._runs / name)))

    def logs(self, target: Target, *, follow: bool, skip: int = 0) -> Iterator[bytes]:
        """What the job printed, in the order in which it was written."""
        folder = self._kept(target)
        path = folder / supervisor.LOG
        offset, is_over = skip, not follow
        while True:
            for chunk in _read_on(path, offset):
                offset += len(chunk)
                yield chunk
            if is_over:
                return
            found = run_folder.observe(folder)
            is_over = found is None or not found.is_started or found.status.is_terminal
            time.sleep(0 if is_over else _PAUSE)

    def read(self, target: Target, pattern: str) -> bytes | None:
        """A file of the working copy; one that a link leads to outside of it counts as absent."""
        return run_files.read_last(self._kept(target) / WORK, pattern, FILE_LIMIT)

    def cancel(self, target: Target) -> None:
        """Stop the job and all of its process group: TERM, and KILL after the grace; returns when it has ended.

        Raises:
            Refused: the job runs on another machine that shares this folder.
            UnknownOutcome: the supervisor holds on and does not answer.
        """
        folder = self._folder(target)
        if not folder.is_dir() or run_folder.read(folder, supervisor.EXIT) is not None:
            return
        try:
            self._stop(folder, target)
        except OSError as error:
            raise UnknownOutcome(f'cannot cancel "{target.run_id}" in {folder}: {error.strerror}') from error

    def update(self, target: Target, manifest: JSON) -> None:
        """Nothing of a process can be changed."""

    def release(self, target: Target) -> None:
        """Nothing is held back: the folder stays, as history."""

    def close(self) -> None:
        """Nothing is held open."""

    def _folder(self, target: Target) -> FilePath:
        return self._runs / target.run_id

    def _kept(self, target: Target) -> FilePath:
        """The folder of an attempt that was begun on this machine."""
        folder = self._folder(target)
        if not folder.is_dir():
            raise NoOutput(f"there is no output of {target.address} in {folder}", hint=_ELSEWHERE)
        return folder

    def _own(self, folder: FilePath, submission: Submission) -> Observation | None:
        """What the folder tells of this very attempt."""
        found = run_folder.observe(folder)
        if found is not None and run_folder.labels(folder) != submission.labels:
            raise _taken(submission.target.run_id, found)
        return found

    def _is_ours(self, labels: Mapping[str, str] | None) -> bool:
        return labels is not None and self._labels().items() <= labels.items()

    def _labels(self) -> dict[str, str]:
        site = self._site
        return {
            "launchctl.dev/project": site.project,
            "launchctl.dev/entity": site.entity,
            "launchctl.dev/workspace": site.workspace,
        }

    def _start(self, folder: FilePath, submission: Submission) -> None:
        body: JSON = submission.manifest
        files: Mapping[str, str] = body.get("files", {})
        cwd = (self._site.project_folder / body["cwd"]).absolute()
        if not cwd.is_dir():
            raise Refused(f"the working folder {cwd} does not exist")
        request = {
            "labels": dict(submission.labels),
            "timeout": submission.timeout,
            "grace": self._grace,
            "argv": [_located(word, files, cwd) for word in body["argv"]],
            "env": job_environment(
                self._site.environment,
                {name: value and _located(value, files, cwd) for name, value in body["env"].items()},
                submission.secrets,
            ),
            "cwd": str(cwd),
        }
        run_files.write(cwd, files)
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise Refused(f"cannot make {folder}: {error.strerror}") from error
        refusal = self._spawn(folder, json.dumps(request).encode() + b"\n")
        if refusal:
            raise Refused(f"cannot start a process in {folder}: {refusal}")

    def _spawn(self, folder: FilePath, request: bytes) -> str:
        """Why a supervisor that was given this request started nothing; where it says nothing, the folder knows."""
        command = [sys.executable, "-I", "-S", supervisor.__file__, str(folder)]
        environment = {name: value for name, value in self._site.environment.items() if name in _FOR_PYTHON}
        try:
            process = subprocess.Popen(  # noqa: S603
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=environment,
                start_new_session=True,
            )
        except OSError as error:
            if error.errno in _BUSY:
                raise Throttled(f"cannot start a process: {error.strerror}") from error
            raise Refused(f"cannot start a process: {error.strerror}") from error
        with process:
            try:
                output, _ = process.communicate(request, timeout=_ANSWER)
            except subprocess.TimeoutExpired as error:
                raise UnknownOutcome(f"the supervisor in {folder} does not answer") from error
        return output.decode()

    def _stop(self, folder: FilePath, target: Target) -> None:
        """Ask the supervisor to stop the job until it has, or do it in its place."""
        (folder / supervisor.CANCEL).touch()
        until = time.monotonic() + self._grace + supervisor.LAST_WAIT + supervisor.PATIENCE
        while run_folder.read(folder, supervisor.EXIT) is None:
            lock = supervisor.hold_lock(str(folder), 0.0)
            if lock is not None:
                self._stop_alone(folder, target, lock)
                return
            if time.monotonic() > until:
                raise UnknownOutcome(f'the supervisor of "{target.run_id}" does not answer a request to cancel')
            time.sleep(_PAUSE)

    def _stop_alone(self, folder: FilePath, target: Target, lock: int) -> None:
        """Cancel an attempt whose supervisor is gone; the lock keeps every other one out meanwhile."""
        try:
            started = run_folder.read(folder, supervisor.STARTED)
            if run_folder.read(folder, supervisor.EXIT) is not None:
                return
            if started is None:
                self._forbid(folder, target)
            elif run_folder.is_elsewhere(started):
                raise Refused(f'"{target.run_id}" was started on "{started["machine"]}": cancel it there')
            else:
                is_gone = not run_folder.is_running(started) or supervisor.stop_group(started["pid"], self._grace)
                remark = "" if is_gone else "some of its processes could not be stopped"
                supervisor.write_end(str(folder), "cancelled", None, remark)
        finally:
            os.close(lock)

    def _forbid(self, folder: FilePath, target: Target) -> None:
        """End an attempt that was never started, so that a supervisor still on its way leaves it alone."""
        labels = self._labels() | {
            "launchctl.dev/address": target.address,
            "launchctl.dev/generation": str(target.generation),
            "launchctl.dev/attempt": str(target.attempt),
            "launchctl.dev/run-id": target.run_id,
        }
        if run_folder.labels(folder) is None:
            request = {"version": 1, "labels": labels, "timeout": None}
            supervisor.write_json(str(folder), supervisor.REQUEST, request)
        supervisor.write_end(str(folder), "cancelled", None, "cancelled before it was started")


def job_environment(
    outside: Mapping[str, str], variables: Mapping[str, str | None], secrets: Mapping[str, str]
) -> dict[str, str]:
    """All variables of a job: the few that it inherits, its own, and its secrets; a null one is inherited."""
    asked = {name for name, value in variables.items() if value is None}
    inherited = {
        name: value
        for name, value in outside.items()
        if name in INHERITED or name in asked or name.startswith(LOCALE_PREFIX)
    }
    own = {name: value for name, value in variables.items() if value is not None}
    return {**inherited, **own, **secrets}


def _located(text: str, files: Mapping[str, str], folder: FilePath) -> str:
    """A text that names a file of the job by its absolute path; any other as it is."""
    before = before_path(text, files)
    return text if before is None else f"{before}{folder}/{text.removeprefix(before)}"


def _read_on(path: FilePath, offset: int) -> Iterator[bytes]:
    """A log from an offset to its present end, piece by piece."""
    try:
        with path.open("rb") as log:
            log.seek(offset)
            while chunk := log.read(_CHUNK):
                yield chunk
    except FileNotFoundError:
        return


def _taken(run_id: str, found: Observation) -> NameTaken:
    address, generation, attempt = found.owner or ("", 0, 0)
    return NameTaken(f'"{run_id}" belongs to {address}@g{generation}#a{attempt}, or to another project')
