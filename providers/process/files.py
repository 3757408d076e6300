"""Files of a working copy, written and read: never through a link that leads out of it."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from pathlib import Path as FilePath

from launchctl.errors import Refused


def write(folder: FilePath, files: Mapping[str, str]) -> None:
    """Write files, each there entirely or not at all.

    Raises:
        Refused: a link leads out of the folder, or something cannot be written.
    """
    root = folder.resolve()
    for path, text in files.items():
        target = folder / path
        parent = FilePath(os.path.realpath(target.parent))
        if not parent.is_relative_to(root):
            raise Refused(f"{target} was not written: a link leads out of the working copy, to {parent}")
        draft = parent / f".{target.name}.{os.getpid()}"
        try:
            parent.mkdir(parents=True, exist_ok=True)
            draft.write_text(text, encoding="utf-8", newline="")
            draft.replace(parent / target.name)
        except OSError as error:
            raise Refused(f"{target} was not written: {error.strerror}") from error


def read_last(folder: FilePath, pattern: str, limit: int) -> bytes | None:
    """The beginning of the file that fits a glob, the last by name of several; None where there is none."""
    root = folder.resolve()
    for path in sorted(folder.glob(pattern), reverse=True):
        real = FilePath(os.path.realpath(path))  # `resolve` raises on a link to itself
        found = _read(real, limit) if real.is_relative_to(root) else None
        if found is not None:
            return found
    return None


def _read(path: FilePath, limit: int) -> bytes | None:
    """The beginning of a regular file; a pipe is never waited for."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return None
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return None
        with open(descriptor, "rb", closefd=False) as file:
            return file.read(limit)
    finally:
        os.close(descriptor)
