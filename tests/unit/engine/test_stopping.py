"""`cancel`, `destroy`, `resolve` and `status`, and what their words do to the state."""

from __future__ import annotations

from dataclasses import replace

import pytest
from fakes.lab import Lab, decided, shown

from launchctl.addresses import Reference, parse_reference
from launchctl.engine.events import Report, RunLine
from launchctl.engine.plan import Action, Override
from launchctl.engine.stop import cancel, destroy, destroy_plan, resolve
from launchctl.errors import Blocked, StateError, UsageError
from launchctl.status import Status
from launchctl.values import JSON


def spelled(text: str) -> Reference:
    found = parse_reference(text)
    assert found is not None
    return found


def stop(lab: Lab, *names: str) -> Report:
    session = lab.open()
    try:
        return cancel(session, [spelled(name) for name in names], lab.events.append)
    finally:
        session.close()


def destroy_all(lab: Lab) -> Report:
    session = lab.open()
    try:
        return destroy(session, destroy_plan(session), lab.events.append)
    finally:
        session.close()


def say(lab: Lab, name: str, status: Status) -> None:
    session = lab.open()
    try:
        resolve(session, spelled(name), status)
    finally:
        session.close()


def status(lab: Lab) -> tuple[RunLine, ...]:
    session = lab.open()
    try:
        return session.status()
    finally:
        session.close()


def running(lab: Lab, **runs: JSON) -> None:
    lab.engine.advance = False
    lab.runs(**runs)
    lab.apply(wait=False)


# Cancel.


def test_a_running_one_is_stopped_and_its_end_recorded(lab: Lab) -> None:
    running(lab, a={}, b={"args": ["b"]})
    report = stop(lab, "runs.a")
    assert report.errors == ()
    assert lab.statuses() == {"runs.a@g1#a1": "cancelled", "runs.b@g1#a1": "running"}


def test_a_pending_one_never_starts(lab: Lab) -> None:
    lab.environment.pop("TEAM")
    running(lab, a={"args": ["${env:TEAM}"]})
    stop(lab, "runs.a")
    lab.environment["TEAM"] = "vision"
    lab.apply()
    assert lab.statuses() == {"runs.a@g1#a1": "cancelled"}
    assert not lab.engine.created
    assert shown(lab.plan()) == ["held runs.a"]
    lab.apply(Override(rerun=("runs.a",)), wait=False)
    assert lab.statuses() == {"runs.a@g1#a1": "cancelled", "runs.a@g2#a1": "running"}


def test_what_has_ended_stays_as_it_is(lab: Lab) -> None:
    lab.runs(a={})
    lab.apply()
    state = lab.state()
    assert state is not None
    assert stop(lab, "runs.a").runs == ()
    after = lab.state()
    assert after is not None
    assert (after.head.serial, lab.statuses()) == (state.head.serial, {"runs.a@g1#a1": "succeeded"})


def test_an_older_generation_that_runs_on_is_stopped_by_its_name(lab: Lab) -> None:
    running(lab, a={"lifecycle": {"on_change": "supersede"}})
    lab.runs(a={"args": ["x"], "lifecycle": {"on_change": "supersede"}})
    lab.apply(wait=False)
    stop(lab, "runs.a@g1")
    assert lab.statuses() == {"runs.a@g1#a1": "cancelled", "runs.a@g2#a1": "running"}
    stop(lab, "runs.a")
    assert lab.statuses() == {"runs.a@g1#a1": "cancelled", "runs.a@g2#a1": "cancelled"}


def test_a_retry_that_waits_is_cancelled(lab: Lab) -> None:
    lab.engine.ends["runs.a"] = Status.FAILED
    lab.runs(a={"retry": {"max": 1, "on": ["any"], "backoff": "1h"}})
    lab.apply(wait=False)
    lab.apply(wait=False)
    stop(lab, "runs.a")
    lab.now = 100_000.0
    lab.apply()
    assert lab.statuses() == {"runs.a@g1#a1": "failed", "runs.a@g1#a2": "cancelled"}


def test_a_protected_one_goes_on(lab: Lab) -> None:
    running(lab, a={"lifecycle": {"protect": True}}, b={"args": ["b"]})
    with pytest.raises(Blocked):
        stop(lab, "runs.a")
    report = stop(lab, "runs.a", "runs.b")
    assert report.blocked == 1
    assert lab.statuses() == {"runs.a@g1#a1": "running", "runs.b@g1#a1": "cancelled"}


def test_what_never_ran_cannot_be_cancelled(lab: Lab) -> None:
    lab.runs(a={})
    with pytest.raises(StateError):
        stop(lab, "runs.a")
    lab.apply()
    with pytest.raises(UsageError):
        stop(lab, "runs.nobody")
    with pytest.raises(UsageError):
        stop(lab, "runs.a@g7")


def test_a_run_that_ends_well_while_it_is_being_cancelled_has_succeeded(lab: Lab) -> None:
    running(lab, a={})
    (run_id,) = lab.engine.objects
    ended = replace(lab.engine.objects[run_id], status=Status.SUCCEEDED, exit_code=0, ended_at=3.0)
    lab.engine.objects[run_id] = ended
    stop(lab, "runs.a")
    assert lab.statuses() == {"runs.a@g1#a1": "succeeded"}


def test_what_waits_for_a_cancelled_run_goes_on_waiting(lab: Lab) -> None:
    running(lab, a={}, b={"args": ["b"], "depends_on": ["runs.a"]})
    stop(lab, "runs.a")
    report = lab.apply()
    assert report is not None
    assert lab.statuses() == {"runs.a@g1#a1": "cancelled", "runs.b@g1#a1": "pending"}
    assert {line.address: line.waiting_for for line in report.runs} == {"runs.b": "runs.a, which is cancelled"}


# Destroy.


def test_destroy_stops_all_that_is_not_protected_and_a_later_apply_starts_nothing_that_ran(lab: Lab) -> None:
    lab.runs(done={"args": ["done"]})
    lab.apply()
    lab.engine.advance = False
    names = {name: {"args": [name]} for name in ("a", "b", "done")}
    lab.runs({"max_jobs": 2}, kept={"lifecycle": {"protect": True}}, **names)
    lab.apply(wait=False)
    session = lab.open()
    plan = destroy_plan(session)
    assert [(change.address, change.action) for change in plan.changes] == [
        ("runs.a", Action.CANCEL),
        ("runs.b", Action.CANCEL),
        ("runs.kept", Action.BLOCKED),
    ]
    report = destroy(session, plan, lab.events.append)
    session.close()
    assert report.blocked == 1
    assert lab.statuses()["runs.a@g1#a1"] == "cancelled"
    assert lab.statuses()["runs.done@g1#a1"] == "succeeded"
    before = dict(lab.engine.created)
    lab.engine.advance = True
    lab.apply()
    assert {key: number for key, number in lab.engine.created.items() if key[0] != "runs.kept"} == {
        key: number for key, number in before.items() if key[0] != "runs.kept"
    }


def test_destroy_stops_what_was_superseded_and_what_is_removed(lab: Lab) -> None:
    running(lab, a={"lifecycle": {"on_change": "supersede"}}, gone={"args": ["gone"]})
    lab.runs(a={"args": ["x"], "lifecycle": {"on_change": "supersede"}})
    lab.apply(wait=False)
    destroy_all(lab)
    assert set(lab.statuses().values()) == {"cancelled"}
    assert all(found.status.is_terminal for found in lab.engine.objects.values())


def test_destroy_of_nothing_decides_nothing(lab: Lab) -> None:
    lab.runs(a={})
    lab.apply()
    session = lab.open()
    assert destroy_plan(session).is_empty
    session.close()


# Resolve.


def lost(lab: Lab, **runs: JSON) -> None:
    running(lab, **runs)
    lab.engine.remove("runs.a")


@pytest.mark.parametrize("is_recorded", [False, True])
def test_a_lost_run_is_what_a_person_says(lab: Lab, is_recorded: bool) -> None:
    lost(lab, a={}, b={"args": ["b"], "depends_on": ["runs.a"]})
    if is_recorded:
        lab.apply(wait=False)
    say(lab, "runs.a", Status.SUCCEEDED)
    lab.apply(wait=False)
    assert lab.statuses() == {"runs.a@g1#a1": "succeeded", "runs.b@g1#a1": "running"}


def test_a_lost_run_that_a_person_calls_failed_is_held_and_can_be_retried(lab: Lab) -> None:
    lost(lab, a={"retry": {"max": 1, "on": ["any"]}})
    lab.apply(wait=False)
    say(lab, "runs.a", Status.FAILED)
    lab.apply(wait=False)
    assert lab.statuses() == {"runs.a@g1#a1": "failed"}
    assert shown(lab.plan()) == ["held runs.a"]
    lab.apply(Override(retry_failed=True), wait=False)
    assert lab.statuses() == {"runs.a@g1#a1": "failed", "runs.a@g1#a2": "running"}


def test_only_a_lost_run_can_be_resolved_and_only_once(lab: Lab) -> None:
    running(lab, a={})
    with pytest.raises(UsageError):
        say(lab, "runs.a", Status.SUCCEEDED)
    lab.engine.remove("runs.a")
    say(lab, "runs.a", Status.SUCCEEDED)
    with pytest.raises(UsageError):
        say(lab, "runs.a", Status.FAILED)
    assert lab.statuses() == {"runs.a@g1#a1": "succeeded"}


def test_a_lost_older_generation_is_resolved_by_its_name(lab: Lab) -> None:
    running(lab, a={"lifecycle": {"on_change": "supersede"}})
    first = lab.latest("runs.a").run_id
    lab.runs(a={"args": ["x"], "lifecycle": {"on_change": "supersede"}})
    lab.apply(wait=False)
    del lab.engine.objects[first]
    say(lab, "runs.a@g1", Status.FAILED)
    assert lab.statuses() == {"runs.a@g1#a1": "failed", "runs.a@g2#a1": "running"}


def test_a_lost_run_that_was_run_again_since_is_resolved_by_its_name(lab: Lab) -> None:
    lost(lab, a={})
    lab.apply(Override(rerun=("runs.a",)), wait=False)
    assert lab.statuses() == {"runs.a@g1#a1": "lost", "runs.a@g2#a1": "running"}
    say(lab, "runs.a@g1", Status.SUCCEEDED)
    assert lab.statuses() == {"runs.a@g1#a1": "succeeded", "runs.a@g2#a1": "running"}


# Status.


def test_status_shows_what_is_and_writes_nothing(lab: Lab) -> None:
    running(lab, a={}, b={"args": ["b"]}, c={"args": ["c"], "depends_on": ["runs.b"]})
    (first, second) = lab.engine.objects
    lab.engine.objects[first] = replace(lab.engine.objects[first], status=Status.FAILED, exit_code=3, ended_at=7.0)
    del lab.engine.objects[second]
    before = lab.statuses()
    assert [(line.address, line.status, line.exit_code, line.waiting_for) for line in status(lab)] == [
        ("runs.a", Status.FAILED, 3, ""),
        ("runs.b", Status.LOST, None, ""),
        ("runs.c", Status.PENDING, None, "runs.b, which is lost"),
    ]
    assert lab.statuses() == before


def test_status_of_nothing_is_empty(lab: Lab) -> None:
    lab.runs(a={})
    assert status(lab) == ()
    assert decided(lab.plan()) == ["start runs.a"]
    assert not (lab.folder / ".launchctl").exists()
