"""What the compiler must be told of the world: variables, targets and code; handed in, never looked up."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from launchctl.compiler.variables import VariableText


class Capabilities(Protocol):
    """What a target can do, as far as the language is concerned."""

    @property
    def sources(self) -> frozenset[str]:
        """Kinds of source it runs: `image`, `code`."""
        ...

    @property
    def secrets(self) -> frozenset[str]:
        """Kinds of secret it can inject."""
        ...

    @property
    def inherits_environment(self) -> bool:
        """Whether a job takes variables by name from the environment of apply."""
        ...

    @property
    def file_folder(self) -> str | None:
        """Where in the job's file system launchctl can put files."""
        ...

    @property
    def default_max_jobs(self) -> int | None:
        """How many run at once on a queue that does not say; None is no limit."""
        ...


class CodeFile(Protocol):
    """One file of a code folder."""

    @property
    def name(self) -> str:
        """Relative to the folder, with forward slashes."""
        ...


class CodeTree(Protocol):
    """A code folder that was read."""

    @property
    def digest(self) -> str:
        """`sha256:…` of its files."""
        ...

    @property
    def files(self) -> Sequence[CodeFile]:
        """All of them, but for those that are ignored."""
        ...


ReadCode = Callable[[str, tuple[str, ...]], CodeTree]
"""Reads a code folder of the project, without what the patterns ignore; raises `SourceError`."""


@dataclass(frozen=True, slots=True)
class CompileContext:
    """Everything from outside the project's files that a program depends on."""

    code: ReadCode
    capabilities_by_resource: Mapping[str, Capabilities] = field(default_factory=dict[str, Capabilities])
    """By the targets' own names; a target of the language that is not in it is not supported yet."""
    variables: Mapping[str, VariableText] = field(default_factory=dict[str, VariableText])
    """Values from outside, by name, the strongest of each already chosen."""
