"""The files of a state in a folder: the database, what SQLite keeps beside it, and the lineage marker.

The marker remembers that a state was created here, so that a database which is gone is never
taken for one that never was.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from launchctl.errors import StateError, StateMissing

FOLDER = ".launchctl"
"""The project's folder for all that is not to be committed."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a state lives, by the absolute path of its database."""

    path: Path

    @property
    def marker(self) -> Path:
        """The file that holds the lineage."""
        return self.beside(".lineage")

    @property
    def companions(self) -> tuple[Path, ...]:
        """What SQLite keeps beside the database while it is open or after a crash."""
        return (self.beside("-wal"), self.beside("-shm"), self.beside("-journal"))

    def beside(self, suffix: str) -> Path:
        """The neighbour of that suffix."""
        return self.path.with_name(self.path.name + suffix)

    def exists(self) -> bool:
        """Whether there is a database; False only where nothing says that there ever was one.

        Raises:
            StateMissing: it is gone.
            StateError: it is empty, or no regular file.
        """
        with self.errors():
            try:
                found = self.path.stat()
            except (FileNotFoundError, NotADirectoryError):
                self._refuse_missing()
                return False
        if not stat.S_ISREG(found.st_mode):
            raise StateError(f'the state "{self.path}" is not a regular file', hint="name a file by `--state`")
        if found.st_size == 0:
            raise StateError(f'the state "{self.path}" is an empty file', hint=WAY_OUT)
        return True

    def lineage(self) -> str | None:
        """The lineage of the state that was created here, or None where the marker is not there."""
        with self.errors():
            try:
                return self.marker.read_text(encoding="utf-8", errors="replace").strip()
            except (FileNotFoundError, NotADirectoryError):
                return None

    def prepare(self) -> None:
        """Make the folders, for their owner alone, and keep what is in `.launchctl` out of version control."""
        with self.errors():
            make_private(self.path.parent)

    def write_marker(self, lineage: str) -> None:
        """Remember the lineage, durably."""
        with self.errors():
            write_file(self.marker, lineage + "\n")

    def publish(self, made: Path) -> None:
        """Give a finished file the database's name; raises StateError where the name is taken."""
        try:
            with self.errors():
                _rename_new(made, self.path)
                sync_folder(self.path.parent)
        except FileExistsError:
            raise StateError(f'the state "{self.path}" exists already', hint="plan again") from None

    @contextmanager
    def errors(self) -> Iterator[None]:
        """Turn what the operating system says into a `StateError` that names the file."""
        try:
            yield
        except FileExistsError:
            raise
        except OSError as error:
            reason = error.strerror or error
            raise StateError(f'the state "{self.path}" cannot be used: {reason}', hint=_USABLE) from error

    def _refuse_missing(self) -> None:
        lineage = self.lineage()
        left = [path.name for path in self.companions if path.exists()]
        if lineage is None and not left:
            return
        evidence = f'"{self.marker.name}" names lineage {lineage}' if lineage else f'"{left[0]}" is still there'
        trace = self.marker.name if lineage else left[0]
        raise StateMissing(
            f'the state "{self.path}" is missing: {evidence}',
            lineage=lineage,
            hint="put the file back from a copy, or push one by `launchctl state push FILE`; "
            f'to begin anew, when nothing of it runs any more, remove "{trace}"',
        )


WAY_OUT = "try `launchctl state repair`, or put a copy back by `launchctl state push FILE`"
_USABLE = "the folder and the file must be writable by you"


def make_private(folder: Path) -> None:
    """A folder with its parents, those that are made for their owner alone; `.launchctl` stays out of version control.

    Raises OSError where that fails.
    """
    missing = [found for found in (folder, *folder.parents) if not found.exists()]
    for found in reversed(missing):
        _make_folder(found)
        sync_folder(found.parent)
    for found in (folder, *folder.parents):
        if found.name == FOLDER and not (found / ".gitignore").exists():
            write_file(found / ".gitignore", "*\n")


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700)
    except FileExistsError:
        if not folder.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(folder)) from None


def _rename_new(made: Path, name: Path) -> None:
    try:
        os.link(made, name)
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links: take the name first, then fill it
        os.close(os.open(name, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        os.replace(made, name)
    else:
        made.unlink()


def write_file(path: Path, text: str) -> None:
    """Write a small file in one step, durably, for its owner alone."""
    made = path.with_name(f".{path.name}.{os.getpid()}.{os.urandom(4).hex()}")
    descriptor = os.open(made, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    try:
        os.write(descriptor, text.encode())
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    os.replace(made, path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
