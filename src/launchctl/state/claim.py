"""The drains' side of a state: claiming, recording outcomes, appending retries, resolving what was lost.

An attempt is known by its run id, which a rename keeps. `attempts.fence` remembers the last claim
that it ever had, so that a drain which slept past its claim can record nothing any more.
"""

# ruff: noqa: S608  (statements are put together from column names of `rows`; values are always bound)

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import replace

from launchctl.addresses import attempt_name
from launchctl.errors import StateError
from launchctl.state.decision import insert_attempt, queue_of
from launchctl.state.model import AttemptRecord, Claim, Standing
from launchctl.state.owner import is_dead
from launchctl.state.rows import OUTCOME_COLUMNS, check, is_settled, outcome_row, read_status
from launchctl.state.snapshot import read_attempts
from launchctl.status import Status

_ACTIVE = tuple(status.value for status in Status if status.is_active)
_COUNT = f"""
    SELECT COUNT(*) FROM attempts a JOIN runs r ON r.address = a.address
    WHERE a.is_settled = 0 AND a.queue = ? AND a.status IN ({", ".join("?" * len(_ACTIVE))}) AND r.standing <> ?
"""
_COUNT_OF_SWEEP = f"""
    SELECT COUNT(*) FROM attempts a INDEXED BY attempts_unsettled JOIN runs r ON r.address = a.address
    WHERE a.is_settled = 0 AND a.address >= ? || '[' AND a.address < ? || '\\'
        AND a.status IN ({", ".join("?" * len(_ACTIVE))}) AND r.standing <> ?
"""  # a sweep has any number of trials that have ended, and few others
_PARALLEL = "SELECT parallel FROM sweeps WHERE address = ?"
_LIMIT = "SELECT MIN(max_jobs) FROM configs WHERE address IN (?, 'queues.' || ?)"
_TAKE = "UPDATE attempts SET status = ?, since = ?, owner = ?, expires_at = ?, fence = ? WHERE run_id = ?"
_RENEW = "UPDATE attempts SET expires_at = ? WHERE run_id = ? AND fence = ? AND owner IS NOT NULL"
_OUTCOME = ", ".join(f"{column} = ?" for column in OUTCOME_COLUMNS)
_RECORD = f"UPDATE attempts SET {_OUTCOME}, is_settled = ?, owner = ?, expires_at = ? WHERE run_id = ?"
_FENCE = "SELECT fence FROM attempts WHERE run_id = ?"


def claim_attempts(
    connection: sqlite3.Connection, attempts: Sequence[AttemptRecord], owner: str, now: float, expires_at: float
) -> tuple[AttemptRecord, ...]:
    """Those of the attempts that are the owner's from now on, under one claim with a fence of its own."""
    (fence,) = connection.execute("SELECT claim_fence + 1 FROM head").fetchone()
    claim = Claim(owner, expires_at, fence)
    room = _Room(connection)
    taken: list[AttemptRecord] = []
    for wanted in attempts:
        recorded = _recorded(connection, wanted.run_id)
        if recorded is None or (wanted.manifest and wanted.manifest != recorded.manifest):
            continue  # dropped, or given another form, since the drain looked
        if not _is_free(recorded, now) or (recorded.status is Status.PENDING and not room.take(recorded)):
            continue
        since = now if recorded.status is Status.PENDING else recorded.since
        connection.execute(_TAKE, (Status.INTENT.value, since, owner, expires_at, fence, recorded.run_id))
        taken.append(replace(recorded, status=Status.INTENT, since=since, claim=claim))
    if taken:
        connection.execute("UPDATE head SET claim_fence = ?", (fence,))
    return tuple(taken)


def renew_claims(
    connection: sqlite3.Connection, attempts: Sequence[AttemptRecord], claim: Claim, expires_at: float
) -> None:
    """Extend what is still held under the claim."""
    for attempt in attempts:
        connection.execute(_RENEW, (expires_at, attempt.run_id, claim.fence))


def record_outcomes(connection: sqlite3.Connection, attempts: Sequence[AttemptRecord]) -> tuple[AttemptRecord, ...]:
    """Those of the observations that were taken, as they are on record now."""
    taken: list[AttemptRecord] = []
    for attempt in attempts:
        recorded = _recorded(connection, attempt.run_id)
        merged = _merged(connection, recorded, attempt) if recorded else None
        if merged is None:
            continue
        if merged != recorded:
            _store(connection, merged)
        taken.append(merged)
    return tuple(taken)


def append_attempt(connection: sqlite3.Connection, record: AttemptRecord) -> bool:
    """Append a retry, if it follows the latest attempt of the latest generation of an active run."""
    run = connection.execute("SELECT generation, standing FROM runs WHERE address = ?", (record.address,)).fetchone()
    if run != (record.generation, Standing.ACTIVE.value):
        return False
    latest = connection.execute(
        "SELECT number, status FROM attempts WHERE address = ? AND generation = ? ORDER BY number DESC LIMIT 1",
        (record.address, record.generation),
    ).fetchone()
    if latest is None or latest[0] + 1 != record.number or not read_status(latest[1]).is_terminal:
        return False
    insert_attempt(connection, record, queue_of(connection, record.address, record.generation))
    return True


def resolve_attempt(connection: sqlite3.Connection, record: AttemptRecord) -> None:
    """Replace the status of a lost attempt by a person's word."""
    recorded = _recorded(connection, record.run_id)
    name = attempt_name(*record.key)
    if recorded is None:
        raise StateError(f"{name} is not recorded", hint="`launchctl state list` shows what is")
    if recorded.status is not Status.LOST:
        raise StateError(f"{name} is {recorded.status}: only a lost attempt can be resolved")
    if not record.status.is_terminal or record.status is Status.LOST:
        raise StateError(f"{name} cannot be resolved as {record.status}", hint="as succeeded or failed")
    _store(connection, replace(record, claim=None))


class _Room:
    """Free places of each queue and each sweep, counted once in a transaction and taken one by one."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._queues = dict[str, float]()
        self._sweeps = dict[str, float]()

    def take(self, attempt: AttemptRecord) -> bool:
        queue = queue_of(self._connection, attempt.address, attempt.generation)
        sweep, bracket, _ = attempt.address.partition("[")
        if self._of_queue(queue) < 1 or (bracket and self._of_sweep(sweep) < 1):
            return False
        self._queues[queue] -= 1
        if bracket:
            self._sweeps[sweep] -= 1
        return True

    def _of_queue(self, queue: str) -> float:
        if queue not in self._queues:
            limit = self._connection.execute(_LIMIT, (queue, queue)).fetchone()
            self._queues[queue] = self._free(limit, _COUNT, (queue,))
        return self._queues[queue]

    def _of_sweep(self, sweep: str) -> float:
        if sweep not in self._sweeps:
            limit = self._connection.execute(_PARALLEL, (sweep,)).fetchone()
            self._sweeps[sweep] = self._free(limit, _COUNT_OF_SWEEP, (sweep, sweep))
        return self._sweeps[sweep]

    def _free(self, limit: tuple[int | None] | None, count: str, of: tuple[str, ...]) -> float:
        if limit is None or limit[0] is None:
            return float("inf")
        check("I", limit)
        parameters = (*of, *_ACTIVE, Standing.DETACHED.value)  # a detached run is nobody's to count any more
        (active,) = self._connection.execute(count, parameters).fetchone()
        return float(limit[0] - active)


def _is_free(recorded: AttemptRecord, now: float) -> bool:
    if recorded.status is Status.PENDING:
        return recorded.not_before <= now and not recorded.cancel_requested
    claim = recorded.claim
    return recorded.status is Status.INTENT and (claim is None or claim.expires_at <= now or is_dead(claim.owner))


def _recorded(connection: sqlite3.Connection, run_id: str) -> AttemptRecord | None:
    found = read_attempts(connection, "run_id = ?", (run_id,))
    return found[0] if found else None


def _merged(connection: sqlite3.Connection, recorded: AttemptRecord, observed: AttemptRecord) -> AttemptRecord | None:
    """What is on record once an observation is taken, or None where it may not be."""
    if recorded.status.is_terminal:
        is_release = observed.status is recorded.status and observed.is_released and not recorded.is_released
        return replace(recorded, is_released=True) if is_release else None
    if not _holds_claim(connection, recorded, observed) or _goes_back(recorded.status, observed.status):
        return None
    is_pruned = recorded.prune_requested or observed.prune_requested
    return replace(
        observed,
        address=recorded.address,
        generation=recorded.generation,
        number=recorded.number,
        manifest=recorded.manifest,
        sequence=recorded.sequence,
        cancel_requested=recorded.cancel_requested or observed.cancel_requested or is_pruned,
        prune_requested=is_pruned,
        claim=recorded.claim if observed.status is Status.INTENT else None,
    )


def _holds_claim(connection: sqlite3.Connection, recorded: AttemptRecord, observed: AttemptRecord) -> bool:
    if observed.claim is None:
        return recorded.claim is None
    (fence,) = connection.execute(_FENCE, (recorded.run_id,)).fetchone()
    return bool(fence == observed.claim.fence)


def _goes_back(recorded: Status, observed: Status) -> bool:
    """Only a claim makes an intent, and what was submitted is never pending again: it would be started twice."""
    if observed is Status.INTENT:
        return recorded is not Status.INTENT
    return observed is Status.PENDING and recorded not in {Status.PENDING, Status.INTENT}


def _store(connection: sqlite3.Connection, record: AttemptRecord) -> None:
    claim = record.claim
    held = (claim.owner, claim.expires_at) if claim else (None, None)
    connection.execute(_RECORD, (*outcome_row(record), int(is_settled(record)), *held, record.run_id))
