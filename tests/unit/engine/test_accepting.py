"""Accepting a plan: exactly what it says, or less, and never more, whoever wrote it and whatever happened since."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from fakes.lab import Lab, decided, new_lab, project_of, shown
from hypothesis import given, settings
from hypothesis import strategies as st

from launchctl.engine.apply import ApplyOptions, apply
from launchctl.engine.plan import Action, Override, Plan
from launchctl.engine.planfile import read_plan, write_plan
from launchctl.errors import LaunchctlError, StalePlan, StateError, StateLocked
from launchctl.status import Status
from launchctl.values import JSON, digest


def save(lab: Lab, plan: Plan, tamper: Callable[[dict[str, JSON]], None] = lambda body: None) -> Plan:
    """A plan written to a file and read back; whoever tampers with it gets its digest right."""
    path = lab.folder / "plan.json"
    write_plan(plan, path, project=lab.folder, state="state.db", variables={}, inputs={})
    body = json.loads(path.read_text(encoding="utf-8"))
    tamper(body)
    body["digest"] = digest({name: value for name, value in body.items() if name != "digest"})
    path.write_text(json.dumps(body), encoding="utf-8")
    return read_plan(path).plan


def running(lab: Lab, **lifecycle: JSON) -> None:
    lab.engine.advance = False
    lab.runs(a={"lifecycle": lifecycle})
    lab.apply(wait=False)


def end(lab: Lab, status: Status = Status.SUCCEEDED) -> None:
    for run_id, found in lab.engine.objects.items():
        lab.engine.objects[run_id] = replace(found, status=status, exit_code=0, ended_at=5.0)


# Exactly, or less.


def test_a_saved_plan_does_what_it_says(lab: Lab) -> None:
    running(lab)
    lab.runs(a={"args": ["x"]}, b={"args": ["b"]})
    plan = save(lab, lab.plan(Override(allow_cancel=("runs.a",))))
    assert plan.override == Override(allow_cancel=("runs.a",))
    lab.apply(plan=plan, wait=False)
    assert lab.statuses() == {"runs.a@g1#a1": "cancelled", "runs.a@g2#a1": "running", "runs.b@g1#a1": "running"}


def test_an_override_of_a_saved_plan_holds_for_that_plan_alone(lab: Lab) -> None:
    running(lab)
    lab.runs(a={"args": ["x"]})
    assert decided(save(lab, lab.plan(Override(allow_supersede=("runs.a",))))) == ["start runs.a"]
    assert shown(lab.plan()) == ["blocked runs.a"]


def test_what_ended_meanwhile_is_not_cancelled_and_no_error(lab: Lab) -> None:
    running(lab, on_change="cancel")
    lab.runs(a={"args": ["x"], "lifecycle": {"on_change": "cancel"}})
    plan = save(lab, lab.plan())
    assert decided(plan) == ["cancel runs.a", "start runs.a"]
    end(lab)
    report = lab.apply(plan=plan, wait=False)
    assert report is not None
    assert report.errors == ()
    assert lab.statuses() == {"runs.a@g1#a1": "succeeded", "runs.a@g2#a1": "running"}


def test_what_was_planned_for_a_running_object_and_is_not_true_any_more_is_skipped_and_said(lab: Lab) -> None:
    lab.engine.advance = False
    lab.runs(a={"resource": {"label": "x"}})
    lab.apply(wait=False)
    lab.runs(a={"resource": {"label": "y"}}, b={"args": ["b"]})
    plan = save(lab, lab.plan())
    assert decided(plan) == ["update runs.a", "start runs.b"]
    end(lab)
    report = lab.apply(plan=plan, wait=False)
    assert report is not None
    assert report.errors == ("runs.a: not done (update), since it changed after the plan was made",)
    assert lab.statuses() == {"runs.a@g1#a1": "succeeded", "runs.b@g1#a1": "running"}
    assert decided(lab.plan()) == ["record runs.a"]


def test_what_became_possible_since_is_not_done(lab: Lab) -> None:
    running(lab)
    lab.runs(a={"args": ["x"]}, b={"args": ["b"]})
    plan = save(lab, lab.plan())
    assert shown(plan) == ["blocked runs.a", "start runs.b"]
    end(lab)
    lab.apply(plan=plan, wait=False)
    assert lab.statuses() == {"runs.a@g1#a1": "succeeded", "runs.b@g1#a1": "running"}
    assert decided(lab.plan()) == ["start runs.a"]


def test_a_run_that_was_lost_since_is_not_started_over(lab: Lab) -> None:
    running(lab)
    lab.runs(a={"args": ["x"]})
    plan = save(lab, lab.plan(Override(allow_cancel=("runs.a",))))
    lab.engine.remove("runs.a")
    lab.apply(plan=plan, wait=False)
    assert lab.statuses() == {"runs.a@g1#a1": "lost", "runs.a@g2#a1": "running"}


def test_a_dependant_remembers_what_its_upstream_was_although_that_was_not_in_the_plan(lab: Lab) -> None:
    """The upstream's new generation became possible after the plan; the dependant was decided without it."""

    def write(word: str, *args: str) -> None:
        follows: JSON = {"args": list(args), "depends_on": [{"run": "runs.a", "rerun": True}]}
        lab.runs(a={"args": [word]}, b=follows)

    write("one", "b")
    lab.apply()
    lab.engine.advance = False
    write("two", "b")
    lab.apply(Override(targets=("runs.a",)), wait=False)
    write("three", "c")
    plan = save(lab, lab.plan())
    assert shown(plan) == ["blocked runs.a", "start runs.b"]
    end(lab)
    lab.apply(plan=plan, wait=False)
    end(lab)
    write("two", "c")
    assert decided(lab.plan()) == []


# Refused.


def test_a_saved_plan_is_applied_once(lab: Lab) -> None:
    lab.runs(a={})
    plan = save(lab, lab.plan())
    lab.apply(plan=plan)
    with pytest.raises(StalePlan):
        lab.apply(plan=plan)
    assert set(lab.engine.created.values()) == {1}


def test_another_decision_makes_a_plan_stale_and_a_run_that_ends_does_not(lab: Lab) -> None:
    running(lab)
    lab.runs(a={}, b={"args": ["b"]})
    plan = save(lab, lab.plan())
    end(lab)
    lab.apply(plan=lab.plan(Override(targets=("runs.a",))), wait=False)
    lab.apply(plan=plan, wait=False)
    with pytest.raises(StalePlan):
        lab.apply(plan=plan, wait=False)


def test_a_plan_for_another_state_is_refused(lab: Lab) -> None:
    lab.runs(a={})
    lab.apply()
    lab.runs(a={}, b={"args": ["b"]})
    plan = save(lab, lab.plan(), lambda body: body["state"].update(lineage="0" * 8))
    with pytest.raises(StalePlan):
        lab.apply(plan=plan)
    assert len(lab.engine.objects) == 1


def test_a_state_that_vanished_while_a_plan_was_shown_is_never_made_anew(lab: Lab) -> None:
    import shutil

    lab.runs(a={})
    lab.apply()
    lab.runs(a={}, b={"args": ["b"]})
    plan = save(lab, lab.plan())
    shutil.rmtree(lab.folder / ".launchctl")
    with pytest.raises(StateError):
        lab.apply(plan=plan)
    assert len(lab.engine.objects) == 1
    assert not (lab.folder / ".launchctl").exists()


def test_the_state_of_another_project_is_refused(lab: Lab) -> None:
    lab.runs(a={})
    lab.apply()
    lab.write({**project_of({"a": {}}), "project": "other"})
    with pytest.raises(StateError):
        lab.plan()


def test_a_plan_from_before_the_state_is_applied_by_one_of_many(lab: Lab) -> None:
    lab.runs(**{f"r{number}": {"args": [str(number)]} for number in range(5)})
    plan = save(lab, lab.plan())
    outcomes: list[str] = []
    barrier = threading.Barrier(6)

    def one() -> None:
        session = lab.open()
        barrier.wait()
        try:
            apply(session, plan, ApplyOptions(wait=True), lambda event: None)
            outcomes.append("done")
        except (StalePlan, StateLocked) as error:
            outcomes.append(type(error).__name__)
        finally:
            session.close()

    threads = [threading.Thread(target=one) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes.count("done") == 1
    assert len(outcomes) == 6
    assert set(lab.engine.created.values()) == {1}
    assert len(lab.engine.created) == 5


def test_plans_that_were_made_at_once_before_the_state_give_one_state(lab: Lab) -> None:
    lab.runs(a={})
    first, second = lab.plan(), lab.plan()
    lab.apply(plan=first)
    with pytest.raises(StalePlan):
        lab.apply(plan=second)
    assert set(lab.engine.created.values()) == {1}


# Tampered with, and the digest made right again.


def test_a_start_without_its_cancel_starts_nothing(lab: Lab) -> None:
    running(lab, on_change="cancel")
    lab.runs(a={"args": ["x"], "lifecycle": {"on_change": "cancel"}})

    def without_cancel(body: dict[str, JSON]) -> None:
        body["changes"] = [change for change in body["changes"] if change["action"] != "cancel"]

    report = lab.apply(plan=save(lab, lab.plan(), without_cancel), wait=False)
    assert report is not None
    assert report.errors == ("runs.a: not done (start), since it changed after the plan was made",)
    assert lab.statuses() == {"runs.a@g1#a1": "running"}


def test_a_start_without_its_rename_starts_nothing(lab: Lab) -> None:
    lab.runs(a={})
    lab.apply()
    lab.write(project_of({"b": {"args": ["x"]}}, moved=[{"from": "runs.a", "to": "runs.b"}]))

    def without_rename(body: dict[str, JSON]) -> None:
        body["changes"] = [change for change in body["changes"] if change["reason"] != "renamed"]

    lab.apply(plan=save(lab, lab.plan(), without_rename), wait=False)
    assert lab.statuses() == {"runs.a@g1#a1": "succeeded"}
    assert decided(lab.plan()) == ["record runs.b", "start runs.b"]


def test_an_edit_of_a_queue_that_was_taken_out_of_the_plan_is_not_recorded(lab: Lab) -> None:
    lab.runs({"max_jobs": 1}, a={})
    lab.apply()
    lab.runs({"max_jobs": 5}, a={}, b={"args": ["b"]})

    def without_queue(body: dict[str, JSON]) -> None:
        body["changes"] = [change for change in body["changes"] if change["address"] != "queues.q"]

    lab.apply(plan=save(lab, lab.plan(), without_queue))
    state = lab.state()
    assert state is not None
    assert state.configs["queues.q"].max_jobs == 1
    assert decided(lab.plan()) == ["update queues.q"]


def test_a_plan_says_nothing_of_what_a_new_state_is_called(lab: Lab) -> None:
    lab.runs(a={})
    lab.apply(plan=save(lab, lab.plan(), lambda body: body.update(name="other", entity="somebody")))
    state = lab.state()
    assert state is not None
    assert (state.head.project, state.head.entity) == ("lab", "acme")


EDITS: tuple[dict[str, JSON], ...] = (
    {},
    {"args": ["x"]},
    {"resource": {"size": 9}},
    {"resource": {"label": "z"}},
    {"description": "a word"},
    {"lifecycle": {"on_change": "cancel"}, "args": ["y"]},
    {"lifecycle": {"on_change": "supersede"}, "args": ["z"]},
    {"lifecycle": {"on_remove": "cancel"}},
)
WORDS = ("start", "retry", "cancel", "record", "update", "forget", "adopt", "held", "blocked")


def tampered(data: st.DataObject) -> Callable[[dict[str, JSON]], None]:
    def tamper(body: dict[str, JSON]) -> None:
        for change in body["changes"]:
            change.update(
                data.draw(
                    st.sampled_from(
                        [
                            {},
                            {"action": "held"},
                            {"action": data.draw(st.sampled_from(WORDS))},
                            {"generation": change["generation"] + 1},
                            {"attempt": change["attempt"] + 1},
                            {"run_id": f"{change['run_id']}0"},
                            {"address": data.draw(st.sampled_from(["runs.a", "runs.b", "runs.c", "queues.q"]))},
                        ]
                    )
                )
            )
        if data.draw(st.booleans()):
            body["changes"] += body["changes"]
        body["refreshed"] = data.draw(st.booleans())

    return tamper


@given(st.data())
@settings(max_examples=60)
def test_whatever_is_written_into_a_plan_it_does_no_more_than_a_fresh_one(data: st.DataObject) -> None:
    with new_lab() as lab:
        lab.engine.advance = False
        names = ("a", "b", "c")
        draw = data.draw
        lab.runs({"max_jobs": 3}, **{name: {"args": [name], **draw(st.sampled_from(EDITS))} for name in names})
        lab.apply(wait=False)
        if draw(st.booleans()):
            end(lab, draw(st.sampled_from([Status.SUCCEEDED, Status.FAILED])))
        kept = draw(st.lists(st.sampled_from(names), unique=True, min_size=1))
        edited = {name: {"args": [name], **draw(st.sampled_from(EDITS))} for name in kept}
        lab.runs({"max_jobs": draw(st.sampled_from([3, 4]))}, **edited)
        plans = (lab.plan(), lab.plan(refresh=False))  # the file may say that no target was asked
        fresh = {(change.address, change.action, change.run_id) for plan in plans for change in plan.changes}
        before = {found.run_id: found for found in lab.attempts()}
        state = lab.state()
        assert state is not None
        plan = save(lab, lab.plan(), tampered(data))
        try:
            lab.apply(plan=plan, wait=False)
        except LaunchctlError:
            return
        for found in lab.attempts():
            if found.run_id not in before:
                allowed = {(found.address, Action.START, found.run_id), (found.address, Action.RETRY, found.run_id)}
                assert allowed & fresh
            elif found.cancel_requested and not before[found.run_id].cancel_requested:
                assert (found.address, Action.CANCEL, found.run_id) in fresh
        after = lab.state()
        assert after is not None
        for address, record in after.runs.items():
            if record.run.standing is not state.runs[address].run.standing:
                assert {action for name, action, _ in fresh if name == address} & {Action.FORGET, Action.CANCEL}
        assert set(lab.engine.created.values()) <= {1}


# Without looking.


def test_a_plan_made_without_looking_decides_on_the_record_alone(lab: Lab) -> None:
    running(lab)
    end(lab)
    lab.runs(a={"args": ["x"]}, b={"args": ["b"]})
    plan = save(lab, lab.plan(refresh=False))
    assert plan.refreshed is False
    assert shown(plan) == ["blocked runs.a", "start runs.b"]
    lab.apply(plan=plan, wait=False)
    assert lab.statuses() == {"runs.a@g1#a1": "succeeded", "runs.b@g1#a1": "running"}


# What a decision needs and does not find.


def test_code_that_was_changed_after_the_plan_was_made_decides_nothing(lab: Lab) -> None:
    code = lab.folder / "train"
    code.mkdir()
    (code / "train.py").write_text("print(1)\n")
    made = project_of({"a": {}})
    made["jobs"]["train"]["source"] = {"code": "train"}
    lab.write(made)
    session = lab.open()
    plan = session.plan()
    (code / "train.py").write_text("print(2)\n")
    with pytest.raises(LaunchctlError):
        apply(session, plan, ApplyOptions(), lambda event: None)
    session.close()
    assert lab.attempts() == []
    lab.apply()
    assert lab.statuses() == {"runs.a@g1#a1": "succeeded"}


def test_a_read_only_state_is_an_error_and_starts_nothing(lab: Lab) -> None:
    import os

    if os.geteuid() == 0:
        pytest.skip("root may write everywhere")
    lab.runs(a={})
    lab.apply()
    lab.runs(a={}, b={"args": ["b"]})
    folder: Path = lab.folder / ".launchctl"
    for path in (*folder.glob("state.db*"), folder):
        path.chmod(0o500)
    try:
        with pytest.raises(StateError):
            lab.apply()
    finally:
        folder.chmod(0o700)
    assert len(lab.engine.objects) == 1


def test_a_clock_that_goes_back_loses_and_repeats_nothing(lab: Lab) -> None:
    lab.engine.advance = False
    lab.runs(a={})
    lab.apply(wait=False)
    lab.now -= 900.0
    lab.runs(a={}, b={"args": ["b"]})
    lab.apply(wait=False)
    lab.engine.advance = True
    lab.apply()
    assert lab.statuses() == {"runs.a@g1#a1": "succeeded", "runs.b@g1#a1": "succeeded"}
    assert set(lab.engine.created.values()) == {1}
