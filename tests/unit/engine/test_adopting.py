"""`state import`: taking over what runs after a state was lost, and starting nothing because of it."""

from __future__ import annotations

import shutil
from collections import Counter
from dataclasses import replace

import pytest
from fakes.lab import Lab, decided, project_of, shown

from launchctl.engine.adopt import adopt_all
from launchctl.engine.plan import Override
from launchctl.errors import Blocked
from launchctl.status import Status
from launchctl.values import JSON


def lose_the_state(lab: Lab) -> None:
    shutil.rmtree(lab.folder / ".launchctl")


def adopt(lab: Lab, address: str = "", run_id: str = "") -> tuple[str, ...]:
    session = lab.open()
    try:
        return adopt_all(session, lab.events.append, address, run_id)
    finally:
        session.close()


@pytest.mark.parametrize("status", [Status.SUCCEEDED, Status.FAILED])
def test_after_an_import_the_plan_is_what_it_was_before_the_loss(lab: Lab, status: Status) -> None:
    lab.engine.ends["runs.a"] = status
    lab.runs(a={}, b={"args": ["b"]})
    lab.apply()
    before = shown(lab.plan())
    lose_the_state(lab)
    with pytest.raises(Blocked):
        lab.apply()
    said = adopt(lab)
    assert [sentence.split(": ")[1] for sentence in said] == [
        f"adopted as runs.a, {status.value}",
        "adopted as runs.b, succeeded",
    ]
    assert shown(lab.plan()) == before
    lab.apply()
    assert set(lab.engine.created.values()) == {1}
    assert adopt(lab) == ()


def test_what_runs_is_followed_to_its_end(lab: Lab) -> None:
    lab.engine.advance = False
    lab.runs(a={})
    lab.apply(wait=False)
    lose_the_state(lab)
    adopt(lab)
    assert lab.statuses() == {"runs.a@g1#a1": "running"}
    lab.engine.advance = True
    lab.apply()
    assert lab.statuses() == {"runs.a@g1#a1": "succeeded"}
    assert set(lab.engine.created.values()) == {1}


def test_generations_and_attempts_keep_their_numbers_and_ids_are_not_given_again(lab: Lab) -> None:
    lab.engine.ends["runs.a"] = Status.FAILED
    retry: JSON = {"max": 1, "on": ["any"]}
    lab.runs(a={"retry": retry})
    lab.apply()
    lab.apply(Override(rerun=("runs.a",)))
    before = lab.statuses()
    ids = {found.run_id for found in lab.attempts()}
    lose_the_state(lab)
    adopt(lab)
    assert lab.statuses() == before
    lab.apply(Override(rerun=("runs.a",)))
    assert len(lab.engine.objects) == 6
    assert ids < set(lab.engine.objects)


def test_a_retry_policy_goes_on_after_an_import(lab: Lab) -> None:
    lab.engine.advance = False
    lab.runs(a={"retry": {"max": 2, "on": ["any"]}})
    lab.apply(wait=False)
    lose_the_state(lab)
    adopt(lab)
    lab.engine.ends["runs.a"] = Status.FAILED
    lab.engine.advance = True
    lab.apply()
    assert lab.statuses() == {"runs.a@g1#a1": "failed", "runs.a@g1#a2": "failed", "runs.a@g1#a3": "failed"}
    lab.apply(Override(rerun=("runs.a",)))
    assert set(lab.engine.created.values()) == {1}


def test_what_runs_another_experiment_is_adopted_as_that_and_nothing_follows_it_by_itself(lab: Lab) -> None:
    retry: JSON = {"max": 2, "on": ["any"]}
    lab.engine.advance = False
    lab.runs(a={"args": ["old"], "retry": retry})
    lab.apply(wait=False)
    lose_the_state(lab)
    lab.runs(a={"args": ["new"], "retry": retry})
    adopt(lab)
    assert shown(lab.plan()) == ["blocked runs.a"]
    lab.engine.ends["runs.a"] = Status.FAILED
    lab.engine.advance = True
    lab.apply()
    assert lab.statuses() == {"runs.a@g1#a1": "failed"}
    assert decided(lab.plan()) == ["start runs.a"]
    assert set(lab.engine.created.values()) == {1}


def test_what_the_project_does_not_name_is_left_alone_and_said(lab: Lab) -> None:
    lab.runs(a={}, b={"args": ["b"]})
    lab.apply()
    lose_the_state(lab)
    lab.runs(b={"args": ["b"]})
    said = adopt(lab)
    assert [sentence.split(": ")[1] for sentence in said] == [
        "not adopted, the project does not name it",
        "adopted as runs.b, succeeded",
    ]
    assert set(lab.statuses()) == {"runs.b@g1#a1"}


def test_a_run_that_was_renamed_is_adopted_under_its_new_name(lab: Lab) -> None:
    lab.runs(a={})
    lab.apply()
    lose_the_state(lab)
    lab.write(project_of({"b": {}}, moved=[{"from": "runs.a", "to": "runs.b"}]))
    adopt(lab)
    assert lab.statuses() == {"runs.b@g1#a1": "succeeded"}


def test_two_objects_that_say_that_they_are_one_attempt_are_told_apart(lab: Lab) -> None:
    lab.runs(a={})
    lab.apply()
    (first,) = lab.engine.objects.values()
    lab.engine.objects["runs-a-0000000000"] = replace(first, run_id="runs-a-0000000000", started_at=9.0)
    lose_the_state(lab)
    said = adopt(lab)
    assert said == (
        f"{first.run_id}: adopted as runs.a, succeeded",
        f"runs-a-0000000000: not adopted, {first.run_id} says that it is the same attempt",
    )


def test_what_was_created_and_never_started_is_not_adopted(lab: Lab) -> None:
    lab.runs(a={})
    lab.apply()
    (first,) = lab.engine.objects.values()
    lab.engine.objects[first.run_id] = replace(first, status=Status.SUBMITTED, is_started=False)
    lose_the_state(lab)
    assert adopt(lab) == (f"{first.run_id}: not adopted, it was never started",)


def test_one_run_alone_is_adopted_by_its_address_and_one_object_by_its_id(lab: Lab) -> None:
    lab.runs(a={}, b={"args": ["b"]})
    lab.apply()
    lose_the_state(lab)
    assert len(adopt(lab, "runs.a")) == 1
    assert set(lab.statuses()) == {"runs.a@g1#a1"}
    assert adopt(lab, "runs.b", "nobody") == ()
    (of_b,) = [name for name, found in lab.engine.objects.items() if found.owner and found.owner[0] == "runs.b"]
    assert len(adopt(lab, "runs.b", of_b)) == 1
    assert set(lab.statuses()) == {"runs.a@g1#a1", "runs.b@g1#a1"}


def test_nothing_to_adopt_creates_no_state(lab: Lab) -> None:
    lab.runs(a={})
    assert adopt(lab) == ()
    assert not (lab.folder / ".launchctl").exists()


# Trials.


def sweep_of_five(lab: Lab, **sweep: JSON) -> None:
    search = {"job": "train", "queue": "q", "method": "grid", "parameters": {"x": {"values": [1, 2, 3, 4, 5]}}, **sweep}
    lab.write(project_of({}, {"max_jobs": 2}, sweeps={"s": search}))


@pytest.mark.parametrize("method", ["grid", "random"])
def test_trials_are_adopted_and_their_sweep_goes_on_when_a_plan_says_so(lab: Lab, method: str) -> None:
    space: JSON = {"x": {"values": [1, 2, 3, 4, 5]}} if method == "grid" else {"x": {"min": 0.0, "max": 1.0}}
    sweep_of_five(lab, method=method, parameters=space, run_cap=5)
    lab.engine.advance = False
    lab.apply(wait=False)
    lose_the_state(lab)
    said = adopt(lab)
    assert [sentence.rpartition(", ")[2] for sentence in said] == ["running", "running"]
    lab.engine.advance = True
    assert not lab.plan().is_empty
    lab.apply()
    assert set(lab.statuses().values()) == {"succeeded"}
    assert (len(lab.engine.created), set(lab.engine.created.values())) == (5, {1})
    assert lab.plan().is_empty


def test_a_sweep_that_was_over_starts_nothing_after_its_adoption(lab: Lab) -> None:
    sweep_of_five(lab)
    lab.apply()
    lose_the_state(lab)
    assert len(adopt(lab)) == 5
    lab.apply()
    assert set(lab.engine.created.values()) == {1}
    assert lab.plan().is_empty


def test_trials_of_a_later_epoch_are_adopted_as_what_they_are(lab: Lab) -> None:
    sweep_of_five(lab)
    lab.apply()
    lab.apply(Override(rerun=("sweeps.s",)))
    lose_the_state(lab)
    assert len(adopt(lab)) == 10
    lab.apply()
    assert Counter(owner[1] for owner in lab.engine.created) == {1: 5, 2: 5}
    assert lab.plan().is_empty


def test_nobody_knows_what_a_bayes_search_had_chosen(lab: Lab) -> None:
    sweep_of_five(lab, method="bayes", parameters={"x": {"min": 0.0, "max": 1.0}}, run_cap=1, metric={"name": "loss"})
    lab.apply()
    lose_the_state(lab)
    (sentence,) = adopt(lab)
    assert sentence.endswith("not adopted, which values a bayes search chose for it is known to the lost state alone")


def test_a_trial_that_the_search_does_not_have_is_left_alone(lab: Lab) -> None:
    sweep_of_five(lab)
    lab.apply()
    lose_the_state(lab)
    sweep_of_five(lab, parameters={"x": {"values": [1, 2, 3, 4]}})
    assert [sentence.endswith("not adopted, its sweep has no such point") for sentence in adopt(lab)].count(True) == 1
