"""The points of a grid, in order and computed where they are asked for.

`sorted` is W&B's order: leaves sorted by path, the last varying fastest, values as they are written. `declared` takes
the leaves in the order of the file, `shuffled` permutes the first order by the seed. Leaves that vary together stand
where the first of them stands. Points that `when` makes equal are one, at the place of the first of them.

Repetitions of a point follow it at once, in every order and every method: so a trial's place says its point and its
repetition, and `run_cap`, which cuts the list, may be edited without moving anything.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain

from launchctl.compiler.sweep.search import Search, Trial
from launchctl.compiler.sweep.space import Leaf, ParameterPath
from launchctl.errors import LaunchctlError
from launchctl.sweeps.axis import axes_of
from launchctl.sweeps.clauses import Clauses
from launchctl.sweeps.composer import Composer, Point
from launchctl.sweeps.diagram import Diagram
from launchctl.sweeps.key import with_repeat
from launchctl.sweeps.point import Shape, value_at
from launchctl.sweeps.shuffle import Permutation
from launchctl.values import JSON

MOST_POINTS = 10**18
"""Nobody runs more, or can tell one such number from another."""


class TooManyPointsError(LaunchctlError):
    """A grid of more points than anybody runs."""


class Grid:
    """The trials of a grid search. Making one counts its points, which raises LaunchctlError where it is hopeless."""

    def __init__(self, search: Search) -> None:
        self._search = search
        self._shape = Shape(search.space)
        self._axes = axes_of(search.space, _ordered(search))
        clauses = Clauses(search.space, self._axes, self._shape).all()
        self._diagram = Diagram([axis.count for axis in self._axes], clauses)
        if self.points > MOST_POINTS:
            raise TooManyPointsError(
                "its grid has more than 10^18 points, more than anybody runs",
                hint="write `method: random`, or give the parameters fewer values",
            )
        self._constants = {leaf.path: leaf.values[0] for leaf in search.space.constants}
        self._paths = [path for axis in self._axes for path in axis.paths]
        self._composer = Composer(self._axes, self._constants, self._shape)
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
        repeats = self._search.repeats
        stop = self.points * repeats if stop is None else stop
        points = enumerate(self._points(start // repeats, -(-stop // repeats)), start // repeats)
        if repeats == 1:
            yield from (Trial(key, index, 1, values) for index, (key, values) in points)
            return
        for index, (key, values) in points:
            for repeat in range(max(start - index * repeats, 0), min(stop - index * repeats, repeats)):
                yield Trial(with_repeat(key, repeat + 1), index, repeat + 1, values)

    def values(self, start: int = 0, stop: int | None = None) -> Iterator[Mapping[str, JSON]]:
        """The values of the points between two places, without KEYs and repetitions."""
        stop = self.points if stop is None else stop
        if self._permutation is not None:
            return (values for _, values in self._points(start, stop))
        composer = Composer(self._axes, self._constants, self._shape)
        runs = self._diagram.runs(start, stop)
        return chain.from_iterable(composer.values(choices, length) for choices, length in runs)

    def find(self, values: Mapping[str, JSON], repeat: int) -> Trial | None:
        """The trial of these values; None where no point has them, or there is no such repetition.

        Constants are not compared, and `run_cap` is not looked at: it limits what is started, not what belongs here.
        """
        if not 1 <= repeat <= self._search.repeats:
            return None
        found = {path: value_at(values, path) for path in self._paths}
        known = {path: value[0] for path, value in found.items() if value}
        choices = [choice for axis in self._axes if (choice := axis.first(known)) is not None]
        rank = self._diagram.rank(choices) if len(choices) == len(self._axes) else None
        if rank is None:
            return None
        key, point = self._composer.alone(choices)
        if any(bool(value_at(point, path)) != bool(value) for path, value in found.items()):
            return None
        index = self._permutation.place(rank) if self._permutation else rank
        return Trial(with_repeat(key, repeat), index, repeat, point)

    def _points(self, start: int, stop: int) -> Iterator[Point]:
        composer = Composer(self._axes, self._constants, self._shape)
        if self._permutation is None:
            for choices, length in self._diagram.runs(start, stop):
                yield from composer.points(choices, length)
        else:
            for index in range(start, stop):
                yield composer.point(self._diagram.choices(self._permutation.at(index)))


def _ordered(search: Search) -> Sequence[Leaf]:
    leaves = search.space.searched
    return leaves if search.order == "declared" else sorted(leaves, key=_path)


def _path(leaf: Leaf) -> ParameterPath:
    return leaf.path
