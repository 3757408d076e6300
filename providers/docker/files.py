"""Files in and out of a container, as the archives that an engine takes and gives."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from launchctl.providers.base import FILE_LIMIT

FOLDER = "/launchctl"
"""Where a container finds the files of its run."""
ARCHIVE_LIMIT = 64 * 1024 * 1024
"""Bytes of an archive that are looked through for a file."""
_PIECE = 1 << 16


def archive_of(files: Mapping[str, str], root: str) -> bytes:
    """The files and the folders that they need, for any user to read; names are relative to the root."""
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w") as archive:
        for folder in sorted({folder for path in files for folder in _folders(path, root)}):
            entry = tarfile.TarInfo(folder)
            entry.type, entry.mode = tarfile.DIRTYPE, 0o755
            archive.addfile(entry)
        for path, text in files.items():
            content = text.encode()
            entry = tarfile.TarInfo(str(PurePosixPath(path).relative_to(root)))
            entry.size, entry.mode = len(content), 0o644
            archive.addfile(entry, io.BytesIO(content))
    return written.getvalue()


def _folders(path: str, root: str) -> list[str]:
    """The folders between the root and a file."""
    return [str(folder) for folder in PurePosixPath(path).relative_to(root).parents if folder.name]


def without_start(stream: Iterator[bytes], skip: int) -> Iterator[bytes]:
    """A stream but for its first bytes: an engine knows no offsets into its logs."""
    for piece in stream:
        if skip < len(piece):
            yield piece[skip:]
        skip = max(0, skip - len(piece))


def read_on(path: Path, skip: int) -> Iterator[bytes]:
    """A file but for its first bytes; nothing where there is no file."""
    if path.exists():
        with path.open("rb") as file:
            file.seek(skip)
            while piece := file.read(_PIECE):
                yield piece


class Split(NamedTuple):
    """A glob, divided at the folder or file that an engine can be asked for by name."""

    prefix: str
    rest: tuple[str, ...]
    """Patterns of the names below it, one a level."""


def split_pattern(pattern: str) -> Split:
    """The longest beginning of a glob that has no wildcard, and what follows."""
    parts = PurePosixPath(pattern).parts
    plain = next((place for place, part in enumerate(parts) if set(part) & set("*?[")), len(parts))
    return Split("/".join(parts[:plain]), parts[plain:])


def last_of_archive(pieces: Iterator[bytes], rest: tuple[str, ...]) -> bytes | None:
    """The beginning of the file that fits, the last by name; what lies behind a link or the limit is absent."""
    found: dict[str, bytes] = {}
    try:
        with tarfile.open(fileobj=_Pieces(pieces), mode="r|") as archive:
            for member in archive:
                if member.isreg() and _fits(member.name, rest) and member.name > max(found, default=""):
                    content = archive.extractfile(member)
                    found = {member.name: content.read(FILE_LIMIT) if content else b""}
    except tarfile.ReadError:
        pass  # the limit was reached
    return next(iter(found.values()), None)


def _fits(name: str, rest: tuple[str, ...]) -> bool:
    """Whether a member, whose first segment is the folder asked for, fits the patterns below that."""
    below = PurePosixPath(name).parts[1:]
    return len(below) == len(rest) and all(map(fnmatchcase, below, rest))


class _Pieces(io.RawIOBase):
    """A stream of pieces as a file that ends at the limit."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._rest = b""
        self._left = ARCHIVE_LIMIT

    def read(self, size: int = -1) -> bytes:
        """The next bytes, at most so many."""
        while not self._rest and self._left > 0:
            piece = next(self._pieces, None)
            if piece is None:
                return b""
            self._rest = piece[: self._left]
            self._left -= len(self._rest)
        count = len(self._rest) if size < 0 else size
        taken, self._rest = self._rest[:count], self._rest[count:]
        return taken
