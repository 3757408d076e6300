"""Planning sweeps: one change for each, and one for every trial on record that something happens to. Pure, and linear
in the trials on record; those that are to be drawn are counted, never listed."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field, replace
from functools import partial

from launchctl.engine.cells import Changes
from launchctl.engine.plan import Action, Change, FieldChange, Reason, TrialCounts
from launchctl.engine.removal import handed_over, protected, refused_rename, removal, removal_of_running, under_way
from launchctl.engine.sweep_book import RecordedSweep, SweepBook
from launchctl.engine.sweep_form import recorded_trial
from launchctl.engine.sweep_points import Points
from launchctl.engine.sweep_table import search_of
from launchctl.engine.sweep_verdict import Judge, Outcome, Verdict
from launchctl.engine.tally import sweep_of
from launchctl.engine.trial_cells import trial_changes
from launchctl.engine.world import Desired, SweepDesired, World
from launchctl.state.model import AttemptRecord, RunState, Standing
from launchctl.status import Status
from launchctl.sweeps.searcher import left, size


@dataclass
class _Review:
    """What a look at the trials of the present epoch finds."""

    changes: list[Change] = field(default_factory=list[Change])
    gone: list[str] = field(default_factory=list[str])
    """Addresses of trials that the search does not have any more, and that do not run."""
    drawn: int = 0
    """Trials that the search has and that are on record."""
    kept: int = 0
    """Of these, those that what was accepted before has too."""
    pending: int = 0
    running: int = 0
    finished: int = 0
    held: int = 0

    def count(self, status: Status, changes: Changes) -> None:
        """Counts a trial of the search."""
        if status is Status.PENDING or any(change.action is Action.RETRY for change in changes):
            self.pending += 1
        elif status.is_success:
            self.finished += 1
        elif status.is_terminal:
            self.held += 1
        else:
            self.running += 1


class SweepPlanner:
    """Plans the sweeps of a world."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.book = SweepBook(world)
        self.judge = Judge(world, self.book)
        self._points: dict[int, Points] = {}

    def changes(self, address: str, upstream: str = "") -> Changes:
        """Changes of a sweep that the project names, and of its trials."""
        verdict = self.judge.verdict(address, upstream)
        renames = self.world.renames
        base = self._base(verdict)
        if address in renames.refused and verdict.is_new_epoch:
            return (refused_rename(base, renames.refused[address], address),)
        found = self._changes(verdict, base)
        if address in renames.sources:
            message = f"was {renames.sources[address]} until now"
            renamed = replace(
                base, generation=verdict.epoch, action=Action.RECORD, reason=Reason.RENAMED, message=message, changes=()
            )
            return (renamed, *(change for change in found if change.action is not Action.NO_OP))
        return found

    def _base(self, verdict: Verdict) -> Change:
        desired = verdict.desired
        return Change(
            desired.address,
            Action.NO_OP,
            verdict.reason,
            generation=verdict.epoch,
            changes=verdict.fields,
            message=verdict.message,
            options=verdict.options,
            span=desired.spec.span,
            digest=desired.digest,
        )

    def _changes(self, verdict: Verdict, base: Change) -> Changes:
        recorded = verdict.recorded
        if recorded is None:
            return (self._of_first(verdict, base),)
        if verdict.is_new_epoch:
            return self._of_epoch(verdict, base, recorded)
        review = self.review(verdict, recorded)
        trials = self._counts(verdict, recorded, review)
        return (self._going_on(verdict, recorded, replace(base, trials=trials), review), *review.changes)

    def _of_first(self, verdict: Verdict, base: Change) -> Change:
        most = size(verdict.desired.spec.search)
        if verdict.outcome is Outcome.BLOCKED:
            return replace(base, action=Action.BLOCKED, trials=TrialCounts(most))
        return replace(base, action=Action.START, trials=TrialCounts(most, start=most or 0))

    # A new epoch.

    def _of_epoch(self, verdict: Verdict, base: Change, recorded: RecordedSweep) -> Changes:
        """All trials start anew; those that wait are dropped, those that run are stopped where that was said."""
        most = size(verdict.desired.spec.search)
        review = self.review(replace(verdict, outcome=Outcome.BLOCKED), recorded)
        counts = TrialCounts(
            most,
            start=most or 0,
            running=review.running,
            finished=review.finished,
            held=review.held,
            dropped=review.pending + self._undrawn(recorded.accepted, recorded, review.drawn),
        )
        stops = tuple(_of_attempt(self.world, found, Action.CANCEL, verdict.reason) for found in verdict.stops)
        return (*stops, replace(base, action=Action.START, trials=counts))

    # The epoch that there is.

    def review(self, verdict: Verdict, recorded: RecordedSweep) -> _Review:
        """A look at every trial of the present epoch."""
        basis, found = verdict.basis, _Review()
        points = self.points_of(basis)
        before = None if basis.text == recorded.accepted.text else self.points_of(recorded.accepted)
        fields = _shared_fields(verdict)
        revives = recorded.record.standing is not Standing.ACTIVE or verdict.outcome is Outcome.IN_PLACE
        for run, attempt in recorded.current:
            assert run.generation is not None
            assert run.generation.trial is not None
            has = points.has(attempt.address, run.generation.trial)
            if run.run.standing is not Standing.ACTIVE and not revives:
                found.drawn += has
            elif has and self._is_of(verdict, attempt):
                found.kept += before is None or before.has(attempt.address, run.generation.trial)
                self._of_trial(run, attempt, basis, fields, found)
            elif run.run.standing is Standing.ACTIVE:
                self._of_gone(run, attempt, found)
        return found

    def _is_of(self, verdict: Verdict, attempt: AttemptRecord) -> bool:
        """Whether a trial may stay: one that was drawn, and never began, from another space is drawn anew."""
        assert verdict.recorded is not None
        is_anew = verdict.outcome is Outcome.IN_PLACE and attempt.status is Status.PENDING and attempt.number == 1
        return not (is_anew and draws_anew(verdict.recorded.accepted, verdict.desired))

    def _of_trial(
        self,
        run: RunState,
        attempt: AttemptRecord,
        basis: SweepDesired,
        fields: tuple[FieldChange, ...],
        found: _Review,
    ) -> None:
        named = self._named(attempt)
        changes = trial_changes(self.world, run, named, partial(self._desired, basis, run, named.address), fields)
        found.drawn += 1
        found.count(self.world.status_of(attempt), changes)
        found.changes += changes

    def _of_gone(self, run: RunState, attempt: AttemptRecord, found: _Review) -> None:
        if not under_way(self.world, run):
            found.gone.append(self._named(attempt).address)
            return
        found.running += 1
        found.changes += removal(self.world, self._named(attempt).address, run)

    def _named(self, attempt: AttemptRecord) -> AttemptRecord:
        """An attempt by the name that the project has for it."""
        name = self.world.renames.named_now(attempt.address)
        return attempt if name == attempt.address else replace(attempt, address=name)

    def _desired(self, basis: SweepDesired, run: RunState, address: str) -> Desired:
        assert run.generation is not None
        assert run.generation.trial is not None
        return recorded_trial(basis, address, run.generation.trial, run.run.generation)

    def _counts(self, verdict: Verdict, recorded: RecordedSweep, review: _Review) -> TrialCounts:
        search, accepted = verdict.basis.spec.search, recorded.accepted.spec.search
        undrawn = self._undrawn(verdict.basis, recorded, review.drawn)
        start, dropped = 0, len(review.gone)
        if verdict.outcome is Outcome.IN_PLACE and not recorded.record.is_stopped:
            before = self._undrawn(recorded.accepted, recorded, len(review.gone) + review.kept)
            still = before
            if search.method == "grid" and accepted.method == "grid":
                still = max(
                    0,
                    min(
                        before,
                        self.points_of(recorded.accepted).shared_with(self.points_of(verdict.basis)) - review.kept,
                    ),
                )
            if draws_anew(recorded.accepted, verdict.desired):
                still = 0
            start, dropped = max(0, undrawn - still), dropped + max(0, before - still)
        elif recorded.record.is_stopped:
            dropped, undrawn = dropped + undrawn, 0
        return TrialCounts(
            size(search),
            start=start,
            waiting=undrawn - start + review.pending,
            running=review.running,
            finished=review.finished,
            held=review.held,
            dropped=dropped,
        )

    def _undrawn(self, sweep: SweepDesired, recorded: RecordedSweep, drawn: int) -> int:
        """How many trials are still to be drawn, where so many that it has are on record."""
        return left(sweep.spec.search, len(recorded.current), drawn) or 0

    def _going_on(self, verdict: Verdict, recorded: RecordedSweep, base: Change, review: _Review) -> Change:
        """The sweep's own change, where its epoch goes on."""
        trials = base.trials
        assert trials is not None
        gone = tuple(review.gone)
        match verdict.outcome:
            case Outcome.BLOCKED:
                return replace(base, action=Action.BLOCKED)
            case Outcome.HELD:
                return replace(base, action=Action.HELD)
            case Outcome.ACKNOWLEDGED:
                return replace(base, action=Action.RECORD)
            case Outcome.IN_PLACE if trials.start:
                return replace(base, action=Action.START, affects=gone)
            case Outcome.IN_PLACE:
                is_open = trials.waiting or trials.running
                return replace(base, action=Action.UPDATE if is_open else Action.RECORD, affects=gone)
            case _:
                return _unchanged(recorded, base, gone)

    # What the project does not name any more.

    def removals(self) -> Iterator[Change]:
        """Changes of sweeps that are gone from the project, and of what is left of their trials."""
        state = self.world.state
        gone = handed_over(self.world)
        for name in sorted(state.sweeps if state else ()):
            if name not in self.world.sweeps and name not in gone:
                recorded = self.book.on_record(name)
                assert recorded is not None
                yield from self._removal(recorded)

    def _removal(self, recorded: RecordedSweep) -> Iterator[Change]:
        record = recorded.record
        if record.standing is not Standing.ACTIVE:
            for run in recorded.trials:
                yield from removal(self.world, run.run.address, run)
            return
        base = Change(record.address, Action.FORGET, Reason.REMOVED, generation=record.epoch)
        target = next((new for new, old in self.world.renames.refused.items() if old == record.address), None)
        if record.protect:
            yield protected(base)
        elif target is not None:
            yield refused_rename(base, record.address, target)
        else:
            yield replace(base, trials=self._of_removed(recorded), message="its history stays")
            for run in recorded.trials:
                yield from self._removal_of_trial(run)

    def _removal_of_trial(self, run: RunState) -> Iterator[Change]:
        """What becomes of a trial that is under way; of an earlier epoch it runs on as it was let go."""
        running = under_way(self.world, run)
        if run.run.standing is Standing.ACTIVE and running:
            yield from removal(self.world, run.run.address, run)
        elif run.run.standing is Standing.FORGOTTEN and any(not found.cancel_requested for found in running):
            yield from removal_of_running(self.world, run, running)

    def _of_removed(self, recorded: RecordedSweep) -> TrialCounts:
        found = _Review()
        for _, attempt in recorded.current:
            found.drawn += 1
            found.count(self.world.status_of(attempt), ())
        undrawn = self._undrawn(recorded.accepted, recorded, found.drawn)
        most = size(recorded.accepted.spec.search)
        return TrialCounts(most, 0, 0, found.running, found.finished, found.held, dropped=undrawn + found.pending)

    # For those who record what was planned.

    def wanted(self, address: str) -> Desired | None:
        """A trial on record as its sweep wants it; None where it does not any more."""
        run, sweep = self.world.recorded(address), sweep_of(address)
        if sweep not in self.world.sweeps or run is None or run.generation is None or run.generation.trial is None:
            return None
        verdict = self.judge.verdict(sweep)
        if verdict.is_new_epoch or not self.has(verdict, run):
            return None
        return recorded_trial(verdict.basis, address, run.generation.trial, run.run.generation)

    def has(self, verdict: Verdict, run: RunState) -> bool:
        """Whether a trial belongs to what its sweep draws from once the plan is applied."""
        trial = run.generation.trial if run.generation else None
        return trial is not None and self.points_of(verdict.basis).has(run.run.address, trial)

    def points_of(self, sweep: SweepDesired) -> Points:
        """The trials of a sweep, looked at once."""
        search = sweep.spec.search
        if id(search) not in self._points:
            self._points[id(search)] = Points(search)
        return self._points[id(search)]


def draws_anew(accepted: SweepDesired, desired: SweepDesired) -> bool:
    """Whether the trials of a sweep that never began are others now, though they have the same names."""
    if accepted.form.intent != desired.form.intent:
        return True
    if desired.spec.search.method == accepted.spec.search.method == "grid":
        return False
    old, new = search_of(accepted.form), search_of(desired.form)
    names = {name for name in (*old, *new) if name.startswith(_POINT)}
    return any(old.get(name) != new.get(name) for name in names)


_POINT = ("method", "parameters", "zip", "exclude", "when", "seed", "metric.name", "metric.goal")
"""What a point that is not known by its values is drawn from."""


def _shared_fields(verdict: Verdict) -> tuple[FieldChange, ...]:
    return verdict.fields if verdict.outcome is Outcome.IN_PLACE else ()


def _of_attempt(world: World, attempt: AttemptRecord, action: Action, reason: Reason | None) -> Change:
    return Change(
        world.renames.named_now(attempt.address),
        action,
        reason,
        generation=attempt.generation,
        attempt=attempt.number,
        run_id=attempt.run_id,
        status=world.status_of(attempt),
    )


def _unchanged(recorded: RecordedSweep, base: Change, gone: Collection[str]) -> Change:
    trials = base.trials
    assert trials is not None
    if recorded.record.standing is not Standing.ACTIVE:
        message = "named again; its history counts"
        return replace(base, action=Action.RECORD, reason=Reason.METADATA_CHANGED, message=message)
    if gone:
        message = "trials that left the search have ended"
        return replace(base, action=Action.RECORD, reason=Reason.REMOVED, message=message, affects=tuple(gone))
    if recorded.record.is_stopped and trials.dropped:
        options = (f"launchctl apply --rerun {base.address}",)
        return replace(
            base, action=Action.HELD, reason=Reason.CANCELLED, message="cancelled: no more are drawn", options=options
        )
    return replace(base, action=Action.WAITING) if trials.waiting else base
