"""A run that goes by another name: `moved`, and what happens without it."""

from __future__ import annotations

import pytest
from fakes.lab import Lab, decided, project_of, shown

from launchctl.engine.plan import Action, Override
from launchctl.status import Status
from launchctl.values import JSON


def write(lab: Lab, runs: dict[str, JSON], *moved: tuple[str, str], queue: JSON = None) -> None:
    renames = [{"from": f"runs.{old}", "to": f"runs.{new}"} for old, new in moved]
    lab.write(project_of(runs, queue, **({"moved": renames} if renames else {})))


OTHER: JSON = {"args": ["another experiment"]}


@pytest.mark.parametrize("status", [Status.SUCCEEDED, Status.FAILED, Status.PREEMPTED])
def test_a_finished_run_is_renamed_with_its_history(lab: Lab, status: Status) -> None:
    lab.engine.ends["runs.a"] = status
    write(lab, {"a": {}})
    lab.apply()
    write(lab, {"b": {}}, ("a", "b"))
    assert decided(lab.plan()) == ["record runs.b"]
    lab.apply()
    assert lab.statuses() == {"runs.b@g1#a1": status.value}
    assert decided(lab.plan()) == []
    write(lab, {"b": {}})
    assert decided(lab.plan()) == []


def test_a_running_one_goes_on_under_its_new_name(lab: Lab) -> None:
    lab.engine.advance = False
    write(lab, {"a": {}})
    lab.apply(wait=False)
    write(lab, {"b": {}}, ("a", "b"))
    lab.apply(wait=False)
    assert lab.statuses() == {"runs.b@g1#a1": "running"}
    assert shown(lab.plan()) == []
    write(lab, {"b": OTHER}, ("a", "b"))
    assert shown(lab.plan()) == ["blocked runs.b"]


def test_a_pending_one_is_renamed_and_starts_once(lab: Lab) -> None:
    lab.environment.pop("TEAM")
    write(lab, {"a": {"args": ["${env:TEAM}"]}})
    lab.apply(wait=False)
    write(lab, {"b": {"args": ["${env:TEAM}"]}}, ("a", "b"))
    lab.apply(wait=False)
    assert lab.statuses() == {"runs.b@g1#a1": "pending"}
    lab.environment["TEAM"] = "vision"
    lab.apply()
    assert lab.statuses() == {"runs.b@g1#a1": "succeeded"}
    assert sum(lab.engine.created.values()) == 1


def test_a_pending_one_is_renamed_and_edited_at_once(lab: Lab) -> None:
    lab.environment.pop("TEAM")
    write(lab, {"a": {"args": ["${env:TEAM}"]}})
    lab.apply(wait=False)
    write(lab, {"b": {"args": ["x", "${env:TEAM}"], "retry": {"max": 2}}}, ("a", "b"))
    assert decided(lab.plan()) == ["record runs.b", "update runs.b"]
    lab.apply(wait=False)
    assert decided(lab.plan()) == []
    lab.environment["TEAM"] = "vision"
    lab.apply()
    assert lab.statuses() == {"runs.b@g1#a1": "succeeded"}


def test_a_rename_and_an_edit_at_once_start_the_edited_experiment_alone(lab: Lab) -> None:
    write(lab, {"a": {}})
    lab.apply()
    write(lab, {"b": OTHER}, ("a", "b"))
    assert decided(lab.plan()) == ["record runs.b", "start runs.b"]
    lab.apply()
    assert lab.statuses() == {"runs.b@g1#a1": "succeeded", "runs.b@g2#a1": "succeeded"}
    assert decided(lab.plan()) == []


def test_a_rename_and_a_retry_at_once(lab: Lab) -> None:
    lab.engine.ends["runs.a"] = Status.FAILED
    write(lab, {"a": {}})
    lab.apply()
    write(lab, {"b": {}}, ("a", "b"))
    lab.apply(Override(retry_failed=True))
    assert lab.statuses() == {"runs.b@g1#a1": "failed", "runs.b@g1#a2": "succeeded"}
    assert decided(lab.plan()) == []


def test_a_run_that_was_renamed_several_times_keeps_one_history(lab: Lab) -> None:
    write(lab, {"a": {}})
    lab.apply()
    write(lab, {"b": {}}, ("a", "b"))
    lab.apply()
    write(lab, {"c": {}}, ("a", "b"), ("b", "c"))
    assert decided(lab.plan()) == ["record runs.c"]
    lab.apply()
    assert lab.statuses() == {"runs.c@g1#a1": "succeeded"}
    assert decided(lab.plan()) == []


def test_whoever_missed_a_rename_takes_both_at_once(lab: Lab) -> None:
    write(lab, {"a": {}})
    lab.apply()
    write(lab, {"c": {}}, ("a", "b"), ("b", "c"))
    assert decided(lab.plan()) == ["record runs.c"]
    lab.apply()
    assert lab.statuses() == {"runs.c@g1#a1": "succeeded"}


def test_a_name_handed_on_and_given_anew(lab: Lab) -> None:
    """b becomes c, and a becomes b: a chain of two histories."""
    write(lab, {"a": {}, "b": OTHER})
    lab.apply()
    write(lab, {"a": {}, "c": OTHER}, ("b", "c"))
    lab.apply()
    write(lab, {"b": {}, "c": OTHER}, ("a", "b"))
    assert decided(lab.plan()) == ["record runs.b"]
    lab.apply()
    assert lab.statuses() == {"runs.b@g1#a1": "succeeded", "runs.c@g1#a1": "succeeded"}
    assert decided(lab.plan()) == []


def test_a_rename_is_taken_back(lab: Lab) -> None:
    for name, moved in (("a", ()), ("b", (("a", "b"),)), ("a", (("b", "a"),)), ("b", (("a", "b"),))):
        write(lab, {name: {}}, *moved)
        lab.apply()
    assert lab.statuses() == {"runs.b@g1#a1": "succeeded"}
    assert decided(lab.plan()) == []


def test_a_new_run_under_a_name_that_was_given_away_has_ids_of_its_own(lab: Lab) -> None:
    write(lab, {"a": {}})
    lab.apply()
    write(lab, {"b": {}}, ("a", "b"))
    lab.apply()
    write(lab, {"a": {}, "b": {}})
    assert decided(lab.plan()) == ["start runs.a"]
    lab.apply()
    assert lab.statuses() == {"runs.a@g1#a1": "succeeded", "runs.b@g1#a1": "succeeded"}
    assert len(lab.engine.objects) == 2


def test_a_rename_that_comes_a_plan_too_late_still_starts_nothing(lab: Lab) -> None:
    write(lab, {"a": {}})
    lab.apply()
    write(lab, {"b": {}})
    assert shown(lab.plan()) == ["blocked runs.b", "forget runs.a"]
    lab.apply()
    assert shown(lab.plan()) == ["blocked runs.b"]
    write(lab, {"b": {}}, ("a", "b"))
    assert decided(lab.plan()) == ["record runs.b", "record runs.b"]
    lab.apply()
    assert shown(lab.plan()) == []
    assert lab.statuses() == {"runs.b@g1#a1": "succeeded"}
    session = lab.open()
    assert [line.address for line in session.status()] == ["runs.b"]
    session.close()


def test_a_rename_onto_a_name_with_a_history_asks_instead_of_starting(lab: Lab) -> None:
    write(lab, {"a": {}, "b": OTHER})
    lab.apply()
    write(lab, {"a": {}})
    lab.apply()
    write(lab, {"b": {}}, ("a", "b"))
    assert shown(lab.plan()) == ["blocked runs.b", "blocked runs.a"]
    assert "runs.a cannot become runs.b" in lab.change("runs.b").message
    report = lab.apply()
    assert report is not None
    assert report.blocked == 2
    assert sum(lab.engine.created.values()) == 2


def test_a_rename_that_was_carried_out_stays_in_the_file_without_effect(lab: Lab) -> None:
    write(lab, {"a": {}})
    lab.apply()
    for _ in range(3):
        write(lab, {"b": {}}, ("a", "b"))
        lab.apply()
    assert lab.statuses() == {"runs.b@g1#a1": "succeeded"}
    write(lab, {"b": OTHER}, ("a", "b"))
    assert decided(lab.plan()) == ["start runs.b"]


def test_a_dependency_follows_a_rename_and_nothing_is_started(lab: Lab) -> None:
    def after(name: str) -> JSON:
        return {"args": ["b"], "depends_on": [{"run": f"runs.{name}", "rerun": True}]}

    write(lab, {"a": {}, "below": after("a")})
    lab.apply()
    write(lab, {"z": {}, "below": after("z")}, ("a", "z"))
    assert decided(lab.plan()) == ["record runs.below", "record runs.z"]
    lab.apply()
    assert decided(lab.plan()) == []
    write(lab, {"z": OTHER, "below": after("z")}, ("a", "z"))
    assert decided(lab.plan()) == ["start runs.below", "start runs.z"]


def test_a_new_run_of_an_experiment_that_was_removed_is_blocked_until_rerun(lab: Lab) -> None:
    write(lab, {"a": {}, "k": OTHER})
    lab.apply()
    write(lab, {"k": OTHER})
    lab.apply()
    write(lab, {"b": {}, "k": OTHER})
    found = lab.change("runs.b")
    assert found.action is Action.BLOCKED
    lab.apply(Override(rerun=("runs.b",)))
    assert lab.statuses()["runs.b@g1#a1"] == "succeeded"
    assert decided(lab.plan()) == []


def test_two_runs_of_one_experiment_from_the_start_are_two(lab: Lab) -> None:
    write(lab, {"a": {}, "b": {}})
    lab.apply()
    assert lab.statuses() == {"runs.a@g1#a1": "succeeded", "runs.b@g1#a1": "succeeded"}
    assert decided(lab.plan()) == []


def test_what_was_removed_before_it_ever_started_blocks_nobody(lab: Lab) -> None:
    lab.environment.pop("TEAM")
    write(lab, {"a": {"args": ["${env:TEAM}"]}, "k": OTHER})
    lab.apply(wait=False)
    write(lab, {"b": {"args": ["${env:TEAM}"]}, "k": OTHER})
    assert decided(lab.plan()) == ["start runs.b", "forget runs.a"]
