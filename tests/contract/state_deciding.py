"""What creating and deciding must hold to, whatever keeps the state."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from state_opened import OpenedStates
from state_records import (
    HEAD,
    NOW,
    attempt,
    claim_one,
    decide,
    form,
    generation,
    latest,
    limit,
    record_as,
    run,
    start,
)

from launchctl.errors import StalePlan, StateError, StateLocked
from launchctl.state.model import ConfigRecord, Standing
from launchctl.state.store import (
    DropAttempt,
    DropConfig,
    DropRun,
    PutAttempt,
    PutGeneration,
    PutLaunch,
    PutRun,
    RenameRun,
    RequestCancel,
    StateStore,
    Write,
)
from launchctl.status import Cause, Status


class DecidingContract(OpenedStates):
    """One wins, and the others have changed nothing."""

    # Creating.

    def test_nothing_was_created_where_nothing_is(self, reopen: Callable[[], StateStore]) -> None:
        assert reopen().head() is None

    def test_loading_where_nothing_is_is_an_error(self, reopen: Callable[[], StateStore]) -> None:
        with pytest.raises(StateError):
            reopen().load()

    def test_created_state_is_empty_and_has_its_head(self, reopen: Callable[[], StateStore]) -> None:
        reopen().create(HEAD)
        state = reopen().load()
        assert (state.head, state.runs, state.configs) == (HEAD, {}, {})

    def test_state_is_created_only_once(self, store: StateStore, reopen: Callable[[], StateStore]) -> None:
        with pytest.raises(StateError):
            reopen().create(replace(HEAD, lineage="other"))
        assert store.head() == HEAD

    def test_of_many_creators_one_wins(self, reopen: Callable[[], StateStore]) -> None:
        def create(number: int) -> str | None:
            try:
                reopen().create(replace(HEAD, lineage=f"l{number}"))
            except StateError:
                return None
            return f"l{number}"

        with ThreadPoolExecutor(8) as pool:
            won = [found for found in pool.map(create, range(24)) if found]
        head = reopen().head()
        assert head is not None
        assert won == [head.lineage]

    # Deciding.

    def test_decision_is_what_is_loaded(self, store: StateStore, reopen: Callable[[], StateStore]) -> None:
        assert decide(store, [limit("gpu", 2), *start("a")]) == 1
        state = reopen().load()
        assert state.head.serial == 1
        assert state.configs == {"queues.gpu": ConfigRecord("queues.gpu", '{"max_jobs":2}', 2)}
        assert list(state.runs) == ["runs.a"]
        found = state.runs["runs.a"]
        assert (found.run, found.generation, found.attempts) == (run("a"), generation("a"), (attempt("a"),))

    def test_every_field_survives(self, store: StateStore, reopen: Callable[[], StateStore]) -> None:
        record = replace(
            run("a", standing=Standing.DETACHED, accepted=form("i2", text='{"name":"모델"}')),
            protect=True,
            starts={"i1": 3, "i2": 1},
            on_remove="detach",
        )
        made = replace(generation("a", depends_on=("runs.b",), upstream={"runs.b": 4}), reason="requested", serial=7)
        tried = replace(
            attempt("a", status=Status.FAILED),
            handle={"id": "3f", "nested": {"list": [1, 2.5, None, "x"]}},
            exit_code=137,
            cause=Cause.OOM,
            message='ended, "badly": 메모리',
            not_before=NOW + 5,
            started_at=NOW + 1,
            ended_at=NOW + 2.5,
            cancel_requested=True,
            is_released=False,
        )
        decide(store, [PutRun(record), PutGeneration(made), PutAttempt(tried)])
        found = reopen().load().runs["runs.a"]
        assert (found.run, found.generation, found.attempts) == (record, made, (tried,))

    def test_runs_come_in_the_order_of_their_addresses(self, store: StateStore) -> None:
        decide(store, [*start("c"), *start("a"), *start("b")])
        assert list(store.load().runs) == ["runs.a", "runs.b", "runs.c"]

    def test_decision_of_another_serial_writes_nothing(self, store: StateStore) -> None:
        decide(store, start("a"))
        with store.lease("late") as lease, pytest.raises(StalePlan):
            store.decide(lease, 0, start("b"))
        assert list(store.load().runs) == ["runs.a"]

    def test_decision_is_written_as_a_whole_or_not_at_all(self, store: StateStore) -> None:
        decide(store, start("a"))
        claim_one(store, "a")
        with pytest.raises(StalePlan):
            decide(store, [*start("b"), DropAttempt("runs.a", 1, 1)])
        state = store.load()
        assert list(state.runs) == ["runs.a"]
        assert state.head.serial == 1

    def test_empty_decision_still_counts(self, store: StateStore) -> None:
        assert decide(store, []) == 1

    def test_of_many_deciders_of_one_serial_one_wins(self, store: StateStore, reopen: Callable[[], StateStore]) -> None:
        def attempt_decision(number: int) -> str | None:
            own = reopen()
            for _ in range(200):
                try:
                    with own.lease(f"decider-{number}") as lease:
                        own.decide(lease, 0, start(f"n{number}"))
                except StateLocked:
                    time.sleep(0.002)
                except StalePlan:
                    return None
                else:
                    return f"runs.n{number}"
            raise AssertionError("never had the lease")

        with ThreadPoolExecutor(6) as pool:
            won = [found for found in pool.map(attempt_decision, range(6)) if found]
        assert list(store.load().runs) == won
        assert len(won) == 1

    # What a decision may change.

    def test_pending_run_takes_another_form(self, store: StateStore) -> None:
        decide(store, start("a"))
        newer = replace(attempt("a"), run_id="runs-a-other", manifest='{"body":{}}')
        other = form("i2")
        decide(
            store, [PutRun(run("a", accepted=other)), PutGeneration(generation("a", accepted=other)), PutAttempt(newer)]
        )
        found = store.load().runs["runs.a"]
        assert found.generation == generation("a", accepted=other)
        assert found.attempts == (newer,)

    def test_pending_retry_takes_another_form(self, store: StateStore) -> None:
        decide(store, start("a"))
        record_as(store, claim_one(store, "a"), Status.FAILED)
        assert store.add_attempt(attempt("a", 2))
        decide(store, [PutGeneration(generation("a", accepted=form(placement="p2")))])
        found = store.load().runs["runs.a"].generation
        assert found is not None
        assert found.form.placement == "p2"

    def test_form_of_what_has_started_stays(self, store: StateStore) -> None:
        decide(store, start("a"))
        claim_one(store, "a")
        with pytest.raises(StalePlan, match=r"runs\.a@g1#a1 is intent"):
            decide(store, [PutGeneration(generation("a", accepted=form("i2")))])

    @pytest.mark.parametrize("status", [Status.RUNNING, Status.SUCCEEDED])
    def test_policy_of_what_has_started_may_change(self, store: StateStore, status: Status) -> None:
        decide(store, start("a"))
        record_as(store, claim_one(store, "a"), status)
        decide(store, [PutGeneration(generation("a", queue="cpu"))])
        found = store.load().runs["runs.a"].generation
        assert found is not None
        assert found.policy.queue == "cpu"

    def test_pending_attempt_follows_its_policy_to_another_queue(self, store: StateStore) -> None:
        decide(store, [limit("gpu", 1), *start("a"), *start("b", queue="cpu")])
        decide(store, [PutGeneration(generation("b", queue="gpu"))])
        claimed = store.claim([latest(store, "b"), latest(store, "a")], "ada", NOW, NOW + 60)
        assert [found.address for found in claimed] == ["runs.b"]
        assert store.claim([latest(store, "a")], "ada", NOW, NOW + 60) == ()

    def test_attempt_that_is_to_be_cancelled_stands_in_nobodys_way(self, store: StateStore) -> None:
        decide(store, start("a"))
        record_as(store, claim_one(store, "a"), Status.FAILED)
        assert store.add_attempt(attempt("a", 2))
        assert decide(store, [RequestCancel("runs.a", 1, 2), *start("a", 2)]) == 2

    def test_claimed_attempt_is_not_written_over(self, store: StateStore) -> None:
        decide(store, start("a"))
        claim_one(store, "a")
        with pytest.raises(StalePlan, match=r"runs\.a@g1#a1 is intent"):
            decide(store, [PutAttempt(replace(attempt("a"), manifest="{}"))])

    def test_new_generation_never_stands_beside_a_retry_that_waits(self, store: StateStore) -> None:
        decide(store, start("a"))
        record_as(store, claim_one(store, "a"), Status.FAILED)
        assert store.add_attempt(attempt("a", 2))
        with pytest.raises(StalePlan, match=r"runs\.a@g1#a2 was appended by a retry"):
            decide(store, start("a", 2))
        assert decide(store, [DropAttempt("runs.a", 1, 2), *start("a", 2)]) == 2

    @pytest.mark.parametrize(
        "writes",
        [
            [DropAttempt("runs.a", 1, 1)],
            [PutRun(run("a", 2))],
            [PutRun(run("b", 1))],
            [PutRun(run("b")), PutGeneration(generation("b"))],
        ],
    )
    def test_run_is_never_left_without_its_latest_generation(self, store: StateStore, writes: list[Write]) -> None:
        decide(store, start("a"))
        before = store.contents()
        with pytest.raises(StateError, match="without its latest generation"):
            decide(store, writes)
        assert store.contents() == before

    def test_run_id_is_never_given_twice(self, store: StateStore) -> None:
        decide(store, start("a"))
        writes: list[Write] = [*start("b")][:-1]
        with pytest.raises(StateError):
            decide(store, [*writes, PutAttempt(replace(attempt("b"), run_id=attempt("a").run_id))])

    def test_dropped_attempt_takes_its_generation_along(self, store: StateStore) -> None:
        decide(store, start("a"))
        decide(store, [DropAttempt("runs.a", 1, 1), PutRun(run("a", 0, standing=Standing.FORGOTTEN))])
        found = store.load().runs["runs.a"]
        assert (found.run.standing, found.generation, found.attempts) == (Standing.FORGOTTEN, None, ())
        assert store.history("runs.a") == ((), ())

    def test_dropped_retry_leaves_what_was_tried(self, store: StateStore) -> None:
        decide(store, start("a"))
        record_as(store, claim_one(store, "a"), Status.FAILED)
        assert store.add_attempt(attempt("a", 2))
        decide(store, [DropAttempt("runs.a", 1, 2)])
        assert latest(store, "a").status is Status.FAILED

    def test_started_attempt_is_not_dropped(self, store: StateStore) -> None:
        decide(store, start("a"))
        claim_one(store, "a")
        with pytest.raises(StalePlan):
            decide(store, [DropAttempt("runs.a", 1, 1)])

    def test_cancel_is_requested_of_what_runs(self, store: StateStore) -> None:
        decide(store, start("a"))
        record_as(store, claim_one(store, "a"), Status.RUNNING)
        decide(store, [RequestCancel("runs.a", 1, 1)])
        assert latest(store, "a").cancel_requested

    def test_cancel_of_what_has_ended_changes_nothing(self, store: StateStore) -> None:
        decide(store, start("a"))
        record_as(store, claim_one(store, "a"), Status.SUCCEEDED)
        decide(store, [RequestCancel("runs.a", 1, 1)])
        assert not latest(store, "a").cancel_requested

    @pytest.mark.parametrize("write", [DropAttempt("runs.a", 1, 2), RequestCancel("runs.a", 2, 1)])
    def test_change_of_an_attempt_that_is_gone_is_stale(self, store: StateStore, write: Write) -> None:
        decide(store, start("a"))
        with pytest.raises(StalePlan, match="is gone"):
            decide(store, [write])

    def test_rename_moves_the_whole_history(self, store: StateStore) -> None:
        decide(store, start("a"))
        record_as(store, claim_one(store, "a"), Status.SUCCEEDED)
        decide(store, start("a", 2, accepted=form("i2")))
        decide(store, [RenameRun("runs.a", "runs.z")])
        assert list(store.load().runs) == ["runs.z"]
        generations, attempts = store.history("runs.z")
        assert [(found.address, found.number) for found in generations] == [("runs.z", 1), ("runs.z", 2)]
        assert [found.run_id for found in attempts] == ["runs-a-g1a1", "runs-a-g2a1"]
        assert store.history("runs.a") == ((), ())

    def test_rename_is_followed_by_those_who_depend_on_it(self, store: StateStore) -> None:
        waiting = generation("b", depends_on=("runs.a", "runs.ab"), upstream={"runs.a": 1, "runs.ab": 2})
        decide(store, [*start("a"), PutRun(run("b")), PutGeneration(waiting), PutAttempt(attempt("b"))])
        decide(store, [RenameRun("runs.a", "runs.z")])
        found = store.load().runs["runs.b"].generation
        assert found is not None
        assert found.policy.depends_on == ("runs.z", "runs.ab")
        assert found.upstream == {"runs.z": 1, "runs.ab": 2}

    @pytest.mark.parametrize(("source", "target"), [("runs.a", "runs.b"), ("runs.c", "runs.d")])
    def test_rename_needs_a_source_and_a_free_target(self, store: StateStore, source: str, target: str) -> None:
        decide(store, [*start("a"), *start("b")])
        with pytest.raises(StateError):
            decide(store, [RenameRun(source, target)])

    def test_what_may_follow_an_attempt_changes_while_it_is_under_way(self, store: StateStore) -> None:
        decide(store, start("a"))
        with pytest.raises(StalePlan):
            decide(store, [PutLaunch("runs.a", 1, 1, '{"retry":1}')])
        record_as(store, claim_one(store, "a"), Status.RUNNING)
        decide(store, [PutLaunch("runs.a", 1, 1, '{"retry":1}')])
        found = latest(store, "a")
        assert (found.manifest, found.status) == ('{"retry":1}', Status.RUNNING)
        store.record([replace(found, status=Status.FAILED, ended_at=3.0)])
        with pytest.raises(StalePlan):
            decide(store, [PutLaunch("runs.a", 1, 1, "{}")])

    def test_a_record_without_a_history_is_dropped_and_no_other(self, store: StateStore) -> None:
        decide(store, [*start("a"), PutRun(run("b", 0))])
        decide(store, [DropRun("runs.b")])
        assert list(store.load().runs) == ["runs.a"]
        with pytest.raises(StateError):
            decide(store, [DropRun("runs.a")])

    def test_config_is_replaced_and_dropped(self, store: StateStore) -> None:
        decide(store, [limit("gpu", 2), limit("cpu", None)])
        decide(store, [limit("gpu", 3), DropConfig("queues.cpu")])
        assert store.load().configs == {"queues.gpu": ConfigRecord("queues.gpu", '{"max_jobs":3}', 3)}
