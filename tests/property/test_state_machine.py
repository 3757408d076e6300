"""Any order of decisions, claims, outcomes and retries: the store says what a state in memory says.

Two stores are open on the same file, and one of them is opened anew now and then.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from state_model import ModelState, Stale
from state_opened import DEAD
from state_records import HEAD, NOW, attempt, form, generation, limit, run
from state_sweeps import sweep, trial

from launchctl.errors import StalePlan, StateError
from launchctl.state.database import Journal
from launchctl.state.model import AttemptRecord, Claim, NewTrial, Series, Standing, SweepRecord
from launchctl.state.sqlite import SqliteStore
from launchctl.state.store import (
    DropAttempt,
    PutAttempt,
    PutGeneration,
    PutRun,
    PutSweep,
    RenameRun,
    RenameSweep,
    RequestCancel,
    Write,
)
from launchctl.status import Status

NAMES = st.sampled_from(["a", "b", "c", "d"])
QUEUES = st.sampled_from(["gpu", "cpu"])
OWNERS = st.sampled_from(["ada", "bob", DEAD])
INTENTS = st.sampled_from(["i1", "i2"])
SWEEPS = st.sampled_from(["s", "t"])
KEYS = st.lists(st.sampled_from(["0", "1", "2"]), min_size=1, max_size=3, unique=True)
DECISIONS = ("start", "cancel", "drop", "replace", "again", "standing", "rename", "limit")
STATUSES = st.sampled_from(list(Status))


class StateMachine(RuleBasedStateMachine):
    """Steps on a store and on the model; `contents` of both must be the same after each."""

    journal: Journal = "wal"

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.stores = [self.open(), self.open()]
        self.model = ModelState(HEAD, frozenset({DEAD}))
        self.now = NOW
        self.made = 0
        self.ended: dict[str, AttemptRecord] = {}
        self.seen: list[SweepRecord] = [sweep("s")]

    def open(self) -> SqliteStore:
        return SqliteStore(self.folder / "state.db", clock=lambda: self.now, journal=self.journal)

    @property
    def store(self) -> SqliteStore:
        self.stores.reverse()
        return self.stores[0]

    @initialize(places=st.none() | st.integers(1, 3))
    def create(self, places: int | None) -> None:
        self.store.create(HEAD)
        self.decide([limit("gpu", places)])
        for name in ("a", "b", "c"):
            self.start(name, "gpu", "i1")
        self.decide([PutSweep(sweep("s", parallel=places))])

    def decide(self, writes: Sequence[Write]) -> None:
        serial = self.model.head.serial
        store = self.store
        with store.lease("tester") as lease:
            try:
                self.model.decide(list(writes))
            except Stale:
                with pytest.raises(StalePlan):
                    store.decide(lease, serial, writes)
            else:
                assert store.decide(lease, serial, writes) == serial + 1

    # Deciding: one rule, so that drains come as often as decisions do.

    @rule(name=NAMES, queue=QUEUES, intent=INTENTS, data=st.data())
    def take_a_decision(self, name: str, queue: str, intent: str, data: st.DataObject) -> None:
        choice = data.draw(st.sampled_from(DECISIONS))
        known = self.model.runs.get(f"runs.{name}")
        if choice == "standing":
            known = self.model.runs[data.draw(st.sampled_from(sorted(self.model.runs)))]
        match choice:
            case "limit":
                self.decide([limit(queue, data.draw(st.none() | st.integers(1, 3)))])
            case "standing" if known is not None:
                self.decide([PutRun(replace(known, standing=data.draw(st.sampled_from(list(Standing)))))])
            case "rename" if known is not None:
                self.rename(known.address, f"runs.{data.draw(NAMES)}")
            case "again" if known is not None and known.generation:
                self.decide([PutGeneration(generation(name, known.generation, queue=queue, accepted=form(intent)))])
            case "start":
                self.start(name, queue, intent)
            case _:
                self.decide(self.change_of_an_attempt(choice, data))

    def start(self, name: str, queue: str, intent: str) -> None:
        known = self.model.runs.get(f"runs.{name}")
        number = known.generation + 1 if known else 1
        accepted = form(intent)
        self.decide(
            [
                PutRun(run(name, number, accepted=accepted)),
                PutGeneration(generation(name, number, queue=queue, accepted=accepted)),
                PutAttempt(self.fresh(attempt(name, of=number))),
            ]
        )

    def rename(self, old: str, new: str) -> None:
        if new not in self.model.runs:
            self.decide([RenameRun(old, new)])

    def change_of_an_attempt(self, choice: str, data: st.DataObject) -> list[Write]:
        writes: list[Write] = []
        for found in self.drawn(data):
            match choice:
                case "cancel":
                    writes.append(RequestCancel(*found.key))
                case "drop":
                    writes += self.drop(found)
                case _:
                    writes.append(PutAttempt(self.fresh(replace(found, status=Status.PENDING, claim=None))))
        return writes

    def drop(self, found: AttemptRecord) -> list[Write]:
        if len(self.model.of_generation(found.address, found.generation)) > 1:
            return [DropAttempt(*found.key)]
        left = {number for address, number in self.model.generations if address == found.address} - {found.generation}
        return [
            DropAttempt(*found.key),
            PutRun(replace(self.model.runs[found.address], generation=max(left, default=0))),
        ]

    # Sweeps.

    @rule(name=SWEEPS, data=st.data())
    def decide_on_a_sweep(self, name: str, data: st.DataObject) -> None:
        address, target = f"sweeps.{name}", f"sweeps.{data.draw(SWEEPS)}"
        known = self.model.sweeps.get(address)
        is_taken = target in self.model.sweeps or any(one.startswith(f"{target}[") for one in self.model.runs)
        if known is not None and not is_taken and data.draw(st.booleans()):
            self.decide([RenameSweep(address, target)])
            return
        epoch = data.draw(st.integers(1, 3)) + (known.epoch if known else 0) - 1 or 1
        self.decide(
            [
                PutSweep(
                    replace(
                        sweep(name, epoch, parallel=data.draw(st.none() | st.integers(1, 3))),
                        standing=data.draw(st.sampled_from([Standing.ACTIVE, Standing.ACTIVE, Standing.FORGOTTEN])),
                        is_stopped=data.draw(st.integers(0, 4)) == 0,
                    )
                )
            ]
        )

    @rule(keys=KEYS, data=st.data(), is_fresh=st.sampled_from([True, True, True, False]))
    def draw_trials(self, keys: list[str], data: st.DataObject, *, is_fresh: bool) -> None:
        now = sorted(self.model.sweeps.values(), key=lambda one: one.address)
        found = data.draw(st.sampled_from(now if is_fresh and now else self.seen))
        self.seen = [*now, found]
        drawn: list[NewTrial] = []
        for key in keys:
            made = trial(key, found.epoch, of=found.address.removeprefix("sweeps."), queue=data.draw(QUEUES))
            pending = self.fresh(made.attempt)
            drawn.append(NewTrial(made.run, replace(made.generation, run_id=pending.run_id), pending))
        assert self.store.draw(found, drawn) is self.model.draw(found, drawn)

    @rule(data=st.data(), values=st.lists(st.sampled_from([0.5, 2.0]), max_size=3), position=st.integers(0, 3))
    def measure(self, data: st.DataObject, values: list[float], position: int) -> None:
        for found in self.drawn(data):
            rules = (data.draw(st.sampled_from(["", "x"])), "")
            last, is_whole = {"x": 1.0}, data.draw(st.booleans())
            said = Series(found.run_id, found.address, tuple(values), last, position, is_whole, *rules)
            self.store.measure([said])
            self.model.measure(said)

    # Draining.

    @rule(owner=OWNERS, data=st.data(), seconds=st.sampled_from([0.0, 5.0, 60.0]))
    def claim(self, owner: str, data: st.DataObject, seconds: float) -> None:
        wanted = self.drawn(data, most=4, status=data.draw(st.sampled_from([Status.PENDING, Status.INTENT])))
        claimed = self.store.claim(wanted, owner, self.now, self.now + seconds)
        assert list(claimed) == self.model.claim(wanted, owner, self.now, self.now + seconds)

    @rule(data=st.data(), status=STATUSES)
    def record_what_was_claimed(self, data: st.DataObject, status: Status) -> None:
        for found in self.drawn(data, status=Status.INTENT):
            self.record(replace(found, status=status), released=data.draw(st.booleans()))

    @rule(data=st.data(), status=STATUSES, how=st.sampled_from(["last claim", "old claim", "no claim"]))
    def record_anything(self, data: st.DataObject, status: Status, how: str) -> None:
        for found in self.drawn(data, status=data.draw(st.sampled_from([None, Status.INTENT]))):
            fence = self.model.fences[found.run_id]
            claims = {
                "last claim": Claim("ada", 0.0, fence),
                "old claim": Claim("ada", 0.0, fence - 1),
                "no claim": None,
            }
            same = data.draw(st.booleans()) and found.status.is_terminal
            seen = replace(found, status=found.status if same else status, claim=claims[how])
            self.record(seen, released=data.draw(st.booleans()))

    def record(self, seen: AttemptRecord, *, released: bool) -> None:
        self.made += 1
        seen = replace(
            seen, message=f"seen {self.made}", is_released=released, cancel_requested=False, prune_requested=False
        )
        if self.made % 5 == 0:
            seen = replace(seen, prune_requested=True)
        expected = self.model.record(seen)
        assert self.store.record([seen]) == ((expected,) if expected else ())

    @rule(data=st.data(), number=st.sampled_from([2, 3, 1]))
    def append_a_retry(self, data: st.DataObject, number: int) -> None:
        for found in self.drawn(data):
            following = self.fresh(replace(found, number=number, status=Status.PENDING, claim=None, is_released=True))
            following = replace(following, cancel_requested=False, prune_requested=False)
            assert self.store.add_attempt(following) is self.model.add_attempt(following)

    @rule(data=st.data(), status=STATUSES)
    def resolve(self, data: st.DataObject, status: Status) -> None:
        for found in self.drawn(data, status=data.draw(st.sampled_from([Status.LOST, None]))):
            told = replace(found, status=status, message="by hand", claim=None)
            if found.status is Status.LOST and status.is_terminal and status is not Status.LOST:
                self.store.resolve(told)
                self.model.attempts[found.run_id] = told
                self.ended.pop(found.run_id, None)
            else:
                with pytest.raises(StateError):
                    self.store.resolve(told)

    @rule(seconds=st.sampled_from([10.0, 100.0]), opened=st.booleans())
    def time_passes(self, seconds: float, opened: bool) -> None:
        self.now += seconds
        if opened:
            self.stores[0].close()
            self.stores[0] = self.open()

    def drawn(self, data: st.DataObject, most: int = 1, status: Status | None = None) -> list[AttemptRecord]:
        """Attempts as they are now, of that status if there are any."""
        known = sorted(self.model.attempts.values(), key=lambda found: found.run_id)
        known = [found for found in known if found.status is status] or known
        if not known:
            return []
        return data.draw(st.lists(st.sampled_from(known), min_size=1, max_size=most, unique_by=lambda one: one.run_id))

    def fresh(self, found: AttemptRecord) -> AttemptRecord:
        """The attempt under a run id that was never used."""
        self.made += 1
        return replace(found, run_id=f"run-{self.made}", manifest=f'{{"body":{self.made}}}')

    # What always holds.

    @invariant()
    def store_and_model_say_the_same(self) -> None:
        if self.store.head() is None:
            return
        assert self.store.contents() == self.model.contents()

    @invariant()
    def snapshot_is_a_part_of_the_contents(self) -> None:
        if self.store.head() is None:
            return
        state = self.store.load()
        assert state.sweeps == self.model.sweeps
        for name in state.sweeps:
            assert self.store.series(name) == {one.run_id: one for one in self.model.series(name)}
        assert list(state.runs) == sorted(self.model.runs)
        for address, found in state.runs.items():
            number = self.model.runs[address].generation
            assert found.generation == self.model.generations.get((address, number))
            tried = self.model.of_generation(address, number)
            open_ones = [
                one
                for one in self.model.attempts.values()
                if one.address == address and (not one.status.is_terminal or not one.is_released)
            ]
            expected = {one.key: one for one in (*tried[-1:], *open_ones)}
            assert [one.key for one in found.attempts] == sorted(expected)
            for one in found.attempts:
                settled = one.status.is_terminal and one.is_released
                assert one == (replace(expected[one.key], manifest="") if settled else expected[one.key])

    @invariant()
    def terminal_records_never_change(self) -> None:
        if self.store.head() is None:
            return
        _, attempts = self.store.history("*")
        for found in attempts:
            if found.status.is_terminal:
                frozen = replace(found, is_released=True, address="")
                assert self.ended.setdefault(found.run_id, frozen) == frozen

    def teardown(self) -> None:
        for store in self.stores:
            store.close()
        shutil.rmtree(self.folder)


class RollbackJournalMachine(StateMachine):
    """The same on a file system of a network."""

    journal = "delete"


TestStateMachine = StateMachine.TestCase
TestStateMachine.settings = settings(max_examples=100, stateful_step_count=50, deadline=None)
TestRollbackJournalMachine = RollbackJournalMachine.TestCase
TestRollbackJournalMachine.settings = settings(max_examples=25, stateful_step_count=30, deadline=None)
