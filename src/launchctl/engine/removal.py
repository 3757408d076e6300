"""Planning what the project does not name any more, and what is configuration. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from launchctl.compiler.program import AgentSpec, QueueSpec
from launchctl.engine.decision import Removed, removed
from launchctl.engine.plan import Action, Change, Reason, allowed
from launchctl.engine.sweep.tally import sweep_of
from launchctl.engine.world import World
from launchctl.state.model import AttemptRecord, RunState, Standing
from launchctl.status import Status
from launchctl.values import canonical


def removals(world: World) -> Iterator[Change]:
    """Changes of every run that the project does not name any more, but for those that were renamed."""
    renamed = handed_over(world)
    for address, record in sorted(world.state.runs.items() if world.state else ()):
        if address not in world.desired and address not in renamed and not sweep_of(address):
            yield from removal(world, address, record)


def handed_over(world: World) -> frozenset[str]:
    """Names whose history goes to another one."""
    return frozenset(world.renames.sources.values())


def under_way(world: World, record: RunState) -> list[AttemptRecord]:
    """Attempts of a run that have begun and not ended."""
    return [found for found in record.attempts if removed(world.status_of(found)) is Removed.ON_REMOVE]


def removal(world: World, address: str, record: RunState) -> Iterator[Change]:
    """Changes of one run that the project does not name any more."""
    running = under_way(world, record)
    if record.run.standing is Standing.FORGOTTEN:
        yield from (_stopping(world, found) for found in running if found.cancel_requested or not sweep_of(address))
    if record.run.standing is not Standing.ACTIVE:
        return
    latest = record.latest
    base = _base(world, latest) if latest else Change(address, Action.FORGET, Reason.REMOVED)
    target = next((new for new, old in world.renames.refused.items() if old == address), None)
    if record.run.protect:
        yield protected(base)
    elif target is not None:
        yield refused_rename(base, address, target)
    else:
        if latest is not None and latest.status is Status.PENDING:
            yield replace(base, message="it was not started yet")
        elif not running:
            yield replace(base, message="its history stays")
        unfinished = [found for found in running if _is_unfinished(world, found)]
        yield from (_unfinished(world, found) for found in unfinished)
        begun = [found for found in running if found not in unfinished]
        if begun:
            yield from removal_of_running(world, record, begun)


def _base(world: World, attempt: AttemptRecord) -> Change:
    return Change(
        world.renames.named_now(attempt.address),
        Action.FORGET,
        Reason.REMOVED,
        generation=attempt.generation,
        attempt=attempt.number,
        run_id=attempt.run_id,
        status=world.status_of(attempt),
    )


def _is_unfinished(world: World, attempt: AttemptRecord) -> bool:
    """Whether a crash left an attempt that its provider has no object of."""
    return attempt.run_id in world.asked and world.status_of(attempt) is Status.INTENT


def _unfinished(world: World, attempt: AttemptRecord) -> Change:
    if attempt.cancel_requested:
        return _stopping(world, attempt)
    message = "its start was begun and never recorded, and the provider has no such object"
    return replace(_base(world, attempt), action=Action.CANCEL, message=message)


def _stopping(world: World, attempt: AttemptRecord) -> Change:
    return replace(_base(world, attempt), action=Action.WAITING, message="is being cancelled")


def protected(base: Change) -> Change:
    """What is gone from the project and was protected when it was accepted last."""
    return replace(
        base,
        action=Action.BLOCKED,
        message="it is protected",
        options=("put it back with lifecycle: {protect: false} and apply that first",),
    )


def refused_rename(base: Change, source: str, target: str) -> Change:
    """A rename onto an address that has a history of its own."""
    return replace(
        base,
        action=Action.BLOCKED,
        reason=Reason.RENAMED,
        changes=(),
        message=f"{source} cannot become {target}, which has a history of its own",
        options=("give it a name that was never used", "take the line out of `moved`"),
    )


def removal_of_running(world: World, record: RunState, running: Sequence[AttemptRecord]) -> Iterator[Change]:
    """One change for each attempt that is under way: another than the latest runs on where it was superseded."""
    if record.run.on_remove == "cancel" or allowed(record.run.address, world.override.allow_cancel):
        for attempt in running:
            base = _base(world, attempt)
            yield _stopping(world, attempt) if attempt.cancel_requested else replace(base, action=Action.CANCEL)
        return
    base = _base(world, running[-1])
    if record.run.on_remove == "detach":
        yield replace(base, message="it runs on, and is no longer observed")
    elif all(attempt.cancel_requested for attempt in running):
        yield _stopping(world, running[-1])
    else:
        yield replace(
            base,
            action=Action.BLOCKED,
            message="it is running, and the project does not name it any more",
            options=(
                f"launchctl apply --allow cancel={base.address}",
                "put it back with lifecycle: {on_remove: detach} and apply that first",
            ),
        )


def configured(world: World) -> Iterator[str]:
    """Addresses of the project's queues and agents."""
    yield from (str(queue.address) for queue in world.program.queues.values())
    yield from (str(agent.address) for agent in world.program.agents.values())


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
    runs = (address for address, run in world.desired.items() if run.spec.queue == queue)
    return (*runs, *(address for address, sweep in world.sweeps.items() if sweep.spec.launch.queue == queue))
