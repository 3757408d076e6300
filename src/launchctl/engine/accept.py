"""Accepting a plan: what it says and the present agrees with becomes a decision, in one step under the lease."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from launchctl.engine.decide import writes_for
from launchctl.engine.events import Decided, LeaseTakenOver, Sink, StateCreated
from launchctl.engine.launch import Launch, target_of
from launchctl.engine.plan import Action, Change, Plan
from launchctl.engine.planner import make_plan
from launchctl.engine.rendering import launch_text
from launchctl.engine.session import Session
from launchctl.engine.sweep.planner import SweepPlanner
from launchctl.engine.sweep.tally import sweep_of
from launchctl.engine.sweep.verdict import EPOCH_REASONS
from launchctl.engine.world import World
from launchctl.errors import Blocked, ProviderError, StalePlan, StateError
from launchctl.images.code_store import CodeStore
from launchctl.providers.registry import provider_names
from launchctl.state.model import GenerationRecord, Head
from launchctl.state.owner import current_owner
from launchctl.state.store import Lease
from launchctl.status import Status

_TRIES = 5
"""How often a decision is taken anew where a drain started something of it in between."""
_PLAN_AGAIN = "make a new plan: `launchctl plan`"
_RENDERED = frozenset({Action.START, Action.RETRY, Action.UPDATE, Action.RECORD})
"""Actions that write down a manifest, or one that is to follow."""


# The state.


def ensure_state(session: Session, plan: Plan, sink: Sink) -> None:
    """Creates the state that the plan was made for, unless it is there."""
    head = session.store.head()
    if head is not None:
        _require_same_state(head, plan, session.store.url)
        return
    if plan.serial:
        raise StateError(
            f"the plan was made for a state that {session.store.url} does not hold any more",
            hint="name the state with --state, or bring it back with `launchctl state push`",
        )
    if plan.is_empty:
        return
    _require_nothing_unknown(session)
    _create_state(session, plan)
    sink(StateCreated(session.store.url))


def require_current(session: Session, plan: Plan) -> None:
    """Refuses a plan that was made for another state, or for an earlier decision; writes nothing.

    Raises:
        StalePlan: it was.
    """
    head = session.store.head()
    if head is not None:
        _require_same_state(head, plan, session.store.url)
        _require_same_serial(head.serial, plan)


def _require_same_state(head: Head, plan: Plan, url: str) -> None:
    if head.lineage != plan.lineage and not plan.serial:
        raise StalePlan(f"the state {url} was created after this plan was made", hint=_PLAN_AGAIN)
    if head.lineage != plan.lineage:
        raise StalePlan(f"the plan was made for another state than {url}", hint=_PLAN_AGAIN)


def _require_same_serial(serial: int, plan: Plan) -> None:
    if serial != plan.serial:
        raise StalePlan(
            f"another apply decided meanwhile: the plan is for decision {plan.serial}, the state is at {serial}",
            hint=_PLAN_AGAIN,
        )


def _create_state(session: Session, plan: Plan) -> None:
    program = session.compiled.program
    assert program is not None
    try:
        session.store.create(Head(plan.lineage, 0, program.project, program.entity, session.request.workspace))
    except StateError as error:
        if session.store.head() is None:
            raise
        raise StalePlan(f"another apply created {session.store.url} meanwhile", hint=_PLAN_AGAIN) from error


def _require_nothing_unknown(session: Session) -> None:
    """A state that was lost must not look like a project that never ran."""
    used = session.compiled.resources & provider_names()
    known = [found for resource in sorted(used) for found in session.clients.of(resource).discover()]
    if known:
        names = ", ".join(found.run_id for found in known[:5]) + (" …" if len(known) > 5 else "")
        raise Blocked(
            f"there is no state at {session.store.url}, but {len(known)} objects of this project exist: {names}",
            hint="name the state with --state, or adopt them: `launchctl state import --all`",
        )


# Deciding.


def accept(session: Session, plan: Plan, sink: Sink) -> tuple[str, ...]:
    """Records the decision; returns what was planned and is not done, a sentence each."""
    if session.store.head() is None:
        return ()
    with session.store.lease(current_owner()) as lease:
        if lease.took_over_from:
            sink(LeaseTakenOver(lease.took_over_from))
        for tried in range(1, _TRIES + 1):
            try:
                return _decide_now(session, plan, lease, sink)
            except _DrainWasFirst as error:
                if tried == _TRIES:
                    raise error.stale from error
    raise AssertionError("unreachable")


class _DrainWasFirst(Exception):
    """A drain started what was to be changed, between the look and the write; nothing was decided."""

    def __init__(self, stale: StalePlan) -> None:
        super().__init__(stale.message)
        self.stale = stale


def _decide_now(session: Session, plan: Plan, lease: Lease, sink: Sink) -> tuple[str, ...]:
    world = session.world(plan.override, refresh=plan.refreshed)
    _require_same_serial(world.state.head.serial if world.state else 0, plan)
    accepted, skipped = _agreed(plan, make_plan(world))
    accepted, refused = _update_in_place(session, accepted, world)
    writes = writes_for(accepted, world, launch_text(world.program, world.workspace), _earlier(session))
    if writes:
        _keep_code(session, accepted)
        try:
            serial = session.store.decide(lease, plan.serial, writes)
        except StalePlan as error:
            raise _DrainWasFirst(error) from error
        sink(Decided(serial, accepted.starts))
    return (*skipped, *refused)


def _earlier(session: Session) -> Callable[[str, int], GenerationRecord | None]:
    def generation(address: str, number: int) -> GenerationRecord | None:
        if number <= 1:
            return None
        generations, _ = session.store.history(address)
        return next((found for found in reversed(generations) if found.number < number), None)

    return generation


def _agreed(plan: Plan, now: Plan) -> tuple[Plan, tuple[str, ...]]:
    """What both the accepted plan and the present say; never more than was accepted.

    The changes of one address are one: a start that waits for a cancel is nothing without it. So are an epoch and
    the trials that it cancels.
    """
    accepted = {_key(change) for change in plan.changes if change.action.decides}
    deciding = {_key(change): change for change in now.changes if change.action.decides}
    unaccepted = {key[0] for key in deciding.keys() - accepted}
    cancels = {change.address for change in deciding.values() if _is_of_epoch(change)}
    unaccepted |= {sweep_of(address) for address in cancels & unaccepted}
    unaccepted |= {address for address in cancels if sweep_of(address) in unaccepted}
    agreed = tuple(change for change in now.changes if not change.action.decides or change.address not in unaccepted)
    open_still = {change.address for change in deciding.values()}
    skipped = tuple(
        f"{address}: not done ({action}), since it changed after the plan was made"
        for address, action, *_ in sorted(accepted)
        if address in open_still & unaccepted
    )
    return replace(now, changes=agreed), skipped


def _key(change: Change) -> tuple[str, str, int, int, str, str]:
    return (change.address, change.action.value, change.generation, change.attempt, change.run_id, change.digest)


def _is_of_epoch(change: Change) -> bool:
    """Whether a trial is cancelled by its sweep's new epoch."""
    return change.action is Action.CANCEL and "[" in change.address and change.reason in EPOCH_REASONS


def _update_in_place(session: Session, plan: Plan, world: World) -> tuple[Plan, tuple[str, ...]]:
    """Changes running objects before the new form is recorded: if this fails, the next plan shows it again.

    Returns the plan without what failed, and a sentence for each of those.
    """
    refused: dict[str, str] = {}
    for change in plan.changes:
        if change.action is Action.UPDATE and change.status not in {None, Status.PENDING}:
            try:
                _update(session, change, world)
            except ProviderError as error:
                refused[change.address] = f"{change.address}: not updated: {error.message}"
    kept = tuple(change for change in plan.changes if change.address not in refused)
    return replace(plan, changes=kept), tuple(refused.values())


def _update(session: Session, change: Change, world: World) -> None:
    record = world.recorded(change.address)
    desired = (
        SweepPlanner(world).wanted(change.address) if sweep_of(change.address) else world.desired.get(change.address)
    )
    attempt = record.latest if record else None
    if desired is None or record is None or attempt is None or record.generation is None:
        return
    text = launch_text(world.program, world.workspace)(desired, change, record.generation.run_id, 0)
    launch = Launch.from_text(text)
    session.clients.of(launch.resource).update(target_of(attempt, Launch.from_text(attempt.manifest)), launch.body)


def _keep_code(session: Session, plan: Plan) -> None:
    """Takes the copy of the code that the decided runs will work on, before the decision is recorded."""
    store = CodeStore(session.compiled.project_folder)
    for change in plan.changes:
        if change.action in _RENDERED and change.address in session.compiled:
            tree = session.compiled.code_of(change.address)
            if tree is not None:
                store.keep(tree)
