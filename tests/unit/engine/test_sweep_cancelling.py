"""Stopping sweeps: all of one, one trial of it, and what a later apply makes of that."""

from __future__ import annotations

from collections import Counter

import pytest
from fakes.lab import Lab, project_of
from fakes.target import Killed

from launchctl.addresses import parse_reference
from launchctl.engine.apply import means_of
from launchctl.engine.drain import Drain
from launchctl.engine.events import Claimed, Decided, Drawn, Event, Report, StatusChanged, Undrawn
from launchctl.engine.interrupt import Interrupt
from launchctl.engine.plan import Override
from launchctl.engine.stop import cancel, destroy, destroy_plan, resolve
from launchctl.errors import Blocked, UsageError
from launchctl.status import Status
from launchctl.values import JSON


def write(lab: Lab, runs: dict[str, JSON] | None = None, **sweep: JSON) -> None:
    """A sweep of five random trials, whose addresses are `sweeps.s[0]` and so on, two at a time."""
    space = {"x": {"min": 0.0, "max": 1.0}}
    search = {"job": "train", "queue": "q", "method": "random", "run_cap": 5, "parameters": space, **sweep}
    lab.write(project_of(runs or {}, {"max_jobs": 2}, sweeps={"s": search}))


def stopped(lab: Lab, *texts: str) -> Report:
    session = lab.open()
    try:
        references = [found for text in texts if (found := parse_reference(text))]
        return cancel(session, references, lab.events.append)
    finally:
        session.close()


def running(lab: Lab, **sweep: JSON) -> None:
    """Two trials of five run."""
    lab.engine.advance = False
    write(lab, **sweep)
    lab.apply(wait=False)
    assert statuses(lab) == {"running": 2}


def statuses(lab: Lab) -> Counter[str]:
    return Counter(found.status.value for found in lab.attempts())


def test_a_cancelled_sweep_stops_its_trials_and_draws_no_more(lab: Lab) -> None:
    running(lab)
    report = stopped(lab, "sweeps.s")
    assert (statuses(lab), report.errors, report.undrawn) == ({"cancelled": 2}, (), ())
    lab.engine.advance = True
    lab.apply()
    assert statuses(lab) == {"cancelled": 2}


def test_it_is_cancelled_before_anything_of_it_was_drawn(lab: Lab) -> None:
    lab.engine.advance = False
    lab.write(project_of({"a": {}, "b": {}}, {"max_jobs": 2}))
    lab.apply(wait=False)
    write(lab, {"a": {}, "b": {}})
    report = lab.apply(wait=False)
    assert report is not None
    assert report.undrawn == (Undrawn("sweeps.s", 5, "a place on queues.q (max_jobs 2)"),)
    stopped(lab, "sweeps.s")
    lab.engine.advance = True
    lab.apply()
    assert statuses(lab) == {"succeeded": 2}


def test_a_new_epoch_is_the_way_on(lab: Lab) -> None:
    running(lab)
    stopped(lab, "sweeps.s")
    lab.engine.advance = True
    lab.apply(Override(rerun=("sweeps.s",)))
    assert statuses(lab) == {"cancelled": 2, "succeeded": 5}


def test_a_sweep_that_is_over_is_left_alone(lab: Lab) -> None:
    write(lab)
    lab.apply()
    lab.events.clear()
    stopped(lab, "sweeps.s")
    assert not any(isinstance(event, Decided) for event in lab.events)
    state = lab.state()
    assert state is not None
    assert not state.sweeps["sweeps.s"].is_stopped


def test_what_is_drawn_meanwhile_is_stopped_too(lab: Lab) -> None:
    """Another drain has drawn trials and not claimed them yet when the sweep is cancelled."""
    lab.engine.advance = False
    write(lab)
    done: list[Report] = []

    def on(event: Event) -> None:
        if isinstance(event, Drawn) and not done:
            done.append(stopped(lab, "sweeps.s"))

    lab.apply(on=on)
    assert statuses(lab) == {"cancelled": 2}
    assert sum(lab.engine.created.values()) == 0


def test_what_is_being_created_meanwhile_is_stopped_once_it_is_there(lab: Lab) -> None:
    lab.engine.advance = False
    write(lab)
    done: list[Report] = []

    def on(event: Event) -> None:
        if isinstance(event, Claimed) and not done:
            done.append(stopped(lab, "sweeps.s"))

    lab.apply(on=on)
    assert statuses(lab) == {"cancelled": 2}
    assert all(found.status.is_terminal for found in lab.engine.objects.values())


def test_no_trial_of_a_cancelled_sweep_is_retried(lab: Lab) -> None:
    """One failed while nobody drained; when an agent does, the sweep was cancelled already."""
    running(lab, retry={"max": 1, "on": ["any"]})
    lab.engine.ends = {"sweeps.s[0]": Status.FAILED}
    lab.engine.advance = True

    def on(event: Event) -> None:
        if isinstance(event, StatusChanged) and event.new is Status.FAILED:
            stopped(lab, "sweeps.s")
            raise Killed

    assert lab.apply(on=on) is None
    session = lab.open()
    try:
        Drain(means_of(session, lab.events.append, Interrupt())).run(wait=True)
    finally:
        session.close()
    assert lab.latest("sweeps.s[0]").number == 1
    assert max(lab.engine.created.values()) == 1


def test_one_trial_is_cancelled_and_the_others_go_on(lab: Lab) -> None:
    running(lab)
    stopped(lab, "sweeps.s[1]")
    lab.engine.advance = True
    report = lab.apply()
    assert report is not None
    assert statuses(lab) == {"cancelled": 1, "succeeded": 4}
    assert lab.latest("sweeps.s[1]").status is Status.CANCELLED


def test_a_protected_sweep_goes_on(lab: Lab) -> None:
    running(lab, lifecycle={"protect": True})
    with pytest.raises(Blocked, match=r"sweeps\.s is protected"):
        stopped(lab, "sweeps.s")
    assert statuses(lab) == {"running": 2}


@pytest.mark.parametrize("text", ["sweeps.other", "sweeps.s[77]", "sweeps.s@e2"])
def test_what_never_ran_cannot_be_cancelled(lab: Lab, text: str) -> None:
    running(lab)
    with pytest.raises(UsageError):
        stopped(lab, text)


def test_destroy_stops_what_runs_and_what_was_never_drawn(lab: Lab) -> None:
    running(lab)
    session = lab.open()
    try:
        plan = destroy_plan(session)
        assert [(change.address, change.message) for change in plan.changes] == [
            ("sweeps.s[0]", ""),
            ("sweeps.s[1]", ""),
            ("sweeps.s", "3 of its trials never start"),
        ]
        destroy(session, plan, lab.events.append)
    finally:
        session.close()
    lab.engine.advance = True
    lab.apply()
    assert statuses(lab) == {"cancelled": 2}


def test_a_lost_trial_is_resolved(lab: Lab) -> None:
    running(lab)
    lab.engine.remove("sweeps.s[0]")
    lab.engine.advance = True
    report = lab.apply()
    assert report is not None
    assert report.failed == ("sweeps.s[0]",)
    session = lab.open()
    reference = parse_reference("sweeps.s[0]")
    assert reference is not None
    try:
        resolve(session, reference, Status.SUCCEEDED)
    finally:
        session.close()
    assert statuses(lab) == {"succeeded": 5}
