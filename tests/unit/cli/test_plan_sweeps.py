"""A sweep in a plan, in every form."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest
from fakes.sweep_reports import FORM, HOSTILE, SEARCH, SPACE, sweep

from launchctl.addresses import Address, Kind
from launchctl.cli.views.plan_html import plan_html
from launchctl.cli.views.plan_json import plan_document
from launchctl.cli.views.plan_markdown import LONGEST, plan_markdown
from launchctl.cli.views.plan_text import plan_lines
from launchctl.cli.views.text import plain
from launchctl.compiler.node import ListNode, ScalarNode
from launchctl.compiler.program import FieldClass, Program, QueueSpec, SweepSpec
from launchctl.compiler.sweep.codec import to_text
from launchctl.compiler.sweep.search import Search
from launchctl.compiler.sweep.space import Assignment, Distribution, Leaf, Space
from launchctl.engine.plan import Action, Change, FieldChange, Plan, Reason, TrialCounts
from launchctl.engine.sweep.outline import SweepOutline, outlines
from launchctl.schemas import load
from launchctl.state.model import Head, Standing, State, SweepRecord
from launchctl.values import pretty

MakePlan = Callable[..., Plan]
BIG = replace(
    SEARCH,
    space=Space(
        (
            Leaf(("learning_rate",), Distribution.CATEGORICAL, values=tuple(range(10)), is_inferred=True),
            Leaf(("batch_size",), Distribution.CATEGORICAL, values=tuple(range(10)), is_inferred=True),
            Leaf(("dropout",), Distribution.INT_UNIFORM, low=1, high=100),
        )
    ),
    parallel=2,
)


def _spec(search: Search) -> SweepSpec:
    found = sweep(search)
    command = ListNode((ScalarNode("python3", None), ScalarNode("train.py", None), ScalarNode("${args}", None)), None)
    return replace(found, launch=replace(found.launch, command=command))


def _program(search: Search) -> Program:
    queue = QueueSpec(Address(Kind.QUEUES, "here"), "process", 8, False, {}, None)
    return Program("p", "", "", None, (), {"here": queue}, {}, (), sweeps={"lr": _spec(search)})


def _new(size: int | None, **more: Any) -> Change:
    counts = TrialCounts(size, start=size or 0)
    return Change("sweeps.lr", Action.START, Reason.NEVER_RUN, 1, trials=counts, **more)


def _outlined(plan: Plan, search: Search, **page: int) -> Mapping[str, SweepOutline]:
    return outlines(_program(search), plan, None, **page)


def test_a_new_sweep_is_one_block_with_its_factors_limits_and_first_trials(make_plan: MakePlan) -> None:
    plan = make_plan(_new(10_000))
    text = plain(plan_lines(plan, outlines=_outlined(plan, BIG, limit=2)))
    head, size, rule, inferred, command, first, second, more, *_ = text.splitlines()[1:]
    assert head == "  > sweeps.lr  10,000 trials (never run)"
    assert size == "      batch_size 10 \u00d7 dropout 100 \u00d7 learning_rate 10 = 10,000"
    assert rule == (
        "      minimize loss until 0.05; hyperband at iterations 3, 9, 27 keeps 1 in 3; "
        "parallel 2, queues.here max_jobs 8"
    )
    assert inferred == "      distributions inferred: batch_size categorical, learning_rate categorical"
    assert command == ('      command: ["python3","train.py","--batch_size=0","--dropout=1","--learning_rate=0"]')
    assert first.endswith("]  learning_rate 0, batch_size 0, dropout 1")
    assert second.endswith("]  learning_rate 1, batch_size 0, dropout 1")
    assert more == "        + 9,998 more (`--limit`, `--offset`)"


def test_an_offset_passes_trials_over(make_plan: MakePlan) -> None:
    plan = make_plan(_new(10_000))
    text = plain(plan_lines(plan, outlines=_outlined(plan, BIG, limit=1, offset=9_998)))
    assert "]  learning_rate 8, batch_size 9, dropout 100" in text
    assert "+ 1 more (`--limit`, `--offset`)" in text


def test_without_its_project_a_saved_plan_shows_counts(make_plan: MakePlan) -> None:
    text = plain(plan_lines(make_plan(_new(600))))
    assert text.startswith("Will happen\n  > sweeps.lr  600 trials (never run)\n\n")


@pytest.mark.parametrize(
    ("counts", "words"),
    [
        (TrialCounts(60, start=10, waiting=20, running=2, finished=25, held=3, dropped=4), "10 new trials"),
        (TrialCounts(1, start=1), "1 trial"),
    ],
)
def test_an_edit_says_what_is_new_and_what_is_kept(make_plan: MakePlan, counts: TrialCounts, words: str) -> None:
    change = Change("sweeps.lr", Action.START, Reason.INTENT_CHANGED, 1, trials=counts)
    text = plain(plan_lines(make_plan(change)))
    assert f"> sweeps.lr  {words} (the sweep was edited)\n" in text
    told = "trials: 10 new, 20 waiting, 2 running, 25 finished, 3 held, 4 leave the search"
    assert (told in text) == (counts.size == 60)


def test_a_new_epoch_is_named(make_plan: MakePlan) -> None:
    change = replace(_new(6), reason=Reason.REQUESTED, generation=2)
    assert "> sweeps.lr  epoch 2, 6 trials (asked for)\n" in plain(plan_lines(make_plan(change)))


@pytest.mark.parametrize("reason", [Reason.EPOCH_CHANGED, Reason.REQUESTED, Reason.UPSTREAM])
def test_a_new_epoch_tells_the_trials_of_the_one_before_apart(make_plan: MakePlan, reason: Reason) -> None:
    counts = TrialCounts(4, start=4, running=1, finished=4, dropped=2)
    text = plain(plan_lines(make_plan(Change("sweeps.lr", Action.START, reason, 2, trials=counts))))
    assert "trials: 4 new; of the epoch before: 1 running, 4 finished, 2 dropped\n" in text


@pytest.mark.parametrize(
    ("action", "counts", "words"),
    [
        (Action.START, TrialCounts(8, start=8, dropped=4), "trials: 8 new, 4 leave the search\n"),
        (Action.RECORD, TrialCounts(3, finished=3, dropped=1), "trials: 3 finished, 1 leaves the search\n"),
        (Action.FORGET, TrialCounts(4, finished=1, dropped=3), "trials: 1 finished, 3 dropped\n"),
    ],
)
def test_what_an_edit_takes_away_leaves_the_search_and_stays_history(
    make_plan: MakePlan, action: Action, counts: TrialCounts, words: str
) -> None:
    gone = () if action is Action.FORGET else ("sweeps.lr[ab]",)
    change = Change("sweeps.lr", action, Reason.PLACEMENT_CHANGED, 1, trials=counts, affects=gone)
    text = plain(plan_lines(make_plan(change)))
    assert words in text
    assert ("      leave the search: sweeps.lr[ab]\n" in text) == bool(gone)


def test_an_edited_grid_lists_the_new_points_alone(make_plan: MakePlan) -> None:
    rates = replace(SPACE.leaves[0], values=(0.3, 0.1, 0.03, 0.01))
    wider = replace(SEARCH, space=replace(SPACE, leaves=(rates, *SPACE.leaves[1:])))
    recorded = to_text(_spec(SEARCH), _program(SEARCH))
    record = SweepRecord("sweeps.lr", Standing.ACTIVE, 1, FORM, recorded, None)
    state = State(Head("x", 1, "p", "", "default"), {}, {}, {"sweeps.lr": record})
    plan = make_plan(Change("sweeps.lr", Action.START, Reason.INTENT_CHANGED, 1, trials=TrialCounts(8, 2, waiting=6)))
    (found,) = outlines(_program(wider), plan, state).values()
    assert [trial.values["learning_rate"] for trial in found.trials] == [0.01, 0.01]


@pytest.mark.parametrize(
    ("search", "size", "words"),
    [
        (replace(SEARCH, repeats=3), 18, "learning_rate 3 \u00d7 optimizer.name 2 \u00d7 3 repeats = 18"),
        (replace(SEARCH, run_cap=4), 4, "= 6, of which `run_cap` leaves 4"),
        (
            replace(SEARCH, space=replace(SPACE, exclude=((Assignment(("learning_rate",), 0.3),),))),
            4,
            "= 6, of which `exclude` leaves 4",
        ),
        (replace(SEARCH, method="random", run_cap=9), 9, "learning_rate 3 values, optimizer.name 2 values"),
    ],
)
def test_the_size_is_told_factor_by_factor(make_plan: MakePlan, search: Search, size: int, words: str) -> None:
    plan = make_plan(_new(size))
    assert words in plain(plan_lines(plan, outlines=_outlined(plan, search)))


def test_of_bayes_the_first_trial_alone_is_told(make_plan: MakePlan) -> None:
    plan = make_plan(_new(9))
    text = plain(plan_lines(plan, outlines=_outlined(plan, replace(SEARCH, method="bayes", run_cap=9, parallel=1))))
    assert "parallel 1" in text
    assert "        [0]  " in text
    assert "        + 8 more, chosen as results come in" in text
    for shown in (plan_html, plan_markdown):
        page = shown(plan, _outlined(plan, replace(SEARCH, method="bayes", run_cap=9, parallel=1)))
        assert "+ 8 more, chosen as results come in" in page
        assert "[0]" in page


def test_trials_that_are_not_known_yet_are_told_in_every_form(make_plan: MakePlan) -> None:
    plan = make_plan(_new(9))
    found = _outlined(plan, replace(SEARCH, method="bayes", run_cap=9), offset=1)
    shown = (plain(plan_lines(plan, outlines=found)), plan_html(plan, found), plan_markdown(plan, found))
    assert [("8, chosen as results come in" in page, "${args}" in page) for page in shown[:2]] == [(True, True)] * 2
    assert "8, chosen as results come in" in shown[2]


def test_the_command_is_shown_where_no_trial_is(make_plan: MakePlan) -> None:
    change = Change("sweeps.lr", Action.RECORD, Reason.METADATA_CHANGED, 1, trials=TrialCounts(6, finished=6))
    plan = make_plan(change)
    text = plain(plan_lines(plan, outlines=_outlined(plan, SEARCH)))
    assert '      command: ["python3","train.py","${args}"]\n' in text
    assert "${args}" in plan_html(plan, _outlined(plan, SEARCH))


def test_the_bands_of_hyperband_are_shown_as_the_first_of_them(make_plan: MakePlan) -> None:
    bands = [2 * 3**n for n in range(40)]
    field = FieldChange("early_terminate.bands", FieldClass.METADATA, bands, [1, 2])
    change = Change("sweeps.lr", Action.RECORD, Reason.METADATA_CHANGED, 1, trials=TrialCounts(6), changes=(field,))
    assert '      early_terminate.bands: [2,6,18,54,"…"] -> [1,2]  metadata\n' in plain(plan_lines(make_plan(change)))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            (Change("sweeps.lr", Action.NO_OP, None, 1, trials=TrialCounts(6, finished=6)),),
            "6 trials are as the project",
        ),
        ((Change("sweeps.lr", Action.NO_OP, None, 1, trials=TrialCounts(1, finished=1)),), "1 trial is as the project"),
        (
            (
                Change("runs.a", Action.NO_OP, None),
                Change("sweeps.lr", Action.NO_OP, None, 1, trials=TrialCounts(6, finished=6)),
            ),
            "1 run and 6 trials are as the project wants them",
        ),
        ((Change("sweeps.lr", Action.NO_OP, None, 1, trials=TrialCounts(0, dropped=4)),), "Nothing to do\n"),
        ((), "Nothing to do: the project has no runs"),
    ],
)
def test_that_nothing_is_to_be_done_is_said_of_runs_and_of_trials(
    make_plan: MakePlan, changes: tuple[Change, ...], said: str
) -> None:
    assert said in plain(plan_lines(make_plan(*changes)))


def test_json_lists_trials_behind_their_sweep(make_plan: MakePlan) -> None:
    import jsonschema

    plan = make_plan(_new(6))
    document: Any = plan_document(plan, _outlined(plan, SEARCH, limit=2))
    jsonschema.validate(json.loads(pretty(document)), load("plan"))
    sweep_entry, first, second = document["changes"]
    assert sweep_entry["trials"]["start"] == 6
    assert sweep_entry["limits"] == ["queues.here max_jobs 8"]
    assert [factor["name"] for factor in sweep_entry["factors"]] == ["learning_rate", "optimizer.name"]
    assert first["address"].startswith("sweeps.lr[")
    assert (first["action"], first["run_id"]) == ("start", "")
    assert second["values"] == {"learning_rate": 0.3, "optimizer": {"name": "sgd"}, "epochs": 27}


def test_markdown_stays_bounded_and_counts_what_it_leaves_out(make_plan: MakePlan) -> None:
    plan = make_plan(_new(10_000))
    text = plan_markdown(plan, _outlined(plan, BIG, limit=1_000))
    assert len(text) <= LONGEST
    assert "| 10,000 trials |" in text
    assert "+ 9,800 more" in text
    assert text.count("<details>") == text.count("</details>") == 1


def test_values_of_a_sweep_cannot_leave_their_place(make_plan: MakePlan) -> None:
    search = replace(SEARCH, space=Space((Leaf((HOSTILE,), Distribution.CATEGORICAL, values=(HOSTILE,)),)))
    plan = make_plan(_new(1))
    found = _outlined(plan, search)
    assert "<img" not in plan_html(plan, found)
    assert "<img" not in plan_markdown(plan, found)


def test_a_plan_of_sweeps_is_shown_in_every_form(make_plan: MakePlan, is_expected: Callable[[str, str], bool]) -> None:
    plan = make_plan(_new(6))
    found = _outlined(plan, SEARCH, limit=2)
    assert is_expected("plan_sweep.txt", plain(plan_lines(plan, outlines=found)))
    assert is_expected("plan_sweep.md", plan_markdown(plan, found))
    assert is_expected("plan_sweep.html", plan_html(plan, found))


def test_why_nothing_more_of_a_sweep_is_drawn_is_told_where_nothing_is_to_be_done(make_plan: MakePlan) -> None:
    told = "its target is reached: 3 trials are not needed"
    change = Change("sweeps.lr", Action.NO_OP, None, 1, message=told, trials=TrialCounts(5, finished=2))
    text = plain(plan_lines(make_plan(change)))
    assert text == f"sweeps.lr: {told}\nNothing to do: 2 trials are as the project wants them\n"
