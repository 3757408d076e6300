"""Stopping and saying: `cancel`, `destroy` and `resolve`. Each is a decision of its own, under the lease."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace

from launchctl.addresses import Kind, Reference, generation_name, typed
from launchctl.engine.apply import means_of
from launchctl.engine.drain import Drain
from launchctl.engine.events import Decided, LeaseTakenOver, Report, Sink, Undrawn
from launchctl.engine.interrupt import Interrupt
from launchctl.engine.plan import Action, Change, Plan, Reason
from launchctl.engine.report import run_lines
from launchctl.engine.schedule import reference as spelled
from launchctl.engine.session import Session
from launchctl.engine.sweep.course import course_of
from launchctl.engine.sweep.outlook import undrawn_of
from launchctl.engine.sweep.tally import sweep_of
from launchctl.errors import Blocked, StalePlan, StateError, UsageError
from launchctl.state.model import AttemptRecord, RunState, Standing, State, SweepRecord
from launchctl.state.owner import current_owner
from launchctl.state.store import PutAttempt, PutSweep, RequestCancel, Write
from launchctl.status import Status

_TRIES = 5
"""How often a decision is taken anew where a drain was first."""
_STOP_SECONDS = 30.0
"""How long a cancel is watched; a target that takes longer is seen by the next command."""


def cancel(session: Session, references: Sequence[Reference], sink: Sink) -> Report:
    """Stops attempts: a pending one never starts, a running one is stopped at its provider and watched to its end.

    Of a sweep all trials are stopped, and no more are drawn. A protected one goes on, and the report says so.

    Raises:
        UsageError: one of the references never ran.
        Blocked: all of them are protected.
    """
    state = _require_state(session)
    sweeps = [_sweep(state, wanted) for wanted in references if _is_sweep(wanted)]
    found = [_attempt(session, state, wanted) for wanted in references if not _is_sweep(wanted)]
    protected = [record.address for record in sweeps if record.protect]
    protected += [run.run.address for run, _ in found if run.run.protect]
    hint = "set lifecycle: {protect: false} and apply that first"
    if protected and len(protected) == len(references):
        raise Blocked(f"{', '.join(protected)} is protected", hint=hint)
    doomed = {attempt.run_id for run, attempt in found if not run.run.protect}
    stopped = frozenset(found.address for found in sweeps if not found.protect and not _is_over(state, found))
    report = _stop_and_watch(session, doomed, stopped, sink)
    refused = tuple(f"{address} is protected and goes on: {hint}" for address in protected)
    return replace(report, errors=(*report.errors, *refused), blocked=len(protected))


def destroy_plan(session: Session) -> Plan:
    """What `destroy` would do: cancel everything that runs, drop what is pending or not drawn yet; history stays."""
    state = _require_state(session)
    sweeps = tuple(_destroyed_sweep(state.sweeps[left.address], left) for left in undrawn_of(state, {}))
    changes = tuple(
        _destroyed(run, attempt)
        for _, run in sorted(state.runs.items())
        for attempt in run.attempts
        if run.run.standing is Standing.ACTIVE and not attempt.status.is_terminal
    )
    head = state.head
    return Plan(head.project, head.entity, head.workspace, head.lineage, head.serial, (*changes, *sweeps))


def destroy(session: Session, plan: Plan, sink: Sink) -> Report:
    """Carries out `destroy_plan`."""
    cancelled = [change for change in plan.changes if change.action is Action.CANCEL]
    wanted = {change.run_id for change in cancelled if change.run_id}
    stopped = frozenset(change.address for change in cancelled if not change.run_id)
    report = _stop_and_watch(session, wanted, stopped, sink)
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
                hint=f"`launchctl apply --rerun {typed(attempt.address)}` starts it again",
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


def _is_sweep(wanted: Reference) -> bool:
    return wanted.address.kind is Kind.SWEEPS and not wanted.address.key


def _sweep(state: State, wanted: Reference) -> SweepRecord:
    record = state.sweeps.get(str(wanted.address))
    if record is None or record.epoch == 0:
        raise UsageError(f"{wanted.address} never ran", hint="`launchctl status` lists what did")
    if wanted.generation not in {None, record.epoch}:
        raise UsageError(f"{wanted} is not under way", hint=f"its latest epoch is e{record.epoch}")
    return record


def _is_over(state: State, record: SweepRecord) -> bool:
    """Whether nothing of a sweep is left to stop."""
    course = course_of(state, record.address)
    return course is None or not (course.left or any(_trials(state, {record.address})))


def _attempt(session: Session, state: State, wanted: Reference) -> tuple[RunState, AttemptRecord]:
    wanted = session.expanded(wanted)
    run = state.runs.get(str(wanted.address))
    if run is None:
        raise UsageError(f"{wanted.address} never ran", hint="`launchctl status` lists what did")
    fitting = [
        found
        for found in run.attempts
        if (wanted.generation or run.run.generation) == found.generation and wanted.attempt in {None, found.number}
    ]
    if not fitting:
        latest = generation_name(run.run.address, run.run.generation).rpartition("@")[2]
        raise UsageError(f"{wanted} is not under way", hint=f"its latest generation is {latest}")
    return run, fitting[-1]


def _stop(session: Session, attempt: AttemptRecord) -> Iterable[Write]:
    now = session.clock()
    if attempt.status is Status.PENDING:
        yield PutAttempt(replace(attempt, status=Status.CANCELLED, since=now, ended_at=now, message="never started"))
    elif not attempt.status.is_terminal and not attempt.cancel_requested:
        yield RequestCancel(attempt.address, attempt.generation, attempt.number)


def _stop_and_watch(session: Session, wanted: set[str], sweeps: Collection[str], sink: Sink) -> Report:
    """Records what is to be stopped, and sees it to its end."""
    return _watch(session, wanted | _decide(session, wanted, sweeps, sink), sink)


def _decide(session: Session, wanted: Collection[str], sweeps: Collection[str], sink: Sink) -> set[str]:
    """Records what is to be stopped, by run id and by sweep; returns the run ids of the sweeps' trials.

    What a drain starts or draws meanwhile is stopped as what it is by then.
    """
    trials: set[str] = set()
    with session.store.lease(current_owner()) as lease:
        if lease.took_over_from:
            sink(LeaseTakenOver(lease.took_over_from))
        for tried in range(1, _TRIES + 1):
            state = _require_state(session)
            trials |= {found.run_id for found in _trials(state, sweeps)}
            writes = list(_writes(session, state, {*wanted, *trials}, sweeps))
            if not writes:
                break
            try:
                sink(Decided(session.store.decide(lease, state.head.serial, writes), 0))
            except StalePlan:
                if tried == _TRIES:
                    raise
    return trials


def _trials(state: State, sweeps: Collection[str]) -> Iterator[AttemptRecord]:
    """Attempts of these sweeps that have not ended, of every epoch."""
    for address, run in state.runs.items() if sweeps else ():
        if sweep_of(address) in sweeps:
            yield from (found for found in run.attempts if not found.status.is_terminal)


def _writes(session: Session, state: State, wanted: Collection[str], sweeps: Collection[str]) -> Iterator[Write]:
    for address in sorted(sweeps):
        record = state.sweeps.get(address)
        if record is not None and not record.is_stopped:
            yield PutSweep(replace(record, is_stopped=True))
    for run in state.runs.values():
        for attempt in run.attempts:
            if attempt.run_id in wanted:
                yield from _stop(session, attempt)


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


def _destroyed_sweep(record: SweepRecord, left: Undrawn) -> Change:
    change = Change(
        record.address,
        Action.CANCEL,
        Reason.REQUESTED,
        generation=record.epoch,
        message=f"{left.trials:,} of its trials never start",
    )
    return _unless_protected(change, is_protected=record.protect)


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
    return _unless_protected(change, is_protected=run.run.protect)


def _unless_protected(change: Change, *, is_protected: bool) -> Change:
    if not is_protected:
        return change
    return replace(
        change,
        action=Action.BLOCKED,
        message="it is protected",
        options=("lifecycle: {protect: false}",),
    )
