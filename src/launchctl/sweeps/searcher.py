"""The one door to a search: how many trials it has, which they are, and which come next.

What these functions say follows from their arguments alone. What is costly to find out of a search (its points are
counted, the keys of its trials hashed) is kept beside it and found by the object itself, so ask with the same `Search`
as long as it is the same: 10,000 trials that are taken are then passed in about a millisecond.
"""

from __future__ import annotations

from collections.abc import Collection, Container, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from functools import cached_property
from itertools import count as places_from
from itertools import islice

from launchctl.compiler.sweep.identity import identity
from launchctl.compiler.sweep.search import Search, Trial
from launchctl.status import Status
from launchctl.sweeps import factors as sweep_factors
from launchctl.sweeps.draws import Draws
from launchctl.sweeps.factors import Factor
from launchctl.sweeps.grid import Grid
from launchctl.sweeps.key import with_repeat
from launchctl.sweeps.outcome import Result
from launchctl.values import JSON

_KEPT = 64
"""Of so many searches the points and keys are kept; whoever asks about more at once asks more slowly."""
_CHUNK = 256


def size(search: Search) -> int | None:
    """How many trials there are in all; None where only a `run_cap` would say, and there is none."""
    return _Points.of(search).grid.size if search.method == "grid" else search.run_cap


def left(search: Search, taken: int, searched: int) -> int | None:
    """How many trials there are still to take; None where that has no end.

    `taken` is how many the epoch has, `searched` how many of these `is_trial` still finds: a point whose values were
    removed has used up `run_cap` all the same.
    """
    capped = None if search.run_cap is None else max(search.run_cap - taken, 0)
    if search.method != "grid":
        return capped
    points = _Points.of(search).grid.points * search.repeats - searched
    return points if capped is None else min(points, capped)


def factors(search: Search) -> tuple[Factor, ...]:
    """The parameters that are searched, with how many values each has."""
    return sweep_factors.factors(search)


def page(search: Search, offset: int, limit: int) -> list[Trial]:
    """Some trials to show: those of a random search are drawn, of bayes the first alone is known beforehand.

    Raises LaunchctlError where `exclude` leaves nothing to draw, or too much to count; so do all functions here.
    """
    if search.method == "bayes":
        from launchctl.sweeps import bayes

        return [bayes.first(search)] if offset == 0 < limit else []
    known, all_ = _Points.of(search), size(search)
    stop = offset + limit if all_ is None else min(offset + limit, all_)
    if search.method == "grid":
        return list(known.grid.all_trials(offset, stop))
    return [known.drawn(place) for place in range(offset, stop)]


def following(search: Search, taken: Collection[str], history: Sequence[Result], count: int) -> list[Trial]:
    """The next trials that are not taken, at most so many; nothing of a random or bayes search without `run_cap`.

    `taken` holds the keys of this epoch, also those of points that are no longer searched. Only bayes looks at the
    history, of which the results of this epoch come last.
    """
    keys = taken if isinstance(taken, AbstractSet | Mapping) else frozenset(taken)
    if search.run_cap is not None:
        count = min(count, search.run_cap - len(keys))
    elif search.method != "grid":
        return []
    places = islice(_Points.of(search).open_places(keys), max(count, 0))
    if search.method == "bayes":
        return _suggested(search, [divmod(place, search.repeats) for place in places], keys, history)
    return [_Points.of(search).trial(place) for place in places]


def lacking(search: Search) -> str:
    """The library that a search needs and that is not installed, and how to install it; nothing where all is there."""
    if search.method != "bayes":
        return ""
    from launchctl.sweeps import bayes

    return "" if bayes.is_available() else f"the library of bayesian search: `{bayes.INSTALL}`"


def is_trial(search: Search, key: str, values: Mapping[str, JSON], repeat: int) -> bool:
    """Whether a recorded trial belongs to this search; `run_cap` limits what starts, not what belongs."""
    if search.method == "grid":
        found = _Points.of(search).grid.find(values, repeat)
        return found is not None and found.key == key
    index = key.partition(".")[0]
    if not index.isdecimal() or not 1 <= repeat <= search.repeats or with_repeat(index, repeat) != key:
        return False
    if search.method == "bayes":
        return True
    return identity(_Points.of(search).draws.trial(int(index), repeat).values) == identity(values)


class _Points:
    """What is known of a search's points, found out once."""

    def __init__(self, search: Search) -> None:
        self.search = search
        self._keys: dict[int, str] = {}

    @staticmethod
    def of(search: Search) -> _Points:
        """Of this very search; its own reference keeps the object, and so its id, alive."""
        found = _known.get(id(search))
        if found is None:
            found = _known[id(search)] = _Points(search)
            for oldest in list(_known)[:-_KEPT]:
                _known.pop(oldest, None)
        return found

    @cached_property
    def grid(self) -> Grid:
        return Grid(self.search)

    @cached_property
    def draws(self) -> Draws:
        return Draws(self.search)

    def trial(self, place: int) -> Trial:
        """The trial at a place, of a grid or of a random search."""
        return next(self.grid.all_trials(place, place + 1)) if self.search.method == "grid" else self.drawn(place)

    def drawn(self, place: int) -> Trial:
        """The trial of a random search at a place."""
        index, repeat = divmod(place, self.search.repeats)
        return self.draws.trial(index, repeat + 1)

    def open_places(self, taken: Container[str]) -> Iterator[int]:
        """The places whose trials are not taken."""
        keys = self._keys
        for place in places_from():
            key = keys.get(place)
            if key is None:
                keys.update(self._keys_from(place))
                key = keys.get(place)
                if key is None:
                    return
            if key not in taken:
                yield place

    def _keys_from(self, place: int) -> Mapping[int, str]:
        """The keys of the next places; none where a grid ends."""
        if self.search.method == "grid":
            stop = min(place + _CHUNK, self.grid.points * self.search.repeats)
            return {at: trial.key for at, trial in enumerate(self.grid.all_trials(place, stop), place)}
        return {
            at: with_repeat(str(index), repeat + 1)
            for at in range(place, place + _CHUNK)
            for index, repeat in [divmod(at, self.search.repeats)]
        }


_known: dict[int, _Points] = {}


def _suggested(
    search: Search, places: Sequence[tuple[int, int]], taken: Container[str], history: Sequence[Result]
) -> list[Trial]:
    """Trials chosen one after the other, each knowing that those before it are open; repetitions have one choice."""
    from launchctl.sweeps import bayes

    known = list(history)
    points = {result.trial.index: result.trial for result in history if result.trial.key in taken}
    found: list[Trial] = []
    for index, repeat in places:
        trial = points.get(index) if repeat else None
        chosen = trial or bayes.suggest(search, known, index)
        points[index] = replace(chosen, key=with_repeat(str(index), repeat + 1), index=index, repeat=repeat + 1)
        known.append(Result(points[index], Status.PENDING))
        found.append(points[index])
    return found
