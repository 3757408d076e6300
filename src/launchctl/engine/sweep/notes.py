"""What a plan tells of a sweep whose epoch goes on, beside its counts: what holds it up, and the way out. Pure."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from launchctl.compiler.sweep.search import Objective
from launchctl.engine.plan import Action, Change, Reason
from launchctl.engine.sweep.book import RecordedSweep
from launchctl.engine.sweep.course import result_of
from launchctl.engine.sweep.points import Points
from launchctl.engine.world import World
from launchctl.state.model import Standing
from launchctl.sweeps.outcome import is_target_reached

TOO_MANY = "it has too many points to tell which of them are new: all that were not drawn count as new"


def has_reached(world: World, recorded: RecordedSweep, objective: Objective | None) -> bool:
    """Whether a trial of the present epoch reached a target, so that no more are drawn."""
    if objective is None or objective.target is None:
        return False
    series = world.series_of(recorded.record.address)
    found = (result_of(run, series, objective.name) for run, _ in recorded.current)
    return is_target_reached((one for one in found if one is not None), objective)


def target_reached(unneeded: int) -> str:
    """Why trials that are left are not drawn."""
    return f"its target is reached: {'1 trial is' if unneeded == 1 else f'{unneeded:,} trials are'} not needed"


def run_cap_used_up(points: Points, taken: int, drawn: int) -> tuple[str, str] | None:
    """That trials which are no points of a grid any more leave none to its others, and the way out."""
    cap, others = points.search.run_cap, taken - drawn
    if cap is None or taken < cap or others <= 0 or points.trials <= drawn:
        return None
    gone = "1 is no point" if others == 1 else f"{others:,} are no points"
    message = f"run_cap {cap} is used up by {taken:,} trials, of which {gone} of the grid any more"
    return message, f"run_cap: {min(max(cap, taken) + others, taken + points.trials - drawn)}"


def cancelled(base: Change, undrawn: int) -> Change:
    """That a sweep was cancelled, and how it goes on."""
    points = "1 point was" if undrawn == 1 else f"{undrawn:,} points were"
    options = ("launchctl apply --retry-failed", f"launchctl apply --rerun {base.address}")
    return replace(base, message=f"cancelled: {points} not drawn", options=options)


def cancelled_and_edited(base: Change, undrawn: int) -> Change:
    """That an edit of a cancelled sweep starts nothing, and what does."""
    points = "1 point is" if undrawn == 1 else f"{undrawn:,} points are"
    return replace(cancelled(base, undrawn), message=f"cancelled: no more are drawn, though {points} left")


def unchanged(recorded: RecordedSweep, base: Change, gone: Collection[str], held_back: int) -> Change:
    """A sweep that nobody edited; `held_back` are points that its cancelling left undrawn."""
    trials = base.trials
    assert trials is not None
    if recorded.record.standing is not Standing.ACTIVE:
        message = "named again; its history counts"
        return replace(base, action=Action.RECORD, reason=Reason.METADATA_CHANGED, message=message)
    if gone:
        message = "trials that left the search have ended"
        return replace(base, action=Action.RECORD, reason=Reason.REMOVED, message=message, affects=tuple(gone))
    if held_back:
        return replace(cancelled(base, held_back), action=Action.HELD, reason=Reason.CANCELLED)
    return replace(base, action=Action.WAITING) if trials.waiting else base
