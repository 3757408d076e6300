"""Planning sweeps: one change for each, and one for every trial on record that something happens to. Pure, and linear
in the trials on record; those that are to be drawn are counted, never listed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import partial

from launchctl.compiler.sweep.search import Objective
from launchctl.engine.cells import Changes
from launchctl.engine.plan import Action, Change, FieldChange, Reason, TrialCounts
from launchctl.engine.removal import handed_over, protected, refused_rename, removal, removal_of_running, under_way
from launchctl.engine.sweep.book import RecordedSweep, SweepBook
from launchctl.engine.sweep.form import recorded_trial
from launchctl.engine.sweep.notes import (
    TOO_MANY,
    cancelled_and_edited,
    has_reached,
    run_cap_used_up,
    target_reached,
    unchanged,
)
from launchctl.engine.sweep.points import Points
from launchctl.engine.sweep.tally import sweep_of
from launchctl.engine.sweep.trial_cells import trial_changes
from launchctl.engine.sweep.verdict import Judge, Outcome, Verdict, draws_anew
from launchctl.engine.world import Desired, SweepDesired, World
from launchctl.state.model import AttemptRecord, RunState, Standing
from launchctl.status import Status
from launchctl.sweeps.searcher import left, size


@dataclass
class _Review:
    """What a look at the trials of the present epoch finds."""

    retries: bool = True
    """Whether the sweep's policy may retry them: not once somebody cancelled it."""
    changes: list[Change] = field(default_factory=list[Change])
    gone: list[str] = field(default_factory=list[str])
    """Addresses of trials that the search does not have any more, and that do not run."""
    drawn: int = 0
    """Trials that the search has and that are on record."""
    kept: int = 0
    """Of these, those that what was accepted before has too."""
    freed: int = 0
    """Trials that are dropped before they began, which use up nothing of `run_cap`."""
    pending: int = 0
    running: int = 0
    finished: int = 0
    held: int = 0

    def keep_unknown(self, status: Status) -> None:
        """Counts a trial whose point a repair has lost: it has its place, and nothing happens to it."""
        self.drawn += 1
        self.kept += 1
        self.count(status, ())

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
        self._compared: dict[tuple[int, int], int | None] = {}
        self._reached: dict[tuple[str, Objective | None], bool] = {}

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
            return (*self._stops(verdict), self._of_first(verdict, base))
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
            dropped=review.pending + self._undrawn(recorded, recorded.accepted, len(recorded.current), review.drawn),
        )
        return (*self._stops(verdict), replace(base, action=Action.START, trials=counts))

    def _stops(self, verdict: Verdict) -> Changes:
        return tuple(_of_attempt(self.world, found, Action.CANCEL, verdict.reason) for found in verdict.stops)

    # The epoch that there is.

    def review(self, verdict: Verdict, recorded: RecordedSweep) -> _Review:
        """A look at every trial of the present epoch."""
        basis, found = verdict.basis, _Review(retries=not recorded.record.is_stopped)
        points = self.points_of(basis)
        before = None if basis.text == recorded.accepted.text else self.points_of(recorded.accepted)
        fields = _shared_fields(verdict)
        revives = recorded.record.standing is not Standing.ACTIVE or verdict.outcome is Outcome.IN_PLACE
        for run, attempt in recorded.current:
            assert run.generation is not None
            if run.generation.trial is None:
                found.keep_unknown(self.world.status_of(attempt))
                continue
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
        wished = partial(self._desired, basis, run, named.address)
        changes = trial_changes(self.world, run, named, wished, fields, retries=found.retries)
        found.drawn += 1
        found.count(self.world.status_of(attempt), changes)
        found.changes += changes

    def _of_gone(self, run: RunState, attempt: AttemptRecord, found: _Review) -> None:
        if not under_way(self.world, run):
            found.gone.append(self._named(attempt).address)
            found.freed += attempt.status is Status.PENDING and attempt.number == 1
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
        undrawn = self._undrawn(recorded, verdict.basis, len(recorded.current) - review.freed, review.drawn)
        start, held, dropped = 0, review.held, len(review.gone)
        if recorded.record.is_stopped:
            start = undrawn if self._goes_on_again(verdict, recorded) else 0
            undrawn, held = start, held + undrawn - start
        elif verdict.outcome is Outcome.IN_PLACE:
            before = self._undrawn(recorded, recorded.accepted, len(recorded.current), len(review.gone) + review.kept)
            still = self._still_undrawn(verdict, recorded, review, before)
            start, dropped = max(0, undrawn - still), dropped + max(0, before - still)
        return TrialCounts(
            size(verdict.basis.spec.search),
            start=start,
            waiting=undrawn - start + review.pending,
            running=review.running,
            finished=review.finished,
            held=held,
            dropped=dropped,
        )

    def _still_undrawn(self, verdict: Verdict, recorded: RecordedSweep, review: _Review, before: int) -> int:
        """How many of the trials that were to be drawn before the edit still are; none where nobody can tell."""
        if draws_anew(recorded.accepted, verdict.desired):
            return 0
        if not (verdict.basis.spec.search.method == recorded.accepted.spec.search.method == "grid"):
            return before
        shared = self._shared(verdict, recorded)
        return 0 if shared is None else max(0, min(before, shared - review.kept))

    def _shared(self, verdict: Verdict, recorded: RecordedSweep) -> int | None:
        """How many trials a grid has before and after an edit; None where they are too many to compare."""
        before, after = self.points_of(recorded.accepted), self.points_of(verdict.basis)
        key = (id(before), id(after))
        if key not in self._compared:
            self._compared[key] = before.shared_with(after)
        return self._compared[key]

    def _goes_on_again(self, verdict: Verdict, recorded: RecordedSweep) -> bool:
        """Whether `--retry-failed` lets a cancelled sweep draw again."""
        return (
            self.world.override.retry_failed
            and verdict.outcome in {Outcome.SAME, Outcome.IN_PLACE}
            and recorded.record.standing is Standing.ACTIVE
            and recorded.record.address == verdict.desired.address
        )

    def _undrawn(self, recorded: RecordedSweep, sweep: SweepDesired, taken: int, drawn: int) -> int:
        """How many trials are still to be drawn where so many are taken, of which the search has so many."""
        number = left(sweep.spec.search, taken, drawn) or 0
        return 0 if number and self._is_reached(recorded, sweep) else number

    def _is_reached(self, recorded: RecordedSweep, sweep: SweepDesired) -> bool:
        key = (recorded.record.address, sweep.spec.search.objective)
        if key not in self._reached:
            self._reached[key] = has_reached(self.world, recorded, sweep.spec.search.objective)
        return self._reached[key]

    def _unneeded(self, verdict: Verdict, recorded: RecordedSweep, review: _Review) -> int:
        """How many trials are left that are not drawn, since the target is reached."""
        if not self._is_reached(recorded, verdict.basis):
            return 0
        return left(verdict.basis.spec.search, len(recorded.current) - review.freed, review.drawn) or 0

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
            case Outcome.IN_PLACE:
                action = Action.UPDATE if trials.waiting or trials.running else Action.RECORD
                noted = self._noted(verdict, recorded, base, review)
                return replace(noted, action=Action.START if trials.start else action, affects=gone)
            case _ if trials.start:
                message = "it was cancelled: what was not drawn is drawn now"
                return replace(base, action=Action.START, reason=Reason.REQUESTED, message=message, affects=gone)
            case _:
                found = unchanged(recorded, base, gone, trials.held - review.held)
                unneeded = 0 if found.message else self._unneeded(verdict, recorded, review)
                return replace(found, message=target_reached(unneeded)) if unneeded else found

    def _noted(self, verdict: Verdict, recorded: RecordedSweep, base: Change, review: _Review) -> Change:
        """An edit that is taken as it is, with what keeps it from doing what somebody may expect of it."""
        trials = base.trials
        assert trials is not None
        if trials.held > review.held:
            return cancelled_and_edited(base, trials.held - review.held)
        if unneeded := self._unneeded(verdict, recorded, review):
            return replace(base, message=target_reached(unneeded))
        if recorded.record.is_stopped or verdict.basis.spec.search.method != "grid":
            return base
        used = run_cap_used_up(self.points_of(verdict.basis), len(recorded.current) - review.freed, review.drawn)
        if used:
            return replace(base, message=used[0], options=(used[1],))
        if recorded.accepted.spec.search.method == "grid" and self._shared(verdict, recorded) is None:
            return replace(base, message=TOO_MANY)
        return base

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
        undrawn = self._undrawn(recorded, recorded.accepted, len(recorded.current), found.drawn)
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


def _shared_fields(verdict: Verdict) -> tuple[FieldChange, ...]:
    return verdict.shared if verdict.outcome is Outcome.IN_PLACE else ()


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
