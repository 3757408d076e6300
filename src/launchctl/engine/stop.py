"""Stopping and saying: `cancel`, `destroy` and `resolve`. Each is a decision of its own, under the lease."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace

from launchctl.addresses import Reference
from launchctl.engine.apply import means_of
from launchctl.engine.drain import Drain
from launchctl.engine.events import Decided, LeaseTakenOver, Report, Sink
from launchctl.engine.interrupt import Interrupt
from launchctl.engine.plan import Action, Change, Plan, Reason
from launchctl.engine.report import run_lines
from launchctl.engine.schedule import reference as spelled
from launchctl.engine.session import Session
from launchctl.errors import Blocked, StalePlan, StateError, UsageError
from launchctl.state.model import AttemptRecord, RunState, Standing, State
from launchctl.state.owner import current_owner
from launchctl.state.store import PutAttempt, RequestCancel, Write
from launchctl.status import Status

_TRIES = 5
"""How often a decision is taken anew where a drain was first."""
_STOP_SECONDS = 30.0
"""How long a cancel is watched; a target that takes longer is seen by the next command."""


def cancel(session: Session, references: Sequence[Reference], sink: Sink) -> Report:
    """Stops attempts: a pending one never starts, a running one is stopped at its provider and watched to its end.

    A protected one goes on, and the report says so.

    Raises:
        UsageError: one of the references never ran.
        Blocked: all of them are protected.
    """
    state = _require_state(session)
    found = [_attempt(state, wanted) for wanted in references]
    protected = [run.run.address for run, _ in found if run.run.protect]
    hint = "set lifecycle: {protect: false} and apply that first"
    if len(protected) == len(found) and found:
        raise Blocked(f"{', '.join(protected)} is protected", hint=hint)
    doomed = [attempt for run, attempt in found if not run.run.protect]
    wanted = {attempt.run_id for attempt in doomed}
    _decide(session, wanted, sink)
    report = _watch(session, wanted, sink)
    refused = tuple(f"{address} is protected and goes on: {hint}" for address in protected)
    return replace(report, errors=(*report.errors, *refused), blocked=len(protected))


def destroy_plan(session: Session) -> Plan:
    """What `destroy` would do: cancel everything that runs, drop what is pending; history stays."""
    state = _require_state(session)
    changes = tuple(
        _destroyed(run, attempt)
        for _, run in sorted(state.runs.items())
        for attempt in run.attempts
        if run.run.standing is Standing.ACTIVE and not attempt.status.is_terminal
    )
    head = state.head
    return Plan(head.project, head.entity, head.workspace, head.lineage, head.serial, changes)


def destroy(session: Session, plan: Plan, sink: Sink) -> Report:
    """Carries out `destroy_plan`."""
    wanted = {change.run_id for change in plan.changes if change.action is Action.CANCEL}
    _decide(session, wanted, sink)
    report = _watch(session, wanted, sink)
    return replace(report, blocked=sum(change.action is Action.BLOCKED for change in plan.changes))


def resolve(session: Session, reference: Reference, status: Status) -> AttemptRecord:
    """Records what a person knows of a lost attempt.

    Raises:
        UsageError: the attempt is not lost.
    """
    _require_state(session)
    attempt = session.attempt(reference)
    if attempt.status is not Status.LOST:
        known = session.observed(attempt).status
        if known is not Status.LOST:
            raise UsageError(
                f"{spelled(attempt)} is {known.value}; only a lost attempt can be resolved",
                hint=f"`launchctl apply --rerun {attempt.address}` starts it again",
            )
        session.store.record([replace(attempt, status=Status.LOST, ended_at=session.clock())])
    now = session.clock()
    said = replace(attempt, status=status, message=f"{status.value}, as a person said", since=now, ended_at=now)
    session.store.resolve(said)
    return said


def _require_state(session: Session) -> State:
    state = session.state()
    if state is None:
        raise StateError(f"there is no state at {session.store.url}", hint="`launchctl apply` creates it")
    return state


def _attempt(state: State, wanted: Reference) -> tuple[RunState, AttemptRecord]:
    run = state.runs.get(str(wanted.address))
    if run is None:
        raise UsageError(f"{wanted.address} never ran", hint="`launchctl status` lists what did")
    fitting = [
        found
        for found in run.attempts
        if (wanted.generation or run.run.generation) == found.generation and wanted.attempt in {None, found.number}
    ]
    if not fitting:
        raise UsageError(f"{wanted} is not under way", hint=f"its latest generation is g{run.run.generation}")
    return run, fitting[-1]


def _stop(session: Session, attempt: AttemptRecord) -> Iterable[Write]:
    now = session.clock()
    if attempt.status is Status.PENDING:
        yield PutAttempt(replace(attempt, status=Status.CANCELLED, since=now, ended_at=now, message="never started"))
    elif not attempt.status.is_terminal:
        yield RequestCancel(attempt.address, attempt.generation, attempt.number)


def _decide(session: Session, wanted: Collection[str], sink: Sink) -> None:
    """Records what is to be stopped, by run id; what a drain starts meanwhile is stopped as what it is by then."""
    with session.store.lease(current_owner()) as lease:
        if lease.took_over_from:
            sink(LeaseTakenOver(lease.took_over_from))
        for tried in range(1, _TRIES + 1):
            state = _require_state(session)
            found = (attempt for run in state.runs.values() for attempt in run.attempts if attempt.run_id in wanted)
            writes = [write for attempt in found for write in _stop(session, attempt)]
            if not writes:
                return
            try:
                sink(Decided(session.store.decide(lease, state.head.serial, writes), 0))
            except StalePlan:
                if tried == _TRIES:
                    raise
            else:
                return


def _watch(session: Session, wanted: Collection[str], sink: Sink) -> Report:
    """Drains until the wanted attempts have ended, but starts nothing."""
    work = Drain(means_of(session, sink, Interrupt()), watched=frozenset(wanted))
    state, waiting = work.run(wait=True, until=session.clock() + _STOP_SECONDS)
    open_ends = [found for found in work.roster.active.values() if found.run_id in wanted]
    late = tuple(f"{spelled(found)} has not ended yet; `launchctl status` follows it" for found in open_ends)
    lines = run_lines(state, waiting)
    return Report(
        runs=tuple(line for line in lines if line.address in work.ledger.touched or not line.status.is_terminal),
        errors=(*work.ledger.errors, *late),
    )


def _destroyed(run: RunState, attempt: AttemptRecord) -> Change:
    change = Change(
        attempt.address,
        Action.CANCEL,
        Reason.REQUESTED,
        generation=attempt.generation,
        attempt=attempt.number,
        run_id=attempt.run_id,
        status=attempt.status,
    )
    if not run.run.protect:
        return change
    return replace(
        change,
        action=Action.BLOCKED,
        message="it is protected",
        options=("lifecycle: {protect: false}",),
    )
