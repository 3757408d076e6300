"""Telling what waits and for what: an attempt at a time, and of a sweep one line however many trials it has left."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping

from launchctl.engine.events import Undrawn, Waiting
from launchctl.engine.means import Means
from launchctl.engine.roster import Roster
from launchctl.engine.schedule import Schedule, queue_of, reference, schedule
from launchctl.engine.share import Share
from launchctl.engine.tally import sweep_of
from launchctl.engine.trials import Drawer
from launchctl.state.model import State

TELL_SECONDS = 1.0
"""How often at most it is told what waits, which takes a look at everything that does."""
_PLACE = "a place "


class Teller:
    """What waits, as one drain tells it."""

    def __init__(self, means: Means, roster: Roster, drawer: Drawer, share: Share | None) -> None:
        self._means = means
        self._roster = roster
        self._drawer = drawer
        self._share = share
        self._tell_at = -math.inf
        self._told: tuple[Mapping[str, str], tuple[Undrawn, ...]] = ({}, ())
        self.waiting: Mapping[str, str] = {}
        """By reference, what each pending attempt waits for."""
        self.undrawn: tuple[Undrawn, ...] = ()

    def tell(self, stuck: Mapping[str, str], room: float, *, at_once: bool) -> None:
        """Sends what waits, where something waits for another thing than was told before."""
        now = self._means.clock()
        if not at_once and now < self._tell_at:
            return
        found = schedule(self._roster.state, now, self._means.environment, stuck, self._drawer.end_of)
        full = self._share.full if self._share and room <= 0 else ""
        self.waiting = self._ours(found, full)
        own, places = unfolded(self.waiting)
        self.undrawn = folded(self._drawer.undrawn(stuck, full), places)
        self._tell_at = now + TELL_SECONDS
        if own.items() - self._told[0].items() or set(self.undrawn) - set(self._told[1]):
            self._means.sink(Waiting(own, self.undrawn))
        self._told = (own, self.undrawn)

    def _ours(self, found: Schedule, full: str) -> Mapping[str, str]:
        """What waits on the queues of this process, that for which it has no place of its own included."""
        if self._share is None:
            return found.waiting
        ready = {reference(attempt): full for attempt in found.ready if full}
        state = self._roster.state
        names = {
            reference(attempt)
            for run in state.runs.values()
            for attempt in run.attempts
            if self._roster.is_ours(queue_of(run, attempt))
        }
        return {name: reason for name, reason in (*found.waiting.items(), *ready.items()) if name in names}


def unfolded(waiting: Mapping[str, str]) -> tuple[Mapping[str, str], Mapping[str, tuple[int, str]]]:
    """What is told of single attempts, and by sweep how many of its trials wait for a place, and for which."""
    own: dict[str, str] = {}
    numbers: Counter[str] = Counter()
    reasons: dict[str, str] = {}
    for name, reason in waiting.items():
        sweep = sweep_of(name)
        if sweep and reason.startswith(_PLACE):
            numbers[sweep] += 1
            reasons[sweep] = reason
        else:
            own[name] = reason
    return own, {sweep: (number, reasons[sweep]) for sweep, number in numbers.items()}


def folded(undrawn: tuple[Undrawn, ...], places: Mapping[str, tuple[int, str]]) -> tuple[Undrawn, ...]:
    """One line a sweep: what is left of it, and what was drawn and waits for a place."""
    found = {left.address: left for left in undrawn}
    for sweep, (number, reason) in places.items():
        left = found.get(sweep, Undrawn(sweep, 0, reason))
        found[sweep] = Undrawn(sweep, left.trials + number, left.reason or reason)
    return tuple(found[sweep] for sweep in sorted(found))


def undrawn_of(state: State, waiting: Mapping[str, str]) -> tuple[Undrawn, ...]:
    """The same by a snapshot alone."""
    _, places = unfolded(waiting)
    if not state.sweeps:
        return ()
    from launchctl.engine.outlook import outlook  # costs more than all else where there is no sweep

    return folded(outlook(state), places)
