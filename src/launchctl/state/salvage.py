"""Out of a damaged file, all that can still be read, and what must be said of the rest.

What was started must never look as if it was not: an attempt whose record is lost comes back as
`lost`, which waits for a person, and a run that cannot be vouched for at all stops the salvage.
"""
# ruff: noqa: S608  (statements are put together from column names of `rows`; values are always bound)

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TypeVar

from launchctl.state.model import (
    AttemptRecord,
    ConfigRecord,
    Contents,
    GenerationRecord,
    Head,
    Policy,
    RunRecord,
    Standing,
)
from launchctl.state.rows import (
    ATTEMPT_COLUMNS,
    ATTEMPT_KINDS,
    CONFIG_COLUMNS,
    CONFIG_KINDS,
    GENERATION_COLUMNS,
    GENERATION_KINDS,
    RUN_COLUMNS,
    RUN_KINDS,
    STANDING_COLUMNS,
    DamagedRow,
    Row,
    check,
    read_attempt,
    read_config,
    read_form,
    read_generation,
    read_run,
)
from launchctl.status import Status

T = TypeVar("T")
_SKIPPED_STARTS = 1_000
"""Added where the count of starts is lost, so that no run id is ever given twice."""


class Hopeless(Exception):
    """What is left cannot be vouched for; the text says why."""


@dataclass(frozen=True, slots=True)
class Salvage:
    """Contents that are sound again, and a line for every record that is not what it was."""

    contents: Contents
    notes: tuple[str, ...]


def salvage(connection: sqlite3.Connection) -> Salvage:
    """What a file still gives, made sound.

    Raises:
        Hopeless: the head is unreadable, or runs are gone of which nothing tells what they ran.
    """
    connection.text_factory = _text
    notes: list[str] = []
    head = _head(connection)
    head = replace(head, serial=head.serial + 1)  # no plan made before may be applied
    bodies = {row[0]: row[1] for row in _rows(connection, "manifests", ("attempt", "body")) if type(row[1]) is str}
    runs = {run.address: run for run in _records(connection, "runs", RUN_COLUMNS, _run)}
    generations = {
        (record.address, record.number): record
        for record in _records(connection, "generations", GENERATION_COLUMNS, _generation)
    }
    attempts = [
        replace(record, manifest=bodies.get(identity, ""))
        for identity, record in _records(connection, "attempts", ("id", *ATTEMPT_COLUMNS), _attempt)
    ]
    _require_all(connection, runs, generations)
    mended_runs = {address: _mend_run(address, runs, generations, notes) for address in _addresses(runs, generations)}
    for run in mended_runs.values():
        _mend_generation(run, generations, notes)
    mended = _mend_attempts(mended_runs, generations, attempts, notes)
    configs = tuple(_records(connection, "configs", CONFIG_COLUMNS, _config))
    in_order = tuple(generations[key] for key in sorted(generations))
    return Salvage(Contents(head, tuple(mended_runs.values()), in_order, mended, configs), tuple(notes))


# Reading what can be read.


def _text(data: bytes) -> str | bytes:
    """Bytes that are no text stay bytes, which no column of ours holds."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data


def _rows(connection: sqlite3.Connection, table: str, columns: tuple[str, ...]) -> Iterator[Row]:
    """Rows from the front up to the first damaged page, then from the back."""
    seen = set[object]()
    for order in ("ASC", "DESC"):
        with suppress(sqlite3.DatabaseError):
            for row in connection.execute(f"SELECT rowid, {', '.join(columns)} FROM {table} ORDER BY rowid {order}"):
                if row[0] in seen:
                    break
                seen.add(row[0])
                yield row[1:]


def _records(
    connection: sqlite3.Connection, table: str, columns: tuple[str, ...], read: Callable[[Row], T]
) -> Iterator[T]:
    for row in _rows(connection, table, columns):
        with suppress(DamagedRow):
            yield read(row)


def _head(connection: sqlite3.Connection) -> Head:
    for row in _rows(connection, "head", ("lineage", "serial", "project", "entity", "workspace")):
        with suppress(DamagedRow):
            check("TITTT", row)
            return Head(*row)
    raise Hopeless("its head cannot be read")


def _run(row: Row) -> RunRecord:
    check(RUN_KINDS, row)
    width = len(STANDING_COLUMNS)
    return read_run(row[:width], read_form(row[width:]))


def _generation(row: Row) -> GenerationRecord:
    check(GENERATION_KINDS, row)
    return read_generation(row)


def _attempt(row: Row) -> tuple[int, AttemptRecord]:
    check("I" + ATTEMPT_KINDS, row)
    return row[0], read_attempt(row[1:], "")


def _config(row: Row) -> ConfigRecord:
    check(CONFIG_KINDS, row)
    return read_config(row)


def _require_all(connection: sqlite3.Connection, runs: Iterable[str], generations: Iterable[tuple[str, int]]) -> None:
    """Every run that any index still names must be known by its record or by a generation."""
    known = {*runs, *(address for address, _ in generations)}
    named = set[str]()
    for table in ("runs", "generations", "attempts"):
        try:
            named.update(row[0] for row in connection.execute(f"SELECT address FROM {table} ORDER BY address"))
        except sqlite3.DatabaseError as error:
            raise Hopeless(f"which {table} there were cannot be read") from error
    if named - known:
        raise Hopeless(f"nothing tells what {', '.join(sorted(map(str, named - known)))} ran")


# Making it sound.


def _addresses(runs: Iterable[str], generations: Iterable[tuple[str, int]]) -> list[str]:
    return sorted({*runs, *(address for address, _ in generations)})


def _mend_run(
    address: str,
    runs: dict[str, RunRecord],
    generations: dict[tuple[str, int], GenerationRecord],
    notes: list[str],
) -> RunRecord:
    numbers = [number for other, number in generations if other == address]
    found = runs.get(address)
    if found is not None:
        return replace(found, generation=max(found.generation, *numbers, 0))
    notes.append(f"{address}: its record was lost and made anew from its latest generation")
    form = generations[address, max(numbers)].form
    return RunRecord(
        address, Standing.ACTIVE, form, protect=False, generation=max(numbers), starts={form.intent: _SKIPPED_STARTS}
    )


def _mend_generation(run: RunRecord, generations: dict[tuple[str, int], GenerationRecord], notes: list[str]) -> None:
    key = (run.address, run.generation)
    if run.generation == 0 or key in generations:
        return
    notes.append(f"{run.address}@g{run.generation}: its record was lost and made anew from what was last accepted")
    run_id = f"{run.address}@g{run.generation}"
    generations[key] = GenerationRecord(*key, run.acknowledged, Policy("", ""), run_id, "recovered", 0, 0.0)


def _mend_attempts(
    runs: dict[str, RunRecord],
    generations: dict[tuple[str, int], GenerationRecord],
    attempts: list[AttemptRecord],
    notes: list[str],
) -> tuple[AttemptRecord, ...]:
    kept = dict[tuple[str, int, int], AttemptRecord]()
    for attempt in attempts:
        if (attempt.address, attempt.generation) not in generations:
            notes.append(f"{_name(attempt)}: left out, since its generation was lost")
            continue
        if not attempt.manifest and not attempt.status.is_terminal:
            notes.append(f"{_name(attempt)}: was {attempt.status}, is lost now, since its manifest was")
            attempt = replace(attempt, status=Status.LOST, is_released=True, claim=None)  # noqa: PLW2901
        kept[attempt.key] = attempt
    started = {key[:2] for key in kept}
    for run in runs.values():
        key = (run.address, run.generation)
        if run.generation and key not in started:
            lost = AttemptRecord(*key, 1, generations[key].run_id, Status.LOST, message="its record was damaged")
            notes.append(f"{_name(lost)}: its record was lost; say what became of it by `launchctl resolve`")
            kept[lost.key] = lost
    return tuple(kept[key] for key in sorted(kept))


def _name(record: AttemptRecord) -> str:
    return f"{record.address}@g{record.generation}#a{record.number}"
