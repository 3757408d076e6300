"""`ignore` of a code source: patterns in the way of .gitignore, matched in linear time.

`*` and `?` stay within a name, `**` crosses folders; a pattern without a slash fits a name at
any depth, one with a slash a path from the code folder; a folder that fits takes all that is
in it along.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class IgnoreRules:
    """Patterns, split into the names between their slashes."""

    patterns: tuple[tuple[str, ...], ...]

    @classmethod
    def of(cls, patterns: Sequence[str]) -> IgnoreRules:
        """Rules from the patterns as they are written."""
        return cls(tuple(_split(pattern) for pattern in patterns if pattern.strip("/")))

    def ignores(self, name: str) -> bool:
        """Whether a file of this name, or a folder above it, fits a pattern."""
        parts = name.split("/")
        return any(
            _fits(pattern, parts[:length], _is_any_depth, _fits_name)
            for pattern in self.patterns
            for length in range(1, len(parts) + 1)
        )


def _split(pattern: str) -> tuple[str, ...]:
    parts = tuple(part for part in pattern.split("/") if part not in {"", "."})
    is_anchored = "/" in pattern.rstrip("/")
    return parts if is_anchored else ("**", *parts)


def _is_any_depth(part: str) -> bool:
    return part == "**"


def _fits_name(pattern: str, name: str) -> bool:
    return _fits(pattern, name, lambda letter: letter == "*", lambda letter, other: letter in {"?", other})


def _fits(
    pattern: Sequence[T], text: Sequence[T], is_star: Callable[[T], bool], fits_one: Callable[[T, T], bool]
) -> bool:
    """Whether a text fits a pattern whose stars stand for any number of items; never exponential."""
    at, read, star, resumed = 0, 0, -1, 0
    while read < len(text):
        if at < len(pattern) and is_star(pattern[at]):
            star, resumed, at = at, read, at + 1
        elif at < len(pattern) and fits_one(pattern[at], text[read]):
            at, read = at + 1, read + 1
        elif star >= 0:
            resumed += 1
            at, read = star + 1, resumed
        else:
            return False
    return all(is_star(rest) for rest in pattern[at:])
