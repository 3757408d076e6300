"""Reading a state: all that planning needs in two queries, the history of one address, or everything."""

# ruff: noqa: S608  (statements are put together from column names of `rows`; values are always bound)

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping

from launchctl.collector import paused_collector
from launchctl.state.model import (
    AttemptRecord,
    ConfigRecord,
    Contents,
    Form,
    GenerationRecord,
    Head,
    RunRecord,
    RunState,
    Series,
    State,
    SweepRecord,
)
from launchctl.state.renaming import OF_TRIALS
from launchctl.state.rows import (
    ATTEMPT_COLUMNS,
    ATTEMPT_KINDS,
    CONFIG_COLUMNS,
    CONFIG_KINDS,
    FORM_COLUMNS,
    FORM_KINDS,
    GENERATION_COLUMNS,
    GENERATION_KINDS,
    OUTCOME_COLUMNS,
    RUN_COLUMNS,
    RUN_KINDS,
    SERIES_COLUMNS,
    SERIES_KINDS,
    STANDING_COLUMNS,
    SWEEP_COLUMNS,
    SWEEP_KINDS,
    DamagedRow,
    Row,
    check,
    make_run_state,
    read_attempt,
    read_config,
    read_form,
    read_generation,
    read_run,
    read_series,
    read_sweep,
)


def _names(table: str, columns: tuple[str, ...]) -> str:
    return ", ".join(f"{table}.{column}" for column in columns)


_SETTLED_COLUMNS = ("number", "run_id", *OUTCOME_COLUMNS)
_IS_SAME = " AND ".join(f"r.{column} = g.{column}" for column in FORM_COLUMNS)
# The acknowledged form is nearly always the generation's own, which is then read and kept only once.
_LATEST = f"""
    SELECT {_names("r", STANDING_COLUMNS)}, {_IS_SAME},
        {_names("g", GENERATION_COLUMNS[2:])}, {_names("a", _SETTLED_COLUMNS)}
    FROM runs r
    LEFT JOIN generations g ON g.address = r.address AND g.number = r.generation
    LEFT JOIN attempts a ON a.address = r.address AND a.generation = r.generation AND a.is_settled = 1
"""
_READINGS = f"SELECT {', '.join(SERIES_COLUMNS)} FROM attempts JOIN series ON attempt = id"
_OWN_FORM = f"SELECT {', '.join(FORM_COLUMNS)} FROM runs WHERE address = ?"
_UNSETTLED = f"""
    SELECT {_names("a", ATTEMPT_COLUMNS)}, m.body
    FROM attempts a LEFT JOIN manifests m ON m.attempt = a.id
    WHERE a.is_settled = 0
"""
_STANDING_END = len(STANDING_COLUMNS)
_FORM_START = _STANDING_END + 1
_GENERATION_END = _FORM_START + len(GENERATION_COLUMNS) - 2
_SETTLED_KINDS = "IT" + ATTEMPT_KINDS[4:-3]
_NO_GENERATION, _NO_ATTEMPT = "n" * (len(GENERATION_KINDS) - 2), "n" * len(_SETTLED_KINDS)
_ROW_KINDS = {
    (has_generation, has_attempt): RUN_KINDS[:_STANDING_END]
    + ("I" + GENERATION_KINDS[2:] if has_generation else "n" + _NO_GENERATION)
    + (_SETTLED_KINDS if has_attempt else _NO_ATTEMPT)
    for has_generation in (True, False)
    for has_attempt in (True, False)
}
"""Columns of a row, by whether it has a generation and a settled attempt."""
_ATTEMPT_WITH_BODY = ATTEMPT_KINDS + "t"
_NO_CLAIM = (None, None, 0)


def read_head(connection: sqlite3.Connection) -> Head:
    """Identity and serial."""
    row = connection.execute("SELECT lineage, serial, project, entity, workspace FROM head").fetchone()
    if row is None:
        raise DamagedRow("head")
    check("TITTT", row)
    return Head(*row)


def read_state(connection: sqlite3.Connection) -> State:
    """The snapshot that planning and draining start from; settled attempts come without their manifests."""
    # Ten thousand runs are sixty thousand new objects and no garbage: looking for it costs a quarter of the time.
    with paused_collector():
        unsettled = _unsettled(connection)
        runs = dict[str, RunState]()
        best: tuple[str, int] = ("", 0)
        for row in connection.execute(_LATEST):
            number = row[_GENERATION_END] or 0
            if row[0] == best[0] and number < best[1]:
                continue  # an earlier attempt of the same generation
            best = (row[0], number)
            runs[row[0]] = _run_state(connection, row, unsettled)
        configs = {record.address: record for record in _configs(connection)}
        sweeps = {record.address: record for record in _sweeps(connection)}
        return State(read_head(connection), dict(sorted(runs.items())), configs, sweeps)


def read_history(
    connection: sqlite3.Connection, address: str | None
) -> tuple[tuple[GenerationRecord, ...], tuple[AttemptRecord, ...]]:
    """Every generation and attempt of an address, or of all, oldest first, with manifests."""
    where, parameters = ("", ()) if address is None else ("WHERE address = ?", (address,))
    generations = connection.execute(
        f"SELECT {', '.join(GENERATION_COLUMNS)} FROM generations {where} ORDER BY address, number", parameters
    )
    attempts = connection.execute(
        f"SELECT {', '.join(ATTEMPT_COLUMNS)}, body FROM attempts LEFT JOIN manifests ON attempt = id {where} "
        "ORDER BY address, generation, number",
        parameters,
    )
    return tuple(map(_generation, generations)), tuple(map(_attempt, attempts))


def read_contents(connection: sqlite3.Connection) -> Contents:
    """All that is recorded, but for leases."""
    rows = connection.execute(f"SELECT {', '.join(RUN_COLUMNS)} FROM runs ORDER BY address")
    generations, attempts = read_history(connection, None)
    configs, sweeps = tuple(_configs(connection)), tuple(_sweeps(connection))
    series = tuple(map(_series, connection.execute(f"{_READINGS} ORDER BY run_id")))
    return Contents(read_head(connection), tuple(map(_run, rows)), generations, attempts, configs, sweeps, series)


def read_sweep_series(connection: sqlite3.Connection, address: str) -> dict[str, Series]:
    """The readings of a sweep's trials, by run id."""
    found = map(_series, connection.execute(f"{_READINGS} WHERE {OF_TRIALS}", (address, address)))
    return {one.run_id: one for one in found}


def read_attempts(connection: sqlite3.Connection, where: str, parameters: tuple[str | int, ...]) -> list[AttemptRecord]:
    """The attempts of a condition, with their manifests."""
    rows = connection.execute(
        f"SELECT {', '.join(ATTEMPT_COLUMNS)}, body FROM attempts LEFT JOIN manifests ON attempt = id WHERE {where}",
        parameters,
    )
    return list(map(_attempt, rows))


def _run_state(
    connection: sqlite3.Connection, row: Row, unsettled: Mapping[str, tuple[AttemptRecord, ...]]
) -> RunState:
    has_attempt = row[_GENERATION_END] is not None
    check(_ROW_KINDS[row[_FORM_START] is not None, has_attempt], row)
    address, latest = row[0], row[3]
    if latest and row[_FORM_START] is None:
        raise DamagedRow(f"run {address}: its generation {latest} is gone")
    generation = read_generation((address, latest, *row[_FORM_START:_GENERATION_END])) if latest else None
    form = generation.form if generation and row[_STANDING_END] else _own_form(connection, address)
    attempts = unsettled.get(address, ())
    if has_attempt:
        settled = read_attempt((address, latest, *row[_GENERATION_END:], *_NO_CLAIM), "")
        attempts = _with_latest(attempts, settled) if attempts else (settled,)
    return make_run_state(read_run(row[:_STANDING_END], form), generation, attempts)


def _own_form(connection: sqlite3.Connection, address: str) -> Form:
    row: Row = connection.execute(_OWN_FORM, (address,)).fetchone()
    check(FORM_KINDS, row)
    return read_form(row)


def _with_latest(unsettled: tuple[AttemptRecord, ...], settled: AttemptRecord) -> tuple[AttemptRecord, ...]:
    """The settled attempt takes part only where it is the latest of its generation."""
    if any(one.generation == settled.generation and one.number > settled.number for one in unsettled):
        return unsettled
    return _in_order((*unsettled, settled))


def _in_order(attempts: tuple[AttemptRecord, ...]) -> tuple[AttemptRecord, ...]:
    return tuple(sorted(attempts, key=lambda one: (one.generation, one.number)))


def _unsettled(connection: sqlite3.Connection) -> dict[str, tuple[AttemptRecord, ...]]:
    found = dict[str, tuple[AttemptRecord, ...]]()
    for row in connection.execute(_UNSETTLED):
        attempt = _attempt(row)
        known = found.get(attempt.address)
        found[attempt.address] = _in_order((*known, attempt)) if known else (attempt,)
    return found


def _configs(connection: sqlite3.Connection) -> Iterator[ConfigRecord]:
    for row in connection.execute(f"SELECT {', '.join(CONFIG_COLUMNS)} FROM configs ORDER BY address"):
        check(CONFIG_KINDS, row)
        yield read_config(row)


def _sweeps(connection: sqlite3.Connection) -> Iterator[SweepRecord]:
    for row in connection.execute(f"SELECT {', '.join(SWEEP_COLUMNS)} FROM sweeps ORDER BY address"):
        check(SWEEP_KINDS, row)
        yield read_sweep(row)


def _series(row: Row) -> Series:
    check(SERIES_KINDS, row)
    return read_series(row)


def _run(row: Row) -> RunRecord:
    check(RUN_KINDS, row)
    return read_run(row[:_STANDING_END], read_form(row[_STANDING_END:]))


def _generation(row: Row) -> GenerationRecord:
    check(GENERATION_KINDS, row)
    return read_generation(row)


def _attempt(row: Row) -> AttemptRecord:
    check(_ATTEMPT_WITH_BODY, row)
    return read_attempt(row[:-1], row[-1] or "")
