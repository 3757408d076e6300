"""Which field of a target's configuration means what: data, one table a provider.

A rule is a path with `*` for any one part; the longest matching rule wins. What no rule
names is placement, since a wrong placement costs a missed run that `status` shows, and a
wrong intent costs GPU money.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from launchctl.compiler.program import FieldClass
from launchctl.values import Path


@dataclass(frozen=True, slots=True)
class FieldTable:
    """Classes of fields, by path below `config`."""

    rules: Mapping[tuple[str, ...], FieldClass] = field(default_factory=dict[tuple[str, ...], FieldClass])

    def class_of(self, path: Path) -> FieldClass:
        """The class of the field at a path below `config`."""
        parts = tuple(str(part) for part in path)
        best: tuple[int, FieldClass] = (-1, FieldClass.PLACEMENT)
        for pattern, found in self.rules.items():
            if len(pattern) > best[0] and _is_prefix(pattern, parts):
                best = (len(pattern), found)
        return best[1]


@lru_cache(maxsize=65536)
def _is_prefix(pattern: tuple[str, ...], parts: tuple[str, ...]) -> bool:
    return len(pattern) <= len(parts) and all(a in {"*", b} for a, b in zip(pattern, parts, strict=False))
