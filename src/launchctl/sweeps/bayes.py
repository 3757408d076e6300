"""Bayesian search: the next trial from the results of those before it.

Nothing is remembered between suggestions but what is recorded: the model is fitted to the history
each time, and chance comes from the seed and the index. The same history therefore leads to the
same suggestion, in every process, after a crash and on another machine, as far as its versions of
numpy, scipy and scikit-learn compute alike; the number of threads plays no part. What differs in
the last digit there may, in rare cases, choose another of two points that promise the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from itertools import chain, count, islice
from typing import TYPE_CHECKING

from launchctl.compiler.sweep.search import Objective, Search, Trial
from launchctl.errors import LaunchctlError
from launchctl.sweeps.cube import Cube, Place, Point
from launchctl.sweeps.outcome import Result, observations

if TYPE_CHECKING:
    from launchctl.sweeps.surrogate import Coordinates, Promise

INSTALL = "pip install 'launchctl-ml[bayes]'"
MOST_POINTS = 250
"""So many observations are given to the model: the best ones and the latest ones."""
_BEST_POINTS = 100
_MOST_OPEN = 50
_ENUMERATED = 2_000
"""A space of at most so many points is looked at as a whole."""
_EXPLORED = 1_000
_SCANNED = 100_000
"""Of a larger space no more is looked through for a point that is left."""
_INCUMBENTS = 5
_NEIGHBOURS = 40
_SCALES = (0.1, 0.03, 0.01, 0.003)
"""How far around the best points the search looks, round by round."""


class MissingLibrary(LaunchctlError):
    """A library that the method needs is not installed."""


def is_available() -> bool:
    """Whether the library is installed."""
    return find_spec("bayes_opt") is not None


def suggest(search: Search, history: Sequence[Result], index: int) -> Trial:
    """The trial of an index, in view of all others, in the order in which they were drawn, open ones included.

    The first ones are spread over the space; then a model says where the most is to be expected.
    A point is never suggested twice before all others of a finite space were, and an excluded one
    never.

    Raises:
        MissingLibrary: the library for it is not installed.
        LaunchctlError: every point is excluded.
    """
    if not is_available():
        raise MissingLibrary("bayesian search needs a library", hint=INSTALL)
    cube = Cube(search.space)
    known = _Known(cube, history, search.objective or Objective(""))
    first_trials = min(max(len(cube.factors) + 2, 4), 10)
    if known.trials < first_trials or len(known.losses) < 2:
        point = _spread(cube, known, search.seed)
    else:
        point = _Candidates(cube, known, search.seed, index).best()
    return Trial(str(index), index, 1, cube.nested(point))


def first(search: Search) -> Trial:
    """The trial with which a search begins that knows of none before; needs no library."""
    cube = Cube(search.space)
    known = _Known(cube, (), search.objective or Objective(""))
    return Trial("0", 0, 1, cube.nested(_spread(cube, known, search.seed)))


class _Known:
    """What the history says, by point: repetitions of a point count as one, with their mean."""

    def __init__(self, cube: Cube, history: Sequence[Result], objective: Objective) -> None:
        sign = 1.0 if objective.goal == "minimize" else -1.0
        points: dict[tuple[str, ...], Point] = {}
        values: dict[tuple[str, ...], list[float]] = {}
        for trial, value in observations(history, objective):
            if (point := cube.find(trial.values)) is not None:
                points[point.identity] = point
                values.setdefault(point.identity, []).extend([] if value is None else [sign * value])
        losses = {name: sum(loss / len(found) for loss in found) for name, found in values.items() if found}
        self.trials = len(history)
        self.taken = frozenset(points)
        kept = _kept(losses)
        self.losses = [losses[name] for name in kept]
        self.points = [points[name] for name in kept]
        self.open = [point for name, point in points.items() if name not in losses][-_MOST_OPEN:]

    def incumbents(self) -> list[Place]:
        """The places of the best points."""
        order = sorted(range(len(self.losses)), key=self.losses.__getitem__)
        return [self.points[number].place for number in order[:_INCUMBENTS]]


def _kept(losses: dict[tuple[str, ...], float]) -> list[tuple[str, ...]]:
    """The points that a model is given, in the order of the history."""
    names = list(losses)
    best = set(sorted(names, key=losses.__getitem__)[:_BEST_POINTS])
    latest = [name for name in reversed(names) if name not in best][: MOST_POINTS - _BEST_POINTS]
    chosen = best.union(latest)
    return [name for name in names if name in chosen]


def _spread(cube: Cube, known: _Known, seed: int) -> Point:
    """The next point of a sequence that fills the space evenly, started anywhere by the seed.

    It is the additive recurrence of the generalised golden ratio (M. Roberts, 2018).
    """
    import random

    width = len(cube.factors)
    ratio = 2.0
    for _ in range(40):
        ratio = (1 + ratio) ** (1 / (width + 1))
    start = random.Random(seed)  # noqa: S311
    shifts = [start.random() for _ in range(width)]
    steps = [ratio ** -(axis + 1) for axis in range(width)]
    places = (
        tuple((shift + number * step) % 1 for shift, step in zip(shifts, steps, strict=True))
        for number in count(known.trials)
    )
    return _first_new(cube, known, places)


def _first_new(cube: Cube, known: _Known, places: Iterator[Place]) -> Point:
    """The first point that was not tried: of those places, else of all, else any that is allowed."""
    fallback: Point | None = None
    for place in chain(islice(places, _EXPLORED), islice(cube.all_places(), _SCANNED)):
        point = cube.point(place)
        if point is not None and point.identity not in known.taken:
            return point
        fallback = fallback or point
    if fallback is None:
        raise LaunchctlError("every point that was looked at is excluded", hint="exclude fewer combinations")
    return fallback


class _Candidates:
    """The points among which the model chooses: all of a small space, else many at random, then around the best."""

    def __init__(self, cube: Cube, known: _Known, seed: int, index: int) -> None:
        import numpy as np

        self._cube = cube
        self._known = known
        self._seed = seed
        self._random = np.random.default_rng([abs(seed), index])
        self._listed = np.array(cube.is_listed)
        self._found: dict[tuple[str, ...], Point] = {}

    def best(self) -> Point:
        """The point that promises most; any new one where the candidates were all tried."""
        from launchctl.sweeps import surrogate

        self._begin()
        if not self._found:
            return _first_new(self._cube, self._known, iter(self._uniform(_EXPLORED)))
        known = self._known
        model_seed = int(self._random.integers(2**31))
        observed, open_points = [[p.coordinates for p in points] for points in (known.points, known.open)]
        surrogate.suggest(observed, known.losses, open_points, self._choose, model_seed)
        return self._chosen

    def _begin(self) -> None:
        size = self._cube.size
        if size is not None and size <= _ENUMERATED:
            self._add(self._cube.all_places())
            self._rounds: Sequence[float] = ()
            return
        self._add(self._uniform(_EXPLORED))
        self._add(self._around(self._known.incumbents(), _SCALES[0]))
        self._rounds = _SCALES

    def _choose(self, promise: Promise) -> Coordinates:
        """Look at the candidates, then around the leading ones, closer each time."""
        promises: dict[tuple[str, ...], float] = {}
        for scale in self._rounds:
            self._weigh(promise, promises)
            self._add(self._around([self._found[name].place for name in self._leaders(promises)], scale))
        self._weigh(promise, promises)
        self._chosen = self._found[self._leaders(promises)[0]]
        return self._chosen.coordinates

    def _weigh(self, promise: Promise, promises: dict[tuple[str, ...], float]) -> None:
        fresh = [point for name, point in self._found.items() if name not in promises]
        said = promise([point.coordinates for point in fresh]) if fresh else []
        promises.update((point.identity, value) for point, value in zip(fresh, said, strict=True))

    def _leaders(self, promises: dict[tuple[str, ...], float]) -> list[tuple[str, ...]]:
        return sorted(promises, key=lambda name: -promises[name])[:_INCUMBENTS]

    def _add(self, places: Iterator[Place] | Sequence[Place]) -> None:
        for place in places:
            point = self._cube.point(place)
            if point is not None and point.identity not in self._known.taken:
                self._found.setdefault(point.identity, point)

    def _uniform(self, number: int) -> list[Place]:
        return [tuple(row) for row in self._random.random((number, len(self._listed))).tolist()]

    def _around(self, centres: Sequence[Place], scale: float) -> list[Place]:
        """Numbers near by, of values without an order some others."""
        import numpy as np

        middle = np.repeat(np.array(centres), _NEIGHBOURS, axis=0)
        moved = middle + self._random.normal(0.0, scale, middle.shape)
        others = np.where(self._random.random(middle.shape) < 0.25, self._random.random(middle.shape), middle)
        return [tuple(row) for row in np.where(self._listed, others, moved).tolist()]
