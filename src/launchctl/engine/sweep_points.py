"""Which trials of one search another one has too: what an edit of a sweep keeps. Pure, and without listing points
where the parameters only cross."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from math import prod

from launchctl.compiler.sweep.search import Search, Trial
from launchctl.compiler.sweep.space import ParameterPath
from launchctl.engine.sweep_form import space_table
from launchctl.engine.tally import key_of
from launchctl.state.model import TrialRecord
from launchctl.sweeps.axis import Axis, axes_of
from launchctl.sweeps.grid import Grid
from launchctl.sweeps.point import value_at
from launchctl.sweeps.searcher import is_trial
from launchctl.values import canonical


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

    def shared_with(self, other: Points) -> int:
        """How many trials both grids have."""
        repeats = min(self.search.repeats, other.search.repeats)
        if canonical(space_table(self.search.space)) == canonical(space_table(other.search.space)):
            return self._grid.points * repeats
        if self.only_cross and other.only_cross and self.axes.keys() == other.axes.keys():
            return repeats * prod(_common(axis, other.axes[paths]) for paths, axis in self.axes.items())
        fewer, more = sorted((self, other), key=lambda found: found._grid.points)
        return sum(found is not None and found.key == trial.key for trial, found in fewer._beside(more))

    def _beside(self, other: Points) -> Iterator[tuple[Trial, Trial | None]]:
        for trial in self._grid.all_trials():
            yield trial, other._grid.find(trial.values, trial.repeat)


def _common(one: Axis, other: Axis) -> int:
    return len(_rows(one) & _rows(other))


def _rows(axis: Axis) -> set[tuple[str, ...]]:
    return {tuple(column.fragment(choice) for column in axis.columns) for choice in range(axis.count)}


def _leaves(values: Mapping[str, object], groups: frozenset[ParameterPath], path: ParameterPath = ()) -> int:
    """How many parameters nested values have; what is no group is a value, whatever it is."""
    count = 0
    for name, value in values.items():
        below = (*path, name)
        count += _leaves(value, groups, below) if isinstance(value, Mapping) and below in groups else 1
    return count
