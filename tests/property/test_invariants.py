"""The invariants of plan and apply, over generated projects, edits, crashes and faults."""

from __future__ import annotations

import shutil
from contextlib import suppress
from dataclasses import dataclass, replace

import pytest
from fakes.lab import SECRET, decided, new_lab
from fakes.target import seeded_faults
from hypothesis import given, settings
from hypothesis import strategies as st

from launchctl.engine.apply import ApplyOptions, apply
from launchctl.engine.plan import Action, Override
from launchctl.errors import Blocked, StalePlan, UnknownOutcome
from launchctl.status import Cause, Status
from launchctl.values import JSON

ENDS = (Status.SUCCEEDED, Status.SUCCEEDED, Status.FAILED, Status.TIMED_OUT, Status.PREEMPTED)


@dataclass(frozen=True)
class RunText:
    """What a generated run says."""

    tag: int = 0
    mode: int = 0
    size: int = 0
    label: int = 0
    after: tuple[int, ...] = ()
    retries: int = 0
    on_change: str = "block"

    def to_json(self, index: int) -> JSON:
        body: dict[str, JSON] = {
            "job": f"job{self.tag}",
            "queue": "q",
            "args": ["--mode", self.mode],
            "resource": {"size": self.size, "label": self.label},
            "depends_on": [f"runs.r{place}" for place in self.after if place < index],
            "lifecycle": {"on_change": self.on_change},
        }
        if self.retries:
            body["retry"] = {"max": self.retries, "on": ["any", "preempted"], "backoff": "1s"}
        return body


run_texts = st.builds(
    RunText,
    tag=st.integers(0, 1),
    mode=st.integers(0, 2),
    size=st.integers(0, 1),
    label=st.integers(0, 1),
    after=st.sets(st.integers(0, 3), max_size=2).map(lambda found: tuple(sorted(found))),
    retries=st.integers(0, 2),
    on_change=st.sampled_from(["block", "keep", "supersede", "cancel"]),
)
projects = st.lists(run_texts, min_size=1, max_size=4)
limits = st.sampled_from([None, 1, 2])


def project_of(runs: list[RunText], max_jobs: int | None = None, note: str = "") -> dict[str, JSON]:
    queue: dict[str, JSON] = {"resource": "fake", "config": {"note": note}}
    if max_jobs:
        queue["max_jobs"] = max_jobs
    # Two runs of one intent are two experiments as well; the seed keeps generated twins apart where names change.
    return {
        "version": 1,
        "project": "lab",
        "entity": "acme",
        "environment": ["TEAM"],
        "secrets": {"token": {"env": "TOKEN"}},
        "queues": {"q": queue},
        "jobs": {
            f"job{tag}": {
                "source": {"image": f"registry.example.com/lab:v{tag}"},
                "command": ["python", "train.py", "--team", "${env:TEAM}"],
                "secrets": ["token"],
            }
            for tag in (0, 1)
        },
        "runs": {f"r{index}": run.to_json(index) for index, run in enumerate(runs)},
    }


@given(projects, limits, st.lists(st.sampled_from(ENDS), min_size=4, max_size=4))
@settings(max_examples=25)
def test_after_an_apply_the_plan_is_empty(runs: list[RunText], limit: int | None, ends: list[Status]) -> None:
    with new_lab() as lab:
        lab.engine.ends = {f"runs.r{index}": end for index, end in enumerate(ends)}
        lab.write(project_of(runs, limit))
        lab.apply()
        assert decided(lab.plan()) == []


@given(projects, limits, st.integers(1, 40), st.integers(0, 10_000))
@settings(max_examples=40)
def test_a_crash_and_another_apply_give_what_one_apply_gives(
    runs: list[RunText], limit: int | None, step: int, seed: int
) -> None:
    runs = [replace(run, retries=0) for run in runs]
    with new_lab() as calm:
        calm.write(project_of(runs, limit))
        calm.apply()
        expected = dict(calm.engine.created)
        names = set(calm.engine.objects)
    with new_lab() as lab:
        lab.write(project_of(runs, limit))
        lab.engine.fault = seeded_faults(seed)
        lab.apply(kill_at=step)
        lab.engine.fault = lambda step: None
        lab.apply()
        assert dict(lab.engine.created) == expected
        assert set(lab.engine.objects) == names
        assert set(lab.engine.created.values()) <= {1}


@given(projects, st.integers(0, 10_000))
@settings(max_examples=25)
def test_lost_answers_and_throttling_start_nothing_twice(runs: list[RunText], seed: int) -> None:
    with new_lab() as lab:
        lab.write(project_of(runs))
        lab.engine.fault = seeded_faults(seed, rate=0.2)
        for _ in range(3):
            with suppress(UnknownOutcome):  # an unreachable target is told, and nothing more
                lab.apply(wait=False)
        assert set(lab.engine.created.values()) <= {1}


@given(st.lists(projects, min_size=2, max_size=4), st.lists(st.sampled_from(ENDS), min_size=4, max_size=4))
@settings(max_examples=30)
def test_whatever_is_edited_nothing_is_started_twice_and_no_ended_record_changes(
    histories: list[list[RunText]], ends: list[Status]
) -> None:
    with new_lab() as lab:
        lab.engine.ends = {f"runs.r{index}": end for index, end in enumerate(ends)}
        frozen: dict[tuple[str, int, int], tuple[Status, int | None]] = {}
        for runs in histories:
            lab.write(project_of(runs))
            lab.apply()
            ended = {found.key: (found.status, found.exit_code) for found in lab.attempts() if found.status.is_terminal}
            assert {key: ended[key] for key in frozen} == frozen
            frozen = ended
            assert set(lab.engine.created.values()) <= {1}
            assert len({found.run_id for found in lab.attempts()}) == len(lab.attempts())


@given(projects, st.integers(0, 1), st.integers(0, 3))
@settings(max_examples=25)
def test_an_edit_of_a_queue_or_of_metadata_starts_no_finished_run_again(
    runs: list[RunText], label: int, limit: int
) -> None:
    with new_lab() as lab:
        lab.write(project_of(runs))
        lab.apply()
        before = dict(lab.engine.created)
        edited = [replace(run, label=1 - run.label, size=1 - run.size, retries=0) for run in runs]
        lab.write(project_of(edited, limit or None, note="moved to the other rack"))
        lab.apply()
        assert dict(lab.engine.created) == before
        assert decided(lab.plan()) == []


@given(projects)
@settings(max_examples=15)
def test_validate_compile_and_plan_write_nothing(runs: list[RunText]) -> None:
    with new_lab() as lab:
        lab.write(project_of(runs))
        lab.compile()
        lab.plan()
        assert not (lab.folder / ".launchctl").exists()
        assert not lab.engine.objects


@given(projects, st.integers(1, 40))
@settings(max_examples=15)
def test_no_byte_of_a_secret_is_written_or_said(runs: list[RunText], step: int) -> None:
    with new_lab() as lab:
        lab.write(project_of(runs))
        lab.engine.ends = {"runs.r0": Status.FAILED}
        lab.apply(kill_at=step)
        report = lab.apply()
        said = repr(report) + repr(lab.events) + repr(lab.plan())
        assert SECRET.encode() not in lab.bytes_written()
        assert SECRET not in said
        assert all(SECRET not in repr(body) for body in lab.engine.bodies.values())


@given(projects)
@settings(max_examples=15)
def test_of_two_applies_of_one_plan_one_wins_and_the_other_decides_nothing(runs: list[RunText]) -> None:
    with new_lab() as lab:
        lab.write(project_of(runs))
        first, second = lab.open(), lab.open()
        try:
            plan = first.plan()
            apply(first, plan, ApplyOptions(), lab.events.append)
            with pytest.raises(StalePlan):
                apply(second, plan, ApplyOptions(), lab.events.append)
        finally:
            first.close()
            second.close()
        assert set(lab.engine.created.values()) <= {1}


@given(projects, st.integers(1, 2))
@settings(max_examples=20)
def test_retries_end_at_their_maximum(runs: list[RunText], most: int) -> None:
    with new_lab() as lab:
        runs = [replace(run, retries=most, after=()) for run in runs]
        lab.engine.ends = {f"runs.r{index}": Status.FAILED for index in range(4)}
        lab.engine.causes = {"runs.r0": Cause.PREEMPTED}
        lab.write(project_of(runs))
        lab.apply()
        assert dict(lab.engine.created) == {
            (f"runs.r{index}", 1, attempt): 1 for index in range(len(runs)) for attempt in range(1, most + 2)
        }


def test_what_is_removed_and_named_again_does_not_run_again() -> None:
    with new_lab() as lab:
        both = [RunText(mode=0), RunText(mode=1)]
        lab.write(project_of(both))
        lab.apply()
        lab.write(project_of(both[:1]))
        assert decided(lab.plan()) == ["forget runs.r1"]
        lab.apply()
        lab.write(project_of(both))
        lab.apply()
        assert set(lab.engine.created.values()) == {1}
        assert len(lab.engine.created) == 2
        assert decided(lab.plan()) == []


def test_a_rename_is_blocked_until_it_is_said_and_then_starts_nothing() -> None:
    with new_lab() as lab:
        project = project_of([RunText()])
        lab.write(project)
        lab.apply()
        renamed = {**project, "runs": {"other": project["runs"]["r0"]}}
        lab.write(renamed)
        blocked = [change for change in lab.plan().changes if change.action is Action.BLOCKED]
        assert [change.address for change in blocked] == ["runs.other"]
        assert "moved: [{from: runs.r0, to: runs.other}]" in blocked[0].options
        lab.write({**renamed, "moved": [{"from": "runs.r0", "to": "runs.other"}]})
        assert decided(lab.plan()) == ["record runs.other"]
        lab.apply()
        assert decided(lab.plan()) == []
        assert dict(lab.engine.created) == {("runs.r0", 1, 1): 1}


def test_a_way_back_to_an_earlier_experiment_is_a_new_generation_under_a_new_id() -> None:
    with new_lab() as lab:
        for mode in (0, 1, 0):
            lab.write(project_of([RunText(mode=mode)]))
            lab.apply()
        assert set(lab.engine.created) == {("runs.r0", number, 1) for number in (1, 2, 3)}
        assert len(lab.engine.objects) == 3


def test_an_object_that_was_cleaned_up_after_its_end_was_recorded_starts_nothing() -> None:
    with new_lab() as lab:
        lab.write(project_of([RunText()]))
        lab.apply()
        lab.engine.remove("runs.r0")
        assert decided(lab.plan()) == []


def test_an_object_that_vanished_while_it_ran_is_lost_and_asks_a_person() -> None:
    with new_lab() as lab:
        lab.engine.advance = False
        lab.write(project_of([RunText()]))
        lab.apply(wait=False)
        lab.engine.remove("runs.r0")
        held = [change for change in lab.plan().changes if change.action is Action.HELD]
        assert [(change.address, change.status) for change in held] == [("runs.r0", Status.LOST)]
        lab.apply()
        assert set(lab.engine.created.values()) == {1}
        assert decided(lab.plan(Override(rerun=("runs.r0",)))) == ["start runs.r0"]


def test_a_lost_state_is_never_taken_for_a_project_that_never_ran() -> None:
    with new_lab() as lab:
        lab.write(project_of([RunText()]))
        lab.apply()
        shutil.rmtree(lab.folder / ".launchctl")
        with pytest.raises(Blocked):
            lab.apply()
        assert set(lab.engine.created.values()) == {1}


def test_a_run_that_is_renamed_while_it_runs_is_not_lost() -> None:
    with new_lab() as lab:
        lab.engine.advance = False
        project = project_of([RunText()])
        lab.write(project)
        lab.apply(wait=False)
        renamed = {**project, "runs": {"other": project["runs"]["r0"]}}
        lab.write({**renamed, "moved": [{"from": "runs.r0", "to": "runs.other"}]})
        lab.apply(wait=False)
        assert [(found.address, found.status) for found in lab.attempts()] == [("runs.other", Status.RUNNING)]
        lab.engine.advance = True
        lab.apply()
        assert [(found.address, found.status) for found in lab.attempts()] == [("runs.other", Status.SUCCEEDED)]
        assert set(lab.engine.created.values()) == {1}


def test_what_one_apply_gave_up_the_next_takes_up_at_once() -> None:
    with new_lab() as lab:
        lab.write(project_of([RunText()]))
        lab.engine.fault = lambda step: UnknownOutcome("no answer") if step == "before-submit" else None
        report = lab.apply()
        assert report is not None
        assert report.errors == ("runs.r0@g1#a1: no answer",)
        assert not lab.engine.created
        lab.engine.fault = lambda step: None
        lab.apply()
        assert dict(lab.engine.created) == {("runs.r0", 1, 1): 1}
