"""The drains' side of a sweep: trials that were drawn, and what they said of their metrics."""

# ruff: noqa: S608  (statements are put together from column names of `rows`; values are always bound)

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence

from launchctl.state.decision import INSERT_ATTEMPT, INSERT_GENERATION, PUT_RUN, attempt_values
from launchctl.state.model import NewTrial, Series, Standing, SweepRecord
from launchctl.state.rows import READING_COLUMNS, generation_row, reading_row, run_row
from launchctl.status import Status

_ADVANCE = """
    UPDATE sweeps SET revision = revision + 1
    WHERE address = ? AND standing = ? AND epoch = ? AND revision = ? AND is_stopped = 0 AND spec = ?
"""
_PUT_BODY = "INSERT INTO manifests (attempt, body) SELECT id, ? FROM attempts WHERE run_id = ?"
_IS_AHEAD = "SELECT 1 FROM runs WHERE address = ? AND generation >= ?"
_WAITS = "SELECT 1 FROM attempts WHERE address = ? AND status = ? AND cancel_requested = 0"
_PLACES = ", ".join("?" * len(READING_COLUMNS))
_PUT_READING = f"""
    INSERT INTO series (attempt, {", ".join(READING_COLUMNS)}) SELECT id, {_PLACES} FROM attempts WHERE run_id = ?
    ON CONFLICT (attempt) DO UPDATE SET {", ".join(f"{name} = excluded.{name}" for name in READING_COLUMNS)}
    WHERE (excluded.metric, excluded.source) <> (metric, source)
        OR (excluded.position, length(excluded.points), excluded.is_complete) >= (position, length(points), is_complete)
"""


def draw_trials(connection: sqlite3.Connection, sweep: SweepRecord, trials: Sequence[NewTrial]) -> bool:
    """Append the trials if the sweep is still the one that they were drawn from, and each of them is new."""
    if any(not _is_new(connection, trial) for trial in trials):
        return False
    expected = (sweep.address, Standing.ACTIVE.value, sweep.epoch, sweep.revision, sweep.spec)
    if connection.execute(_ADVANCE, expected).rowcount == 0:
        return False
    connection.executemany(PUT_RUN, (run_row(trial.run) for trial in trials))
    connection.executemany(INSERT_GENERATION, (generation_row(trial.generation) for trial in trials))
    connection.executemany(
        INSERT_ATTEMPT, (attempt_values(trial.attempt, trial.generation.policy.queue) for trial in trials)
    )
    connection.executemany(_PUT_BODY, ((trial.attempt.manifest, trial.attempt.run_id) for trial in trials))
    return True


def keep_series(connection: sqlite3.Connection, series: Iterable[Series]) -> None:
    """Keep readings, each for the attempt of its run id; what was read by the same rules and is longer stays."""
    connection.executemany(_PUT_READING, ((*reading_row(one), one.run_id) for one in series))


def _is_new(connection: sqlite3.Connection, trial: NewTrial) -> bool:
    """Whether the trial has neither this epoch nor a later one, nor waits to be started in an earlier one."""
    address, number = trial.generation.address, trial.generation.number
    if connection.execute(_IS_AHEAD, (address, number)).fetchone():
        return False
    return connection.execute(_WAITS, (address, Status.PENDING.value)).fetchone() is None
