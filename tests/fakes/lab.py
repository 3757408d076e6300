"""A project, a state and a target in memory, driven as a user drives them: for invariants over many histories."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from fakes.target import FakeEngine, Killed
from launchctl.engine.pipeline import Compiled, Request, compile_project
from launchctl.state.open import open_store

from launchctl.engine.apply import ApplyOptions, apply
from launchctl.engine.events import Event, Report
from launchctl.engine.plan import Override, Plan
from launchctl.engine.session import Session
from launchctl.state.model import AttemptRecord, State
from launchctl.values import JSON

SECRET = "hunter2-swordfish"


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

    def plan(self, override: Override | None = None) -> Plan:
        session = self.open()
        try:
            return session.plan(override)
        finally:
            session.close()

    def apply(
        self, override: Override | None = None, *, wait: bool = True, kill_at: int | None = None
    ) -> Report | None:
        """Plans and applies; None where the process was killed at its `kill_at`-th step."""
        session = self.open()
        steps = 0

        def sink(event: Event) -> None:
            nonlocal steps
            self.events.append(event)
            steps += 1
            if steps == kill_at:
                raise Killed

        try:
            return apply(session, session.plan(override), ApplyOptions(wait=wait, parallelism=4), sink)
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

    def bytes_written(self) -> bytes:
        """Every byte that launchctl left on disk."""
        return b"".join(path.read_bytes() for path in sorted((self.folder / ".launchctl").rglob("*")) if path.is_file())
