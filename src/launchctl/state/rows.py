"""Records to rows and back; a row that no record can come from is `DamagedRow`, never a wrong record.

The types of a row's columns are checked by their signature, which almost all rows share, since
a damaged page may hold anything.
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, make_dataclass
from functools import lru_cache
from types import NoneType
from typing import Any, TypeAlias, TypeVar

from launchctl.addresses import attempt_name, generation_name
from launchctl.state.model import (
    AttemptRecord,
    Claim,
    ConfigRecord,
    Form,
    GenerationRecord,
    Policy,
    RunRecord,
    RunState,
    Series,
    Standing,
    SweepRecord,
    TrialRecord,
)
from launchctl.status import Cause, Status
from launchctl.values import JSON, canonical

T = TypeVar("T")
Row: TypeAlias = tuple[Any, ...]  # what the database returns; `check` says what each column holds

FORM_COLUMNS = ("version", "canonical", "intent", "placement", "metadata")
STANDING_COLUMNS = ("address", "standing", "protect", "generation", "starts", "on_remove")
RUN_COLUMNS = (*STANDING_COLUMNS, *FORM_COLUMNS)
ORIGIN_COLUMNS = ("policy", "run_id", "reason", "serial", "decided_at", "upstream", "trial")
GENERATION_COLUMNS = ("address", "number", *FORM_COLUMNS, *ORIGIN_COLUMNS)
OUTCOME_COLUMNS = (
    *("status", "sequence", "not_before", "handle", "exit_code", "cause", "message", "since"),
    *("started_at", "ended_at", "cancel_requested", "prune_requested", "is_released"),
)
CLAIM_COLUMNS = ("owner", "expires_at", "fence")
ATTEMPT_COLUMNS = ("address", "generation", "number", "run_id", *OUTCOME_COLUMNS, *CLAIM_COLUMNS)
CONFIG_COLUMNS = ("address", "form", "max_jobs")
SWEEP_COLUMNS = (
    *("address", "standing", "epoch", *FORM_COLUMNS, "spec", "parallel"),
    *("protect", "on_remove", "serial", "is_stopped", "revision"),
)
READING_COLUMNS = ("points", "last", "position", "is_complete", "metric", "source")
SERIES_COLUMNS = ("run_id", "address", *READING_COLUMNS)

FORM_KINDS = "ITTTT"
RUN_KINDS = "TTIITT" + FORM_KINDS
GENERATION_KINDS = "TI" + FORM_KINDS + "TTTIRTt"
ATTEMPT_KINDS = "TIIT" + "TIRTitTRrrIII" + "trI"
CONFIG_KINDS = "TTi"
SWEEP_KINDS = "TTI" + FORM_KINDS + "TiITIII"
READING_KINDS = "BTIITT"
SERIES_KINDS = "TT" + READING_KINDS
"""One letter a column: text, integer, real, bytes; a small letter allows NULL, `n` is nothing else."""

_TYPES: Mapping[str, tuple[type, ...]] = {
    "n": (NoneType,),
    "T": (str,),
    "I": (int,),
    "R": (float,),
    "B": (bytes,),
    "t": (str, NoneType),
    "i": (int, NoneType),
    "r": (float, NoneType),
}
_STANDINGS = {standing.value: standing for standing in Standing}
_STATUSES = {status.value: status for status in Status}
_CAUSES: Mapping[str | None, Cause | None] = {None: None, **{cause.value: cause for cause in Cause}}
_parse = json.JSONDecoder().raw_decode


class DamagedRow(ValueError):
    """A row that launchctl cannot have written."""


def _maker(record: type[T]) -> Callable[..., T]:
    """The constructor of a frozen record at a fifth of its price.

    A frozen dataclass sets each field by a call of `object.__setattr__`. A twin of the same slots sets them
    directly and then becomes the record; it takes every field, in order.
    """
    become = {"__post_init__": lambda made: setattr(made, "__class__", record)}
    names = [item.name for item in fields(record)]  # type: ignore[arg-type]
    twin: Callable[..., T] = make_dataclass(record.__name__, names, slots=True, eq=False, repr=False, namespace=become)
    return twin


_make_form = _maker(Form)
_make_run = _maker(RunRecord)
_make_generation = _maker(GenerationRecord)
_make_attempt = _maker(AttemptRecord)
_make_trial = _maker(TrialRecord)
make_run_state = _maker(RunState)


def form_row(form: Form) -> Row:
    """Columns of a form."""
    return (form.version, form.canonical, form.intent, form.placement, form.metadata)


def run_row(record: RunRecord) -> Row:
    """Columns of a run."""
    return (
        record.address,
        record.standing.value,
        int(record.protect),
        record.generation,
        canonical(record.starts),
        record.on_remove,
        *form_row(record.acknowledged),
    )


def policy_text(policy: Policy) -> str:
    """A policy as one column: only its queue is ever looked for, and an attempt has that of its own."""
    return canonical(
        [
            *(policy.queue, policy.resource, policy.priority, policy.depends_on),
            *(policy.retry_max, policy.retry_on, float(policy.backoff), policy.timeout),
        ]
    )


def trial_text(trial: TrialRecord) -> str:
    """A point of a sweep as one column."""
    return canonical([trial.index, trial.repeat, trial.values])


def generation_row(record: GenerationRecord) -> Row:
    """Columns of a generation."""
    return (
        record.address,
        record.number,
        *form_row(record.form),
        policy_text(record.policy),
        record.run_id,
        record.reason,
        record.serial,
        float(record.decided_at),
        canonical(record.upstream),
        None if record.trial is None else trial_text(record.trial),
    )


def outcome_row(record: AttemptRecord) -> Row:
    """What a drain may change of an attempt."""
    return (
        record.status.value,
        record.sequence,
        float(record.not_before),
        canonical(record.handle),
        record.exit_code,
        record.cause.value if record.cause else None,
        record.message,
        float(record.since),
        record.started_at,
        record.ended_at,
        int(record.cancel_requested),
        int(record.prune_requested),
        int(record.is_released),
    )


def attempt_row(record: AttemptRecord) -> Row:
    """Columns of an attempt, but for its manifest."""
    claim = record.claim
    held = (claim.owner, float(claim.expires_at), claim.fence) if claim else (None, None, 0)
    return (record.address, record.generation, record.number, record.run_id, *outcome_row(record), *held)


def sweep_row(record: SweepRecord) -> Row:
    """Columns of a sweep."""
    return (
        *(record.address, record.standing.value, record.epoch, *form_row(record.form), record.spec, record.parallel),
        *(int(record.protect), record.on_remove, record.serial, int(record.is_stopped), record.revision),
    )


def reading_row(record: Series) -> Row:
    """What a reading says, but for whose it is."""
    points = struct.pack(f"<{len(record.values)}d", *record.values)
    rules = (record.metric, record.source)
    return (points, canonical(record.last), record.position, int(record.is_complete), *rules)


def is_settled(record: AttemptRecord) -> bool:
    """Whether nothing remains to be done for an attempt."""
    return record.status.is_terminal and record.is_released


def read_run(row: Row, form: Form) -> RunRecord:
    """The run of a row of `STANDING_COLUMNS`, whose types have been checked, with its form."""
    address, standing, protect, generation, starts, on_remove = row
    try:
        return _make_run(
            address, _STANDINGS[standing], form, bool(protect), generation, _read_object(starts), on_remove
        )
    except (KeyError, ValueError) as error:
        raise DamagedRow(f"run {address!r}") from error


def read_form(row: Row) -> Form:
    """The form of a row of `FORM_COLUMNS`, whose types have been checked."""
    return _make_form(*row)


def read_generation(row: Row) -> GenerationRecord:
    """The generation of a row of `GENERATION_COLUMNS`, whose types have been checked."""
    address, number, version, text, intent, placement, metadata = row[:7]
    policy, run_id, reason, serial, decided, upstream, trial = row[7:]
    form = _make_form(version, text, intent, placement, metadata)
    try:
        return _make_generation(
            *(address, number, form, _read_policy(policy), run_id, reason, serial, decided),
            _read_object(upstream),
            None if trial is None else _read_trial(trial),
        )
    except (TypeError, ValueError) as error:
        raise DamagedRow(f"generation {generation_name(address, number)}") from error


def read_attempt(row: Row, manifest: str) -> AttemptRecord:
    """The attempt of a row of `ATTEMPT_COLUMNS`, whose types have been checked."""
    (address, generation, number, run_id, status, sequence, not_before, handle, exit_code, cause) = row[:10]
    (message, since, started, ended, cancel, prune, released, owner, expires, fence) = row[10:]
    try:
        return _make_attempt(
            address,
            generation,
            number,
            run_id,
            _STATUSES[status],
            manifest,
            sequence,
            not_before,
            _read_object(handle),
            exit_code,
            _CAUSES[cause],
            message,
            since,
            started,
            ended,
            bool(cancel),
            bool(prune),
            bool(released),
            None if owner is None else Claim(owner, expires or 0.0, fence),
        )
    except (KeyError, ValueError) as error:
        raise DamagedRow(f"attempt {attempt_name(address, generation, number)}") from error


def read_status(text: object) -> Status:
    """The status that a column of its own holds."""
    status = _STATUSES.get(text) if isinstance(text, str) else None
    if status is None:
        raise DamagedRow("status of an attempt")
    return status


def read_queue(policy: object) -> str:
    """The queue of a policy's column."""
    if not isinstance(policy, str):
        raise DamagedRow("policy of a generation")
    try:
        return _read_policy(policy).queue
    except (TypeError, ValueError) as error:
        raise DamagedRow("policy of a generation") from error


def read_config(row: Row) -> ConfigRecord:
    """The queue or agent of a row of `CONFIG_COLUMNS`, whose types have been checked."""
    return ConfigRecord(*row)


def read_sweep(row: Row) -> SweepRecord:
    """The sweep of a row of `SWEEP_COLUMNS`, whose types have been checked."""
    address, standing, epoch, *form = row[:8]
    spec, parallel, protect, on_remove, serial, is_stopped, revision = row[8:]
    if standing not in _STANDINGS:
        raise DamagedRow(f"sweep {address!r}")
    told = (_STANDINGS[standing], epoch, _make_form(*form), spec, parallel)
    return SweepRecord(address, *told, bool(protect), on_remove, serial, bool(is_stopped), revision)


def read_series(row: Row) -> Series:
    """The reading of a row of `SERIES_COLUMNS`, whose types have been checked."""
    run_id, address, points, last, position, is_complete, metric, source = row
    try:
        values = struct.unpack(f"<{len(points) // 8}d", points)
        metrics = {name: float(value) for name, value in _read_object(last).items()}
        if not all(map(math.isfinite, (*values, *metrics.values()))):
            raise ValueError("no number")
    except (TypeError, ValueError, struct.error) as error:
        raise DamagedRow(f"metrics of {run_id!r}") from error
    return Series(run_id, address, values, metrics, position, bool(is_complete), metric, source)


def check(kinds: str, row: Sequence[object]) -> None:
    """Refuse a row whose columns do not have the types that `kinds` names."""
    if not _fits(kinds, tuple(map(type, row))):
        raise DamagedRow(f"columns of the types {', '.join(type(value).__name__ for value in row)}")


@lru_cache(maxsize=4096)
def _fits(kinds: str, found: tuple[type, ...]) -> bool:
    return len(kinds) == len(found) and all(one in _TYPES[kind] for kind, one in zip(kinds, found, strict=True))


@lru_cache(maxsize=1024)
def _read_policy(text: str) -> Policy:
    queue, resource, priority, depends_on, retry_max, retry_on, backoff, timeout = json.loads(text)
    check("TTITITRr", (queue, resource, priority, "", retry_max, "", backoff, timeout))
    return Policy(queue, resource, priority, _names(depends_on), retry_max, _names(retry_on), backoff, timeout)


def _read_trial(text: str) -> TrialRecord:
    (index, repeat, values), end = _parse(text)
    if type(index) is not int or type(repeat) is not int or type(values) is not dict or end != len(text):
        raise DamagedRow("a trial")
    return _make_trial(index, repeat, values)


def _names(value: JSON) -> tuple[str, ...]:
    if type(value) is not list or not all(type(item) is str for item in value):
        raise DamagedRow("a list of names")
    return tuple(value)


def _read_object(text: str) -> Mapping[str, JSON]:
    if text == "{}":
        return {}
    value, end = _parse(text)
    if type(value) is not dict or end != len(text):
        raise DamagedRow("an object")
    return value
