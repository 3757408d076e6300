"""What a drain keeps current by itself is what it would read."""

from __future__ import annotations

from dataclasses import dataclass, replace

from fakes.lab import Lab, new_lab
from hypothesis import given, settings
from hypothesis import strategies as st

from launchctl.engine.apply import ApplyOptions, apply
from launchctl.engine.interrupt import Interrupt
from launchctl.engine.records import last_in_line
from launchctl.engine.roster import Roster
from launchctl.engine.schedule import schedule
from launchctl.engine.session import Session
from launchctl.engine.sweep.course import Course
from launchctl.engine.sweep.trial_records import trial_records
from launchctl.state.model import AttemptRecord
from launchctl.status import Cause, Status
from launchctl.values import JSON

ENDS = (Status.SUCCEEDED, Status.SUCCEEDED, Status.FAILED, Status.CANCELLED)
runs = st.lists(
    st.fixed_dictionaries(
        {
            "queue": st.sampled_from(["q", "other"]),
            "priority": st.sampled_from(["high", "medium", "low"]),
            "after": st.sets(st.integers(0, 6), max_size=2),
            "retry": st.integers(0, 1),
            "needs": st.booleans(),
        }
    ),
    min_size=1,
    max_size=7,
)


def project(found: list[dict[str, JSON]], limits: tuple[int | None, int | None]) -> dict[str, JSON]:
    names = ("q", "other")
    queues: dict[str, JSON] = {
        name: {"resource": "fake", "prioritization": True, **({"max_jobs": limit} if limit else {})}
        for name, limit in zip(names, limits, strict=True)
    }
    return {
        "version": 1,
        "project": "lab",
        "entity": "acme",
        "environment": ["ABSENT"],
        "queues": queues,
        "jobs": {"train": {"source": {"image": "registry.example.com/lab:v1"}, "command": ["train"]}},
        "runs": {
            f"r{index}": {
                "job": "train",
                "queue": run["queue"],
                "priority": run["priority"],
                "args": [str(index), *(["${env:ABSENT}"] if run["needs"] else [])],
                "depends_on": [f"runs.r{other}" for other in sorted(run["after"]) if other < index],
                "retry": {"max": run["retry"], "on": ["any"], "backoff": "10s"},
            }
            for index, run in enumerate(found)
        },
        "sweeps": {
            "s": {
                "job": "train",
                "queue": "q",
                "method": "grid",
                "parameters": {"x": {"values": [1, 2, 3, 4]}},
                "parallel": 2,
                "retry": {"max": 1, "on": ["any"]},
            }
        },
    }


def decide_alone(lab: Lab) -> Session:
    """Decides everything and starts nothing."""
    session = lab.open()
    interrupt = Interrupt()
    apply(session, session.plan(), ApplyOptions(), lambda event: interrupt.request(), interrupt)
    return session


def same(roster: Roster, session: Session, now: float) -> None:
    """Whether it knows what a fresh reading would tell, and gives what `schedule` gives."""
    fresh = Roster(session.store, session.request.environment)
    fresh.refresh()
    assert list(roster.ready(now, ())) == list(fresh.ready(now, ()))
    plan = schedule(session.store.load(), now, session.request.environment)
    assert [found.run_id for found in roster.ready(now, ())] == [found.run_id for found in plan.ready]
    assert roster.wake_at(now, ()) == plan.wake_at
    assert roster.active.keys() == fresh.active.keys()
    assert roster.unreleased.keys() == fresh.unreleased.keys()
    assert roster.retryable.keys() == fresh.retryable.keys()
    waiting = schedule(roster.state, now, session.request.environment).waiting
    assert waiting == plan.waiting
    assert roster.sweeps == fresh.sweeps
    assert {name: vars(tally) for name, tally in roster.tallies.items()} == {
        name: {**vars(tally), "trials": roster.tallies[name].trials} for name, tally in fresh.tallies.items()
    }
    assert roster.tallies["sweeps.s"].trials.keys() == fresh.tallies["sweeps.s"].trials.keys()


def ended(attempt: AttemptRecord, status: Status, now: float, *, is_released: bool) -> AttemptRecord:
    cause = Cause.FAILED if status is Status.FAILED else None
    return replace(attempt, status=status, cause=cause, ended_at=now, is_released=is_released)


@dataclass
class Drill:
    """A drain's steps, one at a time."""

    session: Session
    roster: Roster
    data: st.DataObject
    now: float = 2_000.0

    def claim(self) -> None:
        ready = self.roster.ready(self.now, ())[: self.data.draw(st.integers(1, 3))]
        for one in self.session.store.claim(ready, "me", self.now, self.now + 60):
            self.roster.put(one)

    def draw(self) -> None:
        record = self.roster.sweeps["sweeps.s"]
        course = Course(record, self.roster.tallies["sweeps.s"])
        place = last_in_line(record.serial)
        trials = course.following(self.data.draw(st.integers(0, 3)))
        drawn = [trial_records(record, trial, "default", record.serial, place, self.now) for trial in trials]
        if drawn and self.session.store.draw(record, drawn):
            self.roster.add(replace(record, revision=record.revision + 1), drawn)

    def run(self) -> None:
        self._record([replace(one, status=Status.RUNNING) for one in self._one_active()])

    def end(self) -> None:
        status, is_released = self.data.draw(st.sampled_from(ENDS)), self.data.draw(st.booleans())
        self._record([ended(one, status, self.now, is_released=is_released) for one in self._one_active()])

    def release(self) -> None:
        self._record([replace(one, is_released=True) for one in self.roster.unreleased.values()])

    def retry(self) -> None:
        for run in list(self.roster.retryable.values()):
            assert run.latest is not None
            following = next_attempt(run.latest, self.now + 10)
            if self.session.store.add_attempt(following):
                self.roster.put(following)

    def later(self) -> None:
        self.now += 6.0

    def _one_active(self) -> list[AttemptRecord]:
        active = sorted(self.roster.active.values(), key=lambda one: one.run_id)
        return [self.data.draw(st.sampled_from(active))] if active else []

    def _record(self, seen: list[AttemptRecord]) -> None:
        for taken in self.session.store.record(seen):
            self.roster.put(taken)


def next_attempt(old: AttemptRecord, not_before: float) -> AttemptRecord:
    return AttemptRecord(
        old.address,
        old.generation,
        old.number + 1,
        f"{old.run_id}-x",
        Status.PENDING,
        old.manifest,
        old.sequence,
        not_before,
    )


@given(runs, st.tuples(*[st.sampled_from([None, 1, 2])] * 2), st.data())
@settings(max_examples=40)
def test_a_roster_that_is_kept_current_is_one_that_is_read(
    found: list[dict[str, JSON]], limits: tuple[int | None, int | None], data: st.DataObject
) -> None:
    with new_lab() as lab:
        lab.write(project(found, limits))
        session = decide_alone(lab)
        roster = Roster(session.store, session.request.environment)
        roster.refresh()
        drill = Drill(session, roster, data)
        steps = (drill.draw, drill.claim, drill.run, drill.end, drill.release, drill.retry, drill.later)
        for _ in range(14):
            same(roster, session, drill.now)
            data.draw(st.sampled_from(steps))()
        same(roster, session, drill.now)
        session.close()


def test_what_somebody_else_writes_is_read_at_the_next_look(lab: Lab) -> None:
    lab.runs(a={"args": ["a"]}, b={"args": ["b"]})
    session = decide_alone(lab)
    roster = Roster(session.store, session.request.environment)
    roster.refresh()
    assert [found.address for found in roster.ready(lab.now, ())] == ["runs.a", "runs.b"]
    other = lab.open()
    other.store.claim(roster.ready(lab.now, ())[:1], "another", lab.now, lab.now + 60)
    other.close()
    roster.refresh()
    assert [found.address for found in roster.ready(lab.now, ())] == ["runs.b"]
    assert [found.address for found in roster.active.values()] == ["runs.a"]
    session.close()


def test_what_a_drain_writes_itself_is_not_read_again(lab: Lab) -> None:
    lab.runs(a={"args": ["a"]})
    session = decide_alone(lab)
    before = session.store.revision()
    (claimed,) = session.store.claim(ready_now(session, lab.now), "me", lab.now, lab.now + 60)
    session.store.record([replace(claimed, status=Status.RUNNING)])
    assert session.store.revision() == before
    other = lab.open()
    other.store.record([replace(claimed, claim=None, status=Status.SUCCEEDED, ended_at=3.0)])
    other.close()
    assert session.store.revision() != before
    session.close()


def ready_now(session: Session, now: float) -> list[AttemptRecord]:
    roster = Roster(session.store, session.request.environment)
    roster.refresh()
    return roster.ready(now, ())
