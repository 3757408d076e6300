"""Applying: an accepted plan is decided under the lease, in one step, and then drained."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from launchctl.engine.decide import writes_for
from launchctl.engine.drain import Drain
from launchctl.engine.events import Decided, LeaseTakenOver, Report, RunLine, Sink, StateCreated
from launchctl.engine.interrupt import Interrupt
from launchctl.engine.launch import Launch, target_of
from launchctl.engine.plan import Action, Change, Plan
from launchctl.engine.planner import make_plan
from launchctl.engine.rendering import launch_text
from launchctl.engine.report import run_lines
from launchctl.engine.session import Session
from launchctl.engine.starting import Means
from launchctl.engine.world import World
from launchctl.errors import Blocked, ProviderError, StalePlan, StateError
from launchctl.images.code_store import CodeStore
from launchctl.providers.registry import provider_names
from launchctl.state.model import AttemptRecord, Form, Head, State
from launchctl.state.open import require_named_state
from launchctl.state.owner import current_owner
from launchctl.state.store import Lease
from launchctl.status import Status

_TRIES = 5
"""How often a decision is taken anew where a drain started something of it in between."""
_PLAN_AGAIN = "make a new plan: `launchctl plan`"
_RENDERED = frozenset({Action.START, Action.RETRY, Action.UPDATE, Action.RECORD})
"""Actions that write down a manifest, or one that is to follow."""


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
    if interrupt.is_requested:
        return Report((), interrupted=True)
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
        redactor=session.redactor,
        prepare=_prepare(session),
        parallelism=options.parallelism,
        clock=session.clock,
    )
    work = Drain(means, starts=options.starts)
    state, waiting = work.run(wait=options.wait)
    lines = run_lines(state, waiting)
    return Report(
        runs=tuple(line for line in lines if line.address in work.ledger.touched or not line.status.is_terminal),
        errors=(*errors, *work.ledger.errors, *(_left_waiting(lines) if options.wait else ())),
        interrupted=interrupt.is_requested,
        failed=(*work.ledger.failed, *_without_upstream(lines, state)) if options.wait else (),
        blocked=blocked,
    )


def _left_waiting(lines: Sequence[RunLine]) -> Iterator[str]:
    """Runs that were waited for and that this process lacks something to start."""
    for line in lines:
        if line.status is Status.PENDING and "not set here" in line.waiting_for:
            yield f"{line.address} did not start: it waits for {line.waiting_for}"


def _without_upstream(lines: Sequence[RunLine], state: State) -> Iterator[str]:
    """Runs that were waited for and that cannot start, since one that they depend on did not succeed."""
    for line in lines:
        run = state.runs[line.address]
        if line.status is not Status.PENDING or run.generation is None:
            continue
        upstream = (state.runs.get(name) for name in run.generation.policy.depends_on)
        latest = [found.latest for found in upstream if found]
        if any(found and found.status.is_terminal and not found.status.is_success for found in latest):
            yield line.address


def _prepare(session: Session) -> Callable[[AttemptRecord, Launch], None]:
    """Puts the code of a launch where its manifest says that it runs."""
    folder = session.compiled.project_folder
    store = CodeStore(folder)

    def place(attempt: AttemptRecord, launch: Launch) -> None:
        if launch.code is not None:
            tree = session.compiled.code.get(launch.code)
            if tree is not None:  # the very code of the project as it stands: what was deleted is kept again
                store.keep(tree)
            store.place(launch.code, folder / launch.body["cwd"])

    return place


def _blocked(plan: Plan) -> int:
    return sum(change.action is Action.BLOCKED for change in plan.changes)


# The state.


def _ensure_state(session: Session, plan: Plan, sink: Sink) -> None:
    """Creates the state that the plan was made for, unless it is there."""
    head = session.store.head()
    if head is not None:
        if head.lineage != plan.lineage and not plan.serial:
            raise StalePlan(
                f"the state {session.store.url} was created after this plan was made",
                hint="make a new plan: `launchctl plan`",
            )
        if head.lineage != plan.lineage:
            raise StalePlan(
                f"the plan was made for another state than {session.store.url}",
                hint=_PLAN_AGAIN,
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
    _create_state(session, plan)
    sink(StateCreated(session.store.url))


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
    serial = world.state.head.serial if world.state else 0
    if serial != plan.serial:
        raise StalePlan(
            f"another apply decided meanwhile: the plan is for decision {plan.serial}, the state is at {serial}",
            hint=_PLAN_AGAIN,
        )
    accepted, skipped = _agreed(plan, make_plan(world))
    accepted, refused = _update_in_place(session, accepted, world)
    writes = writes_for(accepted, world, launch_text(world.program, world.workspace), _recorded_form(session))
    if writes:
        _keep_code(session, accepted)
        try:
            serial = session.store.decide(lease, plan.serial, writes)
        except StalePlan as error:
            raise _DrainWasFirst(error) from error
        starts = sum(change.action in {Action.START, Action.RETRY} for change in accepted.changes)
        sink(Decided(serial, starts))
    return (*skipped, *refused)


def _recorded_form(session: Session) -> Callable[[str, int], Form]:
    def form(address: str, number: int) -> Form:
        generations, _ = session.store.history(address)
        return next(found.form for found in generations if found.number == number)

    return form


def _agreed(plan: Plan, now: Plan) -> tuple[Plan, tuple[str, ...]]:
    """What both the accepted plan and the present say; never more than was accepted.

    The changes of one address are one: a start that waits for a cancel is nothing without it.
    """
    accepted = {_key(change) for change in plan.changes if change.action.decides}
    deciding = {_key(change): change for change in now.changes if change.action.decides}
    unaccepted = {key[0] for key in deciding.keys() - accepted}
    agreed = tuple(change for change in now.changes if not change.action.decides or change.address not in unaccepted)
    open_still = {change.address for change in deciding.values()}
    skipped = tuple(
        f"{address}: not done ({action}), since it changed after the plan was made"
        for address, action, *_ in sorted(accepted)
        if address in open_still & unaccepted
    )
    return replace(now, changes=agreed), skipped


def _key(change: Change) -> tuple[str, str, int, int, str]:
    return (change.address, change.action.value, change.generation, change.attempt, change.run_id)


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
    desired, record = world.desired.get(change.address), world.recorded(change.address)
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
        if change.action in _RENDERED and change.address in session.compiled.desired:
            tree = session.compiled.code_of(change.address)
            if tree is not None:
                store.keep(tree)
