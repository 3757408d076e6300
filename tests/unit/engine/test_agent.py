"""An agent: its own queues, its own limit, and going on whatever happens until somebody stops it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import pytest
from fakes.lab import Lab, project_of
from fakes.target import FakeClient

from launchctl.engine import agent, drain
from launchctl.engine.agent import run_agent, share_of
from launchctl.engine.events import Claimed, Event, Report, StatusChanged, Trouble, Waiting
from launchctl.engine.interrupt import Interrupt
from launchctl.errors import StateError, UnknownOutcome, UsageError
from launchctl.providers.base import Observation, Target
from launchctl.status import Status
from launchctl.values import JSON

AGENTS: JSON = {
    "one": {"queues": ["q"]},
    "three": {"queues": ["q"], "max_jobs": 3},
    "any": {"queues": ["q"], "max_jobs": -1},
}


@pytest.fixture(autouse=True)
def quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drain, "IDLE_POLL", 0.005)
    monkeypatch.setattr(agent, "FIRST_PAUSE", 0.001)


def write(lab: Lab, runs: Mapping[str, JSON], **more: JSON) -> None:
    project = project_of(runs, agents=AGENTS, **more)
    project["queues"]["other"] = {"resource": "fake"}
    lab.write(project)


def decided(lab: Lab) -> None:
    """What the project says is accepted, and nothing of it is started."""
    interrupt = Interrupt()

    def on(event: Event) -> None:
        interrupt.request()

    lab.apply(on=on, interrupt=interrupt)
    lab.events.clear()


def run(lab: Lab, name: str, until: Callable[[], bool], on: Callable[[Event], None] | None = None) -> Report:
    """Runs an agent until something holds after one of its events."""
    interrupt = Interrupt()
    session = lab.open()

    def sink(event: Event) -> None:
        lab.events.append(event)
        if on is not None:
            on(event)
        if until():
            interrupt.request()

    try:
        return run_agent(session, name, sink, interrupt, parallelism=4)
    finally:
        session.close()


def ended(lab: Lab, number: int) -> Callable[[], bool]:
    def is_so() -> bool:
        changes = (event for event in lab.events if isinstance(event, StatusChanged))
        return sum(event.new.is_terminal for event in changes) == number

    return is_so


def most_at_once(lab: Lab) -> int:
    active: set[str] = set()
    most = 0
    for event in lab.events:
        if isinstance(event, StatusChanged):
            (active.discard if event.new.is_terminal else active.add)(event.run_id)
        most = max(most, len(active))
    return most


@pytest.mark.parametrize(("name", "most"), [("one", 1), ("three", 3), ("any", 5), ("agents.three", 3)])
def test_it_runs_at_most_max_jobs_of_its_own_at_a_time(lab: Lab, name: str, most: int) -> None:
    write(lab, {f"r{number}": {} for number in range(5)})
    decided(lab)
    report = run(lab, name, ended(lab, 5))
    assert (report.interrupted, report.errors, most_at_once(lab)) == (True, (), most)
    assert set(lab.statuses().values()) == {"succeeded"}


def test_it_draws_no_more_trials_than_it_may_run(lab: Lab) -> None:
    sweep = {"job": "train", "queue": "q", "method": "grid", "parameters": {"x": {"values": list(range(7))}}}
    write(lab, {}, sweeps={"s": sweep})
    decided(lab)
    run(lab, "three", ended(lab, 7))
    assert most_at_once(lab) == 3
    assert max(len(event.attempts) for event in lab.events if isinstance(event, Claimed)) == 3
    waiting = [left.reason for event in lab.events if isinstance(event, Waiting) for left in event.sweeps]
    assert "a place of agents.three (max_jobs 3)" in waiting


def test_what_others_have_started_takes_none_of_its_places(lab: Lab) -> None:
    lab.engine.advance = False
    write(lab, {"a": {}, "b": {}})
    lab.apply(wait=False)
    write(lab, {"a": {}, "b": {}, "c": {}})
    decided(lab)
    run(lab, "one", lambda: any(isinstance(event, Claimed) for event in lab.events))
    assert set(lab.statuses().values()) == {"running"}


def test_it_starts_nothing_of_other_queues_and_says_nothing_of_them(lab: Lab) -> None:
    write(lab, {"a": {}, "b": {"queue": "other"}})
    decided(lab)
    run(lab, "one", ended(lab, 1))
    assert lab.statuses() == {"runs.a@g1#a1": "succeeded", "runs.b@g1#a1": "pending"}
    assert not any("runs.b@g1#a1" in event.reasons for event in lab.events if isinstance(event, Waiting))


def test_what_is_decided_while_it_works_is_started_too(lab: Lab) -> None:
    write(lab, {"a": {}})
    decided(lab)
    more: list[bool] = []

    def on(event: Event) -> None:
        if isinstance(event, StatusChanged) and event.new.is_terminal and not more:
            more.append(True)
            write(lab, {"a": {}, "b": {}})
            kept = list(lab.events)
            decided(lab)
            lab.events[:] = kept

    run(lab, "one", ended(lab, 2), on)
    assert set(lab.statuses().values()) == {"succeeded"}


def test_it_waits_for_the_first_apply(lab: Lab) -> None:
    write(lab, {"a": {}})
    report = run(lab, "one", lambda: True)
    assert report.interrupted
    assert lab.events == [Trouble("agents.one", "there is no state yet: the first `launchctl apply` creates it")]


def test_it_survives_a_state_that_does_not_answer(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    write(lab, {"a": {}, "b": {}})
    decided(lab)
    faults = [StateError("the state is busy")]
    observe = FakeClient.observe

    def failing(self: FakeClient, targets: Sequence[Target]) -> Mapping[str, Observation]:
        if faults:
            raise faults.pop()
        return observe(self, targets)

    monkeypatch.setattr(FakeClient, "observe", failing)
    report = run(lab, "one", ended(lab, 2))
    assert report.interrupted
    assert Trouble("agents.one", "the state is busy") in lab.events
    assert set(lab.statuses().values()) == {"succeeded"}


def test_what_could_not_be_started_is_tried_again(lab: Lab) -> None:
    write(lab, {"a": {}})
    decided(lab)
    failures = [UnknownOutcome("no answer")] * 12
    lab.engine.fault = lambda step: failures.pop() if step in {"before-submit", "observe"} and failures else None
    run(lab, "one", ended(lab, 1))
    assert lab.statuses() == {"runs.a@g1#a1": "succeeded"}
    assert sum(lab.engine.created.values()) == 1


def test_two_agents_start_each_run_once(lab: Lab) -> None:
    write(lab, {f"r{number}": {} for number in range(4)})
    decided(lab)
    nested: list[bool] = []

    def on(event: Event) -> None:
        if isinstance(event, Claimed) and not nested:
            nested.append(True)
            run(lab, "three", lambda: any(found.status is Status.SUCCEEDED for found in lab.attempts()))

    run(lab, "one", lambda: all(found.status.is_terminal for found in lab.attempts()), on)
    assert set(lab.engine.created.values()) == {1}
    assert len(lab.engine.created) == 4


def test_an_unknown_agent_is_a_slip_of_the_pen(lab: Lab) -> None:
    write(lab, {})
    session = lab.open()
    try:
        with pytest.raises(UsageError, match='the project has no agent "thre"') as raised:
            share_of(session, "thre")
        assert raised.value.hint == 'did you mean "three"?'
    finally:
        session.close()
