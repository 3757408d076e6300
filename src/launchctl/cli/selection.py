"""Which project a command line means, and which part of a long list."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Selection:
    """Which project, with which values, against which state."""

    project: Path
    state: str | None = None
    workspace: str = "default"
    variables: tuple[str, ...] = ()
    """`name=value`."""
    variable_files: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True)
class Page:
    """Part of a sweep's trials."""

    offset: int
    limit: int
    """0 is all that follow."""
