"""A project, a state and a target in memory, driven as a user drives them: for invariants over many histories."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from fakes.target import FakeEngine, Killed, use

from launchctl.addresses import attempt_name
from launchctl.engine import drain, submit
from launchctl.engine.apply import ApplyOptions, apply
from launchctl.engine.events import Event, Report
from launchctl.engine.interrupt import Interrupt
from launchctl.engine.pipeline import Compiled, Request, compile_project
from launchctl.engine.plan import Change, Override, Plan
from launchctl.engine.session import Session
from launchctl.state.model import AttemptRecord, State
from launchctl.state.open import open_store
from launchctl.values import JSON

SECRET = "hunter2-swordfish"


def project_of(runs: Mapping[str, JSON], queue: Mapping[str, JSON] | None = None, **more: JSON) -> dict[str, JSON]:
    """A project of these runs, each of which says what it adds to `{job: train, queue: q}`."""
    return {
        "version": 1,
        "project": "lab",
        "entity": "acme",
        "environment": ["TEAM"],
        "secrets": {"token": {"env": "TOKEN"}},
        "queues": {"q": {"resource": "fake", **(queue or {})}},
        "jobs": {
            "train": {"source": {"image": "registry.example.com/lab:v1"}, "command": ["python", "train.py"]},
        },
        "runs": {name: {"job": "train", "queue": "q", **run} for name, run in runs.items()},
        **more,
    }


def decided(plan: Plan) -> list[str]:
    """What a plan would decide, a word and an address each."""
    return [f"{change.action.value} {change.address}" for change in plan.changes if change.action.decides]


def shown(plan: Plan) -> list[str]:
    """All that a plan shows but for what does not change."""
    return [f"{change.action.value} {change.address}" for change in plan.changes if change.action.value != "no-op"]


@contextmanager
def new_lab() -> Iterator[Lab]:
    """A lab of its own, for as long as the block lasts."""
    folder = Path(tempfile.mkdtemp(prefix="lab-"))
    patch = pytest.MonkeyPatch()
    try:
        patch.setattr(submit, "PAUSE", 0.001)
        patch.setattr(drain, "FIRST_POLL", 0.001)
        patch.setattr(drain, "LAST_POLL", 0.005)
        patch.setattr(drain, "READ_POLL", 0.001)
        yield Lab(folder, use(patch, FakeEngine()))
    finally:
        patch.undo()
        shutil.rmtree(folder)


@dataclass
class Lab:
    """One project in a folder, with a clock of its own."""

    folder: Path
    engine: FakeEngine
    now: float = 1_000.0
    environment: dict[str, str] = field(default_factory=lambda: {"TOKEN": SECRET, "TEAM": "vision"})
    events: list[Event] = field(default_factory=list[Event])

    def write(self, project: Mapping[str, JSON]) -> None:
        """The project's file; JSON is YAML too."""
        (self.folder / "project.yaml").write_text(json.dumps(project, indent=1), encoding="utf-8")

    def runs(self, queue: Mapping[str, JSON] | None = None, /, **runs: JSON) -> None:
        """Writes a project of these runs alone."""
        self.write(project_of(runs, queue))

    def request(self) -> Request:
        return Request(project=self.folder, here=self.folder, environment=self.environment)

    def compile(self) -> Compiled:
        compiled = compile_project(self.request())
        assert compiled.is_valid, [found.message for found in compiled.diagnostics]
        return compiled

    def open(self) -> Session:
        """A session that tells the lab's time; the caller closes it."""
        store = open_store(self.folder, "default", None, self.environment)
        return Session(self.compile(), self.request(), store, self.clock)

    def clock(self) -> float:
        """Time goes on a little whenever somebody looks."""
        self.now += 0.25
        return self.now

    def plan(self, override: Override | None = None, *, refresh: bool = True) -> Plan:
        session = self.open()
        try:
            return session.plan(override, refresh=refresh)
        finally:
            session.close()

    def change(self, address: str, override: Override | None = None) -> Change:
        """The one change that a plan has for an address."""
        (found,) = [change for change in self.plan(override).changes if change.address == address]
        return found

    def apply(
        self,
        override: Override | None = None,
        *,
        wait: bool = True,
        kill_at: int | None = None,
        on: Callable[[Event], None] | None = None,
        plan: Plan | None = None,
        interrupt: Interrupt | None = None,
    ) -> Report | None:
        """Plans and applies; None where the process was killed at its `kill_at`-th step.

        `on` is called at each event: what others do at that very moment.
        """
        session = self.open()
        steps = 0

        def sink(event: Event) -> None:
            nonlocal steps
            self.events.append(event)
            steps += 1
            if steps == kill_at:
                raise Killed
            if on is not None:
                on(event)

        try:
            accepted = plan or session.plan(override)
            return apply(session, accepted, ApplyOptions(wait=wait, parallelism=4), sink, interrupt)
        except Killed:
            self.now += 3600  # long enough for whatever the dead process held
            return None
        finally:
            session.close()

    def state(self) -> State | None:
        session = self.open()
        try:
            return session.state()
        finally:
            session.close()

    def attempts(self) -> list[AttemptRecord]:
        session = self.open()
        try:
            return list(session.store.history("*")[1]) if session.state() else []
        finally:
            session.close()

    def latest(self, address: str) -> AttemptRecord:
        """The latest attempt of an address's latest generation, as it is on record."""
        state = self.state()
        assert state is not None
        found = state.runs[address].latest
        assert found is not None
        return found

    def statuses(self) -> dict[str, str]:
        """Every attempt ever recorded, by its reference."""
        return {
            attempt_name(found.address, found.generation, found.number): found.status.value for found in self.attempts()
        }

    def bytes_written(self) -> bytes:
        """Every byte that launchctl left on disk."""
        return b"".join(path.read_bytes() for path in sorted((self.folder / ".launchctl").rglob("*")) if path.is_file())
