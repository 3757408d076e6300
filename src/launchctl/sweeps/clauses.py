"""Which combinations of choices a grid does not have, each as a clause: it is left out where all its literals hold.

Two things leave combinations out. `exclude` does so by itself. `when` makes points equal that differ only in what
does not exist there; of these the grid has the first, so a leaf that does not exist may have its first choice alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import product
from typing import NamedTuple, TypeAlias

from launchctl.compiler.sweep.identity import identity
from launchctl.compiler.sweep.space import Leaf, ParameterPath, Space
from launchctl.sweeps.axis import Axis
from launchctl.sweeps.point import Requirement, Shape
from launchctl.values import JSON


class Literal(NamedTuple):
    """The choice on an axis is, or is not, one of these."""

    axis: int
    is_among: bool
    choices: frozenset[int]

    def both(self, other: Literal) -> Literal:
        """What holds where this one and another one of its axis hold."""
        if self.is_among and other.is_among:
            return Literal(self.axis, is_among=True, choices=self.choices & other.choices)
        if self.is_among or other.is_among:
            among, other_ones = (self, other) if self.is_among else (other, self)
            return Literal(self.axis, is_among=True, choices=among.choices - other_ones.choices)
        return Literal(self.axis, is_among=False, choices=self.choices | other.choices)


Clause: TypeAlias = tuple[Literal, ...]
"""At most one literal an axis, ascending."""


class Clauses:
    """Finds the clauses of a grid."""

    def __init__(self, space: Space, axes: Sequence[Axis], shape: Shape) -> None:
        self._space = space
        self._axes = axes
        self._shape = shape
        self._constants: Mapping[ParameterPath, Leaf] = {leaf.path: leaf for leaf in space.constants}
        self._places = {
            path: (number, column) for number, axis in enumerate(axes) for column, path in enumerate(axis.paths)
        }

    def all(self) -> tuple[Clause, ...]:
        """Each clause once."""
        found = dict.fromkeys(clause for clause in self._found() if clause is not None)
        return tuple(found)

    def needs(self, path: ParameterPath) -> tuple[Requirement, ...]:
        """Everything that must hold for a leaf to exist, its parents' own conditions included."""
        needs: dict[Requirement, None] = {}
        open_ = [path]
        while open_:
            for need in self._shape.needs(open_.pop()):
                if need not in needs:
                    needs[need] = None
                    if need.parent in self._places or need.parent in self._constants:
                        open_.append(need.parent)
        return tuple(needs)

    def _found(self) -> Iterator[Clause | None]:
        for combination in self._space.exclude:
            literals = [self._literal(path, (value,), is_among=True) for path, value in combination]
            for path, _ in combination:
                if path in self._places or path in self._constants:
                    literals += [self._literal(need.parent, need.values, is_among=True) for need in self.needs(path)]
            yield _clause(literals)
        for number, axis in enumerate(self._axes):
            yield from self._repeated(number, axis)

    def _repeated(self, number: int, axis: Axis) -> Iterator[Clause | None]:
        """What keeps one choice of those that are equal where some leaves of the axis do not exist."""
        needs = [self.needs(path) for path in axis.paths]
        if len(needs) == 1:
            for need in needs[0]:
                yield _clause([Literal(number, is_among=False, choices=frozenset({0})), self._unmet(need)])
        elif any(needs):
            for columns, choices in _differences(axis, {column for column, need in enumerate(needs) if need}).items():
                for unmet in {frozenset(chosen) for chosen in product(*(needs[column] for column in columns))}:
                    yield _clause(
                        [Literal(number, is_among=True, choices=frozenset(choices)), *map(self._unmet, unmet)]
                    )

    def _unmet(self, need: Requirement) -> Literal | bool:
        return self._literal(need.parent, need.values, is_among=False)

    def _literal(self, path: ParameterPath, values: Iterable[JSON], *, is_among: bool) -> Literal | bool:
        """Whether a leaf has one of these values: a literal, or known beforehand."""
        if path in self._constants:
            own = identity(self._constants[path].values[0])
            return (own in {identity(value) for value in values}) is is_among
        if path not in self._places:
            return not is_among
        number, column = self._places[path]
        choices = (choice for value in values for choice in self._axes[number].columns[column].choices(value))
        return Literal(number, is_among, frozenset(choices))


def _clause(literals: Iterable[Literal | bool]) -> Clause | None:
    """The clause of these; None where they never hold together."""
    by_axis: dict[int, Literal] = {}
    for literal in literals:
        if literal is False:
            return None
        if literal is not True:
            known = by_axis.get(literal.axis)
            by_axis[literal.axis] = known.both(literal) if known else literal
    if any(literal.is_among and not literal.choices for literal in by_axis.values()):
        return None
    useful = (literal for _, literal in sorted(by_axis.items()) if literal.is_among or literal.choices)
    return tuple(useful)


def _differences(axis: Axis, optional: set[int]) -> dict[tuple[int, ...], list[int]]:
    """For sets of columns that may not exist, the choices that differ from an earlier one in these alone."""
    rows = [tuple(column.fragment(choice) for column in axis.columns) for choice in range(axis.count)]
    found: dict[tuple[int, ...], list[int]] = {}
    for choice, row in enumerate(rows):
        differing = {
            tuple(column for column, (one, other) in enumerate(zip(row, earlier, strict=True)) if one != other)
            for earlier in rows[:choice]
        }
        for columns in differing:
            if optional.issuperset(columns):
                found.setdefault(columns, []).append(choice)
    return found
