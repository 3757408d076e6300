"""Retries: as many as the policy says, at their time, once, and under ids of their own."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from fakes.lab import Lab, decided, shown

from launchctl.engine.events import Event, Retrying, StatusChanged
from launchctl.engine.launch import Launch
from launchctl.engine.plan import Override
from launchctl.status import Cause, Status
from launchctl.values import JSON


def retry(most: int = 1, backoff: str = "0s", *on: str) -> JSON:
    return {"max": most, "on": list(on) or ["any", "preempted"], "backoff": backoff}


def failing(lab: Lab, status: Status = Status.FAILED) -> None:
    lab.engine.ends["runs.a"] = status


def ids(lab: Lab) -> list[str]:
    return [found.run_id for found in lab.attempts()]


@pytest.mark.parametrize(
    ("status", "cause", "on", "expected"),
    [
        (Status.FAILED, Cause.FAILED, ["failed"], 2),
        (Status.FAILED, Cause.FAILED, ["any"], 2),
        (Status.FAILED, Cause.OOM, ["any"], 1),
        (Status.FAILED, Cause.OOM, ["oom"], 2),
        (Status.FAILED, Cause.INFRA, ["infra"], 2),
        (Status.TIMED_OUT, Cause.TIMED_OUT, ["any"], 2),
        (Status.TIMED_OUT, Cause.TIMED_OUT, ["timed_out"], 2),
        (Status.PREEMPTED, Cause.PREEMPTED, ["preempted"], 2),
        (Status.PREEMPTED, Cause.PREEMPTED, ["any"], 1),
        (Status.FAILED, Cause.FAILED, ["preempted", "infra"], 1),
    ],
)
def test_the_policy_names_what_is_retried(lab: Lab, status: Status, cause: Cause, on: list[str], expected: int) -> None:
    failing(lab, status)
    lab.engine.causes["runs.a"] = cause
    lab.runs(a={"retry": {"max": 1, "on": on}})
    lab.apply()
    assert len(lab.attempts()) == expected
    assert decided(lab.plan()) == []


def test_later_attempts_continue_the_same_wandb_run(lab: Lab) -> None:
    failing(lab)
    lab.runs(a={"retry": retry(2)})
    lab.apply()
    first, *later = ids(lab)
    assert len(later) == 2
    envs = [Launch.from_text(found.manifest).body["env"] for found in lab.attempts()]
    assert [env["WANDB_RUN_ID"] for env in envs] == [first, first, first]
    assert [env.get("WANDB_RESUME") for env in envs] == [None, "allow", "allow"]


def test_an_asked_for_retry_continues_the_same_wandb_run_too(lab: Lab) -> None:
    failing(lab)
    lab.runs(a={})
    lab.apply()
    lab.apply(Override(retry_failed=True))
    lab.apply(Override(retry_failed=True))
    envs = [Launch.from_text(found.manifest).body["env"] for found in lab.attempts()]
    assert [env["WANDB_RUN_ID"] for env in envs] == [ids(lab)[0]] * 3
    assert [env.get("WANDB_RESUME") for env in envs] == [None, "allow", "allow"]
    lab.apply(Override(rerun=("runs.a",)))
    last = Launch.from_text(lab.attempts()[-1].manifest).body["env"]
    assert (last["WANDB_RUN_ID"], last.get("WANDB_RESUME")) == (ids(lab)[-1], None)


def test_a_back_off_counts_from_the_end_whoever_waits(lab: Lab) -> None:
    failing(lab)
    lab.runs(a={"retry": retry(1, "1h")})
    lab.apply(wait=False)
    lab.apply(wait=False)
    waiting = lab.latest("runs.a")
    assert (waiting.number, waiting.status) == (2, Status.PENDING)
    assert waiting.not_before == 2.0 + 3600
    assert shown(lab.plan()) == ["waiting runs.a"]
    lab.now = 3600.0
    lab.apply(wait=False)
    assert lab.latest("runs.a").status is Status.PENDING
    lab.now = 3603.0
    lab.engine.ends = {}
    lab.apply()
    assert lab.statuses() == {"runs.a@g1#a1": "failed", "runs.a@g1#a2": "succeeded"}


def test_a_retry_that_a_plan_decides_waits_for_its_back_off_as_well(lab: Lab) -> None:
    lab.engine.advance = False
    lab.runs(a={"retry": retry(1, "1h")})
    lab.apply(wait=False)
    failing(lab)
    lab.engine.advance = True
    lab.plan()
    assert decided(lab.plan()) == ["retry runs.a"]
    lab.apply(wait=False)
    assert lab.latest("runs.a").not_before == 2.0 + 3600
    assert dict(lab.engine.created) == {("runs.a", 1, 1): 1}


def test_what_a_person_asks_for_does_not_wait(lab: Lab) -> None:
    failing(lab)
    lab.runs(a={"retry": retry(1, "1h", "preempted")})
    lab.apply()
    lab.apply(Override(retry_failed=True))
    assert dict(lab.engine.created) == {("runs.a", 1, 1): 1, ("runs.a", 1, 2): 1}


def test_an_attempt_is_appended_once_by_many_drains(lab: Lab) -> None:
    failing(lab)
    lab.runs(a={"retry": retry(1, "5s")})
    others: list[int] = []

    def meanwhile(event: Event) -> None:
        if isinstance(event, StatusChanged) and event.new is Status.FAILED and not others:
            others.append(1)
            lab.apply(wait=False)

    lab.apply(on=meanwhile)
    assert [found.number for found in lab.attempts()] == [1, 2]
    assert set(lab.engine.created.values()) == {1}


def test_ids_are_never_reused_whatever_reserves_them(lab: Lab) -> None:
    failing(lab)
    lab.environment.pop("TEAM")
    for most in (2, 0, 3):  # pending all the while, and edited
        lab.runs(a={"args": ["${env:TEAM}"], "retry": retry(most)})
        lab.apply(wait=False)
    lab.environment["TEAM"] = "vision"
    lab.apply()
    assert len(ids(lab)) == 4
    lab.apply(Override(retry_failed=True))
    lab.apply(Override(rerun=("runs.a",)))
    lab.runs(a={"args": ["${env:TEAM}"], "retry": retry(5)})
    lab.apply()
    lab.apply(Override(rerun=("runs.a",)))
    assert max(Counter(ids(lab)).values()) == 1
    assert set(lab.engine.created.values()) == {1}


def test_a_policy_given_while_it_runs_is_used_by_the_drain(lab: Lab) -> None:
    lab.engine.advance = False
    lab.runs(a={})
    lab.apply(wait=False)
    lab.runs(a={"retry": retry(2)})
    assert decided(lab.plan()) == ["record runs.a"]
    lab.apply(wait=False)
    failing(lab)
    lab.engine.advance = True
    lab.apply()
    assert [found.number for found in lab.attempts()] == [1, 2, 3]
    assert decided(lab.plan()) == []
    lab.apply(Override(rerun=("runs.a",)))
    assert max(Counter(ids(lab)).values()) == 1


def test_a_policy_taken_back_while_it_runs_is_not_used(lab: Lab) -> None:
    lab.engine.advance = False
    lab.runs(a={"retry": retry(2)})
    lab.apply(wait=False)
    lab.runs(a={"retry": retry(0)})
    lab.apply(wait=False)
    failing(lab)
    lab.engine.advance = True
    lab.apply()
    assert [found.number for found in lab.attempts()] == [1]
    assert shown(lab.plan()) == ["held runs.a"]


def test_a_policy_given_to_what_has_failed_is_a_retry_now(lab: Lab) -> None:
    failing(lab)
    lab.runs(a={})
    lab.apply()
    lab.runs(a={"retry": retry(1)})
    assert decided(lab.plan()) == ["retry runs.a"]
    lab.apply()
    assert [found.number for found in lab.attempts()] == [1, 2]
    assert shown(lab.plan()) == ["held runs.a"]


def test_a_maximum_lowered_after_the_fact_ends_the_retries(lab: Lab) -> None:
    failing(lab)
    lab.runs(a={"retry": retry(2)})
    lab.apply()
    assert len(ids(lab)) == 3
    lab.runs(a={"retry": retry(1)})
    assert decided(lab.plan()) == ["record runs.a"]
    lab.apply()
    assert len(ids(lab)) == 3
    assert decided(lab.plan()) == []


def test_an_edit_of_placement_while_it_runs_reaches_its_retry(lab: Lab) -> None:
    lab.engine.advance = False
    lab.runs(a={"resource": {"size": 1}, "retry": retry(1)})
    lab.apply(wait=False)
    lab.runs(a={"resource": {"size": 2}, "retry": retry(1)})
    assert decided(lab.plan()) == ["record runs.a"]
    lab.apply(wait=False)
    failing(lab)
    lab.engine.advance = True
    lab.apply()
    assert [lab.engine.bodies[run_id]["size"] for run_id in ids(lab)] == [1, 2]
    assert decided(lab.plan()) == []


def test_an_edit_of_placement_reaches_a_retry_that_waits(lab: Lab) -> None:
    failing(lab)
    lab.runs(a={"resource": {"size": 1}, "retry": retry(1, "1h")})
    lab.apply(wait=False)
    lab.apply(wait=False)
    lab.runs(a={"resource": {"size": 2}, "retry": retry(1, "1h")})
    assert decided(lab.plan()) == ["update runs.a"]
    lab.apply(wait=False)
    assert lab.latest("runs.a").not_before == 2.0 + 3600
    lab.now = 10_000.0
    lab.apply()
    assert [lab.engine.bodies[run_id]["size"] for run_id in ids(lab)] == [1, 2]


def test_an_edit_of_intent_replaces_a_retry_that_waits_by_a_new_generation(lab: Lab) -> None:
    failing(lab)
    lab.runs(a={"args": ["one"], "retry": retry(1, "1h")})
    lab.apply(wait=False)
    lab.apply(wait=False)
    assert lab.statuses() == {"runs.a@g1#a1": "failed", "runs.a@g1#a2": "pending"}
    lab.engine.ends = {}
    lab.runs(a={"args": ["two"], "retry": retry(1, "1h")})
    assert decided(lab.plan()) == ["start runs.a"]
    lab.apply()
    assert lab.statuses() == {"runs.a@g1#a1": "failed", "runs.a@g2#a1": "succeeded"}
    envs = [Launch.from_text(found.manifest).body["env"] for found in lab.attempts()]
    assert [env["WANDB_RUN_ID"] for env in envs] == ids(lab)
    assert decided(lab.plan()) == []


def test_a_retry_that_waits_is_dropped_with_its_run_and_its_history_stays(lab: Lab) -> None:
    failing(lab)
    lab.runs(a={"retry": retry(1, "1h")}, b={"args": ["b"]})
    lab.apply(wait=False)
    lab.apply(wait=False)
    assert lab.statuses()["runs.a@g1#a2"] == "pending"
    lab.runs(b={"args": ["b"]})
    assert decided(lab.plan()) == ["forget runs.a"]
    lab.apply(wait=False)
    assert lab.statuses() == {"runs.a@g1#a1": "failed", "runs.b@g1#a1": "succeeded"}
    assert decided(lab.plan()) == []
    lab.now = 10_000.0
    lab.apply()
    assert lab.statuses() == {"runs.a@g1#a1": "failed", "runs.b@g1#a1": "succeeded"}


def test_dependants_wait_through_a_retry_and_then_start(lab: Lab) -> None:
    failing(lab)
    lab.runs(a={"retry": retry(1)}, b={"args": ["b"], "depends_on": ["runs.a"]})

    def mended(event: Event) -> None:
        if isinstance(event, Retrying):
            lab.engine.ends = {}

    report = lab.apply(on=mended)
    assert report is not None
    assert report.failed == ()
    assert lab.statuses() == {
        "runs.a@g1#a1": "failed",
        "runs.a@g1#a2": "succeeded",
        "runs.b@g1#a1": "succeeded",
    }


def test_what_was_cancelled_is_not_retried(lab: Lab) -> None:
    from launchctl.addresses import Address, Kind, Reference
    from launchctl.engine.stop import cancel

    lab.engine.advance = False
    lab.runs(a={"retry": retry(3)})
    lab.apply(wait=False)
    session = lab.open()
    cancel(session, [Reference(Address(Kind.RUNS, "a"))], lab.events.append)
    session.close()
    lab.apply()
    assert lab.statuses() == {"runs.a@g1#a1": "cancelled"}


def test_a_queue_that_was_changed_while_it_ran_is_that_of_the_retry(lab: Lab) -> None:
    from fakes.lab import project_of

    def write(queue: str) -> None:
        made = project_of({"a": {"queue": queue, "retry": retry(1)}})
        lab.write({**made, "queues": {"q": {"resource": "fake"}, "other": {"resource": "fake", "max_jobs": 1}}})

    lab.engine.advance = False
    write("q")
    lab.apply(wait=False)
    write("other")
    lab.apply(wait=False)
    failing(lab)
    lab.engine.advance = True
    lab.apply()
    assert [Launch.from_text(found.manifest).queue for found in lab.attempts()] == ["q", "other"]


def test_a_run_counts_on_the_queue_that_it_runs_on(lab: Lab) -> None:
    from fakes.lab import project_of

    def write(runs: dict[str, JSON]) -> None:
        queues = {"q": {"resource": "fake", "max_jobs": 1}, "other": {"resource": "fake", "max_jobs": 1}}
        lab.write({**project_of(runs), "queues": queues})

    lab.engine.advance = False
    write({"a": {"queue": "q"}})
    lab.apply(wait=False)
    write({"a": {"queue": "other"}, "b": {"queue": "other", "args": ["b"]}, "c": {"queue": "q", "args": ["c"]}})
    lab.apply(wait=False)
    assert lab.statuses() == {"runs.a@g1#a1": "running", "runs.b@g1#a1": "running", "runs.c@g1#a1": "pending"}
    session = lab.open()
    waiting = {line.address: line.waiting_for for line in session.status()}
    session.close()
    assert waiting == {"runs.a": "", "runs.b": "", "runs.c": "a place on queues.q (max_jobs 1)"}


def test_a_refusal_is_not_retried(lab: Lab) -> None:
    lab.runs(a={"resource": {"refuse": True}, "retry": retry(3)})
    report = lab.apply()
    assert report is not None
    assert report.errors == ("runs.a@g1#a1: no such thing",)
    assert lab.statuses() == {"runs.a@g1#a1": "failed"}


def test_an_end_that_nobody_saw_is_retried_by_whoever_looks_next(lab: Lab) -> None:
    lab.engine.advance = False
    lab.runs(a={"retry": retry(1)})
    lab.apply(wait=False)
    run_id = ids(lab)[0]
    lab.engine.objects[run_id] = replace(
        lab.engine.objects[run_id], status=Status.FAILED, cause=Cause.FAILED, exit_code=1, ended_at=5.0
    )
    assert decided(lab.plan()) == ["retry runs.a"]
    lab.apply(wait=False)
    assert lab.statuses() == {"runs.a@g1#a1": "failed", "runs.a@g1#a2": "running"}
    assert decided(lab.plan()) == []
