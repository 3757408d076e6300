"""Putting the points of a grid together, one after the other, so that each costs what differs from the one before."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple, TypeAlias

from launchctl.compiler.sweep.space import ParameterPath
from launchctl.sweeps.axis import Axis, Column
from launchctl.sweeps.key import key_of, key_of_text
from launchctl.sweeps.point import Shape
from launchctl.values import JSON

Point: TypeAlias = tuple[str, Mapping[str, JSON]]
"""A KEY, and the values that a job is given."""


class _Slot(NamedTuple):
    """Where a column's values go."""

    place: int
    """Among the fragments."""
    groups: ParameterPath
    name: str
    fragment: Callable[[int], str]
    value: Callable[[int], JSON]


class Composer:
    """Points of one grid by their choices. Groups that do not change are shared by the points, never written to."""

    def __init__(self, axes: Sequence[Axis], constants: Mapping[ParameterPath, JSON], shape: Shape) -> None:
        self._constants = constants
        self._shape = shape
        columns: Iterator[tuple[Column, int]] = (
            (column, number) for number, axis in enumerate(axes) for column in axis.columns
        )
        self._columns = sorted(columns, key=lambda found: found[0].leaf.path)
        self._slots: list[list[_Slot]] = [[] for _ in axes]
        for place, (column, number) in enumerate(self._columns):
            *groups, name = column.leaf.path
            self._slots[number].append(_Slot(place, tuple(groups), name, column.fragment, column.value))
        self._chosen = [-1] * len(axes)
        self._fragments = [""] * len(self._columns)
        self._values = shape.nested({**constants, **dict.fromkeys(path for axis in axes for path in axis.paths)})

    def point(self, choices: Sequence[int]) -> Point:
        """The point of one choice an axis."""
        return next(self.points(choices, 1))

    def points(self, choices: Sequence[int], count: int) -> Iterator[Point]:
        """So many points, from this one on along the last axis."""
        if self._shape.has_conditions or not choices:
            for step in range(count):
                yield self.alone([*choices[:-1], *(choice + step for choice in choices[-1:])])
            return
        *fixed, first = choices
        for number, choice in enumerate(fixed):
            if choice != self._chosen[number]:
                self._move(number, choice)
        self._move(len(fixed), first)
        slot, *others = self._slots[-1]
        if others or slot.groups:
            for choice in range(first, first + count):
                self._move(len(fixed), choice)
                yield key_of(self._fragments), self._values.copy()
        else:
            yield from self._on_top(slot, range(first, first + count))

    def values(self, choices: Sequence[int], count: int) -> Iterator[Mapping[str, JSON]]:
        """The values of the points that `points` gives: a KEY costs more than all the rest of a point."""
        slots = self._slots[-1] if choices else []
        if len(slots) != 1 or self._shape.has_conditions:
            yield from (values for _, values in self.points(choices, count))
            return
        for number, choice in enumerate(choices):
            if choice != self._chosen[number]:
                self._move(number, choice)
        copy, groups, name, value = self._values.copy, slots[0].groups, slots[0].name, slots[0].value
        for choice in range(choices[-1], choices[-1] + count):
            values = group = copy()
            for segment in groups:
                group[segment] = group = {**group[segment]}
            group[name] = value(choice)
            yield values

    def alone(self, choices: Sequence[int]) -> Point:
        """A point by itself, of which some leaves may not exist."""
        values = {column.leaf.path: column.value(choices[number]) for column, number in self._columns}
        existing = self._shape.existing({**self._constants, **values})
        here = ((column, choices[number]) for column, number in self._columns if column.leaf.path in existing)
        return key_of(column.fragment(choice) for column, choice in here), self._shape.nested(existing)

    def _on_top(self, slot: _Slot, choices: Iterable[int]) -> Iterator[Point]:
        """The points that differ in one parameter outside of all groups, which is by far the most frequent step."""
        before = "".join(f"{text}," for text in self._fragments[: slot.place])
        after = "".join(f",{text}" for text in self._fragments[slot.place + 1 :])
        copy, name, value, fragment = self._values.copy, slot.name, slot.value, slot.fragment
        for choice in choices:
            values = copy()
            values[name] = value(choice)
            yield key_of_text(f"{before}{fragment(choice)}{after}"), values

    def _move(self, number: int, choice: int) -> None:
        self._chosen[number] = choice
        for place, groups, name, fragment, value in self._slots[number]:
            self._fragments[place] = fragment(choice)
            group = self._values
            for segment in groups:
                copied = dict(group[segment])
                group[segment] = copied
                group = copied
            group[name] = value(choice)
