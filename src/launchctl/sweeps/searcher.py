"""The one door to a search: how many trials it has, which they are, and which come next.

It is a class, `Searcher(search)`, because asking has a memory: what was taken once stays taken, so a whole sweep is
drawn in linear time by one searcher, however often it is asked. Make one where a drain or a plan begins, and keep it.
"""

from __future__ import annotations

from collections.abc import Collection, Container, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from functools import cached_property

from launchctl.compiler.sweep.search import Search, Trial
from launchctl.status import Status
from launchctl.sweeps import factors
from launchctl.sweeps.draws import Draws
from launchctl.sweeps.factors import Factor
from launchctl.sweeps.grid import Grid
from launchctl.sweeps.identity import identity, with_repeat
from launchctl.sweeps.outcome import Result
from launchctl.values import JSON


class Searcher:
    """Answers for one search. What it says follows from its arguments alone; its memory only saves time."""

    def __init__(self, search: Search) -> None:
        self.search = search
        self._place = 0
        """All trials before this place are taken."""

    @cached_property
    def grid(self) -> Grid:
        """The points of a grid search; raises LaunchctlError where they cannot be counted."""
        return Grid(self.search)

    @cached_property
    def size(self) -> int | None:
        """How many trials there are in all; None where only a `run_cap` would say, and there is none."""
        return self.grid.size if self.search.method == "grid" else self.search.run_cap

    @cached_property
    def factors(self) -> tuple[Factor, ...]:
        """The parameters that are searched, with how many values each has."""
        return factors.factors(self.search)

    def page(self, offset: int, limit: int) -> list[Trial]:
        """Some trials to show: those of a random search are drawn, those of bayes are not known beforehand."""
        if self.search.method == "bayes":
            return []
        stop = offset + limit if self.size is None else min(offset + limit, self.size)
        if self.search.method == "grid":
            return list(self.grid.all_trials(offset, stop))
        return [self._drawn(place) for place in range(offset, stop)]

    def following(self, taken: Collection[str], history: Sequence[Result], count: int) -> list[Trial]:
        """The next trials that are not taken, at most so many; nothing of a random or bayes search without `run_cap`.

        `taken` holds the keys of this epoch, those of points that are no longer searched included: they have used up
        `run_cap` all the same. Only bayes looks at the history, and takes trials that are still open for given.
        """
        keys = taken if isinstance(taken, AbstractSet | Mapping) else frozenset(taken)
        if self.search.run_cap is not None:
            count = min(count, self.search.run_cap - len(keys))
        elif self.search.method != "grid":
            return []
        if count <= 0:
            return []
        if self.search.method == "grid":
            return self._following_points(keys, count)
        places = self._open_places(keys, count)
        return (
            [self._drawn(place) for place in places]
            if self.search.method == "random"
            else self._suggested(places, history)
        )

    def is_trial(self, key: str, values: Mapping[str, JSON], repeat: int) -> bool:
        """Whether a recorded trial belongs to this search; `run_cap` limits what starts, not what belongs."""
        if self.search.method == "grid":
            found = self.grid.find(values, repeat)
            return found is not None and found.key == key
        index = key.partition(".")[0]
        if not index.isdecimal() or not 1 <= repeat <= self.search.repeats or with_repeat(index, repeat) != key:
            return False
        return self.search.method == "bayes" or identity(self._draws.trial(int(index), repeat).values) == identity(
            values
        )

    @cached_property
    def _draws(self) -> Draws:
        return Draws(self.search)

    def _drawn(self, place: int) -> Trial:
        index, repeat = divmod(place, self.search.repeats)
        return self._draws.trial(index, repeat + 1)

    def _following_points(self, taken: Container[str], count: int) -> list[Trial]:
        """What a grid has left, the places that are taken being passed for good."""
        found: list[Trial] = []
        for place, trial in enumerate(self.grid.all_trials(self._place), self._place):
            if trial.key not in taken:
                found.append(trial)
                if len(found) == count:
                    break
            elif not found:
                self._place = place + 1
        return found

    def _open_places(self, taken: Container[str], count: int) -> list[int]:
        """The first places that are not taken, of a search whose keys are indices."""
        places: list[int] = []
        place = self._place
        while len(places) < count:
            index, repeat = divmod(place, self.search.repeats)
            if with_repeat(str(index), repeat + 1) not in taken:
                places.append(place)
            elif not places:
                self._place = place + 1
            place += 1
        return places

    def _suggested(self, places: Sequence[int], history: Sequence[Result]) -> list[Trial]:
        """Trials chosen one after the other, each knowing that those before it are open."""
        from launchctl.sweeps import bayes

        known = list(history)
        points = {result.trial.index: result.trial for result in history}
        found: list[Trial] = []
        for place in places:
            index, repeat = divmod(place, self.search.repeats)
            trial = points.get(index) or bayes.suggest(self.search, known, index)
            trial = replace(trial, key=with_repeat(str(index), repeat + 1), repeat=repeat + 1)
            points[index] = trial
            known.append(Result(trial, Status.PENDING))
            found.append(trial)
        return found
