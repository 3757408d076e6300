"""Applying: an accepted plan is decided under the lease, in one step, and then drained."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from launchctl.engine.decide import writes_for
from launchctl.engine.drain import Drain
from launchctl.engine.events import Decided, LeaseTakenOver, Report, Sink, StateCreated
from launchctl.engine.interrupt import Interrupt
from launchctl.engine.launch import Launch, target_of
from launchctl.engine.plan import Action, Change, Plan
from launchctl.engine.planner import make_plan
from launchctl.engine.rendering import launch_text
from launchctl.engine.report import run_lines
from launchctl.engine.schedule import schedule
from launchctl.engine.session import Session
from launchctl.engine.starting import Means
from launchctl.engine.world import World
from launchctl.errors import Blocked, StalePlan, StateError
from launchctl.images.code_store import CodeStore
from launchctl.providers.registry import provider_names
from launchctl.state.model import AttemptRecord, Head
from launchctl.state.open import require_named_state
from launchctl.state.owner import current_owner
from launchctl.status import Status


@dataclass(frozen=True, slots=True)
class ApplyOptions:
    """How an apply goes on after it has decided."""

    wait: bool = False
    """Whether it goes on until nothing is left to do."""
    parallelism: int = 10
    """How many objects are created at a time."""
    starts: bool = True
    """Whether pending attempts are started at all; `cancel` and `destroy` only watch."""


def apply(
    session: Session, plan: Plan, options: ApplyOptions, sink: Sink, interrupt: Interrupt | None = None
) -> Report:
    """Decides what the plan says, or less where something ended meanwhile, and starts what fits.

    Raises:
        StalePlan: the state is another one than the plan was made for.
        StateLocked: somebody else decides right now.
        Blocked: objects of this project exist that a new state does not know.
        StateError, ProviderError: the state or a target does not answer; nothing was decided.
    """
    interrupt = interrupt or Interrupt()
    require_named_state(session.named_state, session.request.environment)
    _ensure_state(session, plan, sink)
    skipped = _decide(session, plan, sink)
    return drain(session, options, sink, interrupt, blocked=_blocked(plan), errors=skipped)


def drain(
    session: Session,
    options: ApplyOptions,
    sink: Sink,
    interrupt: Interrupt,
    *,
    blocked: int = 0,
    errors: tuple[str, ...] = (),
) -> Report:
    """Starts what was decided and fits; with `wait`, until nothing is left to do."""
    means = Means(
        store=session.store,
        clients=session.clients,
        owner=current_owner(),
        environment=session.request.environment,
        sink=sink,
        interrupt=interrupt,
        prepare=_prepare(session),
        parallelism=options.parallelism,
        clock=session.clock,
    )
    work = Drain(means, starts=options.starts)
    state = work.run(wait=options.wait)
    lines = run_lines(state, schedule(state, session.clock()).waiting)
    waited_for = tuple(work.ledger.failed) if options.wait else ()
    return Report(
        runs=tuple(line for line in lines if line.address in work.ledger.touched or not line.status.is_terminal),
        errors=(*errors, *work.ledger.errors),
        interrupted=interrupt.is_requested,
        failed=waited_for,
        blocked=blocked,
    )


def _prepare(session: Session) -> Callable[[AttemptRecord, Launch], None]:
    """Puts the code of a launch where its manifest says that it runs."""
    store = _code_store(session)
    folder = session.compiled.project_folder

    def place(attempt: AttemptRecord, launch: Launch) -> None:
        if launch.code is not None:
            store.place(launch.code, folder / launch.body["cwd"])

    return place


def _code_store(session: Session) -> CodeStore:
    return CodeStore(session.compiled.project_folder)


def _blocked(plan: Plan) -> int:
    return sum(change.action is Action.BLOCKED for change in plan.changes)


# The state.


def _ensure_state(session: Session, plan: Plan, sink: Sink) -> None:
    """Creates the state that the plan was made for, unless it is there."""
    head = session.store.head()
    if head is not None:
        if head.lineage != plan.lineage:
            raise StalePlan(
                f"the plan was made for another state than {session.store.url}",
                hint="make a new plan: `launchctl plan`",
            )
        return
    if plan.serial:
        raise StateError(
            f"the plan was made for a state that {session.store.url} does not hold any more",
            hint="name the state with --state, or bring it back with `launchctl state push`",
        )
    if plan.is_empty:
        return
    _require_nothing_unknown(session)
    session.store.create(Head(plan.lineage, 0, plan.project, plan.entity, plan.workspace))
    sink(StateCreated(session.store.url))


def _require_nothing_unknown(session: Session) -> None:
    """A state that was lost must not look like a project that never ran."""
    used = {found.spec.resource for found in session.compiled.desired.values()} & provider_names()
    known = [found for resource in sorted(used) for found in session.clients.of(resource).discover()]
    if known:
        names = ", ".join(found.run_id for found in known[:5]) + (" …" if len(known) > 5 else "")
        raise Blocked(
            f"there is no state at {session.store.url}, but {len(known)} objects of this project exist: {names}",
            hint="name the state with --state, or adopt them: `launchctl state import --all`",
        )


# Deciding.


def _decide(session: Session, plan: Plan, sink: Sink) -> tuple[str, ...]:
    """Records the decision; returns what was planned and is not done, a sentence each."""
    if session.store.head() is None:
        return ()
    with session.store.lease(current_owner()) as lease:
        if lease.took_over_from:
            sink(LeaseTakenOver(lease.took_over_from))
        world = session.world(plan.override, refresh=plan.refreshed)
        serial = world.state.head.serial if world.state else 0
        if serial != plan.serial:
            raise StalePlan(
                f"another apply decided meanwhile: the plan is for decision {plan.serial}, the state is at {serial}",
                hint="make a new plan: `launchctl plan`",
            )
        accepted, skipped = _agreed(plan, make_plan(world))
        _update_in_place(session, accepted, world)
        writes = writes_for(accepted, world, launch_text(world.program, world.workspace))
        if writes:
            _keep_code(session, accepted)
            serial = session.store.decide(lease, plan.serial, writes)
            starts = sum(change.action in {Action.START, Action.RETRY} for change in accepted.changes)
            sink(Decided(serial, starts))
        return skipped


def _agreed(plan: Plan, now: Plan) -> tuple[Plan, tuple[str, ...]]:
    """What both the accepted plan and the present say; never more than was accepted."""
    accepted = {_key(change): change for change in plan.changes}
    agreed = tuple(change for change in now.changes if not change.action.decides or _key(change) in accepted)
    kept = {_key(change) for change in agreed}
    skipped = tuple(
        f"{change.address}: not done ({change.action.value}), since it changed after the plan was made"
        for key, change in accepted.items()
        if change.action.decides and key not in kept
    )
    return replace(now, changes=agreed), skipped


def _key(change: Change) -> tuple[str, str, int, int, str]:
    return (change.address, change.action.value, change.generation, change.attempt, change.run_id)


def _update_in_place(session: Session, plan: Plan, world: World) -> None:
    """Changes running objects before the new form is recorded: if this fails, the next plan shows it again."""
    for change in plan.changes:
        if change.action is not Action.UPDATE or change.status in {None, Status.PENDING}:
            continue
        desired, record = world.desired.get(change.address), world.recorded(change.address)
        attempt = record.latest if record else None
        if desired is None or attempt is None:
            continue
        text = launch_text(world.program, world.workspace)(desired, change, attempt.run_id, 0)
        launch = Launch.from_text(text)
        session.clients.of(launch.resource).update(target_of(attempt, launch), launch.body)


def _keep_code(session: Session, plan: Plan) -> None:
    """Takes the copy of the code that the decided runs will work on, before the decision is recorded."""
    store = _code_store(session)
    for change in plan.changes:
        if change.action in {Action.START, Action.RETRY, Action.UPDATE} and change.address in session.compiled.desired:
            tree = session.compiled.code_of(change.address)
            if tree is not None:
                store.keep(tree)
