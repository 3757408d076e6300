"""A session: one project, its state and its targets, for the length of a command."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

from launchctl.addresses import Kind, Reference
from launchctl.engine.abbreviation import expanded_override, expanded_reference, keys_on_record, require_trial
from launchctl.engine.claims import is_in_flight
from launchctl.engine.clients import Clients
from launchctl.engine.events import Overview, RunLine, Undrawn
from launchctl.engine.launch import Launch, target_of
from launchctl.engine.pipeline import Compiled, Request
from launchctl.engine.plan import Override, Plan
from launchctl.engine.planner import make_plan
from launchctl.engine.redaction import Redactor
from launchctl.engine.renaming import renames_of
from launchctl.engine.report import run_lines
from launchctl.engine.schedule import schedule
from launchctl.engine.sweep.tally import sweep_of
from launchctl.engine.verdict import gone, observed
from launchctl.engine.world import World
from launchctl.errors import InvalidProject, StateError, UsageError
from launchctl.providers.base import Observation, Site
from launchctl.state.model import AttemptRecord, Standing, State
from launchctl.state.open import VARIABLE, open_store
from launchctl.state.store import StateStore
from launchctl.status import Status

RUN_FOLDER = Path(".launchctl", "runs")


class Session:
    """What a command works with. Reading is here; `apply`, `stop` and `adopt` write."""

    def __init__(
        self, compiled: Compiled, request: Request, store: StateStore, clock: Callable[[], float] = time.time
    ) -> None:
        self.compiled = compiled
        self.request = request
        self.store = store
        self.clock = clock
        self.redactor = Redactor.of(compiled.program, request.environment)
        self.clients = Clients(self._site(), self.redactor)

    def _site(self) -> Site:
        program = self.compiled.program
        folder = self.compiled.project_folder
        return Site(
            project_folder=folder,
            run_folder=folder / RUN_FOLDER,
            environment=self.request.environment,
            project=program.project if program else "",
            entity=program.entity if program else "",
            workspace=self.request.workspace,
        )

    def state(self) -> State | None:
        """The recorded state, or None where none was ever created."""
        head = self.store.head()
        if head is None:
            return None
        program = self.compiled.program
        if program and (head.project, head.workspace) != (program.project, self.request.workspace):
            raise StateError(
                f"{self.store.url} is the state of project {head.project!r}, workspace {head.workspace!r}",
                hint=f"name the state of {program.project!r}, workspace {self.request.workspace!r}, with --state",
            )
        return self.store.load()

    @property
    def named_state(self) -> str | None:
        """What names the state, if anything does."""
        return _named_state(self.compiled, self.request)

    def redact(self, text: str) -> str:
        """A text that somebody else wrote, without secrets and without the values of `${env:NAME}`."""
        return self.redactor.text(text)

    # Planning.

    def plan(self, override: Override | None = None, *, refresh: bool = True, lineage: str = "") -> Plan:
        """What apply would do now. Writes nothing anywhere.

        Raises:
            InvalidProject: the project has errors.
            StateError: the state cannot be read.
            ProviderError: a target does not answer about what runs there.
            UsageError: a key that fits no trial, or several.
        """
        return make_plan(self.world(override or Override(), refresh=refresh, lineage=lineage))

    def world(self, override: Override, *, refresh: bool, lineage: str = "") -> World:
        """What a plan is made from."""
        program = self.compiled.program
        if program is None or not self.compiled.is_valid:
            raise InvalidProject(self.compiled.diagnostics)
        state = self.state()
        active = self._active(state) if refresh else []
        return World(
            program=program,
            desired=self.compiled.desired,
            state=state,
            lineage=state.head.lineage if state else lineage or str(uuid.uuid4()),
            workspace=self.request.workspace,
            now=self.clock(),
            observations=self.clients.observe(active),
            asked=frozenset(found.run_id for found in active),
            refreshed=refresh,
            override=expanded_override(override, partial(keys_on_record, state)),
            environment=self.request.environment,
            renames=renames_of(program, state),
            sweeps=self.compiled.sweeps,
            series_of=self.store.series,
        )

    def _active(self, state: State | None) -> list[AttemptRecord]:
        """Attempts that a provider is asked about: not terminal, and not being started by a living claim.

        A run that was let go of is asked about again once the project names it again.
        """
        runs = state.runs.items() if state else ()
        moved = self.compiled.program.moved if self.compiled.program else ()
        named = {*self.compiled.desired, *self.compiled.sweeps, *(str(move.source) for move in moved)}
        now = self.clock()
        return [
            attempt
            for address, run in runs
            if run.run.standing is not Standing.DETACHED or (sweep_of(address) or address) in named
            for attempt in run.attempts
            if attempt.status.is_active and not is_in_flight(attempt, now)
        ]

    # Reading.

    def expanded(self, reference: Reference) -> Reference:
        """A reference with the key of its trial written out.

        Raises:
            UsageError: the key fits no trial on record, or several.
        """
        return expanded_reference(reference, partial(keys_on_record, self.state() if reference.address.key else None))

    def status(self, *, refresh: bool = True) -> tuple[RunLine, ...]:
        """Every active run's latest attempt, as it is now; writes nothing."""
        return self.overview(refresh=refresh).runs

    def overview(self, *, refresh: bool = True) -> Overview:
        """Every active run's latest attempt as it is now, and what sweeps have left; writes nothing."""
        state = self.observed_state() if refresh else self.state()
        if state is None:
            return Overview((), ())
        waiting = schedule(state, self.clock(), self.request.environment).waiting
        return Overview(run_lines(state, waiting), self._undrawn(state, waiting))

    def undrawn(self) -> tuple[Undrawn, ...]:
        """What sweeps have left; no target is asked."""
        state = self.state()
        return self._undrawn(state, {}) if state else ()

    def _undrawn(self, state: State, waiting: Mapping[str, str]) -> tuple[Undrawn, ...]:
        if not state.sweeps:
            return ()
        from launchctl.engine.sweep.outlook import undrawn_of  # costs more than all else where there is no sweep

        return undrawn_of(state, waiting, self.store.series)

    def observed(self, attempt: AttemptRecord) -> AttemptRecord:
        """An attempt as its target tells it now; writes nothing."""
        now = self.clock()
        if not attempt.status.is_active or is_in_flight(attempt, now):
            return attempt
        return _fresh(attempt, self.clients.observe([attempt]).get(attempt.run_id), now)

    def observed_state(self) -> State | None:
        """The recorded state with what runs as it is now, or None where none was ever created; writes nothing."""
        state = self.state()
        return None if state is None else self._as_observed(state)

    def _as_observed(self, state: State) -> State:
        active = self._active(state)
        seen = self.clients.observe(active)
        now = self.clock()
        fresh = {found.key: _fresh(found, seen.get(found.run_id), now) for found in active}
        runs = {
            address: replace(run, attempts=tuple(fresh.get(found.key, found) for found in run.attempts))
            for address, run in state.runs.items()
        }
        return replace(state, runs=runs)

    def attempt(self, reference: Reference) -> AttemptRecord:
        """The attempt that a reference means: its own, or the latest of what it leaves open.

        Raises:
            UsageError: nothing of that name was ever decided, or it is a whole sweep.
        """
        if reference.address.kind is Kind.SWEEPS:
            require_trial(reference, partial(keys_on_record, self.state()))
        reference = self.expanded(reference)
        _, attempts = self.store.history(str(reference.address)) if self.store.head() else ((), ())
        fitting = [
            found
            for found in attempts
            if reference.generation in {None, found.generation} and reference.attempt in {None, found.number}
        ]
        if not fitting:
            raise UsageError(f"{reference} never ran", hint="`launchctl status` lists what did")
        return max(fitting, key=lambda found: (found.generation, found.number))

    def logs(self, reference: Reference, *, follow: bool) -> Iterator[bytes]:
        """An attempt's output, and with `follow` what it prints until it ends."""
        attempt = self.attempt(reference)
        if attempt.status is Status.PENDING:
            raise UsageError(f"{reference} has not started yet", hint="`launchctl status` says what it waits for")
        launch = Launch.from_text(attempt.manifest)
        yield from self.clients.of(launch.resource).logs(target_of(attempt, launch), follow=follow)

    def close(self) -> None:
        """Closes the connections and the state."""
        self.clients.close()
        self.store.close()


def _fresh(attempt: AttemptRecord, seen: Observation | None, now: float) -> AttemptRecord:
    if attempt.status is Status.INTENT and (seen is None or not seen.is_started):
        return attempt
    if seen is None:
        return gone(attempt, now)
    return observed(attempt, seen, now, Launch.from_text(attempt.manifest).timeout)


def _named_state(compiled: Compiled, request: Request) -> str | None:
    """What names the state: the command line, else the environment, else the project; a path typed by a person is
    relative to the folder that it was typed in, one in the project to the project's."""
    typed = request.state or request.environment.get(VARIABLE)
    if typed:
        return typed if "://" in typed else str(request.here / typed)
    return compiled.program.state if compiled.program else None


def _require_inside(folder: Path, named: str) -> None:
    """A project file may come from a stranger: the compiler looks at the text of its `state`, this at its links."""
    path = folder / named.removeprefix("sqlite:///")
    if not path.resolve().is_relative_to(folder.resolve()):
        raise StateError(
            f'the project\'s state "{named}" leaves its folder by a symbolic link',
            hint="name another place by `--state`",
        )


@contextmanager
def open_session(compiled: Compiled, request: Request) -> Iterator[Session]:
    """A session that is closed at the end of the block.

    Raises:
        StateError: the state that was named cannot be opened, or the project's own leaves its folder by a link.
    """
    named = _named_state(compiled, request)
    if compiled.program and named is not None and named == compiled.program.state:
        _require_inside(compiled.project_folder, named)
    store = open_store(compiled.project_folder, request.workspace, named, request.environment)
    session = Session(compiled, request, store)
    try:
        yield session
    finally:
        session.close()
