"""Every row and column of the decision table, through a real plan and a real apply."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from fakes.lab import Lab, decided, shown
from fakes.target import Killed

from launchctl.addresses import Address, Kind, Reference
from launchctl.engine.events import Claimed, Created, Event
from launchctl.engine.plan import Override
from launchctl.engine.stop import cancel
from launchctl.status import Status
from launchctl.values import JSON

RUN: dict[str, JSON] = {"args": ["--first"], "resource": {"size": 1, "label": "x"}}
EDITS: dict[str, JSON] = {
    "nothing": RUN,
    "metadata": {**RUN, "description": "another word"},
    "label": {**RUN, "resource": {"size": 1, "label": "y"}},
    "placement": {**RUN, "resource": {"size": 2, "label": "x"}},
    "intent": {**RUN, "args": ["--second"]},
}


def killed_at(kind: type[Event]) -> Callable[[Event], None]:
    def on(event: Event) -> None:
        if isinstance(event, kind):
            raise Killed

    return on


def bring_about(lab: Lab, status: str) -> None:
    """Makes `runs.a` what a row of the table says."""
    lab.engine.advance = False
    lab.runs(a=RUN)
    match status:
        case "never":
            return
        case "pending":
            lab.environment.pop("TEAM")
            lab.runs(a={**RUN, "depends_on": ["runs.before"]}, before={"args": ["${env:TEAM}"]})
            lab.apply(wait=False)
            return
        case "intent-absent":
            lab.apply(wait=False, on=killed_at(Claimed))
        case "intent-there":
            lab.apply(wait=False, on=killed_at(Created))
        case "running" | "submitted" | "suspended":
            lab.engine.begins = Status(status)
            lab.apply(wait=False)
        case "cancelled":
            lab.apply(wait=False)
            session = lab.open()
            cancel(session, [Reference(Address(Kind.RUNS, "a"))], lab.events.append)
            session.close()
        case "lost":
            lab.apply(wait=False)
            lab.engine.remove("runs.a")
        case _:
            lab.engine.ends["runs.a"] = Status(status)
            lab.engine.advance = True
            lab.apply()
            lab.engine.advance = False


NEW = "start runs.a"
TABLE: dict[str, tuple[str, str, str, str, str]] = {
    # status: nothing, metadata, a label that the target can change, placement, intent
    "never": (NEW, NEW, NEW, NEW, NEW),
    "intent-absent": (NEW, NEW, NEW, NEW, NEW),
    "intent-there": ("adopt runs.a", "adopt runs.a", "adopt runs.a", "adopt runs.a", "adopt runs.a"),
    "submitted": ("", "record runs.a", "update runs.a", "record runs.a", "blocked runs.a"),
    "running": ("", "record runs.a", "update runs.a", "record runs.a", "blocked runs.a"),
    "suspended": ("", "record runs.a", "update runs.a", "record runs.a", "blocked runs.a"),
    "succeeded": ("", "record runs.a", "record runs.a", "record runs.a", NEW),
    "failed": ("held runs.a", "record runs.a", "record runs.a", "held runs.a", NEW),
    "timed_out": ("held runs.a", "record runs.a", "record runs.a", "held runs.a", NEW),
    "cancelled": ("held runs.a", "record runs.a", "record runs.a", "record runs.a", NEW),
    "preempted": ("held runs.a", "held runs.a", "held runs.a", "held runs.a", NEW),
    "lost": ("held runs.a", "held runs.a", "held runs.a", "held runs.a", NEW),
}
CELLS = [(status, edit, cell) for status, row in TABLE.items() for edit, cell in zip(EDITS, row, strict=True)]


@pytest.mark.parametrize(("status", "edit", "expected"), CELLS)
def test_a_plan_says_what_the_table_says(lab: Lab, status: str, edit: str, expected: str) -> None:
    bring_about(lab, status)
    lab.runs(a=EDITS[edit])
    assert shown(lab.plan()) == ([expected] if expected else [])


@pytest.mark.parametrize(("status", "edit", "expected"), CELLS)
def test_an_apply_does_what_its_plan_says_and_the_next_plan_is_empty(
    lab: Lab, status: str, edit: str, expected: str
) -> None:
    bring_about(lab, status)
    before = sum(lab.engine.created.values())
    lab.runs(a=EDITS[edit])
    lab.apply(wait=False)
    assert sum(lab.engine.created.values()) - before == (1 if expected == NEW else 0)
    assert set(lab.engine.created.values()) <= {1}
    if not status.startswith("intent"):
        assert decided(lab.plan()) == []


@pytest.mark.parametrize("edit", EDITS)
def test_what_a_crash_left_is_recovered_before_an_edit_counts(lab: Lab, edit: str) -> None:
    bring_about(lab, "intent-absent")
    lab.runs(a=EDITS[edit])
    lab.apply(wait=False)
    assert dict(lab.engine.created) == {("runs.a", 1, 1): 1}
    assert lab.engine.bodies[lab.latest("runs.a").run_id]["argv"][1] == ["--first"]


@pytest.mark.parametrize("edit", EDITS)
def test_a_pending_run_takes_the_new_form_in_the_same_generation(lab: Lab, edit: str) -> None:
    bring_about(lab, "pending")
    before = {"args": ["${env:TEAM}"]}
    lab.runs(a={**EDITS[edit], "depends_on": ["runs.before"]}, before=before)
    lab.environment["TEAM"] = "vision"
    expected = "waiting runs.a" if edit == "nothing" else "update runs.a"
    assert shown(lab.plan()) == [expected, "waiting runs.before"]
    lab.engine.advance = True
    lab.apply()
    assert dict(lab.engine.created) == {("runs.a", 1, 1): 1, ("runs.before", 1, 1): 1}
    body = lab.engine.bodies[lab.latest("runs.a").run_id]
    assert body["argv"][1] == EDITS[edit]["args"]
    assert (body["size"], body["label"]) == (EDITS[edit]["resource"]["size"], EDITS[edit]["resource"]["label"])
    assert decided(lab.plan()) == []


def test_a_pending_run_that_takes_a_new_form_keeps_its_place(lab: Lab) -> None:
    lab.engine.advance = False
    one: dict[str, JSON] = {"max_jobs": 1}
    lab.runs(one, a={"args": ["a"]}, b={"args": ["b"]}, c={"args": ["c"]})
    lab.apply(wait=False)
    assert lab.statuses() == {"runs.a@g1#a1": "running", "runs.b@g1#a1": "pending", "runs.c@g1#a1": "pending"}
    lab.runs(one, a={"args": ["a"]}, b={"args": ["another"]}, c={"args": ["c"]})
    lab.apply(wait=False)
    lab.engine.advance = True
    lab.apply()
    assert [owner[0] for owner in lab.engine.created] == ["runs.a", "runs.b", "runs.c"]


def test_what_is_being_started_by_somebody_who_lives_is_left_alone(lab: Lab) -> None:
    lab.runs(a=RUN)
    seen: list[list[str]] = []

    def on(event: Event) -> None:
        if isinstance(event, Claimed):
            lab.runs(a=EDITS["intent"])
            seen.append(shown(lab.plan()))

    lab.apply(on=on)
    assert seen == [["waiting runs.a"]]


def test_a_rerun_of_what_a_crash_left_recovers_it_first(lab: Lab) -> None:
    bring_about(lab, "intent-there")
    again = Override(rerun=("runs.a",))
    assert shown(lab.plan(again)) == ["adopt runs.a"]
    lab.apply(again, wait=False)
    assert dict(lab.engine.created) == {("runs.a", 1, 1): 1}
