"""Pages of trials, abbreviated keys, and saved plans of sweeps."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from fakes.lab import Lab
from fakes.sweep_project import BAYES, GRID, RANDOM, finish, sweep_change, values, write_sweep

from launchctl.engine.abbreviation import unique_key
from launchctl.engine.outputs import compile_document, outputs
from launchctl.engine.plan import Action
from launchctl.engine.planfile import read_plan, write_plan
from launchctl.engine.rendering import CompiledRun, Page, render
from launchctl.engine.sweep.table import TABLE, Edited, Effect, effect_of
from launchctl.errors import StalePlan, UsageError
from launchctl.schemas.validate import violations
from launchctl.values import JSON, digest

FIRST, SECOND = "3f09a1c2d4e5f607", "3fa0000000000000"


@pytest.mark.parametrize(
    ("prefix", "key"),
    [("3f0", FIRST), ("3fa", SECOND), (FIRST, FIRST), ("3f0.2", f"{FIRST}.2"), ("1", "1")],
)
def test_a_key_is_known_by_the_shortest_prefix_that_fits_it_alone(prefix: str, key: str) -> None:
    assert unique_key("sweeps.lr", prefix, {FIRST, f"{FIRST}.2", SECOND, "1", "10"}) == key


def test_a_prefix_of_several_keys_names_them() -> None:
    with pytest.raises(UsageError) as found:
        unique_key("sweeps.lr", "3f", {FIRST, SECOND})
    assert found.value.message == f"sweeps.lr[3f] may be sweeps.lr[{FIRST}], sweeps.lr[{SECOND}]"


def document(lab: Lab, page: Page, *patterns: str) -> JSON:
    found = compile_document("lab", "acme", render(lab.compile(), "default", patterns, page))
    assert violations("compile", found) == ()
    return found


@pytest.mark.parametrize(
    ("page", "shown"),
    [(Page(), 4), (Page(limit=1), 1), (Page(offset=3), 1), (Page(limit=None), 4), (Page(offset=9), 0)],
)
def test_compile_shows_a_sweep_and_a_page_of_its_trials(lab: Lab, page: Page, shown: int) -> None:
    write_sweep(lab, GRID)
    sweep, *trials = document(lab, page)["resources"]
    assert (sweep["kind"], sweep["method"], sweep["size"]) == ("sweep", "grid", 4)
    assert (sweep["offset"], sweep["shown"]) == (page.offset, shown)
    assert sweep["parameters"]["lr"] == {"distribution": "categorical", "values": [0.1, 0.01]}
    assert [trial["kind"] for trial in trials] == ["trial"] * shown


def test_what_compile_shows_is_what_the_first_apply_starts(lab: Lab) -> None:
    write_sweep(lab, RANDOM)
    _, *trials = document(lab, Page())["resources"]
    finish(lab)
    assert {trial["run_id"] for trial in trials} == set(lab.engine.objects)


def test_compile_finds_one_trial_by_its_abbreviated_key(lab: Lab) -> None:
    write_sweep(lab, GRID)
    _, first, *_ = document(lab, Page())["resources"]
    key = first["address"].removeprefix("sweeps.lr[").removesuffix("]")
    assert document(lab, Page(), f"sweeps.lr[{key[:6]}]")["resources"] == [first]
    runs = [found for found in render(lab.compile(), "default") if isinstance(found, CompiledRun)]
    assert f"sweeps/lr/{key}.txt" in [output.path for output in outputs(runs)]


def saved(lab: Lab, path: Path) -> JSON:
    session = lab.open()
    write_plan(session.plan(), path, project=lab.folder, state="state", variables={}, inputs={})
    session.close()
    return json.loads(path.read_text())


def test_a_saved_plan_has_one_entry_a_sweep(lab: Lab, tmp_path: Path) -> None:
    write_sweep(lab, GRID)
    finish(lab)
    write_sweep(lab, GRID, parameters=values(0.1, 0.5))
    body = saved(lab, tmp_path / "plan.json")
    (entry,) = body["changes"]
    assert entry["trials"] == {
        **{"size": 4, "start": 2, "waiting": 0, "running": 0, "finished": 2, "held": 0, "dropped": 2}
    }
    assert len(entry["affects"]) == 2
    read = read_plan(tmp_path / "plan.json").plan
    assert read.changes[0].trials == sweep_change(lab).trials
    assert read.changes[0].digest == sweep_change(lab).digest
    lab.engine.advance = True
    report = lab.apply(plan=read)
    assert report is not None
    assert report.errors == ()
    assert len(lab.engine.created) == 6


@pytest.mark.parametrize("edit", [{"trials": {"size": 4}}, {"digest": "none"}, {"keys": ["x"]}])
def test_a_saved_plan_that_says_anything_else_of_a_sweep_is_refused(
    lab: Lab, tmp_path: Path, edit: dict[str, JSON]
) -> None:
    write_sweep(lab, GRID)
    body = saved(lab, tmp_path / "plan.json")
    body["changes"][0] |= edit
    del body["digest"]
    (tmp_path / "plan.json").write_text(json.dumps({**body, "digest": digest(body)}))
    with pytest.raises(StalePlan):
        read_plan(tmp_path / "plan.json")


def test_a_grid_of_a_million_is_planned_by_counting(lab: Lab) -> None:
    numbers = {name: {"values": list(range(100))} for name in "abc"}
    write_sweep(lab, GRID, parameters=numbers)
    change = sweep_change(lab)
    assert change.trials is not None
    assert (change.action, change.trials.start) == (Action.START, 1_000_000)


@pytest.mark.parametrize("method", ["grid", "random", "bayes"])
def test_every_edit_has_an_effect_and_the_gravest_counts(method: str) -> None:
    assert set(TABLE) == set(Edited)
    assert all(set(row) == {"grid", "random", "bayes"} for row in TABLE.values())
    assert effect_of(set(Edited), method) is Effect.EPOCH  # type: ignore[arg-type]


def test_a_bayes_search_that_never_ran_takes_another_space(lab: Lab) -> None:
    write_sweep(lab, BAYES)
    lab.apply(wait=False, kill_at=2)
    write_sweep(lab, BAYES, parameters={"lr": {"min": 0.0, "max": 2.0}})
    change = sweep_change(lab)
    assert (change.action, change.generation) == (Action.START, 1)


def test_a_tag_that_is_pinned_to_what_ran_begins_no_epoch(lab: Lab) -> None:
    write_sweep(lab, GRID)
    lab.engine.advance = False
    lab.apply(wait=False)
    pinned = "sha256:" + "a" * 64
    for run_id, found in list(lab.engine.objects.items()):
        lab.engine.objects[run_id] = replace(found, handle={**found.handle, "image_digest": pinned})
    finish(lab)
    text = (lab.folder / "project.yaml").read_text()
    (lab.folder / "project.yaml").write_text(text.replace("lab:v1", f"lab@{pinned}"))
    change = sweep_change(lab)
    assert (change.action, change.generation) == (Action.RECORD, 1)
    finish(lab)
    assert sweep_change(lab).action is Action.NO_OP
    assert len(lab.engine.created) == 4
