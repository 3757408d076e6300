"""Which pending attempts start, in which order, and what the others are told."""

from __future__ import annotations

from dataclasses import replace

from launchctl.engine.launch import Launch
from launchctl.engine.schedule import reference, schedule
from launchctl.state.model import (
    AttemptRecord,
    ConfigRecord,
    Form,
    GenerationRecord,
    Head,
    Policy,
    RunRecord,
    RunState,
    Standing,
    State,
)
from launchctl.status import Status

FORM = Form(1, "{}", "i", "p", "m")
HEAD = Head("lineage", 1, "churn", "acme", "default")


def run(
    name: str,
    status: Status = Status.PENDING,
    *,
    priority: int = 2,
    order: int = 0,
    after: tuple[str, ...] = (),
    not_before: float = 0.0,
    needs: str = "",
) -> RunState:
    address = f"runs.{name}"
    policy = Policy(queue="q", resource="fake", priority=priority, depends_on=after)
    generation = GenerationRecord(address, 1, FORM, policy, f"{name}-1", "never_run", 1, 0.0, {})
    secrets = {"TOKEN": {"env": needs}} if needs else {}
    launch = Launch(f"{name}-1", "fake", {}, {}, secrets=secrets).to_text()
    attempt = AttemptRecord(address, 1, 1, f"{name}-1", status, launch, sequence=order, not_before=not_before)
    return RunState(RunRecord(address, Standing.ACTIVE, FORM, False, 1), generation, (attempt,))


def state(*runs: RunState, max_jobs: int | None = None) -> State:
    config = ConfigRecord("queues.q", "{}", max_jobs)
    return State(HEAD, {found.run.address: found for found in runs}, {"queues.q": config})


def ready(found: State, now: float = 100.0) -> list[str]:
    return [attempt.address for attempt in schedule(found, now, {}).ready]


def test_higher_priority_starts_first_and_equal_priorities_in_the_order_of_decisions() -> None:
    runs = (run("c", order=3), run("a", order=2), run("urgent", priority=0, order=9), run("b", order=1))
    assert ready(state(*runs)) == ["runs.urgent", "runs.b", "runs.a", "runs.c"]


def test_max_jobs_counts_what_is_active_and_says_which_limit_makes_what_wait() -> None:
    found = schedule(state(run("a", Status.RUNNING), run("b", order=1), run("c", order=2), max_jobs=2), 0.0, {})
    assert [attempt.address for attempt in found.ready] == ["runs.b"]
    assert found.waiting == {"runs.c@g1#a1": "a place on queues.q (max_jobs 2)"}


def test_a_run_that_waits_for_another_leaves_its_place_to_the_next() -> None:
    found = schedule(state(run("a", order=1, after=("runs.b",)), run("b", order=2), max_jobs=1), 0.0, {})
    assert [attempt.address for attempt in found.ready] == ["runs.b"]
    assert found.waiting == {"runs.a@g1#a1": "runs.b, which is pending"}


def test_a_dependency_is_met_by_success_and_by_nothing_else() -> None:
    assert ready(state(run("a", Status.SUCCEEDED), run("b", after=("runs.a",)))) == ["runs.b"]
    for status in set(Status) - {Status.SUCCEEDED, Status.PRUNED, Status.PENDING}:
        assert ready(state(run("a", status), run("b", after=("runs.a",)))) == [], status


def test_a_dependency_that_was_never_decided_keeps_its_dependant_waiting() -> None:
    found = schedule(state(run("b", after=("runs.a",))), 0.0, {})
    assert found.waiting == {"runs.b@g1#a1": "runs.a, which never ran"}


def test_a_back_off_ends_at_its_time() -> None:
    found = state(run("a", not_before=50.0))
    assert schedule(found, 49.0, {}).wake_at == 50.0
    assert ready(found, 49.0) == []
    assert ready(found, 50.0) == ["runs.a"]


def test_a_new_generation_starts_only_when_the_cancelled_one_has_ended() -> None:
    old = run("a", Status.RUNNING)
    cancelled = replace(old.attempts[0], cancel_requested=True)
    new = replace(cancelled, generation=2, run_id="a-2", status=Status.PENDING, cancel_requested=False)
    both = replace(old, run=replace(old.run, generation=2), attempts=(cancelled, new))
    assert schedule(state(both), 0.0, {}).waiting == {"runs.a@g2#a1": "the end of runs.a@g1#a1"}
    ended = replace(both, attempts=(replace(cancelled, status=Status.CANCELLED), new))
    assert [reference(found) for found in schedule(state(ended), 0.0, {}).ready] == ["runs.a@g2#a1"]


def test_what_was_forgotten_or_detached_is_not_started() -> None:
    for standing in (Standing.FORGOTTEN, Standing.DETACHED):
        found = run("a")
        assert ready(state(replace(found, run=replace(found.run, standing=standing)))) == []


def test_a_run_whose_secret_is_not_here_leaves_its_place_to_the_next_and_says_what_it_lacks() -> None:
    found = state(run("a", order=1, needs="HF"), run("b", order=2), max_jobs=1)
    assert [attempt.address for attempt in schedule(found, 0.0, {}).ready] == ["runs.b"]
    assert schedule(found, 0.0, {}).waiting == {"runs.a@g1#a1": "the secret in $HF, which is not set here"}
    assert [attempt.address for attempt in schedule(found, 0.0, {"HF": "hush"}).ready] == ["runs.a"]
