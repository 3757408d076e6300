"""What happens to a project over time, whatever it holds: commands, crashes, faults, ends; and what must always hold.

A state machine adds how the project is edited, and what is its own.
"""

from __future__ import annotations

import shutil
import tempfile
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import pytest
from fakes.lab import Lab, decided
from fakes.target import FakeEngine, seeded_faults, use
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from launchctl.engine import drain, submit
from launchctl.engine.launch import Launch
from launchctl.engine.plan import Override
from launchctl.engine.stop import destroy, destroy_plan
from launchctl.errors import LaunchctlError
from launchctl.state.model import Standing
from launchctl.status import Status


class History(RuleBasedStateMachine):
    """Somebody works with a project for a while."""

    overrides: ClassVar[st.SearchStrategy[Override]] = st.just(Override())
    limits: ClassVar[Mapping[str, int]] = {}
    """Queue to `max_jobs`."""

    def __init__(self) -> None:
        super().__init__()
        self.patch = pytest.MonkeyPatch()
        self.patch.setattr(submit, "PAUSE", 0.0)
        self.patch.setattr(drain, "FIRST_POLL", 0.0)
        self.patch.setattr(drain, "LAST_POLL", 0.0)
        self.lab = Lab(Path(tempfile.mkdtemp(prefix="lab-")), use(self.patch, FakeEngine(advance=False)))
        self.lab.engine.clock = lambda: self.lab.now
        self.frozen: dict[str, tuple[Status, int | None]] = {}

    def teardown(self) -> None:
        self.patch.undo()
        shutil.rmtree(self.lab.folder)

    # Commands.

    @rule(data=st.data(), wait=st.booleans())
    def apply(self, data: st.DataObject, wait: bool) -> None:
        """Waiting lets everything that runs end."""
        self.lab.engine.advance = wait
        self.lab.apply(data.draw(self.overrides), wait=wait)
        self.lab.engine.advance = False

    @rule(data=st.data(), step=st.integers(1, 12))
    def die(self, data: st.DataObject, step: int) -> None:
        self.lab.apply(data.draw(self.overrides), wait=False, kill_at=step)

    @rule(seed=st.integers(0, 1000), data=st.data())
    def apply_without_answers(self, seed: int, data: st.DataObject) -> None:
        self.lab.engine.fault = seeded_faults(seed, rate=0.3)
        with suppress(LaunchctlError):
            self.lab.apply(data.draw(self.overrides), wait=False)
        self.lab.engine.fault = lambda step: None

    @rule()
    def stale(self) -> None:
        """A plan that was made before something else was decided."""
        plan = self.lab.plan()
        self.lab.apply(wait=False)
        with suppress(LaunchctlError):
            self.lab.apply(plan=plan, wait=False)

    @rule()
    def destroy_all(self) -> None:
        session = self.lab.open()
        with suppress(LaunchctlError):
            destroy(session, destroy_plan(session), self.lab.events.append)
        session.close()

    # The world.

    @rule(data=st.data(), status=st.sampled_from([Status.SUCCEEDED, Status.FAILED, Status.PREEMPTED]))
    def end(self, data: st.DataObject, status: Status) -> None:
        running = sorted(name for name, found in self.lab.engine.objects.items() if not found.status.is_terminal)
        if running:
            run_id = data.draw(st.sampled_from(running))
            found = self.lab.engine.objects[run_id]
            self.lab.engine.objects[run_id] = replace(found, status=status, exit_code=1, ended_at=self.lab.now)

    @rule(data=st.data())
    def clean_up(self, data: st.DataObject) -> None:
        """Somebody deletes an object by hand: of a start that a crash left unrecorded nobody could tell that it was."""
        known = {found.run_id for found in self.lab.attempts() if found.status is not Status.INTENT}
        if there := sorted(known & self.lab.engine.objects.keys()):
            del self.lab.engine.objects[data.draw(st.sampled_from(there))]

    @rule(seconds=st.sampled_from([30, 4000, 10_000]))
    def pass_time(self, seconds: int) -> None:
        self.lab.now += seconds

    # What must hold whatever happens.

    @invariant()
    def nothing_was_started_twice(self) -> None:
        assert set(self.lab.engine.created.values()) <= {1}

    @invariant()
    def ids_are_unique_and_ends_are_final(self) -> None:
        attempts = self.lab.attempts()
        assert max(Counter(found.run_id for found in attempts).values(), default=0) <= 1
        ended = {found.run_id: (found.status, found.exit_code) for found in attempts if found.status.is_terminal}
        for run_id, end in self.frozen.items():
            if end[0] is not Status.LOST:  # a person may say what became of it
                assert ended[run_id] == end
        self.frozen = ended

    @invariant()
    def whatever_runs_is_known(self) -> None:
        state = self.lab.state()
        known = {found.run_id: found for found in self.lab.attempts()}
        runs = state.runs.items() if state else ()
        detached = {address for address, run in runs if run.run.standing is Standing.DETACHED}
        for run_id, found in self.lab.engine.objects.items():
            assert run_id in known
            if not found.status.is_terminal and known[run_id].address not in detached:
                assert known[run_id].status.is_active

    @invariant()
    def no_queue_runs_more_than_it_may(self) -> None:
        state = self.lab.state()
        active: Counter[str] = Counter()
        for run in state.runs.values() if state else ():
            if run.run.standing is not Standing.DETACHED:
                for found in run.attempts:
                    if found.status.is_active and found.run_id in self.lab.engine.objects:
                        active[Launch.from_text(found.manifest).queue] += 1
        assert all(active[queue] <= limit for queue, limit in self.limits.items())

    @rule()
    def an_apply_leaves_nothing_to_decide(self) -> None:
        self.lab.apply(wait=False)
        assert decided(self.lab.plan()) == []
        before = sum(self.lab.engine.created.values())
        self.lab.apply(wait=False)
        assert sum(self.lab.engine.created.values()) == before
