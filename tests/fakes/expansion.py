"""Projects as texts, expanded without a file system and without a provider."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from textwrap import dedent

from launchctl.compiler.build import build_project
from launchctl.compiler.context import CompileContext
from launchctl.compiler.document import parse_document
from launchctl.compiler.entries import ResolvedProject
from launchctl.compiler.expand import expand
from launchctl.compiler.program import LaunchSpec, Program
from launchctl.compiler.resolve import resolve
from launchctl.compiler.source import Source
from launchctl.compiler.variables import VariableText
from launchctl.diagnostics import Diagnostic, Diagnostics
from launchctl.errors import SourceError


@dataclass(frozen=True)
class Target:
    """What a target of a test can do."""

    sources: frozenset[str]
    secrets: frozenset[str] = frozenset({"env"})
    default_max_jobs: int | None = 1
    inherits_environment: bool = False
    file_folder: str | None = None


@dataclass(frozen=True)
class File:
    """A file in a code folder of a test."""

    name: str


@dataclass(frozen=True)
class Code:
    """A code folder of a test."""

    digest: str
    files: tuple[File, ...] = (File("train.py"),)


@dataclass(frozen=True)
class Expanded:
    """A program and what was said of its project."""

    program: Program
    found: list[Diagnostic] = field(default_factory=list[Diagnostic])

    @property
    def said(self) -> list[str]:
        """Every diagnostic as `line:column code message`."""
        return [
            (f"{one.span.line}:{one.span.column} " if one.span else "") + f"{one.code.name}: {one.message}"
            for one in self.found
        ]

    @property
    def codes(self) -> list[str]:
        """Names of the diagnostics' codes."""
        return [one.code.name for one in self.found]

    def run(self, name: str) -> LaunchSpec:
        """A run of the program."""
        return next(spec for spec in self.program.launches if spec.address.name == name)


def read_code(path: str, ignore: tuple[str, ...]) -> Code:
    """Every folder exists but `nowhere`."""
    if path == "nowhere":
        raise SourceError('the code folder "nowhere" does not exist')
    return Code(f"sha256:{path}{'-'.join(ignore)}")


def resolve_text(text: str) -> ResolvedProject:
    """A resolved project; its structure and its references must be in order."""
    resolved, found = _resolve(text)
    assert [one.message for one in found] == []
    return resolved


def expand_text(text: str, variables: Mapping[str, VariableText] | None = None) -> Expanded:
    """The program of a project, with targets `docker` for images and `process` for code."""
    program, found = expand(resolve_text(text), _context(variables or {}))
    return Expanded(program, list(found))


def expand_freely(
    text: str, variables: Mapping[str, VariableText]
) -> tuple[ResolvedProject, Program, list[Diagnostic]]:
    """As much of a project as can be expanded, whatever is wrong with it."""
    resolved, found = _resolve(text)
    program, wrong = expand(resolved, _context(variables))
    return resolved, program, [*found, *wrong]


def _resolve(text: str) -> tuple[ResolvedProject, Diagnostics]:
    document, unreadable = parse_document(Source("project.yaml", dedent(text)))
    project, misbuilt = build_project([document])
    resolved, unresolved = resolve(project)
    return resolved, (*unreadable, *misbuilt, *unresolved)


def _context(variables: Mapping[str, VariableText]) -> CompileContext:
    process = Target(frozenset({"code"}), inherits_environment=True)
    return CompileContext(read_code, {"docker": Target(frozenset({"image"})), "process": process}, variables)
