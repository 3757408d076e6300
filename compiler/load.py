"""The front of the compiler as one call: a path to a `ResolvedProject`, with everything that is wrong on the way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from launchctl.compiler import codes
from launchctl.compiler.build import build_project, includes_of
from launchctl.compiler.document import Document, parse_document
from launchctl.compiler.entries import ResolvedProject
from launchctl.compiler.resolve import resolve
from launchctl.compiler.resources import RESOURCES
from launchctl.compiler.source import Include, Source, read_sources
from launchctl.diagnostics import Diagnostic, Diagnostics, Span, in_order


@dataclass(frozen=True, slots=True)
class Loaded:
    """A project as far as it could be read."""

    sources: tuple[Source, ...]
    resolved: ResolvedProject | None
    """None where a file is missing or is no YAML: what would be said of the rest is guesswork."""
    diagnostics: Diagnostics
    """By place."""


def read_documents(project: Path) -> tuple[tuple[Document, ...], Diagnostics]:
    """The main file and what it includes, parsed."""
    documents: list[Document] = []
    diagnostics: list[Diagnostic] = []

    def includes(source: Source) -> tuple[Include, ...]:
        document, found = parse_document(source)
        documents.append(document)
        diagnostics.extend(found)
        return includes_of(document)

    _, found = read_sources(project, includes)
    return tuple(documents), (*diagnostics, *found)


def load_project(project: Path, resources: Mapping[str, str] = RESOURCES) -> Loaded:
    """A project file with its references resolved; `project` is a file, or a folder that holds `project.yaml`."""
    documents, found = read_documents(project)
    sources = tuple(document.source for document in documents)
    if not documents or any(document.root is None for document in documents):
        return Loaded(sources, None, in_order(found))
    built, wrong = build_project(documents)
    resolved, unresolved = resolve(built, resources)
    return Loaded(sources, resolved, in_order((*found, *_unsaid(wrong, found), *unresolved)))


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


def _unsaid(later: Diagnostics, earlier: Diagnostics) -> Diagnostics:
    """What is not just the consequence of a value that was reported already."""
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
