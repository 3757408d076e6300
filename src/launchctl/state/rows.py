"""Records to rows and back; a row that no record can come from is `DamagedRow`, never a wrong record.

The types of a row's columns are checked by their signature, which almost all rows share, since
a damaged page may hold anything.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, make_dataclass
from functools import lru_cache
from types import NoneType
from typing import Any, TypeAlias, TypeVar

from launchctl.state.model import (
    AttemptRecord,
    Claim,
    ConfigRecord,
    Form,
    GenerationRecord,
    Policy,
    RunRecord,
    RunState,
    Standing,
)
from launchctl.status import Cause, Status
from launchctl.values import JSON, canonical

T = TypeVar("T")
Row: TypeAlias = tuple[Any, ...]  # what the database returns; `check` says what each column holds

FORM_COLUMNS = ("version", "canonical", "intent", "placement", "metadata")
STANDING_COLUMNS = ("address", "standing", "protect", "generation", "starts", "on_remove")
RUN_COLUMNS = (*STANDING_COLUMNS, *FORM_COLUMNS)
ORIGIN_COLUMNS = ("policy", "run_id", "reason", "serial", "decided_at", "upstream")
GENERATION_COLUMNS = ("address", "number", *FORM_COLUMNS, *ORIGIN_COLUMNS)
OUTCOME_COLUMNS = (
    *("status", "sequence", "not_before", "handle", "exit_code", "cause", "message", "since"),
    *("started_at", "ended_at", "cancel_requested", "is_released"),
)
CLAIM_COLUMNS = ("owner", "expires_at", "fence")
ATTEMPT_COLUMNS = ("address", "generation", "number", "run_id", *OUTCOME_COLUMNS, *CLAIM_COLUMNS)
CONFIG_COLUMNS = ("address", "form", "max_jobs")

FORM_KINDS = "ITTTT"
RUN_KINDS = "TTIITT" + FORM_KINDS
GENERATION_KINDS = "TI" + FORM_KINDS + "TTTIRT"
ATTEMPT_KINDS = "TIIT" + "TIRTitTRrrII" + "trI"
CONFIG_KINDS = "TTi"
"""One letter a column: text, integer, real; a small letter allows NULL, `n` is nothing else."""

_TYPES: Mapping[str, tuple[type, ...]] = {
    "n": (NoneType,),
    "T": (str,),
    "I": (int,),
    "R": (float,),
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
        int(record.is_released),
    )


def attempt_row(record: AttemptRecord) -> Row:
    """Columns of an attempt, but for its manifest."""
    claim = record.claim
    held = (claim.owner, float(claim.expires_at), claim.fence) if claim else (None, None, 0)
    return (record.address, record.generation, record.number, record.run_id, *outcome_row(record), *held)


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
    address, number, version, text, intent, placement, metadata, policy, run_id, reason, serial, decided, upstream = row
    form = _make_form(version, text, intent, placement, metadata)
    try:
        return _make_generation(
            address, number, form, _read_policy(policy), run_id, reason, serial, decided, _read_object(upstream)
        )
    except (TypeError, ValueError) as error:
        raise DamagedRow(f"generation {address}@g{number}") from error


def read_attempt(row: Row, manifest: str) -> AttemptRecord:
    """The attempt of a row of `ATTEMPT_COLUMNS`, whose types have been checked."""
    (address, generation, number, run_id, status, sequence, not_before, handle, exit_code, cause) = row[:10]
    (message, since, started, ended, cancel, released, owner, expires, fence) = row[10:]
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
            bool(released),
            None if owner is None else Claim(owner, expires or 0.0, fence),
        )
    except (KeyError, ValueError) as error:
        raise DamagedRow(f"attempt {address}@g{generation}#a{number}") from error


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
