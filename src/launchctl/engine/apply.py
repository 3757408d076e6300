"""Applying: an accepted plan is decided under the lease, in one step, and then drained."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from launchctl.engine.accept import accept, ensure_state
from launchctl.engine.drain import Drain
from launchctl.engine.events import Report, RunLine, Sink, Undrawn
from launchctl.engine.interrupt import Interrupt
from launchctl.engine.launch import Launch
from launchctl.engine.means import Means
from launchctl.engine.plan import Action, Plan
from launchctl.engine.report import run_lines
from launchctl.engine.schedule import ends_of, is_hopeless
from launchctl.engine.session import Session
from launchctl.errors import LaunchctlError, SourceError
from launchctl.images.code_store import CodeStore
from launchctl.state.model import AttemptRecord, Standing, State
from launchctl.state.open import require_named_state
from launchctl.state.owner import current_owner
from launchctl.status import Status

_LACKING = "not set here"


@dataclass(frozen=True, slots=True)
class ApplyOptions:
    """How an apply goes on after it has decided."""

    wait: bool = False
    """Whether it goes on until nothing is left to do."""
    parallelism: int = 10
    """How many objects are created at a time."""


def apply(
    session: Session, plan: Plan, options: ApplyOptions, sink: Sink, interrupt: Interrupt | None = None
) -> Report:
    """Decides what the plan says, or less where something ended meanwhile, and starts what fits.

    Raises:
        StalePlan: the state is another one than the plan was made for.
        StateLocked: somebody else decides right now.
        Blocked: objects of this project exist that a new state does not know.
        StateError, ProviderError: the state or a target does not answer; nothing was decided.
        LaunchctlError: a search that is to go on needs a library that is not installed; nothing was decided.
    """
    interrupt = interrupt or Interrupt()
    require_named_state(session.named_state, session.request.environment)
    if interrupt.is_requested:
        return Report((), interrupted=True)
    _require_libraries(session, plan)
    ensure_state(session, plan, sink)
    if session.store.head() is None:  # nothing was ever decided, and nothing is now
        return Report((), blocked=_blocked(plan))
    skipped = accept(session, plan, sink)
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
    work = Drain(means_of(session, sink, interrupt, options.parallelism))
    state, waiting = work.run(wait=options.wait)
    lines = run_lines(state, waiting)
    seen = work.roster.seen
    return Report(
        runs=tuple(line for line in lines if line.address in seen),
        errors=(*errors, *work.ledger.errors, *(_left_waiting(lines, work.undrawn) if options.wait else ())),
        interrupted=interrupt.is_requested,
        failed=(*_failed(state, seen), *_without_upstream(lines, state), *work.without_upstream)
        if options.wait
        else (),
        blocked=blocked,
        undrawn=work.undrawn,
        warnings=work.ledger.warnings if options.wait else (),
    )


def _require_libraries(session: Session, plan: Plan) -> None:
    """Nothing is decided where it is known that it cannot be carried out here."""
    program = session.compiled.program
    for change in plan.changes:
        trials = change.trials
        if program is None or trials is None or not (trials.start or trials.waiting):
            continue
        from launchctl.sweeps import searcher  # costs more than all else where there is no sweep

        spec = program.sweeps.get(change.address.partition(".")[2])
        lacking = searcher.lacking(spec.search) if spec else ""
        if lacking:
            raise LaunchctlError(f"{change.address} needs {lacking}", hint="nothing was decided or started")


def means_of(session: Session, sink: Sink, interrupt: Interrupt, parallelism: int = 10) -> Means:
    """What a drain of a session works with."""
    return Means(
        store=session.store,
        clients=session.clients,
        owner=current_owner(),
        environment=session.request.environment,
        sink=sink,
        interrupt=interrupt,
        redactor=session.redactor,
        prepare=_prepare(session),
        parallelism=parallelism,
        clock=session.clock,
    )


def _failed(state: State, seen: Iterable[str]) -> Iterator[str]:
    """Runs that had something left to do and whose latest end is no success, whoever recorded it."""
    for address in seen:
        run = state.runs.get(address)
        latest = run.latest if run and run.run.standing is Standing.ACTIVE else None
        if latest is not None and latest.status.is_terminal and not latest.status.is_success:
            yield address


def _left_waiting(lines: Sequence[RunLine], undrawn: Sequence[Undrawn]) -> Iterator[str]:
    """What was waited for and what this process lacks something to start."""
    for line in lines:
        if line.status is Status.PENDING and _LACKING in line.waiting_for:
            yield f"{line.address} did not start: it waits for {line.waiting_for}"
    for left in undrawn:
        if _LACKING in left.reason:
            yield f"{left.trials:,} of the trials of {left.address} did not start: they wait for {left.reason}"


def _without_upstream(lines: Sequence[RunLine], state: State) -> Iterator[str]:
    """Runs that were waited for and that cannot start, since something that they depend on did not succeed."""
    end = ends_of(state)
    for line in lines:
        run = state.runs[line.address]
        if line.status is Status.PENDING and run.generation is not None:
            names = run.generation.policy.depends_on
            if any(is_hopeless(state.runs, name, end) for name in names):
                yield line.address


def _prepare(session: Session) -> Callable[[AttemptRecord, Launch], None]:
    """Puts the code of a launch where its manifest says that it runs."""
    folder = session.compiled.project_folder
    store = CodeStore(folder)

    def place(attempt: AttemptRecord, launch: Launch) -> None:
        if launch.code is None:
            return
        destination = folder / launch.body["cwd"]
        tree = session.compiled.code.get(launch.code)
        try:
            store.place(launch.code, destination)
        except SourceError:
            if tree is None:
                raise
            store.keep(tree)  # the very code of the project as it stands: what was deleted is taken again
            store.place(launch.code, destination)

    return place


def _blocked(plan: Plan) -> int:
    return sum(change.action is Action.BLOCKED for change in plan.changes)
