"""Which project a command line means."""

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
