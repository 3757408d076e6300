"""Deciding sweeps: an accepted plan to the writes that record it. Pure; trials are recorded by whoever draws them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from launchctl.addresses import Kind, parse_address
from launchctl.engine.plan import Action, Change, Plan, Reason
from launchctl.engine.records import before_latest, upstream_then
from launchctl.engine.sweep.book import RecordedSweep
from launchctl.engine.sweep.form import upstream_of, with_address, with_upstream
from launchctl.engine.sweep.planner import SweepPlanner
from launchctl.engine.sweep.table import is_same
from launchctl.engine.sweep.verdict import Outcome, Verdict
from launchctl.engine.upstream import seen_of
from launchctl.engine.world import Desired, SweepDesired, World
from launchctl.state.model import GenerationRecord, RunState, Standing, SweepRecord
from launchctl.state.store import DropAttempt, ExpectSweep, PutRun, PutSweep, RenameSweep, Write
from launchctl.status import Status


class SweepWrites:
    """The writes of one decision that are about sweeps."""

    def __init__(self, plan: Plan, world: World, earlier: Callable[[str, int], GenerationRecord | None]) -> None:
        self._plan = plan
        self._world = world
        self._earlier = earlier
        self._planner = SweepPlanner(world)

    def wanted(self, address: str) -> Desired | None:
        """A trial on record as its sweep wants it; None where it does not any more."""
        return self._planner.wanted(address)

    def writes(self) -> Iterator[Write]:
        """Renames, accepted sweeps and epochs, and trials that wait no longer or are looked after no longer."""
        for change in self._plan.changes:
            address = parse_address(change.address)
            if address is None or address.kind is not Kind.SWEEPS or address.key:
                continue
            if change.address in self._world.sweeps:
                yield from self._kept(change)
            elif change.action is Action.FORGET:
                recorded = self._planner.book.on_record(change.address)
                assert recorded is not None
                yield self._undrawn_since(recorded)
                yield from self._removed(recorded)

    # What the project does not name any more.

    def _removed(self, recorded: RecordedSweep) -> Iterator[Write]:
        yield PutSweep(replace(recorded.record, standing=Standing.FORGOTTEN))
        yield from self._let_go(recorded, recorded.record.address)

    def _let_go(self, recorded: RecordedSweep, sweep: str) -> Iterator[Write]:
        """Trials of every epoch but those that have a change of their own."""
        told = {change.address for change in self._plan.changes}
        for run in recorded.trials:
            address = _renamed(run.run.address, sweep)
            if address not in told and run.run.standing is Standing.ACTIVE:
                yield from self._forgotten(address, run)

    def _forgotten(self, address: str, run: RunState) -> Iterator[Write]:
        """One trial: what waits is dropped, the rest leaves the active set; its history stays."""
        latest, record = run.latest, replace(run.run, address=address)
        if latest is not None and latest.status is Status.PENDING:
            yield DropAttempt(address, latest.generation, latest.number)
            if latest.number == 1:
                record = before_latest(record, self._earlier(run.run.address, latest.generation))
        yield PutRun(replace(record, standing=Standing.FORGOTTEN))

    # What it names.

    def _undrawn_since(self, recorded: RecordedSweep) -> Write:
        """What was planned holds for all trials that were drawn: one that came since would start all the same."""
        return ExpectSweep(recorded.record.address, recorded.record.revision)

    def _kept(self, change: Change) -> Iterator[Write]:
        verdict = self._planner.judge.verdict(change.address)
        recorded = verdict.recorded
        if recorded is not None and change.action.decides and change.address not in self._world.renames.sources:
            yield self._undrawn_since(recorded)
        if recorded is None:
            if change.action is Action.START:
                yield PutSweep(self._accepted(verdict.desired, None, change.generation))
                lost = self._planner.book.lost(change.address)
                if lost is not None:
                    yield from self._let_go(lost, change.address)
        elif change.action is Action.RECORD and change.reason is Reason.RENAMED:
            yield self._undrawn_since(recorded)
            yield from self._rename(recorded, verdict)
        elif change.action is Action.START and change.generation > recorded.record.epoch:
            yield PutSweep(self._accepted(verdict.desired, None, change.generation))
            yield from self._let_go(recorded, change.address)
        else:
            yield from self._going_on(change, verdict, recorded)

    def _rename(self, recorded: RecordedSweep, verdict: Verdict) -> Iterator[Write]:
        """The sweep and its trials under the new name; under the old one stays which epochs it has had."""
        record, address = recorded.record, verdict.desired.spec.address
        yield RenameSweep(record.address, str(address))
        yield PutSweep(replace(record, standing=Standing.FORGOTTEN, protect=False))
        accepted = with_address(recorded.accepted, address, self._world.program)
        form = accepted.form if is_same(recorded.accepted.form, record.form) else record.form
        form = with_upstream(form, upstream_of(record.form))
        yield PutSweep(replace(record, address=str(address), form=form, spec=accepted.text))

    def _going_on(self, change: Change, verdict: Verdict, recorded: RecordedSweep) -> Iterator[Write]:
        record, desired = recorded.record, verdict.desired
        if verdict.outcome is Outcome.IN_PLACE and change.action.decides:
            accepted = self._accepted(desired, record, record.epoch)
            yield PutSweep(replace(accepted, is_stopped=record.is_stopped and change.action is not Action.START))
            yield from self._revived(change, verdict, recorded)
            yield from self._dropped(change)
        elif verdict.outcome in {Outcome.ACKNOWLEDGED, Outcome.HELD}:
            if change.changes:
                yield PutSweep(self._acknowledged(verdict, recorded))
        elif verdict.outcome is Outcome.SAME:
            if change.action is Action.RECORD and change.reason is Reason.METADATA_CHANGED:
                yield PutSweep(replace(record, address=desired.address, standing=Standing.ACTIVE))
                yield from self._revived(change, verdict, recorded)
            elif change.action is Action.START:  # what was cancelled goes on
                yield PutSweep(replace(record, is_stopped=False))
            elif verdict.basis is desired and desired.text != record.spec and self._may_refresh(change):
                yield PutSweep(self._accepted(desired, record, record.epoch))
            yield from self._dropped(change)

    def _may_refresh(self, change: Change) -> bool:
        """Whether nothing else is recorded of the sweep: what is no part of a form is then taken silently."""
        return not change.action.decides and change.address not in self._world.renames.sources

    def _accepted(self, desired: SweepDesired, record: SweepRecord | None, epoch: int) -> SweepRecord:
        """A sweep whose desired form is accepted; without a record it begins an epoch."""
        spec, lifecycle = desired.spec, desired.spec.launch.lifecycle
        if record is None:
            upstream = upstream_then(self._plan, self._world, spec.launch)
        else:
            upstream = seen_of(self._world, spec.launch, upstream_of(record.form))
        default = 1 if spec.search.method == "bayes" else None
        return SweepRecord(
            address=desired.address,
            standing=Standing.ACTIVE,
            epoch=epoch,
            form=with_upstream(desired.form, upstream),
            spec=desired.text,
            parallel=spec.search.parallel or default,
            protect=lifecycle.protect,
            on_remove=lifecycle.on_remove,
            serial=record.serial if record else self._plan.serial + 1,
            is_stopped=record.is_stopped if record else False,
        )

    def _acknowledged(self, verdict: Verdict, recorded: RecordedSweep) -> SweepRecord:
        """The edit is accepted; trials are drawn from what was accepted before."""
        record = recorded.record
        new = self._accepted(verdict.desired, record, record.epoch)
        accepted = with_address(recorded.accepted, verdict.desired.spec.address, self._world.program)
        return replace(new, spec=accepted.text, parallel=record.parallel)

    def _revived(self, change: Change, verdict: Verdict, recorded: RecordedSweep) -> Iterator[Write]:
        """Trials that had left and belong to the search again: their history counts."""
        for run, attempt in recorded.current:
            if run.run.standing is not Standing.ACTIVE:
                address = _renamed(attempt.address, change.address)
                if self._planner.has(verdict, run):
                    yield PutRun(replace(run.run, address=address, standing=Standing.ACTIVE))

    def _dropped(self, change: Change) -> Iterator[Write]:
        """Trials that the search does not have any more and that do not run."""
        for address in change.affects if change.action.decides else ():
            run = self._world.recorded(address)
            if run is not None:
                yield from self._forgotten(address, run)


def _renamed(address: str, sweep: str) -> str:
    return sweep + address[address.index("[") :]
