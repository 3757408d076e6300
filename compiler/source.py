"""Source files of a project: the main file and what it includes, decoded, bounded and kept inside the folder.

Which files a file includes is known only once it is parsed; `read_sources` asks its `includes` callback, so that
reading knows nothing of YAML. Names are relative to the project's folder with forward slashes, whoever reads them
from wherever: what is generated from a project names the same places on every machine. `display_prefix` gives what
stands before them for an editor to find the file.
"""

from __future__ import annotations

import codecs
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from launchctl.compiler import codes
from launchctl.diagnostics import Code, Diagnostic, Diagnostics, Note, Span
from launchctl.suggest import did_you_mean

PROJECT_FILE = "project.yaml"
LARGEST = 16 * 1024 * 1024
"""Bytes of all files of a project together."""
OUTSIDE_HINT = "write a path relative to the project's folder, with forward slashes and without `..`"
_WILD = re.compile(r"[*?\[]")
_MOST_DEEP = 2
"""How many `**` a pattern may hold."""
_FOREIGN = re.compile(r"\\|^[A-Za-z]:|\0")
_OTHER_ENCODINGS = (
    (codecs.BOM_UTF32_LE, "UTF-32"),
    (codecs.BOM_UTF32_BE, "UTF-32"),
    (codecs.BOM_UTF16_LE, "UTF-16"),
    (codecs.BOM_UTF16_BE, "UTF-16"),
)


@dataclass(frozen=True, slots=True)
class Source:
    """One file of a project."""

    name: str
    """Relative to the project's folder, with forward slashes."""
    text: str
    is_part: bool = True
    """Whether it is a part of the project file, rather than a file that an entry of it names."""


@dataclass(frozen=True, slots=True)
class Include:
    """A pattern of `include:`, or the file that a sweep takes, and where it stands."""

    pattern: str
    span: Span | None
    is_part: bool = True
    """Whether what it names is a part of the project file; otherwise it is one file, and no pattern."""


@dataclass(frozen=True, slots=True)
class Location:
    """Where a project lies: its folder, and the name of its main file within."""

    folder: Path
    name: str


def locate(project: Path) -> Location:
    """The folder and main file that a command's PROJECT stands for; a folder holds `project.yaml`."""
    return Location(project, PROJECT_FILE) if project.is_dir() else Location(project.parent, project.name)


def display_prefix(project: Path, current: Path) -> str:
    """What to put before the name of a source for somebody in the folder `current`: "", `jobs/`, `../`."""
    folder = os.path.abspath(current / locate(project).folder)
    try:
        relative = os.path.relpath(folder, os.path.abspath(current))
    except ValueError:  # another drive of Windows
        relative = folder
    return "" if relative == "." else relative.replace(os.sep, "/").rstrip("/") + "/"


def read_sources(
    project: Path, includes: Callable[[Source], tuple[Include, ...]]
) -> tuple[tuple[Source, ...], Diagnostics]:
    """The main file and every file that is included from it, in the order in which they are named.

    Behind them come the files that no part of the project is made of, each once.
    """
    location = locate(project)
    reader = _Reader(location.folder, includes)
    if not (location.folder / location.name).is_file():
        return (), (_no_project_file(location),)
    reader.read(location.name, None, ())
    return (*reader.sources, *reader.files.values()), tuple(reader.diagnostics)


def _no_project_file(location: Location) -> Diagnostic:
    path = (location.folder / location.name).as_posix()
    hint = "write one by `launchctl init`, or name the project: `launchctl validate PROJECT`"
    return Diagnostic(codes.NO_PROJECT_FILE, None, {"path": path}, hint=hint)


def leaves_folder(pattern: str) -> bool:
    """Whether a path is none that stays below a folder, on whatever system."""
    path = PurePosixPath(pattern)
    return not pattern or path.is_absolute() or ".." in path.parts or bool(_FOREIGN.search(pattern))


class _Reader:
    """Collects sources depth first; a file is read once, and never through the file that it includes."""

    def __init__(self, folder: Path, includes: Callable[[Source], tuple[Include, ...]]) -> None:
        self.folder = folder
        self.real_folder = Path(os.path.realpath(folder))
        self.includes = includes
        self.sources: list[Source] = []
        self.files: dict[str, Source] = {}
        self.diagnostics: list[Diagnostic] = []
        self.left = LARGEST
        self.included_at: dict[str, Span | None] = {}

    def read(self, name: str, span: Span | None, chain: tuple[str, ...]) -> None:
        """Read a file and, in turn, what it includes."""
        self.included_at[self._identity(name)] = span
        source = self._source(name, span)
        if source is None:
            return
        self.sources.append(source)
        for include in self.includes(source):
            for found in self._files(include):
                if include.is_part:
                    self._include(found, include.span, (*chain, name))
                else:
                    self._read_file(found, include.span)

    def _read_file(self, name: str, span: Span | None) -> None:
        source = self._source(name, span) if name not in self.files else None
        if source is not None:
            self.files[name] = replace(source, is_part=False)

    def _include(self, name: str, span: Span | None, chain: tuple[str, ...]) -> None:
        identity = self._identity(name)
        if identity in {self._identity(earlier) for earlier in chain}:
            notes = tuple(
                Note(f'"{link}" is included here', self.included_at.get(self._identity(link))) for link in chain[1:]
            )
            self._report(codes.INCLUDE_LOOP, span, {"path": name}, notes=notes)
        elif identity in self.included_at:
            first = self.included_at[identity]
            self._report(
                codes.INCLUDED_TWICE, span, {"path": name}, notes=(Note("it is included here as well", first),)
            )
        else:
            self.read(name, span, chain)

    def _identity(self, name: str) -> str:
        return os.path.realpath(self.folder / name)

    def _files(self, include: Include) -> Iterator[str]:
        """Names that a pattern stands for, sorted; the pattern is relative to the project's folder."""
        pattern = include.pattern
        if leaves_folder(pattern):
            self._report(codes.OUTSIDE_PROJECT, include.span, {"path": pattern}, hint=OUTSIDE_HINT)
            return
        if pattern.count("**") > _MOST_DEEP:
            self._report(codes.PATTERN_TOO_WIDE, include.span, {"pattern": pattern}, hint="name the folders in between")
            return
        names = self._matches(pattern) if include.is_part else self._named(pattern)
        if not names:
            self._report_nothing(include)
        for name in names:
            if Path(os.path.realpath(self.folder / name)).is_relative_to(self.real_folder):
                yield name
            else:
                self._report(codes.OUTSIDE_PROJECT, include.span, {"path": name}, hint=_LINK_HINT)

    def _matches(self, pattern: str) -> list[str]:
        if not _WILD.search(pattern):
            return self._named(pattern)
        try:
            found = [path for path in self.folder.glob(pattern) if path.is_file()]
        except ValueError:  # `**` as a part of a name
            return []
        return sorted(path.relative_to(self.folder).as_posix() for path in found)

    def _named(self, path: str) -> list[str]:
        return [PurePosixPath(path).as_posix()] if (self.folder / path).is_file() else []

    def _report_nothing(self, include: Include) -> None:
        if include.is_part and _WILD.search(include.pattern):
            self._report(codes.INCLUDE_MATCHES_NOTHING, include.span, {"pattern": include.pattern})
            return
        named = self.folder / include.pattern
        if named.exists():
            reason = "it is a folder" if named.is_dir() else "it is no regular file"
            self._report(codes.UNREADABLE_FILE, include.span, {"path": include.pattern, "reason": reason})
            return
        beside = sorted(path for path in named.parent.glob("*.y*ml") if path.is_file())
        known = (path.relative_to(self.folder).as_posix() for path in beside)
        hint = did_you_mean(include.pattern, known)
        self._report(codes.NO_INCLUDED_FILE, include.span, {"path": include.pattern}, hint=hint)

    def _source(self, name: str, span: Span | None) -> Source | None:
        try:
            with (self.folder / name).open("rb") as file:
                data = file.read(self.left + 1)
        except OSError as error:
            self._report(codes.UNREADABLE_FILE, span, {"path": name, "reason": error.strerror or str(error)})
            return None
        if len(data) > self.left:
            self._report(codes.TOO_LARGE, span or Span(name, 1, 1, 1, 1), {"path": name})
            return None
        self.left -= len(data)
        return self._decode(name, data)

    def _decode(self, name: str, data: bytes) -> Source | None:
        for mark, encoding in _OTHER_ENCODINGS:
            if data.startswith(mark):
                self._report(codes.NOT_UTF8, Span(name, 1, 1, 1, 1), {"found": f"{encoding} text"}, hint=_ENCODING_HINT)
                return None
        try:
            return Source(name, data.decode("utf-8-sig"))
        except UnicodeDecodeError as error:
            before = data[: error.start].decode("utf-8-sig", "replace")
            line, column = before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1
            span = Span(name, line, column, line, column + 1)
            self._report(codes.NOT_UTF8, span, {"found": f"the byte 0x{data[error.start]:02x}"}, hint=_ENCODING_HINT)
            return None

    def _report(
        self,
        code: Code,
        span: Span | None,
        arguments: dict[str, object],
        *,
        notes: tuple[Note, ...] = (),
        hint: str | None = None,
    ) -> None:
        self.diagnostics.append(Diagnostic(code, span, arguments, notes, hint))


_LINK_HINT = "the link leads out of the project's folder: copy the file instead"
_ENCODING_HINT = "save the file as UTF-8"
