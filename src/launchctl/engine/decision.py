"""The decision table of plan and apply, as data: what becomes of an address.

A row is where its latest attempt stands, a column what changed in the project since the last
accepted form. The cells are read by `planner`; each is tested by its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from launchctl.status import Status


class Changed(StrEnum):
    """The most consequential class of what changed."""

    NOTHING = "nothing"
    METADATA = "metadata"
    PLACEMENT = "placement"
    INTENT = "intent"


class Cell(StrEnum):
    """What is done."""

    START = "start the first generation"
    NOTHING = "no change"
    WAIT = "already decided: any apply or agent starts it"
    TAKE_FORM = "the pending attempt takes the new form"
    RECOVER = "look it up: adopt it, or submit the same attempt again"
    UPDATE = "in place where the provider allows, else recorded"
    LIVE_UPDATE = "recorded for the next run; in place with live_update"
    ON_CHANGE = "what lifecycle.on_change says"
    RECORD = "recorded"
    NEW_GENERATION = "a new generation, the old one kept"
    HOLD = "held, unless retry or --retry-failed starts the next attempt"
    HOLD_STOPPED = "held; only --rerun starts it"
    HOLD_NEW_FORM = "held with the new form, which the next attempt uses"
    ASK = "held until a person says what became of it"


_RUNNING: Mapping[Changed, Cell] = {
    Changed.NOTHING: Cell.NOTHING,
    Changed.METADATA: Cell.UPDATE,
    Changed.PLACEMENT: Cell.LIVE_UPDATE,
    Changed.INTENT: Cell.ON_CHANGE,
}
_FAILED: Mapping[Changed, Cell] = {
    Changed.NOTHING: Cell.HOLD,
    Changed.METADATA: Cell.RECORD,
    Changed.PLACEMENT: Cell.HOLD_NEW_FORM,
    Changed.INTENT: Cell.NEW_GENERATION,
}
_KEPT: Mapping[Changed, Cell] = {
    Changed.NOTHING: Cell.NOTHING,
    Changed.METADATA: Cell.RECORD,
    Changed.PLACEMENT: Cell.RECORD,
    Changed.INTENT: Cell.NEW_GENERATION,
}

TABLE: Mapping[Status | None, Mapping[Changed, Cell]] = {
    None: dict.fromkeys(Changed, Cell.START),
    Status.PENDING: {**dict.fromkeys(Changed, Cell.TAKE_FORM), Changed.NOTHING: Cell.WAIT},
    Status.INTENT: dict.fromkeys(Changed, Cell.RECOVER),
    Status.SUBMITTED: _RUNNING,
    Status.RUNNING: _RUNNING,
    Status.SUSPENDED: {**_RUNNING, Changed.PLACEMENT: Cell.UPDATE},
    Status.SUCCEEDED: _KEPT,
    Status.PRUNED: _KEPT,
    Status.FAILED: _FAILED,
    Status.TIMED_OUT: _FAILED,
    Status.CANCELLED: {**_KEPT, Changed.NOTHING: Cell.HOLD_STOPPED},
    Status.PREEMPTED: {**_FAILED, Changed.METADATA: Cell.HOLD_NEW_FORM},
    Status.LOST: {**dict.fromkeys(Changed, Cell.ASK), Changed.INTENT: Cell.NEW_GENERATION},
}
"""Rows by the latest attempt's status (None: never run), columns by what changed."""


class Removed(StrEnum):
    """What becomes of an address that the project does not name any more."""

    DROP = "a pending attempt is dropped"
    FORGET = "leaves the active set, the history stays"
    ON_REMOVE = "what lifecycle.on_remove says"


def removed(status: Status | None) -> Removed:
    """The removal rows of the table."""
    if status is None or status is Status.PENDING:
        return Removed.DROP
    return Removed.FORGET if status.is_terminal else Removed.ON_REMOVE
