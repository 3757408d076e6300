"""Planning what the project does not name any more, and what is configuration. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from launchctl.compiler.program import AgentSpec, QueueSpec
from launchctl.engine.decision import Removed, removed
from launchctl.engine.plan import Action, Change, Reason, fits
from launchctl.engine.world import World
from launchctl.state.model import RunState, Standing
from launchctl.values import canonical


def removals(world: World, renamed: frozenset[str]) -> Iterator[Change]:
    """Changes of every active run that the project does not name any more, but for those that were renamed."""
    for address, record in sorted(world.state.runs.items() if world.state else ()):
        gone = address not in world.desired and address not in renamed
        if gone and record.run.standing is Standing.ACTIVE:
            yield _removal(world, address, record)


def _removal(world: World, address: str, record: RunState) -> Change:
    attempt = record.latest
    status = world.status_of(attempt) if attempt else None
    base = Change(
        address,
        Action.FORGET,
        Reason.REMOVED,
        generation=record.run.generation,
        attempt=attempt.number if attempt else 0,
        run_id=attempt.run_id if attempt else "",
        status=status,
    )
    if record.run.protect:
        return replace(
            base,
            action=Action.BLOCKED,
            message="it is protected",
            options=("put it back with lifecycle: {protect: false} and apply that first",),
        )
    match removed(status):
        case Removed.DROP:
            return replace(base, message="it was not started yet")
        case Removed.FORGET:
            return replace(base, message="its history stays")
        case Removed.ON_REMOVE:
            return _removal_of_running(world, base, record)


def _removal_of_running(world: World, base: Change, record: RunState) -> Change:
    if record.latest is not None and record.latest.cancel_requested:
        return replace(base, action=Action.WAITING, message="is being cancelled")
    if record.run.on_remove == "cancel" or fits(base.address, world.override.allow_cancel):
        return replace(base, action=Action.CANCEL)
    if record.run.on_remove == "detach":
        return replace(base, message="it runs on, and is no longer observed")
    return replace(
        base,
        action=Action.BLOCKED,
        message="it is running, and the project does not name it any more",
        options=(
            f"launchctl apply --allow cancel={base.address}",
            "put it back with lifecycle: {on_remove: detach} and apply that first",
        ),
    )


def config_changes(world: World) -> Iterator[Change]:
    """Edits of queues and agents, each once, with the runs that it touches; a new one is no change by itself."""
    recorded = world.state.configs if world.state else {}
    specs: Sequence[QueueSpec | AgentSpec] = (*world.program.queues.values(), *world.program.agents.values())
    for spec in specs:
        address = str(spec.address)
        if address in recorded and recorded[address].form != canonical(spec.form):
            touched = _on_queue(world, spec.address.name) if isinstance(spec, QueueSpec) else ()
            yield Change(address, Action.UPDATE, Reason.PLACEMENT_CHANGED, affects=touched, span=spec.span)
    for address in sorted(recorded.keys() - {str(spec.address) for spec in specs}):
        yield Change(address, Action.FORGET, Reason.REMOVED)


def _on_queue(world: World, queue: str) -> tuple[str, ...]:
    return tuple(address for address, run in world.desired.items() if run.spec.queue == queue)
