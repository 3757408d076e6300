"""A space as a cube: what is searched as numbers between 0 and 1, which a model can compare.

Each factor, a leaf or leaves that vary together, has one *place* between 0 and 1, from which its
values follow by their quantile functions. For a model, a point has *coordinates*: the place of a
number, one axis for values that have an order, and one axis each for values that have none.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import product
from typing import NamedTuple, TypeAlias

from launchctl.compiler.sweep.identity import identity
from launchctl.compiler.sweep.space import Distribution, Leaf, ParameterPath, Space
from launchctl.sweeps.point import Shape, value_at
from launchctl.sweeps.quantile import cdf, multiple, quantile
from launchctl.values import JSON

Place: TypeAlias = tuple[float, ...]

_ABSENT = 0.5
"""The coordinate of a parameter that does not exist at a point."""
_MOST_AXES = 32
"""A parameter with more values than this is laid out along one axis, in the order in which they are written."""
_LISTED = frozenset({Distribution.CATEGORICAL, Distribution.CATEGORICAL_W_PROBABILITIES})
_UNBOUNDED = frozenset({Distribution.NORMAL, Distribution.Q_NORMAL, Distribution.LOG_NORMAL, Distribution.Q_LOG_NORMAL})
_STEPPED = frozenset({Distribution.Q_UNIFORM, Distribution.Q_LOG_UNIFORM_VALUES, Distribution.Q_BETA})
_TAIL = 1e-3
"""How much of each tail of an unbounded distribution is left out by a search that would look for extremes."""
_CURVED = frozenset({Distribution.BETA, Distribution.Q_BETA})
"""Bounded ones whose quantile function takes no bound for an argument."""


class Point(NamedTuple):
    """A point of the cube that may be tried."""

    place: Place
    coordinates: tuple[float, ...]
    identity: tuple[str, ...]
    """Equal for two points exactly where their trials are."""
    values: Mapping[ParameterPath, JSON]
    """Of the parameters that exist there."""


class Cube:
    """The points of a space by their places."""

    def __init__(self, space: Space) -> None:
        self._shape = Shape(space)
        self._searched = space.searched
        self._constants = {leaf.path: leaf.values[0] for leaf in space.constants}
        self.factors = tuple(_Listed(group) if _is_listed(group) else _Numeric(group) for group in _groups(space))

    @property
    def size(self) -> int | None:
        """At most how many different points there are; None for a continuum."""
        counts = [factor.count for factor in self.factors]
        return math.prod(count for count in counts if count is not None) if None not in counts else None

    @property
    def is_listed(self) -> list[bool]:
        """Of each factor, whether its places have no order."""
        return [isinstance(factor, _Listed) for factor in self.factors]

    def point(self, place: Sequence[float]) -> Point | None:
        """What is at a place; None where it is excluded."""
        clipped = tuple(
            min(max(share, factor.edge), 1 - factor.edge) for share, factor in zip(place, self.factors, strict=True)
        )
        values = dict(self._constants)
        for share, factor in zip(clipped, self.factors, strict=True):
            values.update(factor.values(share))
        existing = self._shape.existing(values)
        return None if self._shape.is_excluded(existing) else self._located(clipped, existing)

    def find(self, nested: Mapping[str, JSON]) -> Point | None:
        """The point of values that were tried; None where they lie outside of the space by now."""
        found = {leaf.path: value_at(nested, leaf.path) for leaf in self._searched}
        existing = {path: value[0] for path, value in found.items() if value}
        places = [factor.place(existing) for factor in self.factors]
        known = tuple(place for place in places if place is not None)
        return self._located(known, existing) if len(known) == len(places) else None

    def all_places(self) -> Iterator[Place]:
        """Every place of a finite cube, in a fixed order, none of a continuum; some are the same point."""
        if self.size is None:
            return iter(())
        return product(*(factor.all_places() for factor in self.factors))

    def nested(self, point: Point) -> dict[str, JSON]:
        """The values of a point as a job is given them."""
        return self._shape.nested(point.values)

    def _located(self, place: Place, existing: Mapping[ParameterPath, JSON]) -> Point:
        coordinates = tuple(number for factor in self.factors for number in factor.coordinates(existing))
        texts = tuple(identity(existing[leaf.path]) if leaf.path in existing else "" for leaf in self._searched)
        return Point(place, coordinates, texts, existing)


class _Numeric:
    """Numbers along one axis."""

    def __init__(self, leaves: Sequence[Leaf]) -> None:
        self._leaves = leaves
        self.edge = _TAIL if leaves[0].distribution in _UNBOUNDED | _CURVED else 0.0
        self._steps = _steps(leaves[0])
        self.count = self._steps.stop - self._steps.start if self._steps is not None else None

    def values(self, place: float) -> dict[ParameterPath, JSON]:
        return {leaf.path: quantile(leaf, place) for leaf in self._leaves}

    def place(self, existing: Mapping[ParameterPath, JSON]) -> float | None:
        """None for a number that the leaf cannot have."""
        leaf = next((leaf for leaf in self._leaves if leaf.path in existing), None)
        return _ABSENT if leaf is None else _place(leaf, existing[leaf.path])

    def coordinates(self, existing: Mapping[ParameterPath, JSON]) -> tuple[float, ...]:
        place = self.place(existing)
        return (_ABSENT if place is None else place,)

    def all_places(self) -> Iterator[float]:
        leaf = self._leaves[0]
        for step in self._steps or ():
            place = _place(leaf, step if leaf.distribution is Distribution.INT_UNIFORM else multiple(leaf.q, step))
            yield _ABSENT if place is None else place


class _Listed:
    """Values that were listed, or rows of values that vary together."""

    edge = 0.0

    def __init__(self, leaves: Sequence[Leaf]) -> None:
        self._leaves = leaves
        self._rows = _rows(leaves)
        self.count = len(self._rows)
        self._identities = [{path: identity(value) for path, value in row.items()} for row in self._rows]
        self._ranks = _ranks(self._rows)

    def values(self, place: float) -> dict[ParameterPath, JSON]:
        """Every row has an equal part of the places."""
        return self._rows[min(int(place * self.count), self.count - 1)]

    def place(self, existing: Mapping[ParameterPath, JSON]) -> float | None:
        """None for values that are not listed any more."""
        row = self._row(existing)
        if row is None:
            return None if any(leaf.path in existing for leaf in self._leaves) else _ABSENT
        return (row + 0.5) / self.count

    def coordinates(self, existing: Mapping[ParameterPath, JSON]) -> tuple[float, ...]:
        row = self._row(existing)
        if self._ranks is not None:
            return (_ABSENT if row is None else (self._ranks[row] + 0.5) / self.count,)
        return tuple(float(row == number) for number in range(self.count))

    def all_places(self) -> Iterator[float]:
        return ((row + 0.5) / self.count for row in range(self.count))

    def _row(self, existing: Mapping[ParameterPath, JSON]) -> int | None:
        wanted = {leaf.path: identity(existing[leaf.path]) for leaf in self._leaves if leaf.path in existing}
        if not wanted:
            return None
        return next((number for number, row in enumerate(self._identities) if wanted.items() <= row.items()), None)


def _groups(space: Space) -> list[list[Leaf]]:
    zipped = {path: group[0] for group in space.zips for path in group}
    groups: dict[ParameterPath, list[Leaf]] = {}
    for leaf in sorted(space.searched, key=lambda leaf: leaf.path):
        groups.setdefault(zipped.get(leaf.path, leaf.path), []).append(leaf)
    return list(groups.values())


def _is_listed(leaves: Sequence[Leaf]) -> bool:
    counted = all(leaf.distribution in _LISTED or leaf.distribution is Distribution.INT_UNIFORM for leaf in leaves)
    return counted if len(leaves) > 1 else leaves[0].distribution in _LISTED


def _rows(leaves: Sequence[Leaf]) -> list[dict[ParameterPath, JSON]]:
    """What varies together, value by value."""
    columns = [
        leaf.values if leaf.distribution in _LISTED else range(int(leaf.low), int(leaf.high) + 1) for leaf in leaves
    ]
    paths = [leaf.path for leaf in leaves]
    return [dict(zip(paths, row, strict=True)) for row in zip(*columns, strict=False)]


def _ranks(rows: Sequence[Mapping[ParameterPath, JSON]]) -> list[int] | None:
    """Where each row stands along one axis: numbers by their size, two values and very many in their order."""
    if len(rows) <= 2 or len(rows) > _MOST_AXES:
        return list(range(len(rows)))
    numbers = [value for row in rows for value in row.values()]
    if len(numbers) > len(rows) or any(isinstance(n, bool) or not isinstance(n, int | float) for n in numbers):
        return None
    return [sorted(numbers).index(number) for number in numbers]


def _steps(leaf: Leaf) -> range | None:
    """The integers, or the multiples of `q`, that a leaf can be; None for a continuum."""
    if leaf.distribution is Distribution.INT_UNIFORM:
        return range(int(leaf.low), int(leaf.high) + 1)
    if leaf.distribution not in _STEPPED:
        return None
    low, high = (0, 1) if leaf.distribution is Distribution.Q_BETA else (leaf.low, leaf.high)
    q = Fraction(repr(leaf.q))
    return range(math.ceil(Fraction(repr(low)) / q), math.floor(Fraction(repr(high)) / q) + 1) or None


def _place(leaf: Leaf, value: JSON) -> float | None:
    """The share of the leaf's distribution below a value, of an integer the middle of its cell."""
    if leaf.distribution in _LISTED or isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if leaf.distribution not in _UNBOUNDED and not _lower(leaf) <= value <= _upper(leaf):
        return None
    place = cdf(leaf, value)
    return place - 1 / (2 * (leaf.high - leaf.low + 1)) if leaf.distribution is Distribution.INT_UNIFORM else place


def _lower(leaf: Leaf) -> float:
    return 0.0 if leaf.distribution in _CURVED else leaf.low - _slack(leaf)


def _upper(leaf: Leaf) -> float:
    return 1.0 if leaf.distribution in _CURVED else leaf.high + _slack(leaf)


def _slack(leaf: Leaf) -> float:
    """Where no multiple of `q` lies between the bounds, the nearest one is what is drawn."""
    return leaf.q if leaf.distribution in _STEPPED else 0.0
