"""The points of a grid, in order and computed where they are asked for.

`sorted` is W&B's order: leaves sorted by path, the last varying fastest, values as they are written. `declared` takes
the leaves in the order of the file, `shuffled` permutes the first order by the seed. Leaves that vary together stand
where the first of them stands. Points that `when` makes equal are one, at the place of the first of them.

Repetitions of a point follow it at once, in every order and every method: so a trial's place says its point and its
repetition, and `run_cap`, which cuts the list, may be edited without moving anything.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from launchctl.compiler.sweep.search import Search, Trial
from launchctl.compiler.sweep.space import Leaf, ParameterPath
from launchctl.sweeps.axis import axes_of
from launchctl.sweeps.clauses import Clauses
from launchctl.sweeps.diagram import Diagram
from launchctl.sweeps.identity import key_of, with_repeat
from launchctl.sweeps.point import Shape, value_at
from launchctl.sweeps.shuffle import Permutation
from launchctl.values import JSON


class Grid:
    """The trials of a grid search. Making one counts its points, which raises LaunchctlError where it is hopeless."""

    def __init__(self, search: Search) -> None:
        self._search = search
        self._shape = Shape(search.space)
        self._axes = axes_of(search.space, _ordered(search))
        self._diagram = Diagram(
            [axis.count for axis in self._axes], Clauses(search.space, self._axes, self._shape).all()
        )
        self._constants = {leaf.path: leaf.values[0] for leaf in search.space.constants}
        columns = ((column, number) for number, axis in enumerate(self._axes) for column in axis.columns)
        self._columns = sorted(columns, key=lambda found: found[0].leaf.path)
        self._permutation = Permutation(self.points, search.seed) if search.order == "shuffled" else None

    @property
    def points(self) -> int:
        """How many points there are, before `repeats` and `run_cap`."""
        return self._diagram.size

    @property
    def size(self) -> int:
        """How many trials there are."""
        trials = self.points * self._search.repeats
        return trials if self._search.run_cap is None else min(trials, self._search.run_cap)

    def trials(self, start: int = 0) -> Iterator[Trial]:
        """The trials from a place on, as far as `run_cap` goes."""
        yield from self.all_trials(start, self.size)

    def all_trials(self, start: int = 0, stop: int | None = None) -> Iterator[Trial]:
        """The trials between two places, whatever `run_cap` says."""
        stop = self.points * self._search.repeats if stop is None else stop
        for place in range(start, stop):
            index, repeat = divmod(place, self._search.repeats)
            yield self._trial(index, repeat + 1)

    def find(self, values: Mapping[str, JSON], repeat: int) -> Trial | None:
        """The trial of these values; None where no point has them, or there is no such repetition.

        Constants are not compared, and `run_cap` is not looked at: it limits what is started, not what belongs here.
        """
        if not 1 <= repeat <= self._search.repeats:
            return None
        present = {column.leaf.path: value_at(values, column.leaf.path) for column, _ in self._columns}
        known = {path: found[0] for path, found in present.items() if found}
        choices = [axis.first(known) for axis in self._axes]
        rank = self._diagram.rank(choice for choice in choices if choice is not None) if None not in choices else None
        if rank is None:
            return None
        trial = self._trial(self._permutation.place(rank) if self._permutation else rank, repeat)
        return (
            trial if all(bool(value_at(trial.values, path)) == bool(found) for path, found in present.items()) else None
        )

    def _trial(self, index: int, repeat: int) -> Trial:
        rank = self._permutation.at(index) if self._permutation else index
        choices = self._diagram.choices(rank)
        values = {column.leaf.path: column.value(choices[number]) for column, number in self._columns}
        existing = self._shape.existing(self._constants | values)
        key = key_of(
            column.fragment(choices[number]) for column, number in self._columns if column.leaf.path in existing
        )
        return Trial(with_repeat(key, repeat), index, repeat, self._shape.nested(existing))


def _ordered(search: Search) -> Sequence[Leaf]:
    leaves = search.space.searched
    return leaves if search.order == "declared" else sorted(leaves, key=_path)


def _path(leaf: Leaf) -> ParameterPath:
    return leaf.path
