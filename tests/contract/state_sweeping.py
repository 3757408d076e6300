"""What sweeps, their trials and their metrics must hold to, whatever keeps the state."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from state_opened import OpenedStates
from state_records import NOW, decide, form, latest, limit, record_as, start
from state_sweeps import draw, latest_of, start_trial, sweep, trial

from launchctl.errors import StalePlan, StateError
from launchctl.state.model import AttemptRecord, NewTrial, Standing, SweepRecord
from launchctl.state.store import (
    ExpectSweep,
    PutRun,
    PutSweep,
    RenameSweep,
    RequestCancel,
    StateStore,
)
from launchctl.status import Status


class SweepingContract(OpenedStates):
    """A sweep is drawn by any number of drains, and no trial twice."""

    # Sweeps on record.

    def test_every_field_of_a_sweep_survives(self, store: StateStore, reopen: Callable[[], StateStore]) -> None:
        record = replace(
            sweep("lr", 7, parallel=3, accepted=form("i7", text='{"name":"모델"}')),
            standing=Standing.DETACHED,
            protect=True,
            on_remove="cancel",
            serial=1,
            is_stopped=True,
        )
        decide(store, [PutSweep(record), PutSweep(sweep("a"))])
        state = reopen().load()
        assert list(state.sweeps) == ["sweeps.a", "sweeps.lr"]
        assert state.sweeps["sweeps.lr"] == replace(record, revision=1)
        assert state.sweeps["sweeps.a"].parallel is None

    def test_each_decision_raises_the_revision_whatever_the_record_says(self, store: StateStore) -> None:
        decide(store, [PutSweep(replace(sweep(), revision=40))])
        assert store.load().sweeps["sweeps.lr"].revision == 1
        decide(store, [PutSweep(sweep("lr", 2))])
        assert store.load().sweeps["sweeps.lr"] == replace(sweep("lr", 2), revision=2)

    def test_decision_that_is_refused_leaves_the_sweep(self, store: StateStore) -> None:
        decide(store, [PutSweep(sweep())])
        with pytest.raises(StalePlan):
            decide(store, [PutSweep(sweep("lr", 2)), RequestCancel("sweeps.lr[0]", 1, 1)])
        assert store.load().sweeps["sweeps.lr"] == replace(sweep(), revision=1)

    def test_decision_on_a_sweep_that_was_drawn_meanwhile_is_refused_whole(self, store: StateStore) -> None:
        decide(store, [PutSweep(sweep())])
        seen = store.load().sweeps["sweeps.lr"]
        decide(store, [ExpectSweep("sweeps.lr", seen.revision), PutSweep(sweep("a"))])
        draw(store, "0")
        with pytest.raises(StalePlan, match="were drawn since"):
            decide(store, [PutSweep(sweep("b")), ExpectSweep("sweeps.lr", seen.revision)])
        assert list(store.load().sweeps) == ["sweeps.a", "sweeps.lr"]

    # Drawing.

    def test_drawn_trials_are_what_is_loaded(self, store: StateStore, reopen: Callable[[], StateStore]) -> None:
        decide(store, [PutSweep(sweep())])
        assert store.draw(store.load().sweeps["sweeps.lr"], [trial("1"), trial("0")])
        state = reopen().load()
        assert state.head.serial == 1
        assert state.sweeps["sweeps.lr"].revision == 2
        assert list(state.runs) == ["sweeps.lr[0]", "sweeps.lr[1]"]
        found, made = state.runs["sweeps.lr[1]"], trial("1")
        assert (found.run, found.generation, found.attempts) == (made.run, made.generation, (made.attempt,))

    def test_trial_of_an_epoch_has_its_number_and_nothing_before_it(self, store: StateStore) -> None:
        decide(store, [PutSweep(sweep("lr", 4))])
        draw(store, "0", epoch=4)
        record_as(store, start_trial(store, "0"), Status.SUCCEEDED)
        decide(store, [PutSweep(sweep("lr", 9))])
        draw(store, "0", epoch=9)
        generations, attempts = store.history("sweeps.lr[0]")
        assert [found.number for found in generations] == [4, 9]
        assert [found.key for found in attempts] == [("sweeps.lr[0]", 4, 1), ("sweeps.lr[0]", 9, 1)]
        assert latest_of(store, "0").generation == 9

    def test_draw_against_an_older_revision_writes_nothing(self, store: StateStore) -> None:
        decide(store, [PutSweep(sweep())])
        seen = store.load().sweeps["sweeps.lr"]
        draw(store, "0")
        before = store.contents()
        assert not store.draw(seen, [trial("1")])
        assert store.contents() == before

    def test_draw_from_an_older_epoch_writes_nothing(self, store: StateStore) -> None:
        decide(store, [PutSweep(sweep())])
        seen = store.load().sweeps["sweeps.lr"]
        decide(store, [PutSweep(sweep("lr", 2))])
        before = store.contents()
        assert not store.draw(seen, [trial("0")])
        assert not store.draw(replace(seen, revision=2), [trial("0")])
        assert store.contents() == before

    @pytest.mark.parametrize(
        "record",
        [
            replace(sweep(), standing=Standing.FORGOTTEN),
            replace(sweep(), standing=Standing.DETACHED),
            replace(sweep(), is_stopped=True),
        ],
    )
    def test_forgotten_or_cancelled_sweep_draws_nothing(self, store: StateStore, record: SweepRecord) -> None:
        decide(store, [PutSweep(record)])
        before = store.contents()
        found = store.load().sweeps["sweeps.lr"]
        assert not store.draw(found, [trial("0")])
        assert not store.draw(replace(found, standing=Standing.ACTIVE, is_stopped=False), [trial("0")])
        assert store.contents() == before

    def test_sweep_that_is_not_on_record_draws_nothing(self, store: StateStore) -> None:
        assert not store.draw(sweep(), [trial("0")])
        assert not store.draw(replace(sweep(), revision=1), [trial("0")])
        assert store.load().runs == {}

    def test_another_sweep_that_took_the_name_is_not_drawn_for_the_first(self, store: StateStore) -> None:
        decide(store, [PutSweep(sweep())])
        seen = store.load().sweeps["sweeps.lr"]
        decide(store, [RenameSweep("sweeps.lr", "sweeps.rate"), PutSweep(replace(sweep(), spec='{"method":"bayes"}'))])
        assert not store.draw(seen, [trial("0")])
        assert store.load().runs == {}

    @pytest.mark.parametrize("epoch", [1, 2])
    def test_trial_that_is_on_record_in_this_epoch_is_not_drawn_again(self, store: StateStore, epoch: int) -> None:
        decide(store, [PutSweep(sweep("lr", 2))])
        draw(store, "0", epoch=2)
        record_as(store, start_trial(store, "0"), Status.FAILED)
        before = store.contents()
        found = replace(store.load().sweeps["sweeps.lr"], epoch=2)
        assert not store.draw(found, [trial("1", 2), trial("0", epoch)])
        assert store.contents() == before

    def test_trial_that_waits_in_an_earlier_epoch_is_not_drawn_beside_it(self, store: StateStore) -> None:
        decide(store, [PutSweep(sweep())])
        draw(store, "0")
        decide(store, [PutSweep(sweep("lr", 2))])
        found = store.load().sweeps["sweeps.lr"]
        assert not store.draw(found, [trial("0", 2)])
        decide(store, [RequestCancel("sweeps.lr[0]", 1, 1)])
        assert store.draw(found, [trial("0", 2)])

    def test_run_id_of_a_trial_is_never_given_twice(self, store: StateStore) -> None:
        decide(store, [PutSweep(sweep())])
        draw(store, "0")
        other = trial("1")
        twin = replace(other.attempt, run_id=trial("0").attempt.run_id)
        before = store.contents()
        with pytest.raises(StateError):
            store.draw(store.load().sweeps["sweeps.lr"], [trial("2"), NewTrial(other.run, other.generation, twin)])
        assert store.contents() == before

    def test_of_two_draws_one_wins(self, store: StateStore, reopen: Callable[[], StateStore]) -> None:
        decide(store, [PutSweep(sweep())])
        seen = store.load().sweeps["sweeps.lr"]

        def attempt_draw(number: int) -> str | None:
            key = f"{number:x}"
            return f"sweeps.lr[{key}]" if reopen().draw(seen, [trial(key)]) else None

        with ThreadPoolExecutor(6) as pool:
            won = [found for found in pool.map(attempt_draw, range(12)) if found]
        assert list(store.load().runs) == won
        assert len(won) == 1

    def test_drains_that_draw_at_once_share_the_trials(
        self, store: StateStore, reopen: Callable[[], StateStore]
    ) -> None:
        decide(store, [PutSweep(sweep())])

        def drain(_number: int) -> int:
            own, drawn = reopen(), 0
            while True:
                state = own.load()
                at = len(state.runs)
                if at == 40:
                    return drawn
                drawn += 2 * own.draw(state.sweeps["sweeps.lr"], [trial(f"{at:02x}"), trial(f"{at + 1:02x}")])

        with ThreadPoolExecutor(4) as pool:
            assert sum(pool.map(drain, range(4))) == 40
        state = store.load()
        assert list(state.runs) == [f"sweeps.lr[{number:02x}]" for number in range(40)]
        assert state.sweeps["sweeps.lr"].revision == 21

    def test_nothing_drawn_still_moves_the_revision(self, store: StateStore) -> None:
        decide(store, [PutSweep(sweep())])
        seen = store.load().sweeps["sweeps.lr"]
        assert store.draw(seen, [])
        assert not store.draw(seen, [trial("0")])

    # Claiming.

    def test_claims_are_given_while_the_sweep_has_room(self, store: StateStore) -> None:
        decide(store, [PutSweep(sweep(parallel=2)), PutSweep(sweep("other")), limit("gpu", 4), *start("a")])
        draw(store, "0", "1", "2")
        draw(store, "3", "4", of="other")
        wanted = [
            *(latest_of(store, key) for key in ("1", "0", "2")),
            *(latest_of(store, key, "other") for key in ("3", "4")),
            latest(store, "a"),
        ]
        claimed = store.claim(wanted, "ada", NOW, NOW + 60)
        assert [found.address for found in claimed] == [
            *("sweeps.lr[1]", "sweeps.lr[0]", "sweeps.other[3]", "sweeps.other[4]")
        ]

    def test_trial_without_a_place_in_its_sweep_takes_none_on_its_queue(self, store: StateStore) -> None:
        decide(store, [PutSweep(sweep(parallel=1)), limit("gpu", 2), *start("a")])
        draw(store, "0", "1")
        wanted = [latest_of(store, "0"), latest_of(store, "1"), latest(store, "a")]
        claimed = store.claim(wanted, "ada", NOW, NOW + 60)
        assert [found.address for found in claimed] == ["sweeps.lr[0]", "runs.a"]

    def test_trial_without_a_place_on_its_queue_takes_none_in_its_sweep(self, store: StateStore) -> None:
        decide(store, [PutSweep(sweep(parallel=1)), limit("gpu", 1), *start("a")])
        assert store.draw(store.load().sweeps["sweeps.lr"], [trial("0"), trial("1", queue="cpu")])
        wanted = [latest(store, "a"), latest_of(store, "0"), latest_of(store, "1")]
        claimed = store.claim(wanted, "ada", NOW, NOW + 60)
        assert [found.address for found in claimed] == ["runs.a", "sweeps.lr[1]"]

    @pytest.mark.parametrize(
        ("status", "takes_a_place"),
        [
            (Status.SUBMITTED, True),
            (Status.RUNNING, True),
            (Status.SUSPENDED, True),
            (Status.SUCCEEDED, False),
            (Status.PRUNED, False),
            (Status.LOST, False),
        ],
    )
    def test_parallel_counts_active_trials(self, store: StateStore, status: Status, *, takes_a_place: bool) -> None:
        decide(store, [PutSweep(sweep(parallel=1))])
        draw(store, "0", "1")
        start_trial(store, "0", status)
        assert bool(store.claim([latest_of(store, "1")], "ada", NOW, NOW + 60)) is not takes_a_place

    def test_trial_of_an_earlier_epoch_that_runs_takes_a_place(self, store: StateStore) -> None:
        decide(store, [PutSweep(sweep(parallel=1))])
        draw(store, "0")
        start_trial(store, "0")
        decide(store, [PutSweep(sweep("lr", 2, parallel=1))])
        draw(store, "1", epoch=2)
        assert store.claim([latest_of(store, "1")], "ada", NOW, NOW + 60) == ()

    def test_detached_trial_takes_no_place(self, store: StateStore) -> None:
        decide(store, [PutSweep(sweep(parallel=1))])
        draw(store, "0", "1")
        start_trial(store, "0")
        decide(store, [PutRun(replace(trial("0").run, standing=Standing.DETACHED))])
        assert len(store.claim([latest_of(store, "1")], "ada", NOW, NOW + 60)) == 1

    def test_sweep_of_a_longer_name_takes_no_place(self, store: StateStore) -> None:
        decide(store, [PutSweep(sweep(parallel=1)), PutSweep(sweep("lr2")), PutSweep(sweep("l"))])
        for name in ("lr2", "l"):
            draw(store, "0", of=name)
            start_trial(store, "0", of=name)
        draw(store, "0")
        assert len(store.claim([latest_of(store, "0")], "ada", NOW, NOW + 60)) == 1

    def test_raised_parallel_counts_at_once(self, store: StateStore) -> None:
        decide(store, [PutSweep(sweep(parallel=1))])
        draw(store, "0", "1", "2")
        start_trial(store, "0")
        decide(store, [PutSweep(sweep(parallel=2))])
        wanted = [latest_of(store, "1"), latest_of(store, "2")]
        assert [found.address for found in store.claim(wanted, "ada", NOW, NOW + 60)] == ["sweeps.lr[1]"]

    def test_parallel_is_kept_by_claims_of_several_stores_at_once(
        self, store: StateStore, reopen: Callable[[], StateStore]
    ) -> None:
        decide(store, [PutSweep(sweep(parallel=3))])
        draw(store, *(f"{number:02x}" for number in range(20)))
        pending = [found.attempts[0] for found in store.load().runs.values()]

        def claim(number: int) -> tuple[AttemptRecord, ...]:
            return reopen().claim(pending[number::4], f"drain-{number}", NOW, NOW + 60)

        with ThreadPoolExecutor(4) as pool:
            claimed = [found for taken in pool.map(claim, range(4)) for found in taken]
        assert len(claimed) == 3
        assert sum(found.attempts[0].status.is_active for found in store.load().runs.values()) == 3
