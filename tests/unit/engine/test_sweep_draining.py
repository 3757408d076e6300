"""Drawing and starting trials: how many, in whose turn, and what the others wait for."""

from __future__ import annotations

from collections import Counter

import pytest
from fakes.lab import SECRET, Lab, project_of

from launchctl.compiler.sweep.search import Trial
from launchctl.engine.events import Claimed, Drawn, Event, Report, Undrawn, Waiting
from launchctl.engine.interrupt import Interrupt
from launchctl.engine.plan import Override
from launchctl.engine.sweep import trials as drawing
from launchctl.engine.sweep.course import Course
from launchctl.engine.sweep.outlook import folded, unfolded
from launchctl.engine.sweep.trial_records import trial_records
from launchctl.errors import UsageError
from launchctl.state.model import NewTrial, SweepRecord
from launchctl.status import Status
from launchctl.values import JSON


def grid(points: int, **more: JSON) -> dict[str, JSON]:
    return {
        "job": "train",
        "queue": "q",
        "method": "grid",
        "parameters": {"x": {"values": list(range(points))}},
        **more,
    }


def random(trials: int, **more: JSON) -> dict[str, JSON]:
    """Its trials are `sweeps.NAME[0]` and so on."""
    space = {"x": {"min": 0.0, "max": 1.0}}
    return {"job": "train", "queue": "q", "method": "random", "run_cap": trials, "parameters": space, **more}


def write(lab: Lab, queue: dict[str, JSON] | None = None, runs: dict[str, JSON] | None = None, **sweeps: JSON) -> None:
    lab.write(project_of(runs or {}, queue, sweeps=sweeps))


def applied(lab: Lab, override: Override | None = None, *, wait: bool = True) -> Report:
    report = lab.apply(override, wait=wait)
    assert report is not None
    return report


def trials(lab: Lab, sweep: str = "s") -> Counter[str]:
    """How many trials stand where."""
    state = lab.state()
    assert state is not None
    latest = [run.latest for name, run in state.runs.items() if name.startswith(f"sweeps.{sweep}[")]
    return Counter(found.status.value for found in latest if found)


def test_only_what_can_start_is_drawn_and_the_rest_is_one_line_of_the_report_alone(lab: Lab) -> None:
    lab.engine.advance = False
    write(lab, {"max_jobs": 2}, s=grid(1_000))
    report = applied(lab, wait=False)
    assert trials(lab) == {"running": 2}
    assert report.undrawn == (Undrawn("sweeps.s", 998, "a place on queues.q (max_jobs 2)"),)
    assert [event.sweeps for event in lab.events if isinstance(event, Waiting) and event.sweeps] == []


def test_parallel_limits_a_sweep_on_a_queue_without_a_limit(lab: Lab) -> None:
    lab.engine.advance = False
    write(lab, s=grid(9, parallel=4))
    assert applied(lab, wait=False).undrawn == (Undrawn("sweeps.s", 5, "a place in sweeps.s (parallel 4)"),)
    assert trials(lab) == {"running": 4}


def test_without_any_limit_a_sweep_is_drawn_in_batches_and_started_whole(lab: Lab) -> None:
    lab.engine.advance = False
    write(lab, s=grid(50))
    assert applied(lab, wait=False).undrawn == ()
    assert trials(lab) == {"running": 50}
    assert max(len(event.run_ids) for event in lab.events if isinstance(event, Drawn)) == 16


def test_a_sweep_is_waited_for_to_its_end(lab: Lab) -> None:
    write(lab, {"max_jobs": 2}, s=grid(7))
    report = applied(lab)
    assert (trials(lab), report.failed, report.undrawn) == ({"succeeded": 7}, (), ())
    assert lab.plan().is_empty


def test_a_trial_that_failed_counts_and_one_that_was_pruned_does_not(lab: Lab) -> None:
    lab.engine.ends = {"sweeps.s[1]": Status.FAILED}
    write(lab, s=random(3))
    assert applied(lab).failed == ("sweeps.s[1]",)


def test_nothing_is_drawn_after_an_interrupt(lab: Lab) -> None:
    interrupt = Interrupt()
    write(lab, {"max_jobs": 1}, s=grid(5))

    def on(event: Event) -> None:
        if isinstance(event, Claimed):
            interrupt.request()

    report = lab.apply(on=on, interrupt=interrupt)
    assert report is not None
    assert report.interrupted
    assert sum(trials(lab).values()) == 1


# Whose turn it is.


def started(lab: Lab) -> list[str]:
    """Runs and sweeps in the order in which they were claimed."""
    claimed = (name for event in lab.events if isinstance(event, Claimed) for name, _ in event.attempts)
    return [name.partition("@")[0].partition("[")[0] for name in claimed]


def test_a_place_goes_by_priority(lab: Lab) -> None:
    queue: dict[str, JSON] = {"max_jobs": 1, "prioritization": True}
    write(lab, queue, {"a": {}, "z": {"priority": "low"}}, s=grid(2, priority="high"), t=grid(1, priority="low"))
    applied(lab)
    assert started(lab) == ["sweeps.s", "sweeps.s", "runs.a", "runs.z", "sweeps.t"]


def test_a_sweep_stands_in_line_where_its_decision_stands(lab: Lab) -> None:
    lab.engine.advance = False
    write(lab, {"max_jobs": 1}, s=grid(2))
    applied(lab, wait=False)
    lab.engine.advance = True
    write(lab, {"max_jobs": 1}, {"a": {}}, s=grid(2), t=grid(1))
    applied(lab)
    assert started(lab) == ["sweeps.s", "sweeps.s", "runs.a", "sweeps.t"]


def test_sweeps_of_one_decision_take_turns(lab: Lab) -> None:
    write(lab, {"max_jobs": 1}, s=grid(3), t=grid(2))
    applied(lab)
    assert started(lab) == ["sweeps.s", "sweeps.t", "sweeps.s", "sweeps.t", "sweeps.s"]


# What depends on what.


def test_a_run_waits_until_a_sweep_is_over(lab: Lab) -> None:
    lab.engine.ends = {"sweeps.s[0]": Status.FAILED}
    write(lab, {"max_jobs": 1}, {"after": {"depends_on": ["sweeps.s"]}}, s=random(3))
    report = applied(lab)
    assert started(lab) == ["sweeps.s", "sweeps.s", "sweeps.s", "runs.after"]
    assert report.failed == ("sweeps.s[0]",)


def test_a_sweep_without_a_success_lets_nothing_follow(lab: Lab) -> None:
    lab.engine.ends = {"sweeps.s[0]": Status.FAILED, "sweeps.s[1]": Status.FAILED}
    write(lab, None, {"after": {"depends_on": ["sweeps.s"]}}, s=random(2))
    report = applied(lab)
    assert set(report.failed) == {"sweeps.s[0]", "sweeps.s[1]", "runs.after"}
    waiting = {line.address: line.waiting_for for line in report.runs if line.waiting_for}
    assert waiting == {"runs.after": "sweeps.s, of which no trial succeeded"}


def test_a_sweep_waits_for_what_it_depends_on(lab: Lab) -> None:
    lab.engine.ends = {"runs.prepare": Status.FAILED}
    write(lab, None, {"prepare": {}}, s=grid(2, depends_on=["runs.prepare"]))
    report = applied(lab)
    assert set(report.failed) == {"runs.prepare", "sweeps.s"}
    assert report.undrawn == (Undrawn("sweeps.s", 2, "runs.prepare, which is failed"),)
    lab.engine.ends = {}
    assert applied(lab, Override(retry_failed=True)).failed == ()
    assert trials(lab) == {"succeeded": 2}


def test_sweeps_follow_one_another(lab: Lab) -> None:
    write(lab, None, s=grid(2), t=grid(2, depends_on=["sweeps.s"]))
    applied(lab)
    assert started(lab) == ["sweeps.s", "sweeps.s", "sweeps.t", "sweeps.t"]


def test_nothing_is_drawn_that_cannot_be_started_here(lab: Lab) -> None:
    del lab.environment["TOKEN"]
    write(lab, s=grid(3, secrets=["token"]))
    report = applied(lab)
    lacking = "the secret in $TOKEN, which is not set here"
    assert report.undrawn == (Undrawn("sweeps.s", 3, lacking),)
    assert report.errors == (f"3 of the trials of sweeps.s did not start: they wait for {lacking}",)
    assert trials(lab) == {}


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ValueError(f"no JSON: {SECRET}"), "no JSON: (sensitive)"),
        (OverflowError("math range error"), "math range error"),
        (ArithmeticError(), "ArithmeticError"),
        (ImportError("no numpy"), "no numpy"),
        (UsageError("nothing left", hint="widen it"), "nothing left; widen it"),
    ],
)
@pytest.mark.parametrize("step", ["following", "trial_records"])
def test_a_search_that_fails_keeps_nobody_else_waiting(
    lab: Lab, monkeypatch: pytest.MonkeyPatch, step: str, error: Exception, said: str
) -> None:
    following, records = Course.following, trial_records

    def choose(self: Course, count: int) -> list[Trial]:
        if step == "following" and self.record.address == "sweeps.s" and self.tally.trials:
            raise error
        return following(self, count)

    def render(record: SweepRecord, trial: Trial, workspace: str, serial: int, line: int, now: float) -> NewTrial:
        if step == "trial_records" and record.address == "sweeps.s" and trial.index == 1:
            raise error
        return records(record, trial, workspace, serial, line, now)

    monkeypatch.setattr(Course, "following", choose)
    monkeypatch.setattr(drawing, "trial_records", render)
    write(lab, {"max_jobs": 1}, {"z": {}}, s=random(3, secrets=["token"]), t=random(2))
    report = applied(lab)
    assert (trials(lab), trials(lab, "t")) == ({"succeeded": 1}, {"succeeded": 2})
    assert lab.latest("runs.z").status is Status.SUCCEEDED
    assert report.undrawn == (Undrawn("sweeps.s", 2, said),)
    assert report.errors == (f"sweeps.s: its next trial cannot be drawn: {said}",)


# Epochs.


def test_another_epoch_starts_its_trials_anew(lab: Lab) -> None:
    write(lab, s=grid(2))
    applied(lab)
    applied(lab, Override(rerun=("sweeps.s",)))
    assert Counter(owner[1:] for owner in lab.engine.created) == {(1, 1): 2, (2, 1): 2}


def test_a_trial_is_rerun_as_another_attempt_of_its_epoch(lab: Lab) -> None:
    lab.engine.ends = {"sweeps.s[1]": Status.FAILED}
    write(lab, s=random(2))
    applied(lab)
    lab.engine.ends = {}
    assert applied(lab, Override(retry_failed=True)).failed == ()
    assert lab.engine.created[("sweeps.s[1]", 1, 2)] == 1


# Telling.


@pytest.mark.parametrize(
    ("waiting", "own", "places"),
    [
        ({"runs.a@g1#a1": "a place on queues.q (max_jobs 1)"}, ["runs.a@g1#a1"], {}),
        ({"sweeps.s[0]@e1#a1": "its back-off of 3 s"}, ["sweeps.s[0]@e1#a1"], {}),
        (
            {f"sweeps.s[{key}]@e1#a1": "a place on queues.q (max_jobs 1)" for key in range(3)},
            [],
            {"sweeps.s": (3, "a place on queues.q (max_jobs 1)")},
        ),
    ],
)
def test_trials_that_wait_for_a_place_are_counted(
    waiting: dict[str, str], own: list[str], places: dict[str, tuple[int, str]]
) -> None:
    found = unfolded(waiting)
    assert (list(found[0]), found[1]) == (own, places)


def test_what_was_drawn_and_what_was_not_are_one_number() -> None:
    left = (Undrawn("sweeps.s", 5, "sweeps.t, which is not over"),)
    assert folded(left, {"sweeps.s": (2, "a place"), "sweeps.r": (1, "a place")}) == (
        Undrawn("sweeps.r", 1, "a place"),
        Undrawn("sweeps.s", 7, "sweeps.t, which is not over"),
    )
