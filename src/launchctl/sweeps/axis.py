"""The axes of a grid: what crosses with what, and the values on each, computed only where they are asked for."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Protocol

from launchctl.compiler.sweep.identity import identity
from launchctl.compiler.sweep.space import Distribution, Leaf, ParameterPath, Space
from launchctl.sweeps.key import fragment
from launchctl.values import JSON

_FEW = 500


class Column(Protocol):
    """The values of one leaf along its axis."""

    @property
    def leaf(self) -> Leaf: ...

    @property
    def count(self) -> int: ...

    @property
    def value(self) -> Callable[[int], JSON]:
        """The value at a choice."""
        ...

    @property
    def fragment(self) -> Callable[[int], str]:
        """What the value at a choice adds to the text of a point."""
        ...

    def choices(self, value: JSON) -> Sequence[int]:
        """Where the axis has this value, ascending."""
        ...


class Listed:
    """Values that were written. Of spellings of one value the last is the one that is used."""

    def __init__(self, leaf: Leaf, values: Iterable[JSON]) -> None:
        self.leaf = leaf
        texts = [(identity(value), value) for value in values]
        spelling = dict(texts)
        self._values = [spelling[text] for text, _ in texts]
        self.value: Callable[[int], JSON] = self._values.__getitem__
        self.fragment: Callable[[int], str] = [fragment(leaf.path, value) for value in self._values].__getitem__
        self._choices: dict[str, list[int]] = {}
        for choice, (text, _) in enumerate(texts):
            self._choices.setdefault(text, []).append(choice)

    @property
    def count(self) -> int:
        return len(self._values)

    def choices(self, value: JSON) -> Sequence[int]:
        return self._choices.get(identity(value), ())

    def distinct(self) -> Listed:
        """Each value once, where it comes first."""
        firsts = [found[0] for found in self._choices.values()]
        return self if len(firsts) == self.count else Listed(self.leaf, [self._values[choice] for choice in firsts])


@dataclass(frozen=True)
class Stepped:
    """Values at equal distances, each computed from an integer, so that no error adds up."""

    leaf: Leaf
    start: Fraction
    step: Fraction
    count: int
    is_integer: bool

    def value(self, choice: int) -> JSON:
        number = self.start + self.step * choice
        return int(number) if self.is_integer else float(number)

    def fragment(self, choice: int) -> str:
        return fragment(self.leaf.path, self.value(choice))

    def choices(self, value: JSON) -> Sequence[int]:
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            return ()
        choice = round((Fraction(value) - self.start) / self.step)
        return (choice,) if 0 <= choice < self.count and self.value(choice) == value else ()


def column(leaf: Leaf) -> Listed | Stepped:
    """The values of a leaf as they are written, repetitions included; few steps are as good as written."""
    steps = _steps(leaf)
    if steps is None:
        return Listed(leaf, leaf.values)
    return steps if steps.count > _FEW else Listed(leaf, [steps.value(choice) for choice in range(steps.count)])


def _steps(leaf: Leaf) -> Stepped | None:
    if leaf.distribution is Distribution.INT_UNIFORM:
        return Stepped(leaf, Fraction(leaf.low), Fraction(1), int(leaf.high) - int(leaf.low) + 1, is_integer=True)
    if leaf.distribution is Distribution.Q_UNIFORM:
        low, high, step = (Fraction(repr(number)) for number in (leaf.low, leaf.high, leaf.q))
        is_integer = all(isinstance(number, int) for number in (leaf.low, leaf.high, leaf.q))
        return Stepped(leaf, low, step, math.ceil((high - low) / step), is_integer)
    return None


@dataclass(frozen=True)
class Axis:
    """A leaf, or leaves that vary together."""

    columns: tuple[Listed | Stepped, ...]
    count: int

    @cached_property
    def paths(self) -> tuple[ParameterPath, ...]:
        """Of its leaves."""
        return tuple(column.leaf.path for column in self.columns)

    def first(self, values: Mapping[ParameterPath, JSON]) -> int | None:
        """The first choice that has these values of its leaves, other leaves having any."""
        found = [column.choices(values[column.leaf.path]) for column in self.columns if column.leaf.path in values]
        if not found:
            return 0
        common = set(found[0]).intersection(*found[1:]) if len(found) > 1 else found[0]
        return min(common, default=None)


def axes_of(space: Space, leaves: Sequence[Leaf]) -> tuple[Axis, ...]:
    """The axes of the leaves that are searched, each where the first of its leaves stands."""
    group_of = {path: zipped for zipped in space.zips for path in zipped}
    by_path = {leaf.path: leaf for leaf in leaves}
    axes: dict[tuple[ParameterPath, ...], Axis] = {}
    for leaf in leaves:
        group = group_of.get(leaf.path, (leaf.path,))
        if group not in axes:
            axes[group] = _axis([by_path[path] for path in group if path in by_path])
    return tuple(axes.values())


def _axis(leaves: Sequence[Leaf]) -> Axis:
    columns = [column(leaf) for leaf in leaves]
    if len(columns) == 1:
        only = columns[0].distinct() if isinstance(columns[0], Listed) else columns[0]
        return Axis((only,), only.count)
    count = min(column.count for column in columns)
    rows = {tuple(column.fragment(choice) for column in columns): choice for choice in reversed(range(count))}
    firsts = sorted(rows.values())
    listed = [Listed(column.leaf, [column.value(choice) for choice in firsts]) for column in columns]
    return Axis(tuple(listed), len(firsts))
