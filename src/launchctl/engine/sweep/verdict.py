"""What an edit makes of a sweep: the table read for one sweep, beside what runs of it and what was asked for. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property

from launchctl.compiler.program import FieldClass
from launchctl.engine.plan import FieldChange, Reason, fits
from launchctl.engine.sweep.book import RecordedSweep, SweepBook
from launchctl.engine.sweep.form import space_table
from launchctl.engine.sweep.table import Edit, Edited, Effect, edits_of, effect_of, is_same, search_of
from launchctl.engine.world import SweepDesired, World
from launchctl.state.model import AttemptRecord
from launchctl.sweeps.searcher import size
from launchctl.values import canonical


class Outcome(StrEnum):
    """What becomes of a sweep."""

    SAME = "nothing changed"
    IN_PLACE = "goes on as the project has it now"
    EPOCH = "a new epoch, or the first"
    ACKNOWLEDGED = "the edit is accepted and starts nothing: it goes on as it was"
    HELD = "accepted and held: it starts nothing by itself"
    BLOCKED = "asks for a decision"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of one sweep, and why."""

    outcome: Outcome
    desired: SweepDesired
    recorded: RecordedSweep | None
    epoch: int
    """Its epoch once the plan is applied."""
    reason: Reason | None = None
    message: str = ""
    options: tuple[str, ...] = ()
    fields: tuple[FieldChange, ...] = ()
    shared: tuple[FieldChange, ...] = ()
    """Those of the fields that all trials share; the others are about the search."""
    stops: tuple[AttemptRecord, ...] = ()
    """Attempts that a new epoch cancels."""

    @property
    def is_new_epoch(self) -> bool:
        """Whether trials start anew."""
        return self.outcome is Outcome.EPOCH

    @property
    def basis(self) -> SweepDesired:
        """What trials are drawn from once the plan is applied."""
        if self.recorded is None or self.outcome in {Outcome.IN_PLACE, Outcome.EPOCH}:
            return self.desired
        accepted = self.recorded.accepted
        is_plain = self.outcome is Outcome.SAME and is_same(accepted.form, self.desired.form)
        return self.desired if is_plain else accepted


EPOCH_REASONS = frozenset({Reason.EPOCH_CHANGED, Reason.REQUESTED, Reason.UPSTREAM})
"""Why an epoch may follow another."""
_CLASSES: Mapping[FieldClass, Reason] = {
    FieldClass.INTENT: Reason.INTENT_CHANGED,
    FieldClass.PLACEMENT: Reason.PLACEMENT_CHANGED,
    FieldClass.METADATA: Reason.METADATA_CHANGED,
}


class Judge:
    """Reads the table for the sweeps of a world."""

    def __init__(self, world: World, book: SweepBook) -> None:
        self.world = world
        self.book = book
        self._known: dict[tuple[str, str], Verdict] = {}

    def verdict(self, address: str, upstream: str = "") -> Verdict:
        """What becomes of a sweep; `upstream` is what it follows and has a new generation."""
        key = (address, upstream)
        if key not in self._known:
            self._known[key] = self._judged(address, upstream)
        return self._known[key]

    def _judged(self, address: str, upstream: str) -> Verdict:
        desired, recorded = self.book.desired(address), self.book.recorded(address)
        if recorded is None:
            base = Verdict(Outcome.EPOCH, desired, None, self.book.epochs_before(address) + 1)
            return self._after_repair(base) or self._first(base)
        base = Verdict(Outcome.SAME, desired, recorded, recorded.record.epoch)
        edits = edits_of(recorded.record.form, desired, recorded.images)
        shared = tuple(edit.field for edit in edits if edit.is_shared)
        base = replace(base, fields=tuple(edit.field for edit in edits), shared=shared)
        if fits(address, self.world.override.rerun) and recorded.has_run:
            return self._epoch(base, Reason.REQUESTED, "")
        if upstream and not _is_another(edits, desired):
            return self._after(base, upstream)
        return self._edited(base, edits) if edits else base

    # The first epoch.

    def _after_repair(self, base: Verdict) -> Verdict | None:
        """What becomes of a sweep whose record a repair has lost while trials of it run."""
        lost = self.book.lost(base.desired.address)
        running = tuple(lost.under_way(self.world)) if lost else ()
        if lost is None or not running:
            return None
        wish = self._wish(base, Reason.NEVER_RUN)
        following = replace(base, reason=Reason.NEVER_RUN)
        if wish == "supersede":
            return replace(following, message=f"{_trials(running)} of the old epoch run on")
        if wish == "cancel" and not base.desired.spec.launch.lifecycle.protect:
            return replace(following, message=_AFTER_STOP, stops=running)
        return self._blocked(base, Reason.NEVER_RUN, running, "its record was lost, so that all of it starts anew")

    def _first(self, base: Verdict) -> Verdict:
        endless = _endless(base, Reason.NEVER_RUN)
        if endless is not None:
            return endless
        address = base.desired.address
        twin = self._gone.get(_identity(base.desired))
        if twin is None:
            return replace(base, reason=Reason.NEVER_RUN)
        if fits(address, self.world.override.rerun):
            return replace(base, reason=Reason.REQUESTED)
        return replace(
            base,
            outcome=Outcome.BLOCKED,
            reason=Reason.RENAMED,
            message=f"{twin} ran these very trials and is no longer in the project",
            options=(f"moved: [{{from: {twin}, to: {address}}}]", f"launchctl apply --rerun {address}"),
        )

    @cached_property
    def _gone(self) -> Mapping[tuple[str, str], str]:
        """What identifies a search to the address of the sweep that made it and that the project does not name now."""
        names = self.world.state.sweeps if self.world.state else ()
        sources = set(self.world.renames.sources.values())
        gone = (self.book.on_record(name) for name in names if name not in self.world.sweeps and name not in sources)
        known = (found for found in gone if found and not found.record.is_lost)
        return {_identity(found.accepted): found.record.address for found in known if found.has_run}

    # One that was accepted before.

    def _after(self, base: Verdict, upstream: str) -> Verdict:
        """What a new generation upstream means for a sweep that asked to follow it."""
        recorded, message = base.recorded, f"{upstream} has a new generation"
        assert recorded is not None
        if base.desired.spec.launch.lifecycle.rerun_on == "never":
            return self._never(base, Reason.UPSTREAM, f"{message}, which starts nothing")
        if not recorded.has_run:
            return replace(
                base, outcome=Outcome.IN_PLACE, reason=Reason.UPSTREAM, message=f"not started yet; {message}"
            )
        if any(recorded.under_way(self.world)):
            return base
        return _endless(base, Reason.UPSTREAM) or replace(
            base, outcome=Outcome.EPOCH, epoch=base.epoch + 1, reason=Reason.UPSTREAM, message=message
        )

    def _edited(self, base: Verdict, edits: Sequence[Edit]) -> Verdict:
        recorded = base.recorded
        assert recorded is not None
        effect = _effect(edits, base.desired)
        reason = Reason.EPOCH_CHANGED if effect is Effect.EPOCH else _reason(edits)
        if not is_same(recorded.accepted.form, recorded.record.form):  # an edit was acknowledged before
            if is_same(recorded.accepted.form, base.desired.form):
                return replace(base, outcome=Outcome.IN_PLACE, reason=reason, message="is again what goes on")
            if effect is not Effect.EPOCH:
                return replace(base, outcome=Outcome.ACKNOWLEDGED, reason=reason, message=_LATER)
        endless = _endless(base, reason)
        if endless is not None:
            return endless
        if effect is Effect.EPOCH and recorded.has_run:
            return self._epoch(base, reason, "the edit makes it another experiment")
        if effect is Effect.REFUSED and recorded.has_run:
            return self._refused(base, reason, {edit.edited for edit in edits})
        return replace(base, outcome=Outcome.IN_PLACE, reason=reason)

    def _refused(self, base: Verdict, reason: Reason, edited: Collection[Edited]) -> Verdict:
        told = _ANOTHER_SPACE if Edited.SPACE in edited else _ANOTHER_SEED
        return replace(
            base,
            outcome=Outcome.BLOCKED,
            reason=reason,
            message=f"trials of it ran, and {told}",
            options=(f"launchctl apply --rerun {base.desired.address}",),
        )

    def _never(self, base: Verdict, reason: Reason, message: str) -> Verdict:
        return replace(
            base,
            outcome=Outcome.HELD,
            reason=reason,
            message=f"lifecycle.rerun_on is never: {message}",
            options=(f"launchctl apply --rerun {base.desired.address}",),
        )

    def _epoch(self, base: Verdict, reason: Reason, why: str) -> Verdict:
        """A new epoch, unless the lifecycle says that none begins by itself, or that something of the old one runs."""
        recorded, lifecycle = base.recorded, base.desired.spec.launch.lifecycle
        assert recorded is not None
        if lifecycle.rerun_on == "never" and reason is not Reason.REQUESTED:
            return self._never(base, reason, "the edit is accepted and starts nothing")
        endless = _endless(base, reason)
        if endless is not None:
            return endless
        following = replace(base, outcome=Outcome.EPOCH, epoch=base.epoch + 1, reason=reason)
        running = tuple(recorded.under_way(self.world))
        if not running:
            return following
        wish = self._wish(base, reason)
        if wish == "keep":
            return replace(base, outcome=Outcome.ACKNOWLEDGED, reason=reason, message="it goes on; nothing starts anew")
        if wish == "supersede":
            return replace(following, message=f"{_trials(running)} of the old epoch run on")
        if wish == "cancel" and not (lifecycle.protect or recorded.record.protect):
            return replace(following, message=_AFTER_STOP, stops=running)
        return self._blocked(base, reason, running, why)

    def _wish(self, base: Verdict, reason: Reason) -> str:
        """What `lifecycle.on_change` says, or the command line for this once; to keep is no answer to `--rerun`."""
        address, override = base.desired.address, self.world.override
        if fits(address, override.allow_cancel):
            return "cancel"
        if fits(address, override.allow_supersede):
            return "supersede"
        said = base.desired.spec.launch.lifecycle.on_change
        return "block" if said == "keep" and reason is Reason.REQUESTED else said

    def _blocked(self, base: Verdict, reason: Reason, running: tuple[AttemptRecord, ...], why: str) -> Verdict:
        address = base.desired.address
        was_protected = base.recorded is not None and base.recorded.record.protect
        is_protected = base.desired.spec.launch.lifecycle.protect or was_protected
        state = f"{_trials(running)} of it run" + (" and it is protected" if is_protected else "")
        options = [f"launchctl apply --allow supersede={address}"]
        options.append("lifecycle: {protect: false}" if is_protected else f"launchctl apply --allow cancel={address}")
        if base.recorded is not None and reason is not Reason.REQUESTED:
            options.append("lifecycle: {on_change: keep}")
        message = f"{state}, and {why}" if why else state
        return replace(base, outcome=Outcome.BLOCKED, reason=reason, message=message, options=tuple(options))


_ANOTHER_SPACE = "what they told is about another space"
_ANOTHER_SEED = "another seed would have chosen others"
_AFTER_STOP = "starts once the old trials have ended"
_LATER = "it goes on as it was accepted before; the edit counts with its next epoch"


def _trials(found: tuple[AttemptRecord, ...]) -> str:
    return "1 trial" if len(found) == 1 else f"{len(found):,} trials"


def _effect(edits: Sequence[Edit], desired: SweepDesired) -> Effect | None:
    return effect_of({edit.edited for edit in edits}, desired.spec.search.method)


def _is_another(edits: Sequence[Edit], desired: SweepDesired) -> bool:
    return _effect(edits, desired) is Effect.EPOCH


def _reason(edits: Sequence[Edit]) -> Reason:
    """By the most consequential class of what was edited; an image that only was pinned is none."""
    classes = {FieldClass.METADATA if edited is Edited.METADATA else field.field_class for field, edited in edits}
    return next(reason for found, reason in _CLASSES.items() if found in classes)


def _endless(base: Verdict, reason: Reason) -> Verdict | None:
    """A search that would never end by itself is not accepted."""
    search = base.desired.spec.search
    if size(search) is not None:
        return None
    return replace(
        base,
        outcome=Outcome.BLOCKED,
        reason=reason,
        message=f"a {search.method} search has no end of its own",
        options=("run_cap: 20",),
    )


def _identity(sweep: SweepDesired) -> tuple[str, str]:
    """What makes two sweeps the same search, whatever their names and default seeds."""
    search = sweep.spec.search
    seed = search.seed if search.has_own_seed else None
    return sweep.form.intent, canonical([search.method, seed, space_table(search.space)])


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
