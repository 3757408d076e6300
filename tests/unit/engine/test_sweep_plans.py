"""What a plan makes of a sweep, and that an apply does exactly that."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from fakes.lab import Lab, decided, shown
from fakes.sweep_project import (
    BAYES,
    GRID,
    RANDOM,
    begin,
    counts,
    finish,
    keys,
    standing,
    sweep_change,
    values,
    write_sweep,
    write_sweeps,
)

from launchctl.engine.plan import Action, Override, Reason, TrialCounts
from launchctl.engine.sweep.form import accepted_sweep
from launchctl.engine.sweep.trial_records import trial_records
from launchctl.state.sqlite import SqliteStore
from launchctl.state.store import Lease, Write
from launchctl.status import Cause, Status
from launchctl.sweeps.searcher import page
from launchctl.values import JSON

SUCCEEDED, RUNNING, FAILED = Status.SUCCEEDED, Status.RUNNING, Status.FAILED


# Never accepted.


@pytest.mark.parametrize(("sweep", "size"), [(GRID, 4), (RANDOM, 3), (BAYES, 3)])
def test_the_first_plan_starts_all_trials_in_one_change(lab: Lab, sweep: dict[str, JSON], size: int) -> None:
    write_sweep(lab, sweep)
    plan = lab.plan()
    (change,) = plan.changes
    assert (change.action, change.reason, change.generation) == (Action.START, Reason.NEVER_RUN, 1)
    assert change.trials == TrialCounts(size, start=size)
    assert change.digest.startswith("sha256:")
    assert dict(plan.summary) == {"start": size}


@pytest.mark.parametrize("sweep", [GRID, RANDOM, BAYES])
def test_apply_then_plan_shows_no_change(lab: Lab, sweep: dict[str, JSON]) -> None:
    write_sweep(lab, sweep)
    finish(lab)
    plan = lab.plan()
    assert shown(plan) == []
    assert dict(plan.summary) == {"no-op": 4 if sweep is GRID else 3}
    assert set(lab.engine.created.values()) == {1}


@pytest.mark.parametrize("sweep", [RANDOM, BAYES])
def test_a_search_without_an_end_asks_for_one(lab: Lab, sweep: dict[str, JSON]) -> None:
    write_sweep(lab, {key: value for key, value in sweep.items() if key != "run_cap"})
    change = sweep_change(lab)
    assert (change.action, change.options) == (Action.BLOCKED, ("run_cap: 20",))
    lab.apply()
    assert not lab.engine.created


def test_what_waits_for_a_place_is_counted_and_never_listed(lab: Lab) -> None:
    lab.engine.advance = False
    write_sweeps(lab, queue={"max_jobs": 1}, lr=GRID)
    lab.apply(wait=False)
    plan = lab.plan()
    assert shown(plan) == ["waiting sweeps.lr"]
    assert dict(plan.summary) == {"waiting": 3, "no-op": 1}
    assert counts(lab) == TrialCounts(4, waiting=3, running=1)


# Edits of a grid.


def test_values_that_are_added_start_alone(lab: Lab) -> None:
    begin(lab, GRID)
    finish(lab)
    write_sweep(lab, GRID, parameters=values(0.1, 0.01, 0.001))
    change = sweep_change(lab)
    assert (change.action, change.reason, change.generation) == (Action.START, Reason.PLACEMENT_CHANGED, 1)
    assert change.trials == TrialCounts(6, start=2, finished=4)
    assert [(field.path, field.old, field.new) for field in change.changes] == [
        ("parameters.lr.values", [0.1, 0.01], [0.1, 0.01, 0.001])
    ]
    assert change.changes[0].span is not None
    assert dict(lab.plan().summary) == {"start": 2, "no-op": 4}
    finish(lab)
    assert standing(lab) == {"e1": [SUCCEEDED] * 6}
    assert shown(lab.plan()) == []


def test_values_that_are_removed_drop_what_waits_and_forget_what_has_ended(lab: Lab) -> None:
    begin(lab, GRID)
    finish(lab)
    write_sweep(lab, GRID, parameters=values(0.1))
    change = sweep_change(lab)
    assert change.action is Action.RECORD
    assert change.trials == TrialCounts(2, finished=2, dropped=2)
    assert set(change.affects) == {f"sweeps.lr[{key}]" for name, key in keys(lab).items() if "0.01" in name}
    finish(lab)
    assert shown(lab.plan()) == []
    assert counts(lab) == TrialCounts(2, finished=2)
    write_sweep(lab, GRID)
    assert counts(lab) == TrialCounts(4, finished=4)
    finish(lab)
    assert shown(lab.plan()) == []
    assert set(lab.engine.created.values()) == {1}


def test_points_that_were_dropped_before_they_began_never_start(lab: Lab) -> None:
    lab.engine.advance = False
    write_sweeps(lab, queue={"max_jobs": 1}, lr=GRID)
    lab.apply(wait=False)
    write_sweeps(lab, queue={"max_jobs": 1}, lr={**GRID, "parameters": values(0.1, 0.01, batch=(16,))})
    assert counts(lab) == TrialCounts(2, waiting=1, running=1, dropped=2)
    finish(lab)
    assert sorted(keys(lab)) == ["batch=16 lr=0.01", "batch=16 lr=0.1"]


def test_a_running_trial_whose_values_are_gone_asks_for_a_decision(lab: Lab) -> None:
    begin(lab, GRID)
    write_sweep(lab, GRID, parameters=values(0.1, 0.01, batch=(16,)))
    gone = sorted(f"sweeps.lr[{key}]" for name, key in keys(lab).items() if "32" in name)
    plan = lab.plan()
    assert sorted(shown(plan)) == sorted(["update sweeps.lr", *(f"blocked {name}" for name in gone)])
    lab.apply(wait=False)
    assert sorted(shown(lab.plan())) == [f"blocked {name}" for name in gone]
    lab.apply(Override(allow_cancel=("sweeps.lr",)), wait=False)
    finish(lab)
    assert standing(lab) == {"e1": sorted([SUCCEEDED, SUCCEEDED, Status.CANCELLED, Status.CANCELLED])}
    assert shown(lab.plan()) == []


@pytest.mark.parametrize(
    ("edit", "changed"),
    [
        ({"run_cap": 9}, "run_cap"),
        ({"parallel": 2}, "parallel"),
        ({"order": "declared"}, "order"),
        ({"priority": "high"}, "priority"),
        ({"metric": {"name": "loss"}}, "metric.name"),
        ({"description": "words"}, "description"),
        ({"seed": 4}, "seed"),
    ],
)
def test_an_edit_of_how_a_grid_goes_on_starts_nothing(lab: Lab, edit: dict[str, JSON], changed: str) -> None:
    write_sweeps(lab, queue={"prioritization": True}, lr=GRID)
    finish(lab)
    write_sweeps(lab, queue={"prioritization": True}, lr={**GRID, **edit})
    change = sweep_change(lab)
    assert (change.action, change.generation) == (Action.RECORD, 1)
    assert changed in [field.path for field in change.changes]
    finish(lab)
    assert shown(lab.plan()) == []
    assert set(lab.engine.created.values()) == {1}


def test_a_cap_that_is_raised_starts_the_difference(lab: Lab) -> None:
    write_sweep(lab, GRID, run_cap=1)
    finish(lab)
    assert standing(lab) == {"e1": [SUCCEEDED]}
    write_sweep(lab, GRID, run_cap=3)
    assert sweep_change(lab).action is Action.START
    assert counts(lab) == TrialCounts(3, start=2, finished=1)
    finish(lab)
    write_sweep(lab, GRID, run_cap=2)
    assert counts(lab) == TrialCounts(2, finished=3)
    finish(lab)
    assert standing(lab) == {"e1": [SUCCEEDED] * 3}


def test_repeats_that_are_added_start_alone(lab: Lab) -> None:
    write_sweep(lab, GRID)
    finish(lab)
    write_sweep(lab, GRID, repeats=2)
    assert counts(lab) == TrialCounts(8, start=4, finished=4)
    finish(lab)
    assert shown(lab.plan()) == []
    assert len(lab.engine.created) == 8


# A new epoch.


def test_an_edit_of_what_all_share_begins_a_new_epoch(lab: Lab) -> None:
    write_sweep(lab, GRID)
    finish(lab)
    write_sweep(lab, GRID, env={"MODE": "fast"})
    change = sweep_change(lab)
    assert (change.action, change.reason, change.generation) == (Action.START, Reason.EPOCH_CHANGED, 2)
    assert change.trials == TrialCounts(4, start=4, finished=4)
    assert [(field.path, field.new) for field in change.changes] == [("env.MODE", "fast")]
    finish(lab)
    assert standing(lab) == {"e1": [SUCCEEDED] * 4, "e2": [SUCCEEDED] * 4}
    assert shown(lab.plan()) == []
    assert len({attempt.run_id for attempt in lab.attempts()}) == 8


@pytest.mark.parametrize(
    "edit", [{"parameters": {"lr": {"min": 0.0, "max": 2.0}}}, {"seed": 9}, {"run_token": "2"}, {"method": "grid"}]
)
def test_another_space_seed_or_token_of_a_random_search_is_a_new_epoch(lab: Lab, edit: dict[str, JSON]) -> None:
    write_sweep(lab, RANDOM)
    finish(lab)
    write_sweep(lab, GRID if "method" in edit else {**RANDOM, **edit})
    assert (sweep_change(lab).action, sweep_change(lab).generation) == (Action.START, 2)
    finish(lab)
    assert shown(lab.plan()) == []


def test_a_sweep_of_which_nothing_began_takes_the_edit_in_its_epoch(lab: Lab) -> None:
    write_sweeps(lab, queue={"max_jobs": 1}, runs={"a": {}}, lr=RANDOM)
    lab.engine.advance = False
    lab.apply(wait=False)
    assert [name for name in lab.statuses() if name.startswith("sweeps.")] == []
    edited = {**RANDOM, "env": {"MODE": "fast"}, "seed": 3}
    write_sweeps(lab, queue={"max_jobs": 1}, runs={"a": {}}, lr=edited)
    assert (sweep_change(lab).action, sweep_change(lab).generation) == (Action.START, 1)
    finish(lab)
    assert [body["env"]["MODE"] for name, body in lab.engine.bodies.items() if name.startswith("sweeps")] == [
        "fast"
    ] * 3


def test_a_new_epoch_is_blocked_while_the_old_one_runs(lab: Lab) -> None:
    begin(lab, GRID)
    write_sweep(lab, GRID, env={"MODE": "fast"})
    change = sweep_change(lab)
    assert (change.action, change.reason) == (Action.BLOCKED, Reason.EPOCH_CHANGED)
    assert change.message == "4 trials of it run, and the edit makes it another experiment"
    assert change.options == (
        "launchctl apply --allow supersede=sweeps.lr",
        "launchctl apply --allow cancel=sweeps.lr",
        "lifecycle: {on_change: keep}",
    )
    lab.apply(wait=False)
    assert standing(lab) == {"e1": [RUNNING] * 4}


@pytest.mark.parametrize("said", ["file", "command line"])
def test_a_new_epoch_may_cancel_the_old_one(lab: Lab, said: str) -> None:
    begin(lab, GRID)
    lifecycle = {"on_change": "cancel"} if said == "file" else {}
    write_sweep(lab, GRID, env={"MODE": "fast"}, lifecycle=lifecycle)
    override = Override() if said == "file" else Override(allow_cancel=("sweeps.lr",))
    assert sorted(decided(lab.plan(override))) == sorted(
        [*(f"cancel sweeps.lr[{key}]" for key in keys(lab).values()), "start sweeps.lr"]
    )
    lab.apply(override, wait=False)
    finish(lab)
    assert standing(lab) == {"e1": [Status.CANCELLED] * 4, "e2": [SUCCEEDED] * 4}
    assert shown(lab.plan()) == []


def test_a_new_epoch_may_begin_beside_the_old_one(lab: Lab) -> None:
    begin(lab, GRID)
    write_sweep(lab, GRID, env={"MODE": "fast"})
    lab.apply(Override(allow_supersede=("sweeps.lr",)), wait=False)
    assert standing(lab) == {"e1": [RUNNING] * 4, "e2": [RUNNING] * 4}
    finish(lab)
    assert standing(lab) == {"e1": [SUCCEEDED] * 4, "e2": [SUCCEEDED] * 4}
    assert shown(lab.plan()) == []


@pytest.mark.parametrize("lifecycle", [{"on_change": "keep"}, {"rerun_on": "never"}])
def test_an_edit_may_be_accepted_and_start_nothing(lab: Lab, lifecycle: dict[str, JSON]) -> None:
    lab.engine.advance = False
    write_sweeps(lab, queue={"max_jobs": 1}, lr=GRID)
    lab.apply(wait=False)
    edited = {**GRID, "env": {"MODE": "fast"}, "lifecycle": lifecycle}
    write_sweeps(lab, queue={"max_jobs": 1}, lr=edited)
    lab.apply(wait=False)
    assert decided(lab.plan()) == []
    assert sweep_change(lab).action is Action.WAITING
    finish(lab)
    assert standing(lab) == {"e1": [SUCCEEDED] * 4}
    assert [body["env"].get("MODE") for body in lab.engine.bodies.values()] == [None] * 4
    assert shown(lab.plan()) == []
    finish(lab, rerun=("sweeps.lr",))
    assert standing(lab) == {"e1": [SUCCEEDED] * 4, "e2": [SUCCEEDED] * 4}


def test_a_rerun_is_a_new_epoch_of_the_same_trials(lab: Lab) -> None:
    write_sweep(lab, GRID)
    finish(lab)
    change = sweep_change(lab, override=Override(rerun=("sweeps.lr",)))
    assert (change.action, change.reason, change.generation) == (Action.START, Reason.REQUESTED, 2)
    finish(lab, rerun=("sweeps.lr",))
    assert standing(lab) == {"e1": [SUCCEEDED] * 4, "e2": [SUCCEEDED] * 4}
    assert len({attempt.run_id for attempt in lab.attempts()}) == 8


def test_a_bayes_search_that_ran_refuses_another_space_and_offers_an_epoch(lab: Lab) -> None:
    write_sweep(lab, BAYES)
    finish(lab)
    write_sweep(lab, BAYES, parameters={"lr": {"min": 0.0, "max": 2.0}})
    change = sweep_change(lab)
    assert (change.action, change.options) == (Action.BLOCKED, ("launchctl apply --rerun sweeps.lr",))
    finish(lab, rerun=("sweeps.lr",))
    assert standing(lab) == {"e1": [SUCCEEDED] * 3, "e2": [SUCCEEDED] * 3}
    assert shown(lab.plan()) == []


# Trials on record.


def test_failed_trials_are_held_and_retried_when_asked(lab: Lab) -> None:
    write_sweep(lab, GRID)
    lab.engine.advance = False
    lab.apply(wait=False)
    failed = f"sweeps.lr[{sorted(keys(lab).values())[0]}]"
    lab.engine.ends = {failed: FAILED}
    finish(lab)
    assert shown(lab.plan()) == [f"held {failed}"]
    assert counts(lab) == TrialCounts(4, finished=3, held=1)
    lab.engine.ends = {}
    plan = lab.plan(Override(retry_failed=True))
    assert decided(plan) == [f"retry {failed}"]
    finish(lab, retry_failed=True)
    assert standing(lab) == {"e1": sorted([FAILED, *[SUCCEEDED] * 4])}
    assert shown(lab.plan()) == []


def test_a_retry_policy_that_comes_later_counts_for_what_failed(lab: Lab) -> None:
    write_sweep(lab, GRID)
    lab.engine.advance = False
    lab.apply(wait=False)
    failed = f"sweeps.lr[{sorted(keys(lab).values())[0]}]"
    lab.engine.ends, lab.engine.causes = {failed: Status.PREEMPTED}, {failed: Cause.PREEMPTED}
    finish(lab)
    lab.engine.ends = {}
    write_sweep(lab, GRID, retry={"max": 1})
    assert decided(lab.plan()) == ["update sweeps.lr", f"retry {failed}"]
    finish(lab)
    assert shown(lab.plan()) == []


def test_one_trial_is_run_again_by_the_prefix_of_its_key(lab: Lab) -> None:
    write_sweep(lab, GRID)
    finish(lab)
    key = sorted(keys(lab).values())[0]
    override = Override(rerun=(f"sweeps.lr[{key[:5]}]",))
    (change,) = [change for change in lab.plan(override).changes if change.action.decides]
    assert (change.address, change.action, change.reason) == (f"sweeps.lr[{key}]", Action.RETRY, Reason.REQUESTED)
    assert (change.generation, change.attempt) == (1, 2)
    lab.engine.advance = True
    lab.apply(override)
    assert lab.statuses()[f"sweeps.lr[{key}]@e1#a2"] == "succeeded"
    assert shown(lab.plan()) == []


def test_an_edit_of_where_trials_run_reaches_those_that_wait_and_those_that_run(lab: Lab) -> None:
    begin(lab, GRID, resource={"label": "a"})
    write_sweep(lab, GRID, resource={"label": "b"})
    plan = lab.plan()
    assert sorted(decided(plan)) == sorted(
        ["update sweeps.lr", *(f"update sweeps.lr[{key}]" for key in keys(lab).values())]
    )
    lab.apply(wait=False)
    assert [body["label"] for body in lab.engine.bodies.values()] == ["b"] * 4
    assert decided(lab.plan()) == []
    finish(lab)
    assert shown(lab.plan()) == []


def test_a_lost_trial_asks_what_became_of_it(lab: Lab) -> None:
    begin(lab, GRID)
    lost = f"sweeps.lr[{sorted(keys(lab).values())[0]}]"
    lab.engine.remove(lost)
    finish(lab)
    change = lab.change(lost)
    assert (change.action, change.reason) == (Action.HELD, Reason.LOST)
    assert change.options[0] == f"launchctl resolve '{lost}' --as succeeded"


# Removed and renamed.


def test_a_sweep_that_is_removed_is_forgotten_and_keeps_its_history(lab: Lab) -> None:
    write_sweep(lab, GRID)
    finish(lab)
    write_sweeps(lab, runs={"a": {}})
    plan = lab.plan()
    assert shown(plan) == ["start runs.a", "forget sweeps.lr"]
    assert plan.changes[-1].trials == TrialCounts(4, finished=4)
    finish(lab)
    assert shown(lab.plan()) == []
    write_sweep(lab, GRID)
    assert decided(lab.plan()) == ["record sweeps.lr", "forget runs.a"]
    finish(lab)
    assert len(lab.engine.created) == 5
    assert shown(lab.plan()) == []


def test_a_sweep_that_is_removed_while_it_runs_draws_no_more(lab: Lab) -> None:
    lab.engine.advance = False
    write_sweeps(lab, queue={"max_jobs": 1}, lr=GRID)
    lab.apply(wait=False)
    (key,) = keys(lab).values()
    write_sweeps(lab, queue={"max_jobs": 1}, runs={"a": {}})
    assert sorted(shown(lab.plan())) == [f"blocked sweeps.lr[{key}]", "forget sweeps.lr", "start runs.a"]
    lab.apply(wait=False)
    finish(lab)
    finish(lab)
    assert len(lab.engine.created) == 2
    assert shown(lab.plan()) == []


def test_a_protected_sweep_stays(lab: Lab) -> None:
    begin(lab, GRID, lifecycle={"protect": True})
    write_sweeps(lab, runs={"a": {}})
    assert shown(lab.plan()) == ["start runs.a", "blocked sweeps.lr"]


@pytest.mark.parametrize("sweep", [GRID, RANDOM])
def test_a_rename_starts_nothing_and_keeps_the_default_seed(lab: Lab, sweep: dict[str, JSON]) -> None:
    write_sweep(lab, sweep, run_cap=2)
    finish(lab)
    before = keys(lab)
    write_sweeps(lab, other={**sweep, "run_cap": 2})
    blocked = sweep_change(lab, "sweeps.other")
    assert (blocked.action, blocked.reason) == (Action.BLOCKED, Reason.RENAMED)
    assert blocked.options[0] == "moved: [{from: sweeps.lr, to: sweeps.other}]"
    moved = [{"from": "sweeps.lr", "to": "sweeps.other"}]
    write_sweeps(lab, other={**sweep, "run_cap": 2}, moved=moved)
    assert decided(lab.plan()) == ["record sweeps.other"]
    finish(lab)
    assert shown(lab.plan()) == []
    assert keys(lab, "sweeps.other") == before
    write_sweeps(lab, other={**sweep, "run_cap": 3}, moved=moved)
    assert counts(lab, "sweeps.other") == TrialCounts(3, start=1, finished=2)
    finish(lab)
    assert len(lab.engine.created) == 3
    assert shown(lab.plan()) == []


def test_the_old_name_begins_where_its_epochs_ended(lab: Lab) -> None:
    write_sweep(lab, GRID)
    finish(lab)
    moved = [{"from": "sweeps.lr", "to": "sweeps.other"}]
    write_sweeps(lab, other=GRID, moved=moved)
    finish(lab)
    write_sweeps(lab, other=GRID, lr=GRID)
    change = sweep_change(lab)
    assert (change.action, change.generation) == (Action.START, 2)
    finish(lab)
    attempts = lab.attempts()
    assert len({attempt.run_id for attempt in attempts}) == len(attempts) == 8


# Upstream.


def test_a_sweep_follows_a_run_upstream_when_it_asks_for_it(lab: Lab) -> None:
    def write(token: str) -> None:
        upstream = {"run": "runs.a", "rerun": True}
        write_sweeps(lab, runs={"a": {"args": [token]}}, lr={**GRID, "depends_on": [upstream]})

    write("one")
    finish(lab)
    assert shown(lab.plan()) == []
    write("two")
    assert decided(lab.plan()) == ["start runs.a", "start sweeps.lr"]
    assert sweep_change(lab).reason is Reason.UPSTREAM
    finish(lab)
    assert standing(lab) == {"e1": [SUCCEEDED] * 5, "e2": [SUCCEEDED] * 5}
    assert shown(lab.plan()) == []


def test_a_run_follows_the_epochs_of_a_sweep_when_it_asks_for_it(lab: Lab) -> None:
    upstream = {"run": "sweeps.lr", "rerun": True}
    write_sweeps(lab, runs={"z": {"depends_on": [upstream]}}, lr=GRID)
    finish(lab)
    assert shown(lab.plan()) == []
    write_sweeps(lab, runs={"z": {"depends_on": [upstream]}}, lr={**GRID, "env": {"MODE": "x"}})
    assert sorted(decided(lab.plan())) == ["start runs.z", "start sweeps.lr"]
    finish(lab)
    assert shown(lab.plan()) == []


# Targets and saved plans.


def test_a_target_that_is_a_sweep_takes_its_trials_along(lab: Lab) -> None:
    write_sweeps(lab, runs={"a": {}}, lr=GRID, other={**GRID, "parameters": values(0.5)})
    assert decided(lab.plan(Override(targets=("sweeps.lr",)))) == ["start sweeps.lr"]


def test_an_epoch_is_not_begun_for_another_digest_than_was_shown(lab: Lab) -> None:
    write_sweep(lab, GRID)
    plan = lab.plan()
    changes = tuple(replace(change, digest="sha256:" + "0" * 64) for change in plan.changes)
    report = lab.apply(plan=replace(plan, changes=changes))
    assert report is not None
    assert report.errors == ("sweeps.lr: not done (start), since it changed after the plan was made",)
    assert not lab.engine.created


# Drains that go on meanwhile.


@pytest.mark.parametrize(
    ("edit", "started"), [({"env": {"MODE": "fast"}}, 4), ({"parameters": values(0.5)}, 2), (None, 0)]
)
def test_a_trial_that_is_drawn_while_an_edit_is_decided_is_dropped_like_the_others(
    lab: Lab, monkeypatch: pytest.MonkeyPatch, edit: dict[str, JSON] | None, started: int
) -> None:
    write_sweep(lab, GRID)
    lab.apply(wait=False, kill_at=2)
    assert lab.statuses() == {}
    write_sweeps(lab, runs={"a": {}}, **({} if edit is None else {"lr": {**GRID, **edit}}))
    decide = SqliteStore.decide
    lab.events.clear()

    def draw_first(store: SqliteStore, lease: Lease, serial: int, writes: Sequence[Write]) -> int:
        monkeypatch.setattr(SqliteStore, "decide", decide)
        record = store.load().sweeps["sweeps.lr"]
        trial = page(accepted_sweep(record).spec.search, 0, 1)[0]
        assert store.draw(record, [trial_records(record, trial, "default", 1, 1, 1.0)])
        return decide(store, lease, serial, writes)

    monkeypatch.setattr(SqliteStore, "decide", draw_first)
    lab.apply()
    assert sum(run_id.startswith("sweeps-lr") for run_id in lab.engine.objects) == started
    assert shown(lab.plan()) == []
