"""Diagnostics: what is wrong in a project file, where, and how to mend it.

A `Code` is defined once, beside the rule that uses it, in the `codes.py` of its room. A
`Diagnostic` keeps the code and its arguments apart, so that a sentence can be translated
without touching the place that found the fault.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple, TypeAlias


class Span(NamedTuple):
    """A stretch of a source file; lines and columns count from 1, the end is exclusive."""

    file: str
    line: int
    column: int
    end_line: int
    end_column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


class Severity(StrEnum):
    """How much a diagnostic weighs: an error stops, a warning and an info do not."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, slots=True)
class Code:
    """A kind of fault: its kebab-case name, its sentence and its long explanation."""

    name: str
    sentence: str
    """A `str.format` template: lower-case first word, no final full stop."""
    explanation: str
    """What `launchctl explain NAME` prints: why it is wrong and how it is mended."""
    severity: Severity = Severity.ERROR
    is_sensitive: bool = False
    """Whether the line that it points at holds what nobody may print."""


class Note(NamedTuple):
    """Another place that has to do with the fault."""

    message: str
    span: Span | None = None


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One fault at one place."""

    code: Code
    span: Span | None
    arguments: Mapping[str, object] = field(default_factory=dict[str, object])
    notes: tuple[Note, ...] = ()
    hint: str | None = None

    @property
    def severity(self) -> Severity:
        """Severity of the code."""
        return self.code.severity

    @property
    def message(self) -> str:
        """The code's sentence, filled in."""
        return self.code.sentence.format_map(self.arguments)

    @property
    def sort_key(self) -> tuple[str, int, int, str, str]:
        """Order of a report: by file and position, then by code."""
        file, line, column = self.span[:3] if self.span else ("", 0, 0)
        return (file, line, column, self.code.name, self.message)


Diagnostics: TypeAlias = tuple[Diagnostic, ...]


def has_errors(diagnostics: Iterable[Diagnostic]) -> bool:
    """Whether any of the diagnostics stops the next stage."""
    return any(found.severity is Severity.ERROR for found in diagnostics)


def in_order(diagnostics: Iterable[Diagnostic]) -> Diagnostics:
    """The diagnostics sorted by place, each once."""
    unique = {(found.sort_key, found.hint): found for found in diagnostics}
    return tuple(sorted(unique.values(), key=lambda found: found.sort_key))
