"""Records of sweeps and trials for tests of a state."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from state_records import NOW, form

from launchctl.state.model import (
    AttemptRecord,
    Form,
    GenerationRecord,
    NewTrial,
    Policy,
    RunRecord,
    Series,
    Standing,
    SweepRecord,
    TrialRecord,
)
from launchctl.state.store import PutAttempt, PutGeneration, PutRun, StateStore, Write
from launchctl.status import Status


def sweep(
    name: str = "lr", epoch: int = 1, *, parallel: int | None = None, accepted: Form | None = None
) -> SweepRecord:
    """The record of `sweeps.NAME` as a decision writes it."""
    return SweepRecord(f"sweeps.{name}", Standing.ACTIVE, epoch, accepted or form(), '{"method":"grid"}', parallel)


def trial(key: str, epoch: int = 1, *, of: str = "lr", queue: str = "gpu") -> NewTrial:
    """Trial `sweeps.OF[KEY]` of an epoch, as it is drawn."""
    address, run_id = f"sweeps.{of}[{key}]", f"{of}-{key}-e{epoch}a1"
    accepted = form(f"i-{key}")
    point = TrialRecord(int(key, 16), 1, {"optimizer": {"lr": 0.5}, "layers": [1, 2]})
    made = GenerationRecord(
        address, epoch, accepted, Policy(queue, "docker"), run_id, "never_run", 1, NOW, {"runs.prep": 2}, point
    )
    manifest = f'{{"body":{{"name":"{run_id}"}}}}'
    attempt = AttemptRecord(address, epoch, 1, run_id, Status.PENDING, manifest, point.index, since=NOW)
    return NewTrial(RunRecord(address, Standing.ACTIVE, accepted, False, epoch, {accepted.intent: 1}), made, attempt)


def decided(drawn: NewTrial) -> tuple[Write, ...]:
    """The same trial as the writes of a decision."""
    return (PutRun(drawn.run), PutGeneration(drawn.generation), PutAttempt(drawn.attempt))


def series(drawn: NewTrial, values: Sequence[float] = (0.5, 0.25), *, position: int = 100) -> Series:
    """What the first attempt of a trial said of its metric."""
    last = {"loss": values[-1]} if values else {}
    return Series(drawn.attempt.run_id, drawn.attempt.address, tuple(values), last, position)


def draw(store: StateStore, *keys: str, of: str = "lr", epoch: int = 1) -> None:
    """Draw trials from the sweep as it is now; it must succeed."""
    assert store.draw(store.load().sweeps[f"sweeps.{of}"], [trial(key, epoch, of=of) for key in keys])


def latest_of(store: StateStore, key: str, of: str = "lr") -> AttemptRecord:
    """The latest attempt of a trial, as it is on record."""
    found = store.load().runs[f"sweeps.{of}[{key}]"].latest
    assert found is not None
    return found


def start_trial(store: StateStore, key: str, status: Status = Status.RUNNING, *, of: str = "lr") -> AttemptRecord:
    """Claim a trial and record a status; both must be taken."""
    (claimed,) = store.claim([latest_of(store, key, of)], "tester", NOW, NOW + 60)
    (taken,) = store.record([replace(claimed, status=status)])
    return taken
