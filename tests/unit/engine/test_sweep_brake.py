"""The brake: a sweep that only fails is not drawn from to its end, and nobody else is held up by it."""

from __future__ import annotations

import pytest
from fakes.lab import Lab, project_of

from launchctl.engine.agent import run_agent
from launchctl.engine.events import Event, Report, StatusChanged, Undrawn, Warned
from launchctl.engine.interrupt import Interrupt
from launchctl.engine.plan import Override
from launchctl.errors import LaunchctlError
from launchctl.status import Status
from launchctl.sweeps import bayes
from launchctl.values import JSON


def random(trials: int, **more: JSON) -> dict[str, JSON]:
    """Its trials are `sweeps.NAME[0]` and so on."""
    space = {"x": {"min": 0.0, "max": 1.0}}
    return {"job": "train", "queue": "q", "method": "random", "run_cap": trials, "parameters": space, **more}


def write(lab: Lab, queue: dict[str, JSON] | None = None, runs: dict[str, JSON] | None = None, **sweeps: JSON) -> None:
    lab.write(project_of(runs or {}, queue, sweeps=sweeps, agents={"a": {"queues": ["q"], "max_jobs": 1}}))


def applied(lab: Lab, override: Override | None = None, *, wait: bool = True) -> Report:
    report = lab.apply(override, wait=wait)
    assert report is not None
    return report


def failing(lab: Lab, *but: int, sweep: str = "s") -> None:
    """Every trial fails but for some."""
    lab.engine.ends = {f"sweeps.{sweep}[{key}]": Status.FAILED for key in range(100) if key not in but}


def statuses(lab: Lab) -> list[str]:
    return [found.status.value for found in lab.attempts() if found.address.startswith("sweeps.")]


def test_a_sweep_of_which_only_failures_come_is_stopped_after_five(lab: Lab) -> None:
    write(lab, {"max_jobs": 1}, {"after": {}}, s=random(100))
    failing(lab)
    report = applied(lab)
    assert statuses(lab) == ["failed"] * 5
    assert lab.latest("runs.after").status is Status.SUCCEEDED
    reason = "another `launchctl apply`: its first 5 trials all failed"
    assert report.undrawn == (Undrawn("sweeps.s", 95, reason),)
    assert len(report.failed) == 5
    assert [event.message for event in lab.events if isinstance(event, Warned)] == [
        "its first 5 trials all failed; no more are started by this apply: "
        "see `launchctl logs 'sweeps.s[0]'`; apply again to go on"
    ]
    assert report.warnings


def test_another_apply_goes_on_for_five_more(lab: Lab) -> None:
    write(lab, {"max_jobs": 1}, s=random(100))
    failing(lab)
    applied(lab)
    assert applied(lab).undrawn == (Undrawn("sweeps.s", 90, "another `launchctl apply`: 5 more trials failed"),)


def test_what_runs_beside_the_failures_goes_on_and_lets_the_sweep_go_on(lab: Lab) -> None:
    write(lab, {"max_jobs": 8}, s=random(20))
    failing(lab, 7)
    report = applied(lab)
    assert (len(statuses(lab)), report.undrawn) == (20, ())


@pytest.mark.parametrize("succeeding", [0, 4])
def test_one_success_is_enough(lab: Lab, succeeding: int) -> None:
    write(lab, {"max_jobs": 1}, s=random(20))
    failing(lab, succeeding)
    applied(lab)
    assert len(statuses(lab)) == 20


def test_trials_that_are_refused_count_as_failures(lab: Lab) -> None:
    write(lab, {"max_jobs": 1, "config": {"refuse": True}}, s=random(100))
    assert len(applied(lab).failed) == 5


def test_a_retried_trial_is_one_failure(lab: Lab) -> None:
    write(lab, {"max_jobs": 1}, s=random(100, retry={"max": 1, "on": ["any"]}))
    failing(lab)
    applied(lab)
    assert statuses(lab) == ["failed"] * 10


def test_an_agent_leaves_it_alone_until_it_is_edited(lab: Lab) -> None:
    write(lab, {"max_jobs": 1}, s=random(7))
    failing(lab)
    applied(lab, wait=False)
    interrupt = Interrupt()
    session = lab.open()
    told: list[str] = []

    def sink(event: Event) -> None:
        if isinstance(event, Warned):
            told.append(event.message)
            lab.engine.ends = {}
            write(lab, {"max_jobs": 1}, s=random(8, parallel=1))
            applied(lab, wait=False)
        ended = isinstance(event, StatusChanged) and event.new is Status.SUCCEEDED
        if ended and statuses(lab).count("succeeded") >= 2:
            interrupt.request()

    try:
        run_agent(session, "a", sink, interrupt)
    finally:
        session.close()
    assert told == [
        "its first 5 trials all failed; no more are started by agents.a: see `launchctl logs 'sweeps.s[0]'`; "
        "a trial that succeeds, an edit or `--rerun` lets it go on"
    ]


# Bayes without its library.


def test_an_apply_of_a_bayes_search_without_its_library_decides_nothing(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bayes, "is_available", lambda: False)
    write(lab, runs={"a": {}}, s=random(4, method="bayes", metric={"name": "loss"}))
    with pytest.raises(LaunchctlError, match=r"sweeps\.s needs .* `pip install 'launchctl-ml\[bayes\]'`"):
        lab.apply()
    assert (lab.state(), lab.engine.created) == (None, {})


def test_a_drain_without_the_library_says_so_and_starts_the_others(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    sweep = random(4, method="bayes", metric={"name": "loss"})
    write(lab, {"max_jobs": 1}, s=sweep)
    applied(lab, wait=False)
    monkeypatch.setattr(bayes, "is_available", lambda: False)
    write(lab, {"max_jobs": 1}, runs={"a": {}}, s=sweep)
    plan = lab.plan(Override(targets=("runs.a",)))
    report = lab.apply(plan=plan)
    assert report is not None
    assert lab.latest("runs.a").status is Status.SUCCEEDED
    assert [left.reason for left in report.undrawn] == [
        "the library of bayesian search: `pip install 'launchctl-ml[bayes]'`"
    ]


# Telling.


def test_what_waits_for_a_sweep_counts_the_trials_that_are_not_drawn_yet(lab: Lab) -> None:
    lab.engine.advance = False
    write(lab, {"max_jobs": 2}, {"after": {"depends_on": ["sweeps.s"]}}, s=random(10))
    report = applied(lab, wait=False)
    waiting = {line.address: line.waiting_for for line in report.runs}
    assert waiting["runs.after"] == "sweeps.s, of which 10 trials have not ended"
