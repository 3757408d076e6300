"""The decision table, cell by cell, as a reader of the documentation knows it."""

from __future__ import annotations

import pytest

from launchctl.engine.decision import TABLE, Cell, Changed, Removed, removed
from launchctl.status import Status

N, M, P, I = Changed.NOTHING, Changed.METADATA, Changed.PLACEMENT, Changed.INTENT  # noqa: E741

EXPECTED: tuple[tuple[Status | None, Cell, Cell, Cell, Cell], ...] = (
    (None, Cell.START, Cell.START, Cell.START, Cell.START),
    (Status.PENDING, Cell.WAIT, Cell.TAKE_FORM, Cell.TAKE_FORM, Cell.TAKE_FORM),
    (Status.INTENT, Cell.RECOVER, Cell.RECOVER, Cell.RECOVER, Cell.RECOVER),
    (Status.SUBMITTED, Cell.NOTHING, Cell.UPDATE, Cell.LIVE_UPDATE, Cell.ON_CHANGE),
    (Status.RUNNING, Cell.NOTHING, Cell.UPDATE, Cell.LIVE_UPDATE, Cell.ON_CHANGE),
    (Status.SUSPENDED, Cell.NOTHING, Cell.UPDATE, Cell.UPDATE, Cell.ON_CHANGE),
    (Status.SUCCEEDED, Cell.NOTHING, Cell.RECORD, Cell.RECORD, Cell.NEW_GENERATION),
    (Status.PRUNED, Cell.NOTHING, Cell.RECORD, Cell.RECORD, Cell.NEW_GENERATION),
    (Status.FAILED, Cell.HOLD, Cell.RECORD, Cell.HOLD_NEW_FORM, Cell.NEW_GENERATION),
    (Status.TIMED_OUT, Cell.HOLD, Cell.RECORD, Cell.HOLD_NEW_FORM, Cell.NEW_GENERATION),
    (Status.CANCELLED, Cell.HOLD_STOPPED, Cell.RECORD, Cell.RECORD, Cell.NEW_GENERATION),
    (Status.PREEMPTED, Cell.HOLD, Cell.HOLD_NEW_FORM, Cell.HOLD_NEW_FORM, Cell.NEW_GENERATION),
    (Status.LOST, Cell.ASK, Cell.ASK, Cell.ASK, Cell.NEW_GENERATION),
)


@pytest.mark.parametrize(
    ("status", "changed", "cell"),
    [(status, changed, cell) for status, *cells in EXPECTED for changed, cell in zip((N, M, P, I), cells, strict=True)],
)
def test_cell_of_the_decision_table(status: Status | None, changed: Changed, cell: Cell) -> None:
    assert TABLE[status][changed] is cell


def test_every_status_and_every_class_of_change_has_a_cell() -> None:
    assert set(TABLE) == {None, *Status}
    assert all(set(row) == set(Changed) for row in TABLE.values())


@pytest.mark.parametrize("status", [None, *Status])
def test_nothing_that_ran_starts_again_unless_its_intent_changed(status: Status | None) -> None:
    if status is None:
        return
    starting = {Cell.START, Cell.NEW_GENERATION}
    assert not starting & {TABLE[status][changed] for changed in (N, M, P)}


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (None, Removed.DROP),
        (Status.PENDING, Removed.DROP),
        (Status.INTENT, Removed.ON_REMOVE),
        (Status.SUBMITTED, Removed.ON_REMOVE),
        (Status.RUNNING, Removed.ON_REMOVE),
        (Status.SUSPENDED, Removed.ON_REMOVE),
        (Status.SUCCEEDED, Removed.FORGET),
        (Status.FAILED, Removed.FORGET),
        (Status.TIMED_OUT, Removed.FORGET),
        (Status.CANCELLED, Removed.FORGET),
        (Status.PREEMPTED, Removed.FORGET),
        (Status.LOST, Removed.FORGET),
        (Status.PRUNED, Removed.FORGET),
    ],
)
def test_what_becomes_of_a_removed_address(status: Status | None, expected: Removed) -> None:
    assert removed(status) is expected
