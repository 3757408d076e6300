"""What `lifecycle` and its overrides let happen to a run that is under way, edited or removed."""

from __future__ import annotations

import pytest
from fakes.lab import Lab, decided, shown

from launchctl.engine.plan import Action, Override
from launchctl.status import Status
from launchctl.values import JSON


def running(lab: Lab, **lifecycle: JSON) -> None:
    """`runs.a` under way, its first generation."""
    lab.engine.advance = False
    lab.runs(a={"lifecycle": lifecycle})
    lab.apply(wait=False)


def edit(lab: Lab, word: str = "another", **lifecycle: JSON) -> None:
    lab.runs(a={"args": [word], "lifecycle": lifecycle})


# An edit of a running experiment.


def test_an_edit_of_a_running_experiment_is_blocked_and_says_how_to_go_on(lab: Lab) -> None:
    running(lab)
    edit(lab)
    found = lab.change("runs.a")
    assert (found.action, found.status) == (Action.BLOCKED, Status.RUNNING)
    assert found.options == (
        "launchctl apply --allow supersede=runs.a",
        "launchctl apply --allow cancel=runs.a",
        "lifecycle: {on_change: keep}",
    )
    report = lab.apply(wait=False)
    assert report is not None
    assert report.blocked == 1
    assert lab.statuses() == {"runs.a@g1#a1": "running"}
    assert shown(lab.plan()) == ["blocked runs.a"]


def test_keep_accepts_the_edit_once_and_starts_nothing(lab: Lab) -> None:
    running(lab)
    edit(lab, on_change="keep")
    assert decided(lab.plan()) == ["record runs.a"]
    lab.apply(wait=False)
    assert shown(lab.plan()) == []
    lab.engine.advance = True
    lab.apply()
    assert shown(lab.plan()) == []
    assert lab.statuses() == {"runs.a@g1#a1": "succeeded"}


@pytest.mark.parametrize("said", ["file", "command line"])
def test_supersede_starts_the_new_one_beside_the_old_one(lab: Lab, said: str) -> None:
    running(lab)
    edit(lab, on_change="supersede" if said == "file" else "block")
    lab.apply(Override(allow_supersede=("runs.a",) if said == "command line" else ()), wait=False)
    assert lab.statuses() == {"runs.a@g1#a1": "running", "runs.a@g2#a1": "running"}
    assert shown(lab.plan()) == []


@pytest.mark.parametrize("said", ["file", "command line"])
def test_cancel_starts_the_new_one_when_the_old_one_has_ended(lab: Lab, said: str) -> None:
    running(lab)
    edit(lab, on_change="cancel" if said == "file" else "block")
    override = Override(allow_cancel=("runs.a",) if said == "command line" else ())
    assert decided(lab.plan(override)) == ["cancel runs.a", "start runs.a"]
    lab.apply(override, wait=False)
    assert lab.statuses() == {"runs.a@g1#a1": "cancelled", "runs.a@g2#a1": "running"}
    assert shown(lab.plan()) == []


def test_the_new_one_never_starts_while_the_old_one_cannot_be_stopped(lab: Lab) -> None:
    from launchctl.errors import UnknownOutcome

    running(lab, on_change="cancel")
    edit(lab, on_change="cancel")
    lab.engine.fault = lambda step: UnknownOutcome("no answer") if step == "cancel" else None
    lab.apply(wait=False)
    assert lab.statuses() == {"runs.a@g1#a1": "running", "runs.a@g2#a1": "pending"}
    lab.engine.fault = lambda step: None
    lab.apply(wait=False)
    assert lab.statuses() == {"runs.a@g1#a1": "cancelled", "runs.a@g2#a1": "running"}


def test_protect_keeps_a_running_experiment_from_an_edit_until_the_file_lets_go(lab: Lab) -> None:
    running(lab, protect=True, on_change="cancel")
    edit(lab, protect=True, on_change="cancel")
    assert shown(lab.plan()) == ["blocked runs.a"]
    assert shown(lab.plan(Override(allow_cancel=("runs.a",)))) == ["blocked runs.a"]
    assert shown(lab.plan(Override(rerun=("runs.a",)))) == ["blocked runs.a"]
    edit(lab, protect=False, on_change="cancel")
    assert decided(lab.plan()) == ["cancel runs.a", "start runs.a"]


def test_protect_lets_a_new_experiment_start_beside_the_old_one(lab: Lab) -> None:
    running(lab, protect=True)
    edit(lab, protect=True, on_change="supersede")
    lab.apply(wait=False)
    assert lab.statuses() == {"runs.a@g1#a1": "running", "runs.a@g2#a1": "running"}


def test_a_protected_experiment_that_has_ended_is_edited_like_any_other(lab: Lab) -> None:
    lab.runs(a={"lifecycle": {"protect": True}})
    lab.apply()
    edit(lab, protect=True)
    assert decided(lab.plan()) == ["start runs.a"]


def test_an_edit_in_place_reaches_the_object_beside_what_only_we_note(lab: Lab) -> None:
    lab.engine.advance = False
    lab.runs(a={"resource": {"label": "x"}})
    lab.apply(wait=False)
    lab.runs(a={"resource": {"label": "y"}, "description": "noted", "retry": {"max": 1}})
    assert decided(lab.plan()) == ["update runs.a"]
    lab.apply(wait=False)
    assert lab.engine.bodies[lab.latest("runs.a").run_id]["label"] == "y"
    assert shown(lab.plan()) == []


def test_a_target_that_refuses_an_edit_in_place_keeps_nothing_else_from_being_done(lab: Lab) -> None:
    from launchctl.errors import Refused

    lab.engine.advance = False
    lab.runs(a={"resource": {"label": "x"}})
    lab.apply(wait=False)
    lab.runs(a={"resource": {"label": "y"}}, b={"args": ["b"]})
    lab.engine.fault = lambda step: Refused("immutable") if step == "update" else None
    report = lab.apply(wait=False)
    assert report is not None
    assert report.errors == ("runs.a: not updated: immutable",)
    assert lab.statuses() == {"runs.a@g1#a1": "running", "runs.b@g1#a1": "running"}
    assert shown(lab.plan()) == ["update runs.a"]


# An edit of one that has ended.


def test_rerun_on_never_accepts_an_edit_once_and_starts_nothing(lab: Lab) -> None:
    lab.runs(a={"lifecycle": {"rerun_on": "never"}})
    lab.apply()
    edit(lab, rerun_on="never")
    found = lab.change("runs.a")
    assert (found.action, found.options) == (Action.HELD, ("launchctl apply --rerun runs.a",))
    lab.apply()
    assert shown(lab.plan()) == []
    assert lab.statuses() == {"runs.a@g1#a1": "succeeded"}
    lab.apply(Override(rerun=("runs.a",)))
    assert lab.statuses() == {"runs.a@g1#a1": "succeeded", "runs.a@g2#a1": "succeeded"}
    assert lab.engine.bodies[lab.latest("runs.a").run_id]["argv"][1] == ["another"]


def test_rerun_on_never_holds_a_new_generation_upstream_too(lab: Lab) -> None:
    def write(word: str) -> None:
        after = {"depends_on": [{"run": "runs.a", "rerun": True}], "lifecycle": {"rerun_on": "never"}}
        lab.runs(a={"args": [word]}, b={"args": ["b"], **after})

    write("x")
    lab.apply()
    write("y")
    lab.apply()
    assert lab.statuses() == {
        "runs.a@g1#a1": "succeeded",
        "runs.a@g2#a1": "succeeded",
        "runs.b@g1#a1": "succeeded",
    }
    assert decided(lab.plan()) == []


def test_a_run_token_starts_a_new_generation_once(lab: Lab) -> None:
    for token in ("1", "1", "2", "2"):
        lab.runs(a={"run_token": token})
        lab.apply()
    assert lab.statuses() == {"runs.a@g1#a1": "succeeded", "runs.a@g2#a1": "succeeded"}


@pytest.mark.parametrize("status", [Status.SUCCEEDED, Status.FAILED, Status.PREEMPTED])
def test_rerun_starts_a_new_generation_of_what_has_ended(lab: Lab, status: Status) -> None:
    lab.engine.ends["runs.a"] = status
    lab.runs(a={})
    lab.apply()
    lab.apply(Override(rerun=("runs.*",)))
    assert lab.statuses() == {"runs.a@g1#a1": status.value, "runs.a@g2#a1": status.value}
    assert len({found.run_id for found in lab.attempts()}) == 2
    assert decided(lab.plan()) == []


def test_rerun_of_what_runs_asks_first(lab: Lab) -> None:
    running(lab)
    assert shown(lab.plan(Override(rerun=("runs.a",)))) == ["blocked runs.a"]
    lab.apply(Override(rerun=("runs.a",), allow_supersede=("runs.a",)), wait=False)
    assert lab.statuses() == {"runs.a@g1#a1": "running", "runs.a@g2#a1": "running"}


def test_retry_failed_starts_what_failed_and_neither_what_was_cancelled_nor_what_is_lost(lab: Lab) -> None:
    from launchctl.addresses import Address, Kind, Reference
    from launchctl.engine.stop import cancel

    lab.engine.advance = False
    lab.runs(c={"args": ["c"]}, d={"args": ["d"]})
    lab.apply(wait=False)
    session = lab.open()
    cancel(session, [Reference(Address(Kind.RUNS, "c"))], lab.events.append)
    session.close()
    lab.engine.remove("runs.d")
    lab.apply(wait=False)
    lab.engine.advance = True
    lab.engine.ends = {"runs.a": Status.FAILED, "runs.b": Status.TIMED_OUT}
    lab.runs(a={"args": ["a"]}, b={"args": ["b"]}, c={"args": ["c"]}, d={"args": ["d"]}, e={"args": ["e"]})
    lab.apply()
    lab.engine.ends = {}
    lab.apply(Override(retry_failed=True))
    assert lab.statuses() == {
        "runs.a@g1#a1": "failed",
        "runs.a@g1#a2": "succeeded",
        "runs.b@g1#a1": "timed_out",
        "runs.b@g1#a2": "succeeded",
        "runs.c@g1#a1": "cancelled",
        "runs.d@g1#a1": "lost",
        "runs.e@g1#a1": "succeeded",
    }
    assert decided(lab.plan()) == []


def test_retry_failed_starts_the_next_attempt_whatever_else_was_edited(lab: Lab) -> None:
    lab.engine.ends["runs.a"] = Status.FAILED
    lab.runs(a={"resource": {"size": 1}})
    lab.apply()
    lab.engine.ends = {}
    lab.runs(a={"resource": {"size": 2}, "description": "once more, larger"})
    assert decided(lab.plan(Override(retry_failed=True))) == ["retry runs.a"]
    lab.apply(Override(retry_failed=True))
    assert lab.statuses() == {"runs.a@g1#a1": "failed", "runs.a@g1#a2": "succeeded"}
    assert lab.engine.bodies[lab.latest("runs.a").run_id]["size"] == 2


def test_retry_failed_with_a_metadata_edit_alone(lab: Lab) -> None:
    lab.engine.ends["runs.a"] = Status.FAILED
    lab.runs(a={})
    lab.apply()
    lab.runs(a={"description": "a word"})
    assert decided(lab.plan(Override(retry_failed=True))) == ["retry runs.a"]


def test_a_retry_never_runs_another_experiment_than_its_generation(lab: Lab) -> None:
    running(lab, on_change="keep")
    lab.engine.ends["runs.a"] = Status.FAILED
    edit(lab, on_change="keep")
    lab.apply(wait=False)
    lab.engine.advance = True
    lab.apply()
    assert shown(lab.plan()) == ["held runs.a"]
    lab.engine.ends = {}
    assert decided(lab.plan(Override(retry_failed=True))) == ["start runs.a"]
    lab.apply(Override(retry_failed=True))
    assert lab.statuses() == {"runs.a@g1#a1": "failed", "runs.a@g2#a1": "succeeded"}


def test_the_retry_policy_of_a_kept_run_runs_the_old_experiment_again(lab: Lab) -> None:
    lab.engine.advance = False
    policy: JSON = {"max": 1, "on": ["any"]}
    lab.runs(a={"args": ["old"], "retry": policy, "lifecycle": {"on_change": "keep"}})
    lab.apply(wait=False)
    lab.engine.ends["runs.a"] = Status.FAILED
    lab.runs(a={"args": ["new"], "retry": policy, "lifecycle": {"on_change": "keep"}})
    lab.apply(wait=False)
    lab.engine.advance = True
    lab.plan()  # somebody looks, so that the target knows that it has failed
    assert decided(lab.plan()) == []
    lab.apply()
    assert lab.statuses() == {"runs.a@g1#a1": "failed", "runs.a@g1#a2": "failed"}
    assert [body["argv"][1] for body in lab.engine.bodies.values()] == [["old"], ["old"]]


# What the project does not name any more.


@pytest.mark.parametrize("status", [Status.SUCCEEDED, Status.FAILED])
def test_what_has_ended_is_forgotten_and_its_history_stays(lab: Lab, status: Status) -> None:
    lab.engine.ends["runs.a"] = status
    lab.runs(a={}, b={"args": ["b"]})
    lab.apply()
    lab.runs(b={"args": ["b"]})
    assert decided(lab.plan()) == ["forget runs.a"]
    lab.apply()
    assert decided(lab.plan()) == []
    assert lab.statuses()["runs.a@g1#a1"] == status.value
    lab.runs(a={}, b={"args": ["b"]})
    lab.apply()
    assert decided(lab.plan()) == []
    assert sum(lab.engine.created.values()) == 2


def test_a_run_that_failed_and_is_named_again_is_ours_again(lab: Lab) -> None:
    lab.engine.ends["runs.a"] = Status.FAILED
    lab.runs(a={}, b={"args": ["b"]})
    lab.apply()
    lab.runs(b={"args": ["b"]})
    lab.apply()
    lab.runs(a={}, b={"args": ["b"]})
    lab.apply()
    session = lab.open()
    assert [line.address for line in session.status()] == ["runs.a", "runs.b"]
    session.close()
    assert shown(lab.plan()) == ["held runs.a"]
    lab.runs(b={"args": ["b"]})
    assert decided(lab.plan()) == ["forget runs.a"]


def pending(lab: Lab, **run: JSON) -> None:
    """`runs.a` pending, since `runs.before` cannot be started here."""
    lab.environment.pop("TEAM", None)
    lab.runs(a={**run, "depends_on": ["runs.before"]}, before={"args": ["${env:TEAM}"]})
    lab.apply(wait=False)


def test_what_is_pending_is_dropped_and_starts_when_it_is_named_again(lab: Lab) -> None:
    pending(lab)
    lab.runs(before={"args": ["${env:TEAM}"]})
    assert decided(lab.plan()) == ["forget runs.a"]
    lab.apply(wait=False)
    assert lab.statuses() == {"runs.before@g1#a1": "pending"}
    assert decided(lab.plan()) == []
    lab.environment["TEAM"] = "vision"
    lab.runs(a={"depends_on": ["runs.before"]}, before={"args": ["${env:TEAM}"]})
    assert decided(lab.plan()) == ["start runs.a"]
    lab.apply()
    assert lab.statuses() == {"runs.a@g1#a1": "succeeded", "runs.before@g1#a1": "succeeded"}


def test_a_pending_second_generation_that_was_dropped_starts_when_it_is_named_again(lab: Lab) -> None:
    before: JSON = {"args": ["${env:TEAM}"]}
    lab.runs(a={"args": ["one"]})
    lab.apply()
    pending(lab, args=["two"])
    assert lab.statuses()["runs.a@g2#a1"] == "pending"
    lab.runs(before=before)
    lab.apply(wait=False)
    assert "runs.a@g2#a1" not in lab.statuses()
    lab.runs(a={"args": ["one"]}, before=before)
    assert decided(lab.plan()) == ["record runs.a"]
    lab.runs(a={"args": ["two"]}, before=before)
    assert decided(lab.plan()) == ["start runs.a"]
    lab.apply(wait=False)
    assert lab.statuses() == {
        "runs.a@g1#a1": "succeeded",
        "runs.a@g2#a1": "running",
        "runs.before@g1#a1": "pending",
    }


def gone(lab: Lab) -> None:
    lab.runs(b={"args": ["b"]})


def test_removing_what_runs_is_blocked_until_somebody_says_what_is_to_become_of_it(lab: Lab) -> None:
    running(lab)
    gone(lab)
    assert shown(lab.plan()) == ["start runs.b", "blocked runs.a"]
    lab.apply(wait=False)
    assert lab.statuses()["runs.a@g1#a1"] == "running"
    lab.apply(Override(allow_cancel=("runs.a",)), wait=False)
    assert lab.statuses()["runs.a@g1#a1"] == "cancelled"
    assert decided(lab.plan()) == []


def test_on_remove_cancel_stops_it_and_the_next_plan_is_empty(lab: Lab) -> None:
    running(lab, on_remove="cancel")
    gone(lab)
    assert decided(lab.plan()) == ["start runs.b", "cancel runs.a"]
    lab.apply(wait=False)
    assert lab.statuses()["runs.a@g1#a1"] == "cancelled"
    assert decided(lab.plan()) == []


def test_on_remove_cancel_is_shown_until_it_has_ended(lab: Lab) -> None:
    from launchctl.errors import UnknownOutcome

    running(lab, on_remove="cancel")
    gone(lab)
    lab.engine.fault = lambda step: UnknownOutcome("no answer") if step == "cancel" else None
    lab.apply(wait=False)
    assert shown(lab.plan()) == ["waiting runs.a"]
    session = lab.open()
    assert [line.address for line in session.status()] == ["runs.a", "runs.b"]
    session.close()
    lab.engine.fault = lambda step: None
    lab.apply(wait=False)
    assert lab.statuses()["runs.a@g1#a1"] == "cancelled"
    assert shown(lab.plan()) == []


def test_on_remove_detach_lets_go_of_it(lab: Lab) -> None:
    running(lab, on_remove="detach")
    gone(lab)
    assert decided(lab.plan()) == ["start runs.b", "forget runs.a"]
    lab.apply(wait=False)
    assert decided(lab.plan()) == []
    lab.engine.advance = True
    lab.apply()
    assert lab.statuses()["runs.a@g1#a1"] == "running"
    assert "runs.a" in {found.owner[0] for found in lab.engine.objects.values() if found.owner}


def test_a_detached_run_takes_no_place_on_its_queue(lab: Lab) -> None:
    lab.engine.advance = False
    lab.runs({"max_jobs": 1}, a={"lifecycle": {"on_remove": "detach"}})
    lab.apply(wait=False)
    lab.runs({"max_jobs": 1}, b={"args": ["b"]})
    lab.apply(wait=False)
    assert lab.statuses() == {"runs.a@g1#a1": "running", "runs.b@g1#a1": "running"}


def test_a_detached_run_that_is_named_again_is_observed_again(lab: Lab) -> None:
    running(lab, on_remove="detach")
    gone(lab)
    lab.apply(wait=False)
    lab.engine.advance = True
    lab.plan()
    edit(lab)
    lab.plan()
    assert decided(lab.plan()) == ["start runs.a", "forget runs.b"]
    lab.apply()
    assert lab.statuses()["runs.a@g1#a1"] == "succeeded"
    assert lab.statuses()["runs.a@g2#a1"] == "succeeded"


@pytest.mark.parametrize("on_remove", ["block", "detach", "cancel"])
def test_protect_still_guards_after_its_block_is_gone(lab: Lab, on_remove: str) -> None:
    running(lab, protect=True, on_remove=on_remove)
    gone(lab)
    for override in (Override(), Override(allow_cancel=("runs.a",))):
        assert [line for line in shown(lab.plan(override)) if "runs.a" in line] == ["blocked runs.a"]
        lab.apply(override, wait=False)
    assert lab.statuses()["runs.a@g1#a1"] == "running"
    lab.runs(a={"lifecycle": {"on_remove": on_remove}}, b={"args": ["b"]})
    lab.apply(wait=False)
    lab.runs(b={"args": ["b"]})
    assert "blocked runs.a" in shown(lab.plan()) or on_remove != "block"


def test_removing_a_run_whose_older_generation_still_runs_is_blocked_too(lab: Lab) -> None:
    running(lab, on_change="supersede")
    edit(lab, on_change="supersede")
    lab.apply(wait=False)
    second = lab.latest("runs.a").run_id
    from dataclasses import replace

    lab.engine.objects[second] = replace(lab.engine.objects[second], status=Status.SUCCEEDED, exit_code=0)
    lab.apply(wait=False)
    assert lab.statuses() == {"runs.a@g1#a1": "running", "runs.a@g2#a1": "succeeded"}
    gone(lab)
    assert "blocked runs.a" in shown(lab.plan())
    lab.apply(Override(allow_cancel=("runs.a",)), wait=False)
    assert lab.statuses() == {
        "runs.a@g1#a1": "cancelled",
        "runs.a@g2#a1": "succeeded",
        "runs.b@g1#a1": "running",
    }
    assert decided(lab.plan()) == []


def test_cancelling_a_removed_run_cancels_all_of_its_generations(lab: Lab) -> None:
    running(lab, on_change="supersede", on_remove="cancel")
    edit(lab, on_change="supersede", on_remove="cancel")
    lab.apply(wait=False)
    gone(lab)
    lab.apply(wait=False)
    assert lab.statuses() == {
        "runs.a@g1#a1": "cancelled",
        "runs.a@g2#a1": "cancelled",
        "runs.b@g1#a1": "running",
    }
    assert decided(lab.plan()) == []
