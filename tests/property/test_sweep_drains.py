"""Whoever drains beside whom, and whenever one is killed: each trial is drawn once, started once, and none is lost."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from fakes.lab import Lab, new_lab, project_of
from hypothesis import given, settings
from hypothesis import strategies as st

from launchctl.engine.events import Event
from launchctl.status import Status
from launchctl.values import JSON

POINTS = 7
METRIC = {"name": "loss"}


class Case(NamedTuple):
    method: str
    parallel: int | None
    max_jobs: int | None
    others: frozenset[int]
    """Steps of the first drain at which another one drains."""
    kill_at: int | None


cases = st.builds(
    Case,
    method=st.sampled_from(["grid", "random", "bayes"]),
    parallel=st.sampled_from([None, 1, 2, 3]),
    max_jobs=st.sampled_from([None, 1, 4]),
    others=st.frozensets(st.integers(3, 40), max_size=3),
    kill_at=st.one_of(st.none(), st.integers(1, 40)),
)


def project(case: Case) -> dict[str, JSON]:
    sweep: dict[str, JSON] = {"job": "train", "queue": "q", "method": case.method, "metric": METRIC}
    if case.method == "grid":
        sweep["parameters"] = {"x": {"values": list(range(POINTS))}}
    else:
        sweep |= {"parameters": {"x": {"min": 0.0, "max": 1.0}}, "run_cap": POINTS}
    if case.parallel:
        sweep["parallel"] = case.parallel
    queue: dict[str, JSON] = {"max_jobs": case.max_jobs} if case.max_jobs else {}
    return project_of({"a": {}}, queue, sweeps={"s": sweep})


def watching(lab: Lab, case: Case, others: frozenset[int]) -> Callable[[Event], None]:
    """At some steps another drain comes along; at every one the limits hold."""
    steps = 0
    parallel = case.parallel or (1 if case.method == "bayes" else POINTS)

    def on(event: Event) -> None:
        nonlocal steps
        steps += 1
        if steps in others:
            lab.apply(wait=False)
        active = [found for found in lab.engine.objects.values() if not found.status.is_terminal]
        trials = [found for found in active if found.owner and found.owner[0].startswith("sweeps.")]
        assert len(active) <= (case.max_jobs or POINTS + 1)
        assert len(trials) <= parallel

    return on


@given(case=cases)
@settings(max_examples=25)
def test_each_trial_is_drawn_and_started_once(case: Case) -> None:
    with new_lab() as lab:
        lab.write(project(case))
        lab.apply(wait=True, on=watching(lab, case, case.others), kill_at=case.kill_at)
        lab.apply(wait=True, on=watching(lab, case, frozenset()))
        state = lab.state()
        assert state is not None
        trials = {name: run for name, run in state.runs.items() if name.startswith("sweeps.s[")}
        assert len(trials) == POINTS
        assert {run.latest.status for run in trials.values() if run.latest} == {Status.SUCCEEDED}
        started = {owner: count for owner, count in lab.engine.created.items() if owner[0] in trials}
        assert started == {(name, 1, 1): 1 for name in trials}
        assert lab.plan().is_empty
