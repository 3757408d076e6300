"""Files of a working copy: read in one piece, and never through a link that leads out of it."""

from __future__ import annotations

import os
import stat
from pathlib import Path as FilePath


def read_last(folder: FilePath, pattern: str, limit: int) -> bytes | None:
    """The beginning of the file that fits a glob, the last by name of several; None where there is none."""
    root = folder.resolve()
    for path in sorted(folder.glob(pattern), reverse=True):
        real = path.resolve()
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
    with os.fdopen(descriptor, "rb") as file:
        return file.read(limit) if stat.S_ISREG(os.fstat(descriptor).st_mode) else None
