"""What trials have said of their metrics, as a drain knows it: read from the state once, then kept current."""

from __future__ import annotations

from collections import Counter

from launchctl.compiler.sweep.search import MetricSource, Search
from launchctl.engine.sweep.tally import sweep_of
from launchctl.state.model import AttemptRecord, Series
from launchctl.state.store import StateStore
from launchctl.values import digest


def is_read(series: Series | None, source: MetricSource, metric: str) -> bool:
    """Whether an attempt that has ended was read to its end, and by these rules."""
    return series is not None and series.is_complete and is_read_by(series, source, metric)


def is_read_by(series: Series, source: MetricSource, metric: str) -> bool:
    """Whether what was read was read by these rules."""
    return (series.metric, series.source) == (metric, digest(source))


def is_unread(attempt: AttemptRecord, series: Series | None, search: Search) -> bool:
    """Whether an attempt of a trial has begun and was not read to its end."""
    if search.objective is None or (attempt.started_at is None and not attempt.handle):
        return False
    return not is_read(series, search.metrics, search.objective.name)


class Readings:
    """The series of each sweep, read when somebody first asks for them."""

    def __init__(self, store: StateStore) -> None:
        self._store = store
        self._known: dict[str, dict[str, Series]] = {}
        self._changes: Counter[str] = Counter()

    def of(self, sweep: str) -> dict[str, Series]:
        """By run id, of every epoch."""
        if sweep not in self._known:
            self._known[sweep] = dict(self._store.series(sweep))
        return self._known[sweep]

    def version(self, sweep: str) -> int:
        """Another number whenever there may be more than before."""
        return self._changes[sweep]

    def put(self, series: list[Series]) -> None:
        """Keeps what was read, in the state and here; a longer reading of somebody else by the same rules stays."""
        if not series:
            return
        self._store.measure(series)
        for found in series:
            sweep = sweep_of(found.address)
            known = self.of(sweep)
            old = known.get(found.run_id)
            if old is None or _replaces(found, old):
                known[found.run_id] = found
            self._changes[sweep] += 1

    def forget(self) -> None:
        """Somebody else has written."""
        for sweep in self._known:
            self._changes[sweep] += 1
        self._known.clear()


def _replaces(found: Series, old: Series) -> bool:
    if (found.metric, found.source) != (old.metric, old.source):
        return True
    return (old.position, old.is_complete) <= (found.position, found.is_complete)
