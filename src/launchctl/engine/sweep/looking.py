"""Reading what trials have said for somebody who looks at a sweep: as a drain would, and nothing is written."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from concurrent.futures import wait

from launchctl.compiler.sweep.search import Objective, Search
from launchctl.engine.launch import Launch
from launchctl.engine.session import Session
from launchctl.engine.sweep.gauge import Gauge
from launchctl.engine.sweep.readings import is_unread
from launchctl.engine.workers import Workers
from launchctl.errors import LaunchctlError
from launchctl.providers.base import Client
from launchctl.state.model import AttemptRecord, Series

MOST_READ = 300
"""So many trials are read for one look."""
MOST_SECONDS = 10.0
"""So long one look takes; what was not read by then is left to a drain."""
_READERS = 8


def with_news(
    session: Session, search: Search, attempts: Iterable[AttemptRecord], known: Mapping[str, Series]
) -> Mapping[str, Series]:
    """The series of a sweep's trials by run id, those that nobody has read to their end read on."""
    objective = search.objective
    if objective is None:
        return known
    unread = [found for found in attempts if is_unread(found, known.get(found.run_id), search)]
    workers = Workers(_READERS)
    until = time.monotonic() + MOST_SECONDS
    calls = [workers.submit(_read, session, search, objective, found, known, until) for found in unread[:MOST_READ]]
    done, _ = wait(calls, timeout=MOST_SECONDS)
    workers.close()
    return {**known, **{one.run_id: one for one in (call.result() for call in done) if one is not None}}


def _read(
    session: Session,
    search: Search,
    objective: Objective,
    attempt: AttemptRecord,
    known: Mapping[str, Series],
    until: float,
) -> Series | None:
    """What an attempt has said by now, in a thread; None where nobody says."""
    gauge = Gauge(attempt, search.metrics, objective.name, known.get(attempt.run_id), session.redactor)
    try:
        launch = _launch(session, attempt)
        client = session.clients.of(launch.resource)
        return _read_on(gauge, client, launch, until) if time.monotonic() < until else None
    except (LaunchctlError, OSError):
        return None


def _read_on(gauge: Gauge, client: Client, launch: Launch, until: float) -> Series:
    is_final = gauge.attempt.status.is_terminal
    while True:
        piece = gauge.look(client, launch, is_final=is_final)
        gauge.take(piece, 0.0, is_final=is_final)
        if piece.is_end or time.monotonic() >= until:
            return gauge.series


def _launch(session: Session, attempt: AttemptRecord) -> Launch:
    """The launch of an attempt that has ended, which a snapshot may not carry."""
    if attempt.manifest:
        return Launch.from_text(attempt.manifest)
    _, attempts = session.store.history(attempt.address)
    return next(Launch.from_text(found.manifest) for found in attempts if found.run_id == attempt.run_id)
