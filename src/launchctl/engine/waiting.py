"""Telling what waits and for what: an attempt at a time, and of a sweep one line however many trials it has left."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from collections.abc import Set as AbstractSet

from launchctl.engine.events import Undrawn, Waiting
from launchctl.engine.means import Means
from launchctl.engine.roster import Roster
from launchctl.engine.schedule import Schedule, queue_of, reference, schedule
from launchctl.engine.share import Share
from launchctl.engine.sweep.outlook import folded, unfolded
from launchctl.engine.sweep.trials import Drawer

TELL_SECONDS = 1.0
"""How often at most it is told what waits, which takes a look at everything that does."""

_COUNT = re.compile(r", of which [0-9,]+ trials? ha(s|ve) ")
"""That one more trial has ended is no news."""


class Teller:
    """What waits, as one drain tells it."""

    def __init__(self, means: Means, roster: Roster, drawer: Drawer, share: Share | None) -> None:
        self._means = means
        self._roster = roster
        self._drawer = drawer
        self._share = share
        self._tell_at = -math.inf
        self._told: tuple[AbstractSet[tuple[str, str]], AbstractSet[Undrawn]] = (set(), set())
        self.waiting: Mapping[str, str] = {}
        """By reference, what each pending attempt waits for."""
        self.undrawn: tuple[Undrawn, ...] = ()
        self.is_quiet = False
        """Whether nothing is sent of sweeps, since the report is about to say the same."""

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
        reasons = {(name, _COUNT.sub("", reason)) for name, reason in own.items()}
        sweeps = () if self.is_quiet else self.undrawn
        if reasons - self._told[0] or set(sweeps) - self._told[1]:
            self._means.sink(Waiting(own, sweeps))
        self._told = (reasons, set(self.undrawn))

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
