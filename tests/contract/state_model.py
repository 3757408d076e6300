"""A state in memory, written as plainly as can be: what a store of any kind is held against."""

from __future__ import annotations

from dataclasses import replace

from launchctl.state.model import (
    AttemptRecord,
    Claim,
    ConfigRecord,
    Contents,
    GenerationRecord,
    Head,
    NewTrial,
    RunRecord,
    Series,
    Standing,
    SweepRecord,
)
from launchctl.state.store import (
    DropAttempt,
    DropConfig,
    DropRun,
    ExpectSweep,
    PutAttempt,
    PutConfig,
    PutGeneration,
    PutLaunch,
    PutRun,
    PutSweep,
    RenameRun,
    RenameSweep,
    RequestCancel,
    Write,
)
from launchctl.status import Status


class Stale(Exception):
    """The decision cannot be taken; nothing was changed."""


class ModelState:
    """The oracle: dictionaries, and the rules of the interface in the order in which it tells them."""

    def __init__(self, head: Head, dead: frozenset[str] = frozenset()) -> None:
        self.head = head
        self.runs: dict[str, RunRecord] = {}
        self.generations: dict[tuple[str, int], GenerationRecord] = {}
        self.attempts: dict[str, AttemptRecord] = {}
        self.fences: dict[str, int] = {}
        """Fence of the last claim of each attempt."""
        self.queues: dict[str, str] = {}
        """Queue of each attempt: that of its generation, until it starts."""
        self.configs: dict[str, ConfigRecord] = {}
        self.sweeps: dict[str, SweepRecord] = {}
        self.readings: dict[str, Series] = {}
        self.fence = 0
        self.dead = dead

    def contents(self) -> Contents:
        return Contents(
            self.head,
            tuple(self.runs[address] for address in sorted(self.runs)),
            tuple(self.generations[key] for key in sorted(self.generations)),
            tuple(sorted(self.attempts.values(), key=lambda found: found.key)),
            tuple(self.configs[address] for address in sorted(self.configs)),
            tuple(self.sweeps[address] for address in sorted(self.sweeps)),
            tuple(self.series()),
        )

    def series(self, sweep: str = "") -> list[Series]:
        """Readings of the attempts on record, of a sweep or all, under the addresses of these."""
        found = [
            replace(self.readings[run_id], address=self.attempts[run_id].address)
            for run_id in sorted(self.readings)
            if run_id in self.attempts
        ]
        return [one for one in found if not sweep or one.address.startswith(f"{sweep}[")]

    # Deciding.

    def decide(self, writes: list[Write]) -> None:
        before = {name: dict(value) for name, value in vars(self).items() if isinstance(value, dict)}
        try:
            for write in writes:
                self._write(write)
        except Stale:
            vars(self).update(before)
            raise
        self.head = replace(self.head, serial=self.head.serial + 1)

    def _write(self, write: Write) -> None:
        match write:
            case PutRun(record):
                self.runs[record.address] = record
            case PutGeneration(record):
                self._put_generation(record)
            case PutAttempt(record):
                self._put_attempt(record)
            case PutLaunch() | DropAttempt() | RequestCancel():
                self._change_attempt(write)
            case RenameRun() | DropRun():
                self._change_run(write)
            case PutSweep() | ExpectSweep() | RenameSweep():
                self._change_sweep(write)
            case PutConfig() | DropConfig():
                self._configure(write)

    def _change_attempt(self, write: PutLaunch | DropAttempt | RequestCancel) -> None:
        match write:
            case PutLaunch(address, generation, number, manifest):
                self._put_launch((address, generation, number), manifest)
            case DropAttempt(address, generation, number):
                self._drop((address, generation, number))
            case RequestCancel(address, generation, number):
                self._cancel((address, generation, number))

    def _change_run(self, write: RenameRun | DropRun) -> None:
        if isinstance(write, RenameRun):
            self._rename(write.source, write.target)
        else:
            self.runs.pop(write.address, None)

    def _change_sweep(self, write: PutSweep | ExpectSweep | RenameSweep) -> None:
        if isinstance(write, ExpectSweep):
            if self.sweeps[write.address].revision != write.revision:
                raise Stale
            return
        if isinstance(write, PutSweep):
            known = self.sweeps.get(write.record.address)
            self.sweeps[write.record.address] = replace(write.record, revision=known.revision + 1 if known else 1)
            return
        found = self.sweeps.pop(write.source)
        self.sweeps[write.target] = replace(found, address=write.target, revision=found.revision + 1)
        for address in [address for address in self.runs if address.startswith(f"{write.source}[")]:
            self._rename(address, address.replace(write.source, write.target))

    def _configure(self, write: PutConfig | DropConfig) -> None:
        if isinstance(write, PutConfig):
            self.configs[write.record.address] = write.record
        else:
            self.configs.pop(write.address, None)

    def _put_attempt(self, record: AttemptRecord) -> None:
        found = self.by_key(record.key)
        if found is not None and found.status is not Status.PENDING:
            raise Stale
        if found is not None:
            del self.attempts[found.run_id]
            self.readings.pop(found.run_id, None)
        self._append(record)

    def _put_launch(self, key: tuple[str, int, int], manifest: str) -> None:
        found = self.by_key(key)
        if found is None or not found.status.is_active:
            raise Stale
        self.attempts[found.run_id] = replace(found, manifest=manifest)

    def _drop(self, key: tuple[str, int, int]) -> None:
        found = self.by_key(key)
        if found is None or found.status is not Status.PENDING:
            raise Stale
        del self.attempts[found.run_id]
        self.readings.pop(found.run_id, None)
        if not self.of_generation(*key[:2]):
            del self.generations[key[:2]]

    def _cancel(self, key: tuple[str, int, int]) -> None:
        found = self.by_key(key)
        if found is None:
            raise Stale
        if not found.status.is_terminal:
            self.attempts[found.run_id] = replace(found, cancel_requested=True)

    def _put_generation(self, record: GenerationRecord) -> None:
        key = (record.address, record.number)
        if key not in self.generations:
            for found in self.attempts.values():
                is_older = found.address == record.address and found.generation < record.number
                if is_older and found.status is Status.PENDING and not found.cancel_requested:
                    raise Stale
        elif self.generations[key].form != record.form:
            tried = self.of_generation(*key)
            if tried and tried[-1].status is not Status.PENDING:
                raise Stale
        self.generations[key] = record
        for found in self.of_generation(*key):
            if found.status is Status.PENDING:
                self.queues[found.run_id] = record.policy.queue

    def _rename(self, source: str, target: str) -> None:
        self.runs = {
            record.address: record
            for record in (replace(run, address=target) if run.address == source else run for run in self.runs.values())
        }
        moved = (
            replace(record, address=target) if record.address == source else record
            for record in self.generations.values()
        )
        self.generations = {(record.address, record.number): record for record in moved}
        for run_id, found in self.attempts.items():
            if found.address == source:
                self.attempts[run_id] = replace(found, address=target)

    # Draining.

    def claim(self, wanted: list[AttemptRecord], owner: str, now: float, expires_at: float) -> list[AttemptRecord]:
        taken: list[AttemptRecord] = []
        for one in wanted:
            found = self.attempts.get(one.run_id)
            if found is None or found.manifest != one.manifest or not self._is_free(found, now):
                continue
            since = now if found.status is Status.PENDING else found.since
            claimed = replace(found, status=Status.INTENT, since=since, claim=Claim(owner, expires_at, self.fence + 1))
            self.attempts[one.run_id] = claimed
            self.fences[one.run_id] = self.fence + 1
            taken.append(claimed)
        self.fence += bool(taken)
        return taken

    def _is_free(self, found: AttemptRecord, now: float) -> bool:
        if found.status is Status.INTENT:
            return found.claim is None or found.claim.expires_at <= now or found.claim.owner in self.dead
        if found.status is not Status.PENDING or found.not_before > now or found.cancel_requested:
            return False
        queue, sweep = self.queues[found.run_id], self.sweeps.get(found.address.partition("[")[0])
        if sweep is not None and sweep.parallel is not None and self.active_of(sweep.address) >= sweep.parallel:
            return False
        config = self.configs.get(f"queues.{queue}")
        return config is None or config.max_jobs is None or self.active(queue) < config.max_jobs

    def record(self, seen: AttemptRecord) -> AttemptRecord | None:
        found = self.attempts.get(seen.run_id)
        if found is None:
            return None
        if found.status.is_terminal:
            if found.is_released or not seen.is_released or seen.status is not found.status:
                return None
            self.attempts[seen.run_id] = replace(found, is_released=True)
            return self.attempts[seen.run_id]
        if seen.claim is None and found.claim is not None:
            return None
        if seen.claim is not None and seen.claim.fence != self.fences[seen.run_id]:
            return None
        if seen.status is Status.INTENT and found.status is not Status.INTENT:
            return None
        if seen.status is Status.PENDING and found.status not in {Status.PENDING, Status.INTENT}:
            return None
        self.attempts[seen.run_id] = replace(
            found,
            status=seen.status,
            message=seen.message,
            is_released=seen.is_released,
            cancel_requested=found.cancel_requested or seen.cancel_requested or seen.prune_requested,
            prune_requested=found.prune_requested or seen.prune_requested,
            claim=found.claim if seen.status is Status.INTENT else None,
        )
        return self.attempts[seen.run_id]

    def add_attempt(self, record: AttemptRecord) -> bool:
        run = self.runs.get(record.address)
        if run is None or run.generation != record.generation or run.standing is not Standing.ACTIVE:
            return False
        tried = self.of_generation(record.address, record.generation)
        if not tried or tried[-1].number + 1 != record.number or not tried[-1].status.is_terminal:
            return False
        self._append(record)
        return True

    def draw(self, sweep: SweepRecord, trials: list[NewTrial]) -> bool:
        found = self.sweeps.get(sweep.address)
        if found is None or found.standing is not Standing.ACTIVE or found.is_stopped:
            return False
        if (found.epoch, found.revision, found.spec) != (sweep.epoch, sweep.revision, sweep.spec):
            return False
        if not all(self._may_begin(trial.run) for trial in trials):
            return False
        self.sweeps[sweep.address] = replace(found, revision=found.revision + 1)
        for trial in trials:
            self.runs[trial.run.address] = trial.run
            self.generations[trial.run.address, trial.run.generation] = trial.generation
            self._append(trial.attempt)
        return True

    def _may_begin(self, run: RunRecord) -> bool:
        known = self.runs.get(run.address)
        tried = [found for found in self.attempts.values() if found.address == run.address]
        waits = any(found.status is Status.PENDING and not found.cancel_requested for found in tried)
        return not waits and (known is None or known.generation < run.generation)

    def measure(self, said: Series) -> None:
        known = self.readings.get(said.run_id)
        is_known = said.run_id in self.attempts
        if is_known and (known is None or _rules(said) != _rules(known) or _length(said) >= _length(known)):
            self.readings[said.run_id] = said

    def _append(self, record: AttemptRecord) -> None:
        self.attempts[record.run_id] = record
        self.fences[record.run_id] = 0
        self.queues[record.run_id] = self.generations[record.address, record.generation].policy.queue

    # Looking.

    def by_key(self, key: tuple[str, int, int]) -> AttemptRecord | None:
        return next((found for found in self.attempts.values() if found.key == key), None)

    def of_generation(self, address: str, generation: int) -> list[AttemptRecord]:
        found = [one for one in self.attempts.values() if (one.address, one.generation) == (address, generation)]
        return sorted(found, key=lambda one: one.number)

    def active_of(self, sweep: str) -> int:
        return sum(
            found.status.is_active
            and found.address.startswith(f"{sweep}[")
            and self.runs[found.address].standing is not Standing.DETACHED
            for found in self.attempts.values()
        )

    def active(self, queue: str) -> int:
        return sum(
            found.status.is_active
            and self.queues[found.run_id] == queue
            and self.runs[found.address].standing is not Standing.DETACHED
            for found in self.attempts.values()
        )


def _rules(series: Series) -> tuple[str, str]:
    return (series.metric, series.source)


def _length(series: Series) -> tuple[int, int, bool]:
    return (series.position, len(series.values), series.is_complete)
