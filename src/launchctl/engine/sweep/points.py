"""Which trials of one search another one has too: what an edit of a sweep keeps. Pure, and without listing points
where the parameters only cross."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from math import prod

from launchctl.compiler.sweep.search import Search, Trial
from launchctl.compiler.sweep.space import Assignment, ParameterPath
from launchctl.engine.sweep.form import space_table
from launchctl.engine.sweep.tally import key_of
from launchctl.errors import LaunchctlError
from launchctl.state.model import TrialRecord
from launchctl.sweeps.axis import Axis, axes_of
from launchctl.sweeps.grid import Grid
from launchctl.sweeps.point import value_at
from launchctl.sweeps.searcher import is_trial
from launchctl.values import canonical

_MOST_COMPARED = 20_000
"""Points, or values of one parameter, that are compared one by one."""


class Points:
    """The trials of one search, whatever `run_cap` says."""

    def __init__(self, search: Search) -> None:
        self.search = search

    @cached_property
    def axes(self) -> Mapping[tuple[ParameterPath, ...], Axis]:
        """What crosses with what, by the parameters."""
        return {axis.paths: axis for axis in axes_of(self.search.space, self.search.space.searched)}

    @property
    def only_cross(self) -> bool:
        """Whether every combination of the axes is a point."""
        return not (self.search.space.exclude or self.search.space.conditions)

    def has(self, address: str, record: TrialRecord) -> bool:
        """Whether a trial on record belongs here; points that are drawn do as long as their epoch lasts."""
        if self.search.method != "grid":
            return record.repeat <= self.search.repeats
        if not self.only_cross:
            return is_trial(self.search, key_of(address), record.values, record.repeat)
        return record.repeat <= self.search.repeats and self._crosses(record)

    def _crosses(self, record: TrialRecord) -> bool:
        for axis in self.axes.values():
            values = {path: value[0] for path in axis.paths if (value := value_at(record.values, path))}
            if len(values) != len(axis.paths) or axis.first(values) is None:
                return False
        count = _leaves(record.values, self._groups) if self._groups else len(record.values)
        return count == len(self.search.space.leaves)

    @cached_property
    def _groups(self) -> frozenset[ParameterPath]:
        """Paths above the parameters."""
        return frozenset(leaf.path[:n] for leaf in self.search.space.leaves for n in range(1, len(leaf.path)))

    @cached_property
    def _grid(self) -> Grid:
        return Grid(self.search)

    @property
    def trials(self) -> int:
        """How many there are."""
        return self._grid.points * self.search.repeats

    def shared_with(self, other: Points) -> int | None:
        """How many trials both grids have; None where only a look at too many points would tell."""
        try:
            return self._shared_with(other)
        except LaunchctlError:  # what both leave out, taken together, is too much to count
            return None

    def _shared_with(self, other: Points) -> int | None:
        repeats = min(self.search.repeats, other.search.repeats)
        if canonical(space_table(self.search.space)) == canonical(space_table(other.search.space)):
            return self._grid.points * repeats
        axes = _common_axes(self, other)
        if axes is not None and self.only_cross and other.only_cross:
            return repeats * prod(axes)
        if axes is not None and self._differs_in_exclude(other, axes):
            return repeats * self._without(other).points
        fewer, more = sorted((self, other), key=lambda found: found.trials)
        if fewer.trials > _MOST_COMPARED:
            return None
        return sum(found is not None and found.key == trial.key for trial, found in fewer._beside(more))

    def _differs_in_exclude(self, other: Points, common: Sequence[int]) -> bool:
        """Whether what one grid leaves out is all that the other does not."""
        mine, its = ([axis.count for axis in points.axes.values()] for points in (self, other))
        is_same = self.search.space.conditions == other.search.space.conditions
        return is_same and sorted(mine) == sorted(its) == sorted(common)

    def _without(self, other: Points) -> Grid:
        """This grid without what the other one leaves out."""
        space = self.search.space
        clauses = {_clause(found): found for found in (*space.exclude, *other.search.space.exclude)}
        return Grid(replace(self.search, space=replace(space, exclude=tuple(clauses.values()))))

    def _beside(self, other: Points) -> Iterator[tuple[Trial, Trial | None]]:
        for trial in self._grid.all_trials():
            yield trial, other._grid.find(trial.values, trial.repeat)


def _common_axes(one: Points, other: Points) -> list[int] | None:
    """How many values each axis has in both; None where they have other axes, or too long ones to compare."""
    if one.axes.keys() != other.axes.keys():
        return None
    counts = [_common(axis, other.axes[paths]) for paths, axis in one.axes.items()]
    return None if None in counts else [count for count in counts if count is not None]


def _common(one: Axis, other: Axis) -> int | None:
    leaves = [[replace(column.leaf, span=None) for column in axis.columns] for axis in (one, other)]
    if leaves[0] == leaves[1]:
        return one.count
    fewer, more = sorted((one, other), key=lambda axis: axis.count)
    if fewer.count > _MOST_COMPARED:
        return None
    values = ({column.leaf.path: column.value(choice) for column in fewer.columns} for choice in range(fewer.count))
    return sum(more.first(found) is not None for found in values)


def _clause(found: Sequence[Assignment]) -> str:
    return canonical([[list(one.path), one.value] for one in found])


def _leaves(values: Mapping[str, object], groups: frozenset[ParameterPath], path: ParameterPath = ()) -> int:
    """How many parameters nested values have; what is no group is a value, whatever it is."""
    count = 0
    for name, value in values.items():
        below = (*path, name)
        count += _leaves(value, groups, below) if isinstance(value, Mapping) and below in groups else 1
    return count
