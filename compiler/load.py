"""The front of the compiler as one call: a path to a `ResolvedProject`, with everything that is wrong on the way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from launchctl.compiler import codes
from launchctl.compiler.build import build_project, includes_of
from launchctl.compiler.document import Document, parse_document
from launchctl.compiler.entries import ResolvedProject
from launchctl.compiler.resolve import resolve
from launchctl.compiler.resources import RESOURCES
from launchctl.compiler.source import Include, Source, read_sources
from launchctl.compiler.sweep.file import sweep_files_of
from launchctl.diagnostics import Diagnostic, Diagnostics, Span, in_order


@dataclass(frozen=True, slots=True)
class Loaded:
    """A project as far as it could be read."""

    sources: tuple[Source, ...]
    resolved: ResolvedProject | None
    """None where a file is missing or is no YAML: what would be said of the rest is guesswork."""
    diagnostics: Diagnostics
    """By place."""


@dataclass(frozen=True, slots=True)
class Documents:
    """The files of a project, parsed."""

    parts: tuple[Document, ...]
    """The main file and what it includes."""
    files: Mapping[str, Document]
    """By name: what entries of the project name, such as the configuration of a sweep."""
    sources: tuple[Source, ...]

    @property
    def is_readable(self) -> bool:
        """Whether every part is there, and is YAML."""
        return bool(self.parts) and all(part.root is not None for part in self.parts)


def read_documents(project: Path) -> tuple[Documents, Diagnostics]:
    """The main file, what it includes, and what its sweeps name."""
    documents: list[Document] = []
    diagnostics: list[Diagnostic] = []

    def includes(source: Source) -> tuple[Include, ...]:
        document, found = parse_document(source)
        documents.append(document)
        diagnostics.extend(found)
        return (*includes_of(document), *sweep_files_of(document))

    sources, found = read_sources(project, includes)
    files: dict[str, Document] = {}
    for source in sources:
        if not source.is_part:
            files[source.name], faults = parse_document(_as_yaml(source))
            diagnostics.extend(faults)
    return Documents(tuple(documents), files, sources), (*diagnostics, *found)


def _as_yaml(source: Source) -> Source:
    """A JSON file without the tabs that YAML takes no indentation for; a text in it cannot hold one."""
    return replace(source, text=source.text.replace("\t", " ")) if source.name.endswith(".json") else source


def load_project(project: Path, resources: Mapping[str, str] = RESOURCES) -> Loaded:
    """A project file with its references resolved; `project` is a file, or a folder that holds `project.yaml`."""
    documents, found = read_documents(project)
    if not documents.is_readable:
        return Loaded(documents.sources, None, in_order(found))
    built, wrong = build_project(documents.parts, documents.files)
    resolved, unresolved = resolve(built, resources)
    return Loaded(documents.sources, resolved, in_order((*found, *unsaid(wrong, found), *unresolved)))


_MISREAD = frozenset(
    {
        codes.AMBIGUOUS_VALUE,
        codes.NO_JSON_NUMBER,
        codes.TAG,
        codes.UNKNOWN_ANCHOR,
        codes.RECURSIVE_ANCHOR,
        codes.KEY_NOT_TEXT,
    }
)
"""Faults of a file after which a value is not what its author meant."""
_FOLLOWING = (codes.WRONG_VALUE, codes.LOST_SPELLING)


def unsaid(later: Diagnostics, earlier: Diagnostics) -> Diagnostics:
    """Of what a later stage found, all that is not just the consequence of a misread value."""
    misread = [found.span for found in earlier if found.code in _MISREAD and found.span is not None]
    if not misread:
        return later
    return tuple(
        found
        for found in later
        if found.code not in _FOLLOWING or not any(_holds(found.span, span) for span in misread)
    )


def _holds(outer: Span | None, inner: Span) -> bool:
    """Whether a value on one line is, or begins with, another one."""
    return outer is not None and outer[:2] == inner[:2] and 0 <= inner.column - outer.column <= 1
