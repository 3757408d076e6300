"""Reading the metrics of one attempt out of its log, or out of W&B's file, piece by piece."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass

from launchctl.compiler.sweep.search import MetricSource
from launchctl.engine.launch import Launch, target_of
from launchctl.engine.redaction import Redactor
from launchctl.engine.sweep.readings import is_read_by
from launchctl.providers.base import Client
from launchctl.state.model import AttemptRecord, Series
from launchctl.sweeps.metric_log import MetricReader, Reading, SummaryReader
from launchctl.values import digest

MOST_VALUES = 100_000
"""Values of its sweep's metric that are kept of an attempt; later ones count only as its last value."""
MOST_NAMES = 1_000
"""Metrics that are kept of an attempt, its sweep's always among them: steps may get into names by accident."""
LONGEST_NAME = 256
"""Characters of a metric's name; one that is longer is left out, since cut it may be another's."""
MOST_BYTES = 4 * 1024 * 1024
"""Bytes of one log that are read in one go."""
SUMMARY = "wandb/latest-run/files/wandb-summary.json"
"""Where W&B's library keeps the last values of a run, below the folder that the job runs in; offline it keeps none."""
FIRST_PAUSE, LAST_PAUSE = 0.5, 10.0
"""Seconds between two looks at the log of a trial that runs: ever longer while it says nothing new."""
_SHARE = 20
"""Of this many seconds at most one is spent on reading a log."""
_VALUES_A_SECOND = 20_000
"""A long series is written as a whole, and so less often."""


@dataclass(frozen=True, slots=True)
class Piece:
    """What one look gave."""

    readings: list[Reading]
    is_end: bool
    seconds: float


class Gauge:
    """Reads one attempt; used by one thread at a time."""

    def __init__(
        self, attempt: AttemptRecord, source: MetricSource, metric: str, series: Series | None, redactor: Redactor
    ) -> None:
        """What `series` was read by other rules is read again from the start.

        A job prints what it likes: names pass through the redactor before anybody sees them.
        """
        known = series if series and is_read_by(series, source, metric) else Series(attempt.run_id, attempt.address)
        known = redactor.series(known)
        self.attempt = attempt
        self.source = source
        self.metric = metric
        self._source = digest(source)
        self._redactor = redactor
        self.due = 0.0
        """When it is looked at next, seconds since the epoch."""
        self.tries = 0
        """Looks in a row that failed."""
        self._pause = FIRST_PAUSE
        self.leaves_out = False
        """Whether there were more metrics than are kept, or a name that is too long."""
        self._heard: list[Reading] = []
        """What was read and not taken yet."""
        self._values = list(known.values)
        self._last = dict(known.last)
        self._is_complete = known.is_complete
        self._fed = known.position
        is_file = source.kind == "wandb"
        self._summary = SummaryReader(known.position) if is_file else None
        self._lines = None if is_file else MetricReader(source, known.position)

    @property
    def series(self) -> Series:
        """All that was read so far."""
        reader = self._summary or self._lines
        position = reader.position if reader else 0
        attempt = self.attempt
        return Series(
            attempt.run_id,
            attempt.address,
            tuple(self._values),
            dict(self._last),
            position,
            self._is_complete,
            self.metric,
            self._source,
        )

    def look(self, client: Client, launch: Launch, *, is_final: bool) -> Piece:
        """What the attempt has said since the last look; called in a thread.

        What was read before it failed halfway is kept, since the next look goes on behind it.
        """
        began = time.perf_counter()
        target = target_of(self.attempt, launch)
        if self._summary is not None:
            content = client.read(target, SUMMARY)
            readings = self._summary.feed(content) if content else []
            return Piece(readings, is_end=True, seconds=time.perf_counter() - began)
        assert self._lines is not None
        taken, is_end = 0, True
        for chunk in client.logs(target, follow=False, skip=self._fed):
            self._heard += self._lines.feed(chunk)
            self._fed += len(chunk)
            taken += len(chunk)
            if taken >= MOST_BYTES:
                is_end = False
                break
        if is_final and is_end:
            self._heard += self._lines.finish()
        readings, self._heard = self._heard, []
        return Piece(readings, is_end=is_end, seconds=time.perf_counter() - began)

    def take(self, piece: Piece, now: float, *, is_final: bool) -> None:
        """Adds what a look gave, and says when the next is due."""
        self.tries = 0
        self._add(piece.readings)
        self._is_complete = is_final and piece.is_end
        self._pause = FIRST_PAUSE if piece.readings else min(self._pause * 1.5, LAST_PAUSE)
        pause = max(self._pause, piece.seconds * _SHARE, len(self._values) / _VALUES_A_SECOND)
        self.due = now + (pause if piece.is_end else 0.0)

    def _add(self, readings: Iterable[Reading]) -> None:
        for name, value in readings:
            kept = self._name(name)
            if not self._is_kept(kept):
                self.leaves_out = True
                continue
            self._last[kept] = value
            if name == self.metric and len(self._values) < MOST_VALUES:
                self._values.append(value)

    def _name(self, name: str) -> str:
        """The name as it is kept; the metric's own is the project's, not the job's."""
        return name if name == self.metric else self._redactor.text(name)

    def _is_kept(self, name: str) -> bool:
        if name == self.metric or name in self._last:
            return True
        others = len(self._last) - (self.metric in self._last)
        return len(name) <= LONGEST_NAME and others < MOST_NAMES - 1

    def fail(self, now: float) -> None:
        """Adds what a look gave before it failed; it is repeated ever later."""
        self._add(self._heard)
        self._heard = []
        self.tries += 1
        self._pause = min(self._pause * 2, LAST_PAUSE)
        self.due = now + self._pause
