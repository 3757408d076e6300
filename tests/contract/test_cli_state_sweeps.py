"""`launchctl state` on sweeps and trials that are on record."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from state_records import HEAD, decide, record_as, start
from state_sweeps import draw, series, start_trial, sweep, trial

from launchctl.state.model import Standing
from launchctl.state.sqlite import SqliteStore
from launchctl.state.store import PutSweep
from launchctl.status import Status

PROJECT = """\
version: 1
project: churn
queues: {here: {resource: process}}
"""

Call = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def store(tmp_path: Path) -> SqliteStore:
    """Sweep `lr` in epoch 3: a trial succeeded, one runs and one waits; two ended in epoch 1."""
    store = SqliteStore(tmp_path / ".launchctl/state.db")
    store.create(HEAD)
    decide(store, [PutSweep(sweep("lr", 1)), *start("prep")])
    draw(store, "3f09", "3f10")
    for key in ("3f09", "3f10"):
        record_as(store, start_trial(store, key), Status.SUCCEEDED)
    decide(store, [PutSweep(replace(sweep("lr", 3, parallel=2), serial=2, protect=True))])
    draw(store, "3f09", "a1", "b2", epoch=3)
    record_as(store, start_trial(store, "3f09"), Status.SUCCEEDED)
    start_trial(store, "a1")
    store.measure([series(trial("3f09", 3))])
    store.close()
    return store


@pytest.fixture
def call(tmp_path: Path, store: SqliteStore) -> Call:
    (tmp_path / "project.yaml").write_text(PROJECT)
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("LAUNCHCTL_", "CI"))}

    def launchctl(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "launchctl", "state", *arguments],
            cwd=tmp_path,
            env=inherited,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
        )

    return launchctl


def test_list_has_sweeps_before_their_trials(call: Call) -> None:
    assert call("list").stdout.splitlines()[:-1] == [
        "runs.prep        g1  pending",
        "sweeps.lr        e3  4 trials",
        "sweeps.lr[3f09]  e3  succeeded",
        "sweeps.lr[3f10]  e1  succeeded",
        "sweeps.lr[a1]    e3  running",
        "sweeps.lr[b2]    e3  pending",
    ]


def test_show_of_a_sweep_counts_its_trials(call: Call) -> None:
    assert call("show", "sweeps.lr").stdout.splitlines() == [
        "sweeps.lr  active, protected",
        "  e3  decision 2, at most 2 at a time",
        "      intent i1",
        "      3 trials: 1 pending, 1 running, 1 succeeded",
        "      1 of earlier epochs alone",
    ]


@pytest.mark.parametrize("spelled", ["sweeps.lr[3f09]", "sweeps.lr/3f09", "sweeps.lr/3f0", "sweeps.lr/3f09@e3#a1"])
def test_show_of_a_trial_has_its_epochs_and_values(call: Call, spelled: str) -> None:
    shown = call("show", spelled).stdout.splitlines()
    assert shown[0] == "sweeps.lr[3f09]  active"
    assert [text.split()[0] for text in shown if text.startswith("  e")] == ["e1", "e3"]
    assert shown.count('      {"layers":[1,2],"optimizer":{"lr":0.5}}') == 2


@pytest.mark.parametrize(
    ("spelled", "message"),
    [
        ("sweeps.lr/3f", "sweeps.lr[3f] may be sweeps.lr[3f09], sweeps.lr[3f10]"),
        ("sweeps.lr/c", 'sweeps.lr has no trial "c"'),
        ("sweeps.l", "sweeps.l is not in the state"),
        ("runs.pre", "runs.pre is not in the state"),
    ],
)
def test_what_is_not_one_record_is_refused(call: Call, spelled: str, message: str) -> None:
    for command in ("show", "rm"):
        refused = call(command, spelled)
        assert refused.returncode == 64
        assert refused.stderr.startswith(f"error: {message}\n")


def test_renamed_sweep_takes_its_trials_and_metrics_along(call: Call, store: SqliteStore) -> None:
    done = call("mv", "sweeps.lr", "sweeps.rate")
    assert (done.returncode, done.stderr) == (0, "sweeps.lr is sweeps.rate from now on\n")
    state = store.load()
    assert [name for name in state.runs if name.startswith("sweeps.lr")] == []
    assert (state.sweeps["sweeps.lr"].standing, state.sweeps["sweeps.lr"].epoch) == (Standing.FORGOTTEN, 3)
    assert state.sweeps["sweeps.rate"].standing is Standing.ACTIVE
    assert [one.address for one in store.series("sweeps.rate").values()] == ["sweeps.rate[3f09]"]
    store.close()
    assert call("mv", "sweeps.rate", "sweeps.lr").returncode == 0
    assert "sweeps.lr[3f09]" in store.load().runs
    store.close()


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("sweeps.none", "sweeps.rate", "sweeps.none is not in the state"),
        ("sweeps.lr", "sweeps.lr", "sweeps.lr has a history of its own"),
        ("sweeps.lr", "runs.lr", "sweeps.lr cannot become runs.lr"),
        ("runs.prep", "sweeps.prep", "runs.prep cannot become sweeps.prep"),
        ("sweeps.lr[a1]", "sweeps.lr[a2]", '"sweeps.lr[a1]" is no run and no sweep: only these can be renamed'),
        ("sweeps.lr@e3", "sweeps.rate", '"sweeps.lr@e3" is no run and no sweep: only these can be renamed'),
    ],
)
def test_rename_that_cannot_be_is_refused(call: Call, store: SqliteStore, old: str, new: str, message: str) -> None:
    before = store.contents()
    store.close()
    refused = call("mv", old, new)
    assert refused.returncode == 64
    assert refused.stderr.startswith(f"error: {message}\n")
    assert store.contents() == before
    store.close()


def test_forgotten_sweep_lets_go_of_what_runs(call: Call, store: SqliteStore) -> None:
    assert call("rm", "sweeps.lr").stderr == "sweeps.lr is detached\n"
    state = store.load()
    assert {name: run.run.standing.value for name, run in state.runs.items() if "[" in name} == {
        "sweeps.lr[3f09]": "forgotten",
        "sweeps.lr[3f10]": "forgotten",
        "sweeps.lr[a1]": "detached",
        "sweeps.lr[b2]": "detached",
    }
    assert not store.draw(state.sweeps["sweeps.lr"], [trial("c3", 3)])
    store.close()


def test_one_trial_is_forgotten_by_the_start_of_its_key(call: Call, store: SqliteStore) -> None:
    assert call("rm", "sweeps.lr/3f1").stderr == "sweeps.lr[3f10] is forgotten\n"
    assert store.load().sweeps["sweeps.lr"].standing is Standing.ACTIVE
    store.close()


def test_copy_goes_out_and_in(call: Call, store: SqliteStore, tmp_path: Path) -> None:
    (tmp_path / "copy.json").write_text(call("pull").stdout)
    before = store.contents()
    store.close()
    assert call("push", "copy.json").returncode == 0
    after = store.contents()
    assert (after.runs, after.generations, after.attempts, after.series) == (
        *(before.runs, before.generations, before.attempts, before.series),
    )
    store.close()
