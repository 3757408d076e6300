"""What a plan tells of an edited, a cancelled and a repaired sweep: where, of which class, and why nothing starts."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from fakes.lab import Lab, decided, project_of, shown
from fakes.sweep_project import BAYES, GRID, RANDOM, begin, counts, finish, keys, sweep_change, values, write_sweep

from launchctl.addresses import parse_reference
from launchctl.compiler.program import FieldClass
from launchctl.engine.abbreviation import named_trials
from launchctl.engine.plan import Action, Override, Reason, TrialCounts
from launchctl.engine.session import Session
from launchctl.engine.stop import cancel
from launchctl.engine.sweep.reading import read_sweep
from launchctl.errors import UsageError
from launchctl.state.repair import repair
from launchctl.status import Cause, Status
from launchctl.sweeps.searcher import page
from launchctl.values import JSON

# Where.

PROJECT = """\
version: 1
project: lab
entity: acme
queues: {q: {resource: fake}, other: {resource: fake}}
jobs:
  train:
    source: {image: "registry.example.com/lab:v1"}
    command: [python, train.py]
sweeps:
  lr:
    job: train
    queue: q
    file: sweep.yaml
    seed: 3
    run_cap: 4
    repeats: 2
    parallel: 2
    order: declared
    command:
      - python
      - train.py
      - --fast
      - ${args}
    exclude:
      - {lr: 0.1, batch: 16}
    when:
      batch: {lr: [0.1, 0.01]}
    early_terminate:
      type: hyperband
      min_iter: 2
"""
FILE = """\
method: grid
metric:
  name: loss
parameters:
  lr: {values: [0.1, 0.01]}
  batch:
    values: [16, 32]
  epochs:
    value: 27
"""
EDITS = [
    ("seed: 3", "seed: 4", "seed", "project.yaml:14:11"),
    ("run_cap: 4", "run_cap: 5", "run_cap", "project.yaml:15:14"),
    ("repeats: 2", "repeats: 3", "repeats", "project.yaml:16:14"),
    ("parallel: 2", "parallel: 1", "parallel", "project.yaml:17:15"),
    ("order: declared", "order: shuffled", "order", "project.yaml:18:12"),
    ("queue: q\n", "queue: other\n", "queue", "project.yaml:12:12"),
    ("- --fast", "- --slow", "command[2]", "project.yaml:22:9"),
    ("      - --fast\n", "", "command[2]", "project.yaml:19:5"),
    ("batch: 16}", "batch: 32}", "exclude", "project.yaml:24:5"),
    ("[0.1, 0.01]}\n    early", "[0.1]}\n    early", "when[0]", "project.yaml:27:15"),
    ("min_iter: 2", "min_iter: 3", "early_terminate.min_iter", "project.yaml:30:17"),
    ("name: loss", "name: error", "metric.name", "sweep.yaml:3:9"),
    ("values: [16, 32]", "values: [16]", "parameters.batch.values", "sweep.yaml:7:5"),
    ("value: 27", "value: 28", "parameters.epochs", "sweep.yaml:9:12"),
]


def write_both(lab: Lab, project: str = PROJECT, file: str = FILE) -> None:
    (lab.folder / "project.yaml").write_text(project, encoding="utf-8")
    (lab.folder / "sweep.yaml").write_text(file, encoding="utf-8")


@pytest.mark.parametrize(("old", "new", "path", "place"), EDITS)
def test_an_edit_is_told_with_the_line_that_caused_it(lab: Lab, old: str, new: str, path: str, place: str) -> None:
    write_both(lab)
    lab.apply()
    assert (old in PROJECT) != (old in FILE)
    write_both(lab, PROJECT.replace(old, new), FILE.replace(old, new))
    told = {
        field.path: f"{field.span.file}:{field.span.line}:{field.span.column}"
        for field in sweep_change(lab).changes
        if field.span
    }
    assert told == {path: place}


# Of which class, and what was written.


@pytest.mark.parametrize(
    ("sweep", "edit", "field_class"),
    [
        (GRID, {"parameters": values(0.1, 0.01, 0.001)}, FieldClass.PLACEMENT),
        (GRID, {"repeats": 2}, FieldClass.PLACEMENT),
        (GRID, {"run_cap": 3}, FieldClass.PLACEMENT),
        (GRID, {"metric": {"name": "loss", "goal": "maximize"}}, FieldClass.METADATA),
        (GRID, {"seed": 2}, FieldClass.METADATA),
        (RANDOM, {"seed": 2}, FieldClass.INTENT),
        (RANDOM, {"repeats": 2}, FieldClass.PLACEMENT),
        (RANDOM, {"method": "grid", "parameters": values(0.1)}, FieldClass.INTENT),
        (BAYES, {"metric": {"name": "error"}}, FieldClass.INTENT),
        (BAYES, {"parallel": 2}, FieldClass.METADATA),
    ],
)
def test_the_class_of_an_edit_says_whether_anything_starts_again(
    lab: Lab, sweep: dict[str, JSON], edit: dict[str, JSON], field_class: FieldClass
) -> None:
    write_sweep(lab, sweep)
    finish(lab)
    write_sweep(lab, sweep, **edit)
    classes = {field.field_class for field in sweep_change(lab).changes}
    assert classes - {FieldClass.PLACEMENT} == {field_class} - {FieldClass.PLACEMENT}
    assert field_class in classes


METRIC: dict[str, JSON] = {"metric": {"name": "loss"}}


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        (
            {**METRIC, "early_terminate": {"type": "hyperband", "min_iter": 2}},
            {**METRIC, "early_terminate": {"type": "hyperband", "min_iter": 3}},
            [("early_terminate.min_iter", 2, 3)],
        ),
        (
            {**METRIC, "early_terminate": {"type": "hyperband", "max_iter": 27, "s": 2}},
            {**METRIC, "early_terminate": {"type": "hyperband", "max_iter": 27, "s": 3}},
            [("early_terminate.s", 2, 3)],
        ),
        (
            METRIC,
            {**METRIC, "early_terminate": {"type": "hyperband", "min_iter": 3}},
            [("early_terminate.min_iter", None, 3), ("early_terminate.type", None, "hyperband")],
        ),
        ({}, METRIC, [("metric.name", None, "loss")]),
        (METRIC, {**METRIC, "metrics_from": {"log": "{name}={value}"}}, [("metrics_from.log", None, "{name}={value}")]),
        (
            METRIC,
            {**METRIC, "metrics_from": {"regex": {"loss": "l=(.*)"}}},
            [("metrics_from.regex.loss", None, "l=(.*)")],
        ),
        (
            {},
            {"parameters": {**values(0.1, 0.01), "depth": {"values": [1, 2]}}},
            [("parameters.depth.values", None, [1, 2])],
        ),
        (
            {},
            {"parameters": {**values(0.1, 0.01), "batch": {"min": 16, "max": 17}}},
            [
                ("parameters.batch.max", None, 17),
                ("parameters.batch.min", None, 16),
                ("parameters.batch.values", [16, 32], None),
            ],
        ),
        (
            {"parameters": {"lr": {"values": [1, 2]}}},
            {"parameters": {"lr": {"distribution": "categorical", "values": [1, 2]}}},
            [],
        ),
    ],
)  # fmt: skip
def test_an_edit_is_told_as_it_was_written(
    lab: Lab, before: dict[str, JSON], after: dict[str, JSON], told: list[tuple[str, JSON, JSON]]
) -> None:
    begin(lab, GRID, **before)
    finish(lab)
    write_sweep(lab, GRID, **after)
    assert [(field.path, field.old, field.new) for field in sweep_change(lab).changes] == told


def test_another_kind_of_distribution_alone_is_told(lab: Lab) -> None:
    edit: dict[str, JSON] = {"lr": {"distribution": "log_uniform_values", "min": 0.1, "max": 1.0}}
    begin(lab, RANDOM, parameters={"lr": {"min": 0.1, "max": 1.0}})
    finish(lab)
    write_sweep(lab, RANDOM, parameters=edit)
    (field,) = sweep_change(lab).changes
    assert (field.path, field.old, field.new) == ("parameters.lr.distribution", "uniform", "log_uniform_values")


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        ({"seed": 2}, "trials of it ran, and another seed would have chosen others"),
        (
            {"parameters": {"lr": {"min": 0.0, "max": 2.0}}},
            "trials of it ran, and what they told is about another space",
        ),
    ],
)
def test_a_bayes_search_that_refuses_an_edit_names_the_one(lab: Lab, edit: dict[str, JSON], message: str) -> None:
    write_sweep(lab, BAYES)
    finish(lab)
    write_sweep(lab, BAYES, **edit)
    change = sweep_change(lab)
    assert (change.action, change.message) == (Action.BLOCKED, message)


# What is used up.


def test_a_run_cap_that_gone_points_have_used_up_is_told_with_the_way_out(lab: Lab) -> None:
    grid: dict[str, JSON] = {"method": "grid", "parameters": {"lr": {"values": [1, 2, 3, 4, 5, 6]}}, "run_cap": 3}
    begin(lab, grid)
    finish(lab)
    after: dict[str, JSON] = {"lr": {"values": [11, 12, 13, 14, 15, 16]}}
    write_sweep(lab, grid, parameters=after)
    change = sweep_change(lab)
    assert change.action is Action.RECORD
    assert change.trials == TrialCounts(3, dropped=3)
    told = "run_cap 3 is used up by 3 trials, of which 3 are no points of the grid any more"
    assert (change.message, change.options) == (told, ("run_cap: 6",))
    write_sweep(lab, grid, parameters=after, run_cap=6)
    assert counts(lab).start == 3
    finish(lab)
    assert shown(lab.plan()) == []
    assert len(keys(lab)) == 6


# Cancelled.


def stopped(lab: Lab) -> None:
    """Two trials of four run, and the sweep is cancelled."""
    lab.engine.advance = False
    lab.write(of_two(GRID))
    lab.apply(wait=False)
    session = lab.open()
    reference = parse_reference("sweeps.lr")
    assert reference is not None
    cancel(session, [reference], lab.events.append)
    session.close()


def fail(lab: Lab, address: str) -> None:
    """What runs of an address fails."""
    for run_id, found in lab.engine.objects.items():
        if found.owner and found.owner[0] == address:
            lab.engine.objects[run_id] = replace(
                found, status=Status.FAILED, exit_code=1, cause=Cause.FAILED, ended_at=2.0
            )


def of_two(sweep: Mapping[str, JSON], **more: JSON) -> dict[str, JSON]:
    """A project of this sweep on a queue that takes two at a time."""
    return project_of({}, {"max_jobs": 2}, sweeps={"lr": {"job": "train", "queue": "q", **sweep, **more}})


GO_ON = ("launchctl apply --retry-failed", "launchctl apply --rerun sweeps.lr")


def test_a_cancelled_sweep_says_what_was_not_drawn_and_how_it_goes_on(lab: Lab) -> None:
    stopped(lab)
    change = sweep_change(lab)
    assert (change.action, change.reason) == (Action.HELD, Reason.CANCELLED)
    assert (change.message, change.options) == ("cancelled: 2 points were not drawn", GO_ON)
    assert change.trials == TrialCounts(4, held=4)
    assert lab.plan().is_empty


def test_what_a_cancelled_sweep_has_not_drawn_is_drawn_when_asked(lab: Lab) -> None:
    stopped(lab)
    override = Override(retry_failed=True)
    change = sweep_change(lab, override=override)
    assert (change.action, change.reason, change.generation) == (Action.START, Reason.REQUESTED, 1)
    assert change.trials == TrialCounts(4, start=2, held=2)
    assert decided(lab.plan(override)) == ["start sweeps.lr"]
    finish(lab, retry_failed=True)
    statuses = sorted(found.status.value for found in lab.attempts())
    assert statuses == ["cancelled", "cancelled", "succeeded", "succeeded"]
    assert "sweeps.lr" not in " ".join(decided(lab.plan()))


def test_values_that_a_cancelled_grid_gets_are_told_and_wait_for_a_word(lab: Lab) -> None:
    stopped(lab)
    lab.write(of_two(GRID, parameters=values(0.1, 0.01, 0.001)))
    change = sweep_change(lab)
    assert (change.action, change.message) == (
        Action.RECORD,
        "cancelled: no more are drawn, though 4 points are left",
    )
    assert change.options == GO_ON
    finish(lab)
    assert sweep_change(lab).action is Action.HELD
    assert counts(lab) == TrialCounts(6, held=6)
    lab.write(of_two(GRID, parameters=values(0.1, 0.01, 0.001, 0.5)))
    assert counts(lab, override=Override(retry_failed=True)).start == 6
    finish(lab, retry_failed=True)
    assert sorted(found.status.value for found in lab.attempts()) == ["cancelled"] * 2 + ["succeeded"] * 6


def test_a_trial_of_a_cancelled_sweep_is_retried_by_nobody_s_policy(lab: Lab) -> None:
    lab.engine.advance = False
    lab.write(of_two(GRID))
    lab.apply(wait=False)
    first = sorted(keys(lab).values())[0]
    fail(lab, f"sweeps.lr[{first}]")
    lab.apply(wait=False)
    session = lab.open()
    reference = parse_reference("sweeps.lr")
    assert reference is not None
    cancel(session, [reference], lab.events.append)
    session.close()
    lab.write(of_two(GRID, retry={"max": 3, "on": ["any"]}))
    assert lab.change(f"sweeps.lr[{first}]").action is Action.HELD
    assert lab.change(f"sweeps.lr[{first}]", Override(retry_failed=True)).action is Action.RETRY


# Repaired.


def damage(lab: Lab, statement: str) -> Path:
    """A state that was damaged, and repaired as `state repair` does."""
    (path,) = (lab.folder / ".launchctl").rglob("*.db")
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("PRAGMA foreign_keys = OFF")
        connection.execute(statement)
    repair(path, lab.clock())
    return path


def shown_report(lab: Lab) -> Session:
    """The sweep as `sweep show` reads it."""
    session = lab.open()
    read_sweep(session, "lr")
    session.close()
    return session


def test_a_sweep_whose_record_was_lost_begins_a_new_epoch(lab: Lab) -> None:
    write_sweep(lab, GRID)
    finish(lab)
    damage(lab, "UPDATE sweeps SET epoch = 'x'")
    shown_report(lab)
    change = sweep_change(lab)
    assert (change.action, change.reason, change.generation) == (Action.START, Reason.NEVER_RUN, 2)
    assert change.trials == TrialCounts(4, start=4)
    finish(lab)
    assert shown(lab.plan()) == []
    assert {attempt.generation for attempt in lab.attempts() if attempt.status is Status.SUCCEEDED} == {1, 2}


def test_a_lost_record_of_a_sweep_that_is_gone_or_renamed_stops_nobody(lab: Lab) -> None:
    write_sweep(lab, GRID)
    finish(lab)
    damage(lab, "UPDATE sweeps SET epoch = 'x'")
    lab.write(
        project_of(
            {},
            sweeps={"new": {"job": "train", "queue": "q", **GRID}},
            moved=[{"from": "sweeps.lr", "to": "sweeps.new"}],
        )
    )
    assert "start sweeps.new" in decided(lab.plan())
    finish(lab)
    assert decided(lab.plan()) == []


@pytest.mark.parametrize("allow", ["allow_supersede", "allow_cancel"])
def test_a_lost_record_of_a_sweep_that_runs_asks_first(lab: Lab, allow: str) -> None:
    begin(lab, GRID)
    damage(lab, "UPDATE sweeps SET epoch = 'x'")
    change = sweep_change(lab)
    assert change.action is Action.BLOCKED
    assert change.message == "4 trials of it run, and its record was lost, so that all of it starts anew"
    finish(lab, **{allow: ("sweeps.lr",)})
    finish(lab)
    epochs = [found.generation for found in lab.attempts() if found.status is Status.SUCCEEDED]
    assert epochs.count(2) == 4
    assert decided(lab.plan()) == []


@pytest.mark.parametrize("sweep", [GRID, RANDOM, BAYES])
def test_a_trial_whose_point_was_lost_has_its_place_and_nothing_happens_to_it(lab: Lab, sweep: dict[str, JSON]) -> None:
    write_sweep(lab, sweep)
    finish(lab)
    damage(lab, "UPDATE generations SET trial = '[1,2' WHERE address = (SELECT min(address) FROM generations)")
    shown_report(lab)
    assert shown(lab.plan()) == []
    finish(lab)
    assert set(lab.engine.created.values()) == {1}


# What a command line takes, and what is decided.


def test_one_trial_is_a_target_with_its_queue(lab: Lab) -> None:
    begin(lab, GRID)
    first, second, *_ = sorted(keys(lab).values())
    for key in (first, second):
        fail(lab, f"sweeps.lr[{key}]")
    finish(lab)
    project = of_two(GRID)
    lab.write(project)
    override = Override(retry_failed=True, targets=(f"sweeps.lr[{first}]",))
    assert decided(lab.plan(override)) == ["update queues.q", f"retry sweeps.lr[{first}]"]
    lab.engine.advance = True
    lab.apply(override)
    statuses = [found.status for found in lab.attempts()]
    assert (statuses.count(Status.FAILED), statuses.count(Status.SUCCEEDED)) == (2, 3)


@pytest.mark.parametrize("retry_failed", [False, True])
def test_a_plan_decides_something_exactly_where_apply_does(lab: Lab, retry_failed: bool) -> None:
    stopped(lab)
    state = lab.state()
    assert state is not None
    override = Override(retry_failed=retry_failed)
    assert lab.plan(override).is_empty is not retry_failed
    lab.apply(override, wait=False)
    after = lab.state()
    assert after is not None
    assert (after.head.serial != state.head.serial) is retry_failed


# Many points.


@pytest.mark.parametrize(
    "edit",
    [
        {"exclude": [{"a": 1, "b": 1}]},
        {"exclude": [{"a": 1}], "repeats": 2},
        {"when": {"c": {"a": 1}}},
        {"when": {"c": {"a": [1, 2]}}, "exclude": [{"b": 1}]},
        {"parameters": {"a": {"min": 1, "max": 150}, "b": {"min": 1, "max": 200}, "c": {"min": 1, "max": 200}}},
    ],
)
def test_an_edited_grid_of_millions_is_planned_at_once(lab: Lab, edit: dict[str, JSON]) -> None:
    parameters = {name: {"min": 1, "max": 200} for name in ("a", "b", "c")}
    grid: dict[str, JSON] = {"method": "grid", "parameters": parameters, "exclude": [{"a": 2, "b": 2}]}
    lab.engine.advance = False
    lab.write(of_two(grid))
    lab.apply(wait=False)
    lab.write(of_two(grid, **edit))
    began = time.perf_counter()
    change = sweep_change(lab)
    assert time.perf_counter() - began < 5.0
    assert change.action in {Action.START, Action.UPDATE}


def test_points_that_an_edit_of_exclude_adds_and_drops_are_counted(lab: Lab) -> None:
    parameters = {name: {"min": 1, "max": 200} for name in ("a", "b", "c")}
    grid: dict[str, JSON] = {"method": "grid", "parameters": parameters, "exclude": [{"a": 199, "b": 2}]}
    lab.engine.advance = False
    lab.write(of_two(grid))
    lab.apply(wait=False)
    lab.write(of_two(grid, exclude=[{"a": 200}]))
    assert counts(lab) == TrialCounts(7_960_000, start=200, waiting=7_959_798, running=2, dropped=40_000)


def test_points_that_are_too_many_to_compare_count_as_new_and_that_is_told(lab: Lab) -> None:
    parameters = {name: {"min": 1, "max": 200} for name in ("a", "b", "c")}
    lab.engine.advance = False
    lab.write(of_two({"method": "grid", "parameters": parameters}))
    lab.apply(wait=False)
    lab.write(of_two({"method": "grid", "parameters": parameters, "when": {"c": {"a": 1}}}))
    change = sweep_change(lab)
    told = "it has too many points to tell which of them are new: all that were not drawn count as new"
    assert (change.action, change.message) == (Action.START, told)
    assert change.trials is not None
    assert change.trials.size == 79_800


def test_a_trial_is_named_by_its_key_among_the_first_of_many(lab: Lab) -> None:
    parameters = {name: {"min": 1, "max": 200} for name in ("a", "b", "c")}
    lab.write(of_two({"method": "grid", "parameters": parameters}))
    spec = lab.compile().sweeps["sweeps.lr"].spec
    first = page(spec.search, 0, 1)[0]
    assert [found.key for found in named_trials(spec, [f"sweeps.lr[{first.key}]"])] == [first.key]
    with pytest.raises(UsageError, match="among the first 100,000"):
        list(named_trials(spec, ["sweeps.lr[0000000000000000]"]))


# A target that is reached.


def reached(lab: Lab, **edits: JSON) -> None:
    """A random search of five, of which the second reached the target of 1."""
    search = {**RANDOM, "run_cap": 5, "metric": {"name": "loss", "target": 1}, **edits}
    lab.write(project_of({}, {"max_jobs": 1}, sweeps={"lr": {"job": "train", "queue": "q", **search}}))
    lab.engine.logs = {
        f"sweeps.lr[{key}]": f'launchctl.metrics {{"loss": {loss}}}\n'.encode()
        for key, loss in enumerate((9, 0.5, 9, 9, 9))
    }


def test_trials_that_a_reached_target_leaves_over_wait_for_nothing(lab: Lab) -> None:
    reached(lab)
    finish(lab)
    change = sweep_change(lab)
    assert (change.action, change.message) == (Action.NO_OP, "its target is reached: 3 trials are not needed")
    assert change.trials == TrialCounts(5, finished=2)
    plan = lab.plan()
    assert (plan.is_empty, dict(plan.summary)) == (True, {"no-op": 2})


def test_a_run_cap_that_is_raised_after_the_target_was_reached_starts_nothing(lab: Lab) -> None:
    reached(lab)
    finish(lab)
    reached(lab, run_cap=6)
    change = sweep_change(lab)
    assert (change.action, change.message) == (Action.RECORD, "its target is reached: 4 trials are not needed")
    assert change.trials == TrialCounts(6, finished=2)


def test_a_target_that_was_reached_and_is_moved_on_starts_what_is_left(lab: Lab) -> None:
    reached(lab)
    finish(lab)
    reached(lab, metric={"name": "loss", "target": 0.1})
    change = sweep_change(lab)
    assert (change.action, change.trials) == (Action.START, TrialCounts(5, start=3, finished=2))
    finish(lab)
    assert counts(lab) == TrialCounts(5, finished=5)


def test_a_new_epoch_after_a_target_was_reached_starts_all(lab: Lab) -> None:
    reached(lab)
    finish(lab)
    assert counts(lab, override=Override(rerun=("sweeps.lr",))) == TrialCounts(5, start=5, finished=2)


# Cancelled, and edited then.


def test_a_run_cap_that_is_raised_on_a_cancelled_sweep_says_that_no_more_are_drawn(lab: Lab) -> None:
    lab.engine.advance = False
    lab.write(of_two(RANDOM))
    lab.apply(wait=False)
    session = lab.open()
    reference = parse_reference("sweeps.lr")
    assert reference is not None
    cancel(session, [reference], lab.events.append)
    session.close()
    lab.write(of_two(RANDOM, run_cap=9))
    change = sweep_change(lab)
    assert change.message == "cancelled: no more are drawn, though 7 points are left"
    assert change.options == GO_ON
    lab.apply(wait=False)
    change = sweep_change(lab)
    assert (change.action, change.message) == (Action.HELD, "cancelled: 7 points were not drawn")
    assert counts(lab, override=Override(retry_failed=True)).start == 7
