"""What claiming, recording and retrying must hold to, whatever keeps the state."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from state_opened import DEAD, OpenedStates
from state_records import (
    NOW,
    attempt,
    claim_one,
    decide,
    form,
    latest,
    limit,
    record_as,
    run,
    start,
)

from launchctl.errors import StateError
from launchctl.state.model import AttemptRecord, Claim, Standing
from launchctl.state.store import (
    PutAttempt,
    PutRun,
    RenameRun,
    RequestCancel,
    StateStore,
)
from launchctl.status import Status


class DrainingContract(OpenedStates):
    """Any number of drains start each attempt once."""

    # Claiming.

    def test_claim_is_an_intent_with_its_claim(self, store: StateStore) -> None:
        decide(store, start("a"))
        (claimed,) = store.claim([latest(store, "a")], "ada", NOW + 5, NOW + 65)
        expected = replace(attempt("a"), status=Status.INTENT, since=NOW + 5, claim=Claim("ada", NOW + 65, 1))
        assert claimed == expected
        assert latest(store, "a") == expected

    def test_fence_grows_with_each_claim(self, store: StateStore) -> None:
        decide(store, [*start("a"), *start("b"), *start("c")])
        runs = store.load().runs
        first = store.claim([runs["runs.a"].attempts[0], runs["runs.b"].attempts[0]], "ada", NOW, NOW + 60)
        (second,) = store.claim([runs["runs.c"].attempts[0]], "ada", NOW, NOW + 60)
        assert [found.claim.fence for found in (*first, second) if found.claim] == [1, 1, 2]

    def test_attempt_is_claimed_once(self, store: StateStore) -> None:
        decide(store, start("a"))
        wanted = latest(store, "a")
        claim_one(store, "a", owner="ada")
        assert store.claim([wanted], "bob", NOW, NOW + 60) == ()
        assert store.claim([latest(store, "a")], "ada", NOW, NOW + 60) == ()

    def test_expired_claim_is_free(self, store: StateStore) -> None:
        decide(store, start("a"))
        claim_one(store, "a", owner="ada")
        (again,) = store.claim([latest(store, "a")], "bob", NOW + 60, NOW + 120)
        assert again.claim == Claim("bob", NOW + 120, 2)
        assert again.since == NOW

    def test_claim_of_a_dead_process_of_this_host_is_free_at_once(self, store: StateStore) -> None:
        decide(store, start("a"))
        claim_one(store, "a", owner=DEAD)
        (again,) = store.claim([latest(store, "a")], "bob", NOW, NOW + 60)
        assert again.claim == Claim("bob", NOW + 60, 2)

    def test_renewed_claim_is_held_longer(self, store: StateStore) -> None:
        decide(store, start("a"))
        claimed = claim_one(store, "a")
        assert claimed.claim is not None
        store.renew([claimed], claimed.claim, NOW + 200)
        assert store.claim([latest(store, "a")], "bob", NOW + 100, NOW + 160) == ()

    def test_renewing_a_lost_claim_changes_nothing(self, store: StateStore) -> None:
        decide(store, start("a"))
        old = claim_one(store, "a", owner="ada")
        (new,) = store.claim([latest(store, "a")], "bob", NOW + 61, NOW + 121)
        assert old.claim is not None
        store.renew([old], old.claim, NOW + 900)
        assert latest(store, "a").claim == new.claim

    @pytest.mark.parametrize(
        "pending", [replace(attempt("a"), not_before=NOW + 1), replace(attempt("a"), cancel_requested=True)]
    )
    def test_attempt_that_is_not_to_start_is_left_alone(self, store: StateStore, pending: AttemptRecord) -> None:
        decide(store, [*start("a")[:-1], PutAttempt(pending)])
        assert store.claim([latest(store, "a")], "ada", NOW, NOW + 60) == ()

    def test_attempt_of_another_form_than_the_drain_saw_is_left_alone(self, store: StateStore) -> None:
        decide(store, start("a"))
        seen = latest(store, "a")
        decide(store, [PutAttempt(replace(attempt("a"), manifest='{"body":{"gpus":8}}'))])
        assert store.claim([seen], "ada", NOW, NOW + 60) == ()
        assert len(store.claim([latest(store, "a")], "ada", NOW, NOW + 60)) == 1

    def test_claims_are_given_in_order_while_the_queue_has_room(self, store: StateStore) -> None:
        decide(store, [limit("gpu", 2), *start("a"), *start("b"), *start("c"), *start("d", queue="cpu")])
        wanted = [latest(store, name) for name in ("c", "a", "b", "d")]
        claimed = store.claim(wanted, "ada", NOW, NOW + 60)
        assert [found.address for found in claimed] == ["runs.c", "runs.a", "runs.d"]

    @pytest.mark.parametrize(
        ("status", "takes_a_place"),
        [
            (Status.SUBMITTED, True),
            (Status.RUNNING, True),
            (Status.SUSPENDED, True),
            (Status.SUCCEEDED, False),
            (Status.LOST, False),
        ],
    )
    def test_active_attempts_take_the_places_of_a_queue(
        self, store: StateStore, status: Status, takes_a_place: bool
    ) -> None:
        decide(store, [limit("gpu", 1), *start("a"), *start("b")])
        record_as(store, claim_one(store, "a"), status)
        claimed = store.claim([latest(store, "b")], "ada", NOW, NOW + 60)
        assert (claimed == ()) is takes_a_place

    def test_left_over_intent_needs_no_other_place(self, store: StateStore) -> None:
        decide(store, [limit("gpu", 1), *start("a")])
        claim_one(store, "a", owner=DEAD)
        assert len(store.claim([latest(store, "a")], "bob", NOW, NOW + 60)) == 1

    def test_detached_run_takes_no_place(self, store: StateStore) -> None:
        decide(store, [limit("gpu", 1), *start("a"), *start("b")])
        record_as(store, claim_one(store, "a"), Status.RUNNING)
        decide(store, [PutRun(run("a", standing=Standing.DETACHED))])
        assert len(store.claim([latest(store, "b")], "ada", NOW, NOW + 60)) == 1

    def test_any_number_of_drains_claim_each_attempt_once(
        self, store: StateStore, reopen: Callable[[], StateStore]
    ) -> None:
        names = [f"n{number:02}" for number in range(60)]
        decide(store, [limit("gpu", 7), *(write for name in names for write in start(name))])
        claimed: list[str] = []
        most: list[int] = []
        lock = threading.Lock()

        def drain(owner: str) -> None:
            own = reopen()
            while True:
                attempts = [found for state in own.load().runs.values() for found in state.attempts]
                pending = [found for found in attempts if found.status is Status.PENDING]
                with lock:
                    most.append(sum(found.status.is_active for found in attempts))
                if not pending:
                    return
                mine = own.claim(pending[:5], owner, NOW, NOW + 60)
                with lock:
                    claimed.extend(found.run_id for found in mine)
                own.record([replace(found, status=Status.SUCCEEDED) for found in mine])

        with ThreadPoolExecutor(4) as pool:
            list(pool.map(drain, ["ada", "bob", "eve", "dan"]))
        assert sorted(claimed) == [f"runs-{name}-g1a1" for name in names]
        assert max(most) <= 7

    # Recording.

    def test_outcome_is_recorded_without_its_claim(self, store: StateStore) -> None:
        decide(store, start("a"))
        claimed = claim_one(store, "a")
        outcome = replace(claimed, status=Status.SUBMITTED, handle={"id": "3f"}, since=NOW + 9)
        (taken,) = store.record([outcome])
        assert taken == replace(outcome, claim=None)
        assert latest(store, "a") == taken

    def test_what_was_submitted_is_observed_without_a_claim(self, store: StateStore) -> None:
        decide(store, start("a"))
        submitted = record_as(store, claim_one(store, "a"), Status.SUBMITTED)
        running = record_as(store, submitted, Status.RUNNING)
        assert record_as(store, running, Status.SUCCEEDED).status is Status.SUCCEEDED

    def test_intent_is_recorded_by_its_claim_alone(self, store: StateStore) -> None:
        decide(store, start("a"))
        claimed = claim_one(store, "a")
        assert store.record([replace(claimed, status=Status.SUBMITTED, claim=None)]) == ()
        stranger = Claim("tester", NOW + 60, 99)
        assert store.record([replace(claimed, status=Status.SUBMITTED, claim=stranger)]) == ()
        assert latest(store, "a").status is Status.INTENT

    @pytest.mark.parametrize("status", [Status.SUBMITTED, Status.FAILED, Status.PENDING, Status.INTENT])
    def test_drain_that_lost_its_claim_records_nothing(self, store: StateStore, status: Status) -> None:
        decide(store, start("a"))
        old = claim_one(store, "a", owner="ada")
        (new,) = store.claim([latest(store, "a")], "bob", NOW + 61, NOW + 121)
        assert store.record([replace(old, status=status)]) == ()
        record_as(store, new, Status.SUBMITTED)
        assert store.record([replace(old, status=status)]) == ()
        assert latest(store, "a").status is Status.SUBMITTED

    def test_claim_is_given_back_as_pending(self, store: StateStore) -> None:
        decide(store, start("a"))
        back = record_as(store, replace(claim_one(store, "a"), not_before=NOW + 3), Status.PENDING)
        assert (back.claim, back.not_before) == (None, NOW + 3)
        assert len(store.claim([latest(store, "a")], "bob", NOW + 3, NOW + 60)) == 1

    def test_intent_keeps_its_claim_while_its_outcome_is_unknown(self, store: StateStore) -> None:
        decide(store, start("a"))
        claimed = claim_one(store, "a")
        (taken,) = store.record([replace(claimed, message="no answer")])
        assert (taken.claim, taken.message) == (claimed.claim, "no answer")

    @pytest.mark.parametrize("status", [Status.PENDING, Status.INTENT])
    def test_what_was_submitted_never_waits_again(self, store: StateStore, status: Status) -> None:
        decide(store, start("a"))
        claimed = claim_one(store, "a")
        record_as(store, claimed, Status.SUBMITTED)
        assert store.record([replace(claimed, status=status)]) == ()
        assert store.record([replace(claimed, status=status, claim=None)]) == ()

    def test_intent_comes_from_a_claim_alone(self, store: StateStore) -> None:
        decide(store, start("a"))
        assert store.record([attempt("a", status=Status.INTENT)]) == ()

    def test_pending_attempt_ends_without_a_claim(self, store: StateStore) -> None:
        decide(store, start("a"))
        assert record_as(store, latest(store, "a"), Status.CANCELLED).status is Status.CANCELLED

    @pytest.mark.parametrize("first", [status for status in Status if status.is_terminal])
    @pytest.mark.parametrize("late", [Status.RUNNING, Status.FAILED, Status.SUCCEEDED, Status.PENDING])
    def test_terminal_record_never_changes(self, store: StateStore, first: Status, late: Status) -> None:
        decide(store, start("a"))
        claimed = claim_one(store, "a")
        ended = record_as(store, replace(claimed, exit_code=3), first)
        assert store.record([replace(claimed, status=late, exit_code=0)]) == ()
        assert store.record([replace(ended, status=late, exit_code=0)]) == ()
        assert latest(store, "a") == replace(ended, manifest="")

    def test_what_was_held_back_is_released_once(self, store: StateStore) -> None:
        decide(store, start("a"))
        ended = record_as(store, replace(claim_one(store, "a"), is_released=False), Status.SUCCEEDED)
        assert [found.run_id for found in store.load().runs["runs.a"].attempts if not found.is_released]
        (released,) = store.record([replace(ended, is_released=True, exit_code=9)])
        assert released == replace(ended, is_released=True)
        assert store.record([ended]) == ()
        assert latest(store, "a").is_released

    def test_request_to_cancel_outlives_a_late_observation(self, store: StateStore) -> None:
        decide(store, start("a"))
        submitted = record_as(store, claim_one(store, "a"), Status.SUBMITTED)
        decide(store, [RequestCancel("runs.a", 1, 1)])
        assert record_as(store, submitted, Status.RUNNING).cancel_requested

    def test_outcome_finds_a_run_that_was_renamed(self, store: StateStore) -> None:
        decide(store, start("a"))
        claimed = claim_one(store, "a")
        decide(store, [RenameRun("runs.a", "runs.z"), *start("a2")])
        assert record_as(store, claimed, Status.SUBMITTED).address == "runs.z"
        assert latest(store, "z").status is Status.SUBMITTED

    def test_outcomes_of_one_batch_are_judged_one_by_one(self, store: StateStore) -> None:
        decide(store, [*start("a"), *start("b"), *start("c")])
        mine, late = claim_one(store, "a"), claim_one(store, "b")
        record_as(store, late, Status.FAILED)
        stranger = replace(attempt("x"), status=Status.RUNNING)
        taken = store.record([replace(found, status=Status.RUNNING) for found in (mine, late, stranger)])
        assert [found.address for found in taken] == ["runs.a"]

    # Retrying and resolving.

    def test_retry_is_appended_once(self, store: StateStore, reopen: Callable[[], StateStore]) -> None:
        decide(store, start("a"))
        record_as(store, claim_one(store, "a"), Status.PREEMPTED)
        assert store.add_attempt(attempt("a", 2))
        assert not reopen().add_attempt(attempt("a", 2))
        assert latest(store, "a") == attempt("a", 2)

    @pytest.mark.parametrize("status", [Status.SUBMITTED, Status.RUNNING])
    def test_retry_waits_for_its_predecessor_to_end(self, store: StateStore, status: Status) -> None:
        decide(store, start("a"))
        assert not store.add_attempt(attempt("a", 2))
        record_as(store, claim_one(store, "a"), status)
        assert not store.add_attempt(attempt("a", 2))

    @pytest.mark.parametrize("wrong", [attempt("a", 3), attempt("a", 1), attempt("x", 2), attempt("a", 2, of=2)])
    def test_retry_is_the_next_of_the_latest_generation(self, store: StateStore, wrong: AttemptRecord) -> None:
        decide(store, start("a"))
        record_as(store, claim_one(store, "a"), Status.FAILED)
        assert not store.add_attempt(wrong)

    def test_older_generation_is_not_retried(self, store: StateStore) -> None:
        decide(store, start("a"))
        record_as(store, claim_one(store, "a"), Status.FAILED)
        decide(store, start("a", 2, accepted=form("i2")))
        assert not store.add_attempt(attempt("a", 2))

    def test_forgotten_run_is_not_retried(self, store: StateStore) -> None:
        decide(store, start("a"))
        record_as(store, claim_one(store, "a"), Status.FAILED)
        decide(store, [PutRun(run("a", standing=Standing.FORGOTTEN))])
        assert not store.add_attempt(attempt("a", 2))

    def test_lost_attempt_is_resolved(self, store: StateStore) -> None:
        decide(store, start("a"))
        lost = record_as(store, claim_one(store, "a"), Status.LOST)
        store.resolve(replace(lost, status=Status.SUCCEEDED, message="seen by hand"))
        found = latest(store, "a")
        assert (found.status, found.message) == (Status.SUCCEEDED, "seen by hand")

    @pytest.mark.parametrize("status", [Status.RUNNING, Status.FAILED])
    def test_only_a_lost_attempt_is_resolved(self, store: StateStore, status: Status) -> None:
        decide(store, start("a"))
        found = record_as(store, claim_one(store, "a"), status)
        with pytest.raises(StateError, match="only a lost attempt"):
            store.resolve(replace(found, status=Status.SUCCEEDED))

    def test_lost_attempt_is_resolved_as_ended(self, store: StateStore) -> None:
        decide(store, start("a"))
        lost = record_as(store, claim_one(store, "a"), Status.LOST)
        with pytest.raises(StateError, match="cannot be resolved as running"):
            store.resolve(replace(lost, status=Status.RUNNING))

    def test_attempt_that_is_not_recorded_is_not_resolved(self, store: StateStore) -> None:
        with pytest.raises(StateError, match=r"runs\.a@g1#a1 is not recorded"):
            store.resolve(attempt("a", status=Status.SUCCEEDED))
