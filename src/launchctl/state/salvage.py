"""Out of a damaged file, all that can still be read, and what must be said of the rest.

What was started must never look as if it was not: an attempt whose record is lost comes back as
`lost`, which waits for a person, and a run that cannot be vouched for at all stops the salvage.
"""
# ruff: noqa: S608  (statements are put together from column names of `rows`; values are always bound)

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from launchctl.addresses import attempt_name, generation_name
from launchctl.state.model import (
    LOST_SPEC,
    AttemptRecord,
    ConfigRecord,
    Contents,
    Form,
    GenerationRecord,
    Head,
    Policy,
    RunRecord,
    Series,
    Standing,
    SweepRecord,
)
from launchctl.state.rows import (
    ATTEMPT_COLUMNS,
    ATTEMPT_KINDS,
    CONFIG_COLUMNS,
    CONFIG_KINDS,
    GENERATION_COLUMNS,
    GENERATION_KINDS,
    READING_COLUMNS,
    READING_KINDS,
    RUN_COLUMNS,
    RUN_KINDS,
    STANDING_COLUMNS,
    SWEEP_COLUMNS,
    SWEEP_KINDS,
    DamagedRow,
    Row,
    check,
    read_attempt,
    read_config,
    read_form,
    read_generation,
    read_run,
    read_series,
    read_sweep,
)
from launchctl.state.schema import SCHEMA_VERSION
from launchctl.state.upgrade import STEPS
from launchctl.status import Status

T = TypeVar("T")
_SKIPPED_STARTS = 1_000
"""Added where the count of starts is lost, so that no run id is ever given twice."""
UNREADABLE = (sqlite3.Error, UnicodeDecodeError)
"""What reading a damaged file raises; SQLite quotes what it found, which need not be text."""


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
    connection.execute("PRAGMA cell_size_check = OFF")
    _bring_up_to_date(connection)
    head = _head(connection)
    head = replace(head, serial=head.serial + 1)  # no plan made before may be applied
    bodies = dict(_read(connection, "manifests", ("attempt", "body"), _body).records)
    runs = _read(connection, "runs", RUN_COLUMNS, _run)
    generations = _read(connection, "generations", GENERATION_COLUMNS, _generation)
    attempts = _read(connection, "attempts", ("id", *ATTEMPT_COLUMNS), _attempt)
    _require_all(connection, runs, generations, attempts)
    configs = _read(connection, "configs", CONFIG_COLUMNS, _config)
    sweeps = _read(connection, "sweeps", SWEEP_COLUMNS, _sweep)
    readings = dict(_read(connection, "series", ("attempt", *READING_COLUMNS), _reading).records)
    whole = [replace(record, manifest=bodies.get(identity, "")) for identity, record in attempts.records]
    mending = _Mending(runs.records, generations.records, whole, sweeps.records)
    series = [
        replace(readings[identity], run_id=record.run_id, address=record.address)
        for identity, record in attempts.records
        if identity in readings and record.key in mending.attempts
    ]
    contents = mending.contents(head, tuple(configs.records), series)
    return Salvage(contents, tuple(mending.notes))


# Reading what can be read.


def _bring_up_to_date(connection: sqlite3.Connection) -> None:
    """Give a file of an earlier format, which is a copy, the columns and tables of this one."""
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    for number in range(max(version, min(STEPS)), SCHEMA_VERSION):
        with suppress(*UNREADABLE):  # it has them already: the number of its format was damaged
            STEPS[number](connection)


def _text(data: bytes) -> str | bytes:
    """Bytes that are no text stay bytes, which no column of ours holds."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data


@dataclass(frozen=True, slots=True)
class _Part(Generic[T]):
    """What was read of a table, and whether that is certainly all."""

    records: list[T]
    is_whole: bool


def _read(connection: sqlite3.Connection, table: str, columns: tuple[str, ...], read: Callable[[Row], T]) -> _Part[T]:
    """Rows from the front up to the first damaged page, then from the back."""
    found = dict[object, T]()
    is_whole = False
    for order in ("ASC", "DESC"):
        seen = 0
        with suppress(*UNREADABLE):
            for row in connection.execute(f"SELECT rowid, {', '.join(columns)} FROM {table} ORDER BY rowid {order}"):
                seen += 1
                with suppress(DamagedRow):
                    found[row[0]] = read(row[1:])
            is_whole = seen == len(found)
            break
    return _Part(list(found.values()), is_whole)


def _head(connection: sqlite3.Connection) -> Head:
    found = _read(connection, "head", ("lineage", "serial", "project", "entity", "workspace"), _identity)
    if not found.records:
        raise Hopeless("its head cannot be read")
    return found.records[0]


def _identity(row: Row) -> Head:
    check("TITTT", row)
    return Head(*row)


def _body(row: Row) -> tuple[int, str]:
    check("IT", row)
    return row[0], row[1]


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


def _sweep(row: Row) -> SweepRecord:
    check(SWEEP_KINDS, row)
    return read_sweep(row)


def _reading(row: Row) -> tuple[int, Series]:
    check("I" + READING_KINDS, row)
    return row[0], read_series(("", "", *row[1:]))


def _require_all(
    connection: sqlite3.Connection,
    runs: _Part[RunRecord],
    generations: _Part[GenerationRecord],
    attempts: _Part[tuple[int, AttemptRecord]],
) -> None:
    """Every run that a table or an index still names must be known by its record or by a generation."""
    known = {run.address for run in runs.records} | {record.address for record in generations.records}
    named = {record.address for _, record in attempts.records}
    for table, is_whole in (
        ("runs", runs.is_whole),
        ("generations", generations.is_whole),
        ("attempts", attempts.is_whole),
    ):
        if not is_whole:
            named |= _indexed(connection, table)
    if named - known:
        raise Hopeless(f"nothing tells what {', '.join(sorted(map(str, named - known)))} ran")


def _indexed(connection: sqlite3.Connection, table: str) -> set[str]:
    try:
        return {row[0] for row in connection.execute(f"SELECT address FROM {table} ORDER BY address")}
    except UNREADABLE as error:
        raise Hopeless(f"which {table} there were cannot be read") from error


# Making it sound.


class _Mending:
    """Records made whole from one another."""

    def __init__(
        self,
        runs: Iterable[RunRecord],
        generations: Iterable[GenerationRecord],
        attempts: Iterable[AttemptRecord],
        sweeps: Iterable[SweepRecord],
    ) -> None:
        self.notes: list[str] = []
        self._generations = {(record.address, record.number): record for record in generations}
        self._latest = dict[str, int]()
        for address, number in self._generations:
            self._latest[address] = max(number, self._latest.get(address, 0))
        recorded = {run.address: run for run in runs}
        self._runs = [self._run(address, recorded.get(address)) for address in sorted({*recorded, *self._latest})]
        for run in self._runs:
            self._mend_generation(run)
        self.attempts = dict[tuple[str, int, int], AttemptRecord]()
        for attempt in attempts:
            self._keep(attempt)
        started = {key[:2] for key in self.attempts}
        for key, generation in self._generations.items():
            if key not in started:
                self._lose(generation)
        self._sweeps = {sweep.address: sweep for sweep in sweeps}
        for address in sorted({run.address.partition("[")[0] for run in self._runs if "[" in run.address}):
            if address not in self._sweeps:
                self._sweeps[address] = self._sweep(address)

    def contents(self, head: Head, configs: tuple[ConfigRecord, ...], series: Iterable[Series]) -> Contents:
        """All of it, in order."""
        generations = tuple(self._generations[key] for key in sorted(self._generations))
        attempts = tuple(self.attempts[key] for key in sorted(self.attempts))
        sweeps = tuple(self._sweeps[address] for address in sorted(self._sweeps))
        readings = tuple(sorted(series, key=lambda one: one.run_id))
        return Contents(head, tuple(self._runs), generations, attempts, configs, sweeps, readings)

    def _run(self, address: str, found: RunRecord | None) -> RunRecord:
        latest = self._latest.get(address, 0)
        if found is not None:
            return replace(found, generation=max(found.generation, latest))
        self.notes.append(f"{address}: its record was lost and made anew from its latest generation")
        form = self._generations[address, latest].form
        starts = {form.intent: _SKIPPED_STARTS}
        return RunRecord(address, Standing.ACTIVE, form, protect=False, generation=latest, starts=starts)

    def _sweep(self, address: str) -> SweepRecord:
        """A sweep of which only trials are left: what it was to draw is not known, so that it draws nothing."""
        self.notes.append(f"{address}: its record was lost; the next apply of it begins a new epoch")
        epoch = max((number for of, number in self._generations if of.partition("[")[0] == address), default=1)
        return SweepRecord(address, Standing.FORGOTTEN, epoch, Form(0, "{}", "", "", ""), LOST_SPEC, None)

    def _mend_generation(self, run: RunRecord) -> None:
        key = (run.address, run.generation)
        if run.generation == 0 or key in self._generations:
            return
        name = generation_name(run.address, run.generation)
        self.notes.append(f"{name}: its record was lost and made anew from what was last accepted")
        self._generations[key] = GenerationRecord(*key, run.acknowledged, Policy("", ""), name, "recovered", 0, 0.0)

    def _keep(self, attempt: AttemptRecord) -> None:
        if attempt.key[:2] not in self._generations:
            self.notes.append(f"{_name(attempt)}: left out, since its generation was lost")
        elif attempt.manifest or attempt.status.is_terminal:
            self.attempts[attempt.key] = attempt
        else:
            self.notes.append(
                f"{_name(attempt)}: was {attempt.status}; its manifest was lost, and so it is held as lost"
            )
            message = "its manifest was damaged"
            self.attempts[attempt.key] = replace(attempt, status=Status.LOST, message=message, claim=None)

    def _lose(self, of: GenerationRecord) -> None:
        lost = AttemptRecord(of.address, of.number, 1, of.run_id, Status.LOST, message="its record was damaged")
        self.notes.append(f"{_name(lost)}: its record was lost, and so it is held as lost")
        self.attempts[lost.key] = lost


def _name(record: AttemptRecord) -> str:
    return attempt_name(*record.key)
