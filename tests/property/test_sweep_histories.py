"""Any history of a project with sweeps: no trial starts twice, none that was dropped starts, what has ended stays."""

from __future__ import annotations

from contextlib import suppress
from typing import ClassVar

from fakes.histories import History
from fakes.lab import decided, new_lab, project_of
from fakes.target import seeded_faults
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule

from launchctl.addresses import parse_reference
from launchctl.engine.plan import Override
from launchctl.engine.stop import cancel
from launchctl.engine.sweep.tally import sweep_of
from launchctl.errors import LaunchctlError
from launchctl.values import JSON

NAMES = ("a", "b")
numbers = st.sampled_from([(0.1,), (0.1, 0.2), (0.1, 0.2, 0.3), (0.3, 0.1)])
grids = st.fixed_dictionaries(
    {"method": st.just("grid"), "lr": numbers, "batch": st.sampled_from([(1,), (1, 2)]), "run_cap": st.none()}
)
drawn = st.fixed_dictionaries(
    {"method": st.sampled_from(["random", "bayes"]), "high": st.sampled_from([1.0, 2.0]), "run_cap": st.integers(1, 4)}
)
settings_of = st.fixed_dictionaries(
    {
        "mode": st.sampled_from(["x", "x", "y"]),
        "label": st.integers(0, 1),
        "size": st.integers(0, 1),
        "priority": st.sampled_from(["low", "high"]),
        "parallel": st.sampled_from([None, 1, 2]),
        "repeats": st.sampled_from([1, 1, 2]),
        "seed": st.sampled_from([None, None, 1]),
        "retry": st.sampled_from([0, 1]),
        "on_change": st.sampled_from(["block", "keep", "supersede", "cancel"]),
        "on_remove": st.sampled_from(["block", "detach", "cancel"]),
        "rerun_on": st.sampled_from(["intent", "intent", "never"]),
    }
)
sweeps = st.tuples(st.one_of(grids, drawn), settings_of)
Sweep = tuple[dict[str, JSON], dict[str, JSON]]
overrides = st.builds(
    Override,
    rerun=st.sampled_from([(), (), (), ("sweeps.a",), ("sweeps.*",)]),
    retry_failed=st.booleans(),
    allow_cancel=st.sampled_from([(), (), ("sweeps.b",), ("sweeps.*",)]),
    allow_supersede=st.sampled_from([(), (), ("sweeps.a",)]),
    targets=st.sampled_from([(), (), (), ("sweeps.a",)]),
)


def text_of(sweep: Sweep) -> dict[str, JSON]:
    """A sweep as the project has it."""
    search, said = sweep
    body: dict[str, JSON] = {
        "job": "train",
        "queue": "q",
        "method": search["method"],
        "env": {"MODE": said["mode"]},
        "priority": said["priority"],
        "resource": {"label": said["label"], "size": said["size"]},
        "retry": {"max": said["retry"], "on": ["any", "preempted"]},
        "lifecycle": {key: said[key] for key in ("on_change", "on_remove", "rerun_on")},
        "repeats": said["repeats"],
        **{key: said[key] for key in ("parallel", "seed") if said[key] is not None},
    }
    if search["method"] == "grid":
        body["parameters"] = {name: {"values": list(search[name])} for name in ("lr", "batch")}
    else:
        body["parameters"] = {"lr": {"min": 0.0, "max": search["high"]}}
        body["run_cap"] = search["run_cap"]
    return {**body, "metric": {"name": "loss"}} if search["method"] == "bayes" else body


class SweepHistories(History):
    """With sweeps."""

    overrides = overrides
    limits: ClassVar = {"q": 3}

    def __init__(self) -> None:
        super().__init__()
        self.texts: dict[str, Sweep] = {}

    def _write(self, *moved: tuple[str, str]) -> None:
        queue: dict[str, JSON] = {"max_jobs": 3, "prioritization": True}
        renames = [{"from": f"sweeps.{old}", "to": f"sweeps.{new}"} for old, new in moved]
        found = {name: text_of(sweep) for name, sweep in self.texts.items()}
        made = project_of({"z": {}}, queue, sweeps=found)
        self.lab.write({**made, **({"moved": renames} if renames else {})})

    @initialize(first=sweeps)
    def begin(self, first: Sweep) -> None:
        self.texts = {"a": first}
        self._write()

    @rule(name=st.sampled_from(NAMES), sweep=sweeps)
    def edit(self, name: str, sweep: Sweep) -> None:
        self.texts[name] = sweep
        self._write()

    @rule(name=st.sampled_from(NAMES), change=settings_of, search=st.one_of(grids, drawn), which=st.booleans())
    def edit_a_part(self, name: str, change: dict[str, JSON], search: dict[str, JSON], which: bool) -> None:
        """The settings or the search alone."""
        if name in self.texts:
            old = self.texts[name]
            self.texts[name] = (old[0], change) if which else (search, old[1])
            self._write()

    @rule(name=st.sampled_from(NAMES))
    def remove(self, name: str) -> None:
        self.texts.pop(name, None)
        self._write()

    @rule(old=st.sampled_from(NAMES), new=st.sampled_from(NAMES))
    def rename(self, old: str, new: str) -> None:
        if old in self.texts and new not in self.texts:
            self.texts[new] = self.texts.pop(old)
            self._write((old, new))

    @rule(data=st.data(), whole=st.booleans())
    def stop(self, data: st.DataObject, whole: bool) -> None:
        known = sorted(self.lab.statuses())
        if known:
            name = data.draw(st.sampled_from(known))
            found = parse_reference((sweep_of(name) or name) if whole else name)
            session = self.lab.open()
            with suppress(LaunchctlError):
                cancel(session, [found] if found else [], self.lab.events.append)
            session.close()

    @rule(name=st.sampled_from(NAMES), label=st.integers(2, 9))
    def an_edit_that_is_none_of_the_experiment_starts_nothing_that_ended(self, name: str, label: int) -> None:
        if name not in self.texts:
            return
        self.lab.apply(wait=False)
        search, said = self.texts[name]
        self.texts[name] = (search, {**said, "label": label, "size": label, "priority": "low"})
        self._write()
        ended = {(found.address, found.generation) for found in self.lab.attempts() if found.status.is_success}
        before = dict(self.lab.engine.created)
        self.lab.apply(wait=False)
        assert not {key[:2] for key in self.lab.engine.created.keys() - before.keys()} & ended


TestSweepHistories = SweepHistories.TestCase
TestSweepHistories.settings = settings(max_examples=30, stateful_step_count=20, deadline=None)


@given(sweep=sweeps, step=st.integers(1, 25), seed=st.integers(0, 100))
@settings(max_examples=25, deadline=None)
def test_killed_anywhere_and_applied_again_the_same_trials_have_run(sweep: Sweep, step: int, seed: int) -> None:
    project = project_of({}, {"max_jobs": 2, "prioritization": True}, sweeps={"a": text_of(sweep)})

    def started(kill: bool) -> dict[tuple[str, int, int], int]:
        with new_lab() as lab:
            lab.write(project)
            if kill:
                lab.engine.fault = seeded_faults(seed, rate=0.1)
                with suppress(LaunchctlError):
                    lab.apply(kill_at=step)
                lab.engine.fault = lambda step: None
            lab.apply()
            lab.apply()
            assert decided(lab.plan()) == []
            return dict(lab.engine.created)

    assert started(kill=True) == started(kill=False)
