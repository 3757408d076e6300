"""What a rule about one part of a run looks at."""

from __future__ import annotations

from typing import NamedTuple

from launchctl.compiler.node import Node


class Subject(NamedTuple):
    """A part of a run once its templates are filled in; runs that share it are looked at once."""

    kind: str
    """`image`, `command`, `args`, `env`, `inputs`, `files` or `config`."""
    node: Node
    variables: tuple[tuple[str, Node], ...]
    """Environment variables that it sets."""
    owned: tuple[str, ...]
    """Variables that launchctl itself sets in this project."""
    inheritable: frozenset[str]
    """Variables that a configuration may take from where apply runs."""
