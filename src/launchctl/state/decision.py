"""The writes of a decision, applied in their order inside one transaction.

What drains did since the decider looked shows here: a pending attempt that somebody has claimed
since is never written over, the decision is stale as a whole.
"""

# ruff: noqa: S608  (statements are put together from column names of `rows`; values are always bound)

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import replace
from typing import assert_never

from launchctl.addresses import attempt_name, generation_name
from launchctl.errors import StalePlan, StateError
from launchctl.state.model import AttemptRecord, Contents, GenerationRecord
from launchctl.state.renaming import rename_run, rename_sweep
from launchctl.state.rows import (
    ATTEMPT_COLUMNS,
    CONFIG_COLUMNS,
    FORM_COLUMNS,
    GENERATION_COLUMNS,
    READING_COLUMNS,
    RUN_COLUMNS,
    SWEEP_COLUMNS,
    DamagedRow,
    attempt_row,
    form_row,
    generation_row,
    is_settled,
    read_queue,
    read_status,
    reading_row,
    run_row,
    sweep_row,
)
from launchctl.state.store import (
    DropAttempt,
    DropConfig,
    DropRun,
    ExpectSweep,
    PutAttempt,
    PutConfig,
    PutGeneration,
    PutLaunch,
    PutRun,
    PutSweep,
    RenameRun,
    RenameSweep,
    RequestCancel,
    Write,
)
from launchctl.status import Status

_PENDING = Status.PENDING.value


def _insert(table: str, columns: tuple[str, ...]) -> str:
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})"


def _upsert(table: str, columns: tuple[str, ...], key: tuple[str, ...]) -> str:
    changes = ", ".join(f"{column} = excluded.{column}" for column in columns if column not in key)
    return f"{_insert(table, columns)} ON CONFLICT ({', '.join(key)}) DO UPDATE SET {changes}"


_STORED_COLUMNS = (*ATTEMPT_COLUMNS, "queue", "is_settled")
PUT_RUN = _upsert("runs", RUN_COLUMNS, ("address",))
INSERT_GENERATION = _insert("generations", GENERATION_COLUMNS)
INSERT_ATTEMPT = _insert("attempts", _STORED_COLUMNS)
_PUT_GENERATION = _upsert("generations", GENERATION_COLUMNS, ("address", "number"))
_REPLACE_ATTEMPT = f"UPDATE attempts SET {', '.join(f'{column} = ?' for column in _STORED_COLUMNS)} WHERE id = ?"
_PUT_MANIFEST = _upsert("manifests", ("attempt", "body"), ("attempt",))
_PUT_CONFIG = _upsert("configs", CONFIG_COLUMNS, ("address",))
_INSERT_SWEEP = _insert("sweeps", SWEEP_COLUMNS)
_PUT_SWEEP = _upsert("sweeps", SWEEP_COLUMNS, ("address",)).replace("excluded.revision", "sweeps.revision + 1")
_PLACES = ", ".join("?" * len(READING_COLUMNS))
_PUT_READING = f"""
    INSERT INTO series (attempt, {", ".join(READING_COLUMNS)}) SELECT id, {_PLACES} FROM attempts
    WHERE run_id = ?
"""
_OF_GENERATION = "WHERE address = ? AND generation = ?"
_BROKEN = """
    SELECT 1 FROM runs r WHERE r.address = ? AND (
        r.generation <> COALESCE((SELECT MAX(number) FROM generations g WHERE g.address = r.address), 0)
        OR r.generation > 0 AND NOT EXISTS (
            SELECT 1 FROM attempts a WHERE a.address = r.address AND a.generation = r.generation
        )
    )
"""
_OF_ATTEMPT = f"{_OF_GENERATION} AND number = ?"


def write(connection: sqlite3.Connection, item: Write) -> None:
    """Apply one write; raises StalePlan where a drain was first."""
    match item:
        case PutRun(record):
            connection.execute(PUT_RUN, run_row(record))
        case PutGeneration(record):
            _put_generation(connection, record)
        case PutAttempt(record):
            _put_attempt(connection, record)
        case PutLaunch() | DropAttempt() | RequestCancel():
            _write_attempt(connection, item)
        case RenameRun() | DropRun():
            _write_run(connection, item)
        case PutSweep() | ExpectSweep() | RenameSweep():
            _write_sweep(connection, item)
        case PutConfig() | DropConfig():
            _write_config(connection, item)
        case _:
            assert_never(item)


def require_whole(connection: sqlite3.Connection, writes: Sequence[Write]) -> None:
    """Refuse a decision after which a run's latest generation or its attempt would not be there."""
    for address in {address for item in writes for address in _touched(item)}:
        if connection.execute(_BROKEN, (address,)).fetchone() is not None:
            raise StateError(f"the decision leaves {address} without its latest generation; this is a bug in launchctl")


def insert_attempt(connection: sqlite3.Connection, record: AttemptRecord, queue: str) -> None:
    """Insert an attempt with its manifest; raises IntegrityError where its key or run id is taken."""
    identity = connection.execute(INSERT_ATTEMPT, attempt_values(record, queue)).lastrowid
    connection.execute(_PUT_MANIFEST, (identity, record.manifest))


def attempt_values(record: AttemptRecord, queue: str) -> tuple[object, ...]:
    """Parameters of `INSERT_ATTEMPT`."""
    return (*attempt_row(record), queue, int(is_settled(record)))


def queue_of(connection: sqlite3.Connection, address: str, generation: int) -> str:
    """The queue on which the attempts of a generation on record run."""
    queue = _find_queue(connection, address, generation)
    if queue is None:
        raise DamagedRow(f"generation {generation_name(address, generation)}")
    return queue


def _find_queue(connection: sqlite3.Connection, address: str, generation: int) -> str | None:
    row = connection.execute(
        "SELECT policy FROM generations WHERE address = ? AND number = ?", (address, generation)
    ).fetchone()
    return read_queue(row[0]) if row else None


def replace_contents(connection: sqlite3.Connection, contents: Contents) -> None:
    """Put other contents in the place of all that is recorded; fences and revisions of sweeps only grow."""
    revisions = dict[str, int](
        connection.execute("SELECT address, revision FROM sweeps WHERE typeof(revision) = 'integer'")
    )
    for table in ("series", "manifests", "attempts", "generations", "runs", "configs", "sweeps"):
        connection.execute(f"DELETE FROM {table}")
    head = contents.head
    fence = max((attempt.claim.fence for attempt in contents.attempts if attempt.claim), default=0)
    connection.execute(
        "UPDATE head SET lineage = ?, serial = ?, project = ?, entity = ?, workspace = ?, "
        "claim_fence = MAX(claim_fence, ?)",
        (head.lineage, head.serial, head.project, head.entity, head.workspace, fence),
    )
    for run in contents.runs:
        connection.execute(PUT_RUN, run_row(run))
    queues = {(record.address, record.number): record.policy.queue for record in contents.generations}
    for generation in contents.generations:
        connection.execute(_PUT_GENERATION, generation_row(generation))
    for attempt in contents.attempts:
        insert_attempt(connection, attempt, queues[attempt.address, attempt.generation])
    for config in contents.configs:
        _write_config(connection, PutConfig(config))
    for sweep in contents.sweeps:
        revision = max(sweep.revision, revisions.get(sweep.address, -1) + 1)
        connection.execute(_INSERT_SWEEP, sweep_row(replace(sweep, revision=revision)))
    readings = ((*reading_row(one), one.run_id) for one in contents.series)
    connection.executemany(_PUT_READING, readings)


def _touched(item: Write) -> tuple[str, ...]:
    match item:
        case PutRun() | PutGeneration() | PutAttempt():
            return (item.record.address,)
        case DropAttempt():
            return (item.address,)
        case RenameRun():
            return (item.target,)
        case _:
            return ()


def _write_attempt(connection: sqlite3.Connection, item: PutLaunch | DropAttempt | RequestCancel) -> None:
    match item:
        case PutLaunch(address, generation, number, manifest):
            _put_launch(connection, address, generation, number, manifest)
        case DropAttempt(address, generation, number):
            _drop_attempt(connection, address, generation, number)
        case RequestCancel(address, generation, number):
            _request_cancel(connection, address, generation, number)
        case _:
            assert_never(item)


def _write_run(connection: sqlite3.Connection, item: RenameRun | DropRun) -> None:
    if isinstance(item, RenameRun):
        rename_run(connection, item.source, item.target)
    else:
        _drop_run(connection, item.address)


def _write_sweep(connection: sqlite3.Connection, item: PutSweep | ExpectSweep | RenameSweep) -> None:
    match item:
        case PutSweep(record):
            connection.execute(_PUT_SWEEP, sweep_row(replace(record, revision=1)))
        case ExpectSweep(address, revision):
            found = connection.execute("SELECT revision FROM sweeps WHERE address = ?", (address,)).fetchone()
            if found is None or found[0] != revision:
                raise StalePlan(f"trials of {address} were drawn since this was planned", hint="plan again")
        case RenameSweep(source, target):
            rename_sweep(connection, source, target)
        case _:
            assert_never(item)


def _write_config(connection: sqlite3.Connection, item: PutConfig | DropConfig) -> None:
    if isinstance(item, DropConfig):
        connection.execute("DELETE FROM configs WHERE address = ?", (item.address,))
    else:
        record = item.record
        connection.execute(_PUT_CONFIG, (record.address, record.form, record.max_jobs))


def _put_generation(connection: sqlite3.Connection, record: GenerationRecord) -> None:
    key = (record.address, record.number)
    found = connection.execute(
        f"SELECT {', '.join(FORM_COLUMNS)} FROM generations WHERE address = ? AND number = ?", key
    ).fetchone()
    if found is None:
        _refuse_waiting(connection, record)
    elif found != form_row(record.form):
        _refuse_started(connection, record)
    connection.execute(_PUT_GENERATION, generation_row(record))
    if found is not None:
        queue = record.policy.queue
        connection.execute(f"UPDATE attempts SET queue = ? {_OF_GENERATION} AND status = ?", (queue, *key, _PENDING))


def _refuse_waiting(connection: sqlite3.Connection, record: GenerationRecord) -> None:
    """A new generation never stands beside an attempt of an older one that waits to be started."""
    waiting = connection.execute(
        "SELECT generation, number FROM attempts "
        "WHERE address = ? AND generation < ? AND status = ? AND cancel_requested = 0",
        (record.address, record.number, _PENDING),
    ).fetchone()
    if waiting is not None:
        raise _stale(record.address, waiting[0], waiting[1], "was appended by a retry")


def _refuse_started(connection: sqlite3.Connection, record: GenerationRecord) -> None:
    """A form may change while the latest attempt is pending; a policy may always."""
    latest = connection.execute(
        f"SELECT number, status FROM attempts {_OF_GENERATION} ORDER BY number DESC LIMIT 1",
        (record.address, record.number),
    ).fetchone()
    if latest is not None and latest[1] != _PENDING:
        raise _stale(record.address, record.number, latest[0], f"is {latest[1]}")


def _put_attempt(connection: sqlite3.Connection, record: AttemptRecord) -> None:
    queue = _find_queue(connection, record.address, record.generation)
    if queue is None:
        name = generation_name(record.address, record.generation)
        raise StateError(f"the decision has an attempt of {name}, but not that; this is a bug in launchctl")
    identity = _pending(connection, *record.key)
    if identity is None:
        insert_attempt(connection, record, queue)
    else:
        connection.execute(_REPLACE_ATTEMPT, (*attempt_values(record, queue), identity))
        connection.execute("DELETE FROM series WHERE attempt = ?", (identity,))  # of an attempt that never was
        connection.execute(_PUT_MANIFEST, (identity, record.manifest))


def _pending(connection: sqlite3.Connection, address: str, generation: int, number: int) -> int | None:
    """Row of a pending attempt, or None where there is no such attempt."""
    found = connection.execute(
        f"SELECT id, status FROM attempts {_OF_ATTEMPT}", (address, generation, number)
    ).fetchone()
    if found is None:
        return None
    if found[1] != _PENDING:
        raise _stale(address, generation, number, f"is {found[1]}")
    return int(found[0])


def _drop_attempt(connection: sqlite3.Connection, address: str, generation: int, number: int) -> None:
    identity = _pending(connection, address, generation, number)
    if identity is None:
        raise _stale(address, generation, number, "is gone")
    connection.execute("DELETE FROM attempts WHERE id = ?", (identity,))
    if connection.execute(f"SELECT 1 FROM attempts {_OF_GENERATION}", (address, generation)).fetchone() is None:
        connection.execute("DELETE FROM generations WHERE address = ? AND number = ?", (address, generation))


def _put_launch(connection: sqlite3.Connection, address: str, generation: int, number: int, manifest: str) -> None:
    """An attempt that has ended meanwhile may have been followed by another: what was to follow it comes too late."""
    found = connection.execute(
        f"SELECT id, status FROM attempts {_OF_ATTEMPT}", (address, generation, number)
    ).fetchone()
    if found is None or not read_status(found[1]).is_active:
        raise _stale(address, generation, number, f"is {found[1]}" if found else "is gone")
    connection.execute(_PUT_MANIFEST, (found[0], manifest))


def _drop_run(connection: sqlite3.Connection, address: str) -> None:
    if connection.execute("SELECT 1 FROM generations WHERE address = ?", (address,)).fetchone():
        raise StateError(f"{address} has a history, which is never dropped; this is a bug in launchctl")
    connection.execute("DELETE FROM runs WHERE address = ?", (address,))


def _request_cancel(connection: sqlite3.Connection, address: str, generation: int, number: int) -> None:
    """An attempt that has ended meanwhile needs no cancel."""
    found = connection.execute(
        f"SELECT id, status FROM attempts {_OF_ATTEMPT}", (address, generation, number)
    ).fetchone()
    if found is None:
        raise _stale(address, generation, number, "is gone")
    if not read_status(found[1]).is_terminal:
        connection.execute("UPDATE attempts SET cancel_requested = 1 WHERE id = ?", (found[0],))


def _stale(address: str, generation: int, number: int, what: str) -> StalePlan:
    return StalePlan(f"{attempt_name(address, generation, number)} {what} since this was planned", hint="plan again")
