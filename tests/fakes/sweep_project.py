"""Projects with one sweep, `sweeps.lr`, as a test wants it."""

from __future__ import annotations

from collections.abc import Mapping

from fakes.lab import Lab, project_of

from launchctl.engine.plan import Change, Override, TrialCounts
from launchctl.status import Status
from launchctl.values import JSON

GRID: Mapping[str, JSON] = {
    "method": "grid",
    "parameters": {"lr": {"values": [0.1, 0.01]}, "batch": {"values": [16, 32]}},
}
RANDOM: Mapping[str, JSON] = {"method": "random", "parameters": {"lr": {"min": 0.0, "max": 1.0}}, "run_cap": 3}
BAYES: Mapping[str, JSON] = {
    "method": "bayes",
    "metric": {"name": "loss", "goal": "minimize"},
    "parameters": {"lr": {"min": 0.0, "max": 1.0}},
    "run_cap": 3,
}


def write_sweep(lab: Lab, sweep: Mapping[str, JSON], /, **edits: JSON) -> None:
    """A project of this sweep alone, with some of its keys replaced."""
    write_sweeps(lab, lr={**sweep, **edits})


def write_sweeps(lab: Lab, /, *, queue: JSON = None, moved: JSON = None, runs: JSON = None, **sweeps: JSON) -> None:
    """A project of these sweeps."""
    more: dict[str, JSON] = {
        "sweeps": {name: {"job": "train", "queue": "q", **sweep} for name, sweep in sweeps.items()}
    }
    lab.write(project_of(runs or {}, queue, **more, **({"moved": moved} if moved else {})))


def values(*lr: float, batch: tuple[int, ...] = (16, 32)) -> dict[str, JSON]:
    """Parameters of a grid."""
    return {"lr": {"values": list(lr)}, "batch": {"values": list(batch)}}


def sweep_change(lab: Lab, address: str = "sweeps.lr", override: Override | None = None) -> Change:
    """The sweep's own change in a plan."""
    return lab.change(address, override)


def counts(lab: Lab, address: str = "sweeps.lr", override: Override | None = None) -> TrialCounts:
    """How its trials stand in a plan."""
    found = sweep_change(lab, address, override).trials
    assert found is not None
    return found


def keys(lab: Lab, sweep: str = "sweeps.lr") -> dict[str, str]:
    """The trials on record by what their job was given: `lr=0.1 batch=16` to key."""
    state = lab.state()
    assert state is not None
    return {
        " ".join(f"{name}={value}" for name, value in run.generation.trial.values.items()): address[len(sweep) + 1 : -1]
        for address, run in state.runs.items()
        if address.startswith(f"{sweep}[") and run.generation and run.generation.trial
    }


def begin(lab: Lab, sweep: Mapping[str, JSON], /, **edits: JSON) -> None:
    """The sweep applied; every trial that has a place runs, and goes on."""
    lab.engine.advance = False
    write_sweep(lab, sweep, **edits)
    lab.apply(wait=False)


def finish(lab: Lab, **override: JSON) -> None:
    """Everything that was decided runs to its end."""
    lab.engine.advance = True
    lab.apply(Override(**override))
    lab.engine.advance = False


def standing(lab: Lab) -> dict[str, list[Status]]:
    """Every attempt of every trial by its epoch, sorted."""
    found: dict[str, list[Status]] = {}
    for attempt in lab.attempts():
        found.setdefault(f"e{attempt.generation}", []).append(attempt.status)
    return {epoch: sorted(statuses) for epoch, statuses in found.items()}
