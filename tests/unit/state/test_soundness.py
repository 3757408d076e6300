"""What cannot be in any state is found."""

from __future__ import annotations

from dataclasses import replace

import pytest
from state_records import HEAD, NOW, attempt, generation, run
from state_sweeps import series, sweep, trial

from launchctl.state.model import Claim, ConfigRecord, Contents
from launchctl.state.soundness import faults
from launchctl.status import Status

SOUND = Contents(
    replace(HEAD, serial=3),
    (run("a", 2), run("b", 0)),
    (generation("a"), generation("a", 2)),
    (attempt("a", status=Status.FAILED), attempt("a", 2, status=Status.RUNNING), attempt("a", of=2)),
    (ConfigRecord("queues.gpu", "{}", None),),
)
POINT = trial("0").generation.trial
SWEPT = Contents(
    SOUND.head,
    (trial("0", 9).run, trial("1", 9).run),
    (trial("0", 4).generation, trial("0", 9).generation, trial("1", 9).generation),
    (replace(trial("0", 4).attempt, status=Status.PRUNED), trial("0", 9).attempt, trial("1", 9).attempt),
    (),
    (sweep("lr", 9),),
    (series(trial("0", 4)), series(trial("1", 9))),
)
"""Epochs that are not each other's next, and a trial that has none but the last."""


def test_sound_state_has_no_faults() -> None:
    assert faults(SOUND) == ()
    assert faults(SWEPT) == ()


@pytest.mark.parametrize(
    ("contents", "fault"),
    [
        (replace(SOUND, runs=(*SOUND.runs, run("b", 0))), "the run runs.b is recorded 2 times"),
        (replace(SOUND, configs=SOUND.configs * 2), "the queue or agent queues.gpu is recorded 2 times"),
        (
            replace(SOUND, generations=(*SOUND.generations, generation("a"))),
            "the generation runs.a@g1 is recorded 2 times",
        ),
        (
            replace(SOUND, attempts=(*SOUND.attempts, replace(attempt("a", 3), run_id="runs-a-g1a1"))),
            "the run id runs-a-g1a1 is recorded 2 times",
        ),
        (
            replace(SOUND, attempts=(replace(SOUND.attempts[0], status=Status.RUNNING), *SOUND.attempts[1:])),
            "runs.a@g1#a1 is running, but #a2 came after it",
        ),
        (
            replace(SOUND, attempts=(*SOUND.attempts[:2], replace(attempt("a", of=2), claim=Claim("ada", NOW, 1)))),
            "runs.a@g2#a1 is pending and still claimed",
        ),
        (replace(SOUND, attempts=SOUND.attempts[:2]), "runs.a@g2 has no attempt"),
        (replace(SOUND, runs=(run("a", 1), run("b", 0))), "runs.a has generation 1 but records up to 2"),
        (replace(SWEPT, attempts=SWEPT.attempts[1:]), "sweeps.lr[0]@e4 has no attempt"),
        (replace(SWEPT, sweeps=SWEPT.sweeps * 2), "the sweep sweeps.lr is recorded 2 times"),
        (replace(SWEPT, sweeps=(sweep("lr", 0),)), "sweeps.lr has no valid epoch"),
        (replace(SWEPT, sweeps=(sweep("lr", 9, parallel=0),)), "sweeps.lr has no valid parallel"),
        (replace(SWEPT, sweeps=(replace(sweep(), revision=-1),)), "sweeps.lr has no valid revision"),
        (replace(SWEPT, sweeps=(replace(sweep(), serial=4),)), "sweeps.lr was decided at serial 4, later than the"),
        (replace(SWEPT, sweeps=(replace(sweep(), address="runs.a"),)), '"runs.a" is no sweep'),
        (replace(SWEPT, series=SWEPT.series * 2), "the series lr-0-e4a1 is recorded 2 times"),
        (
            replace(SWEPT, series=(series(trial("1")),)),
            "the metrics of lr-1-e1a1 are of no attempt of sweeps.lr[1]",
        ),
        (
            replace(SWEPT, series=(series(trial("1", 9), position=-1),)),
            "the metrics of lr-1-e9a1 have no valid position",
        ),
        (
            replace(SWEPT, attempts=(*SWEPT.attempts[:2], replace(trial("1", 9).attempt, prune_requested=True))),
            "sweeps.lr[1]@e9#a1 is to be stopped early, but not to be cancelled",
        ),
        (
            replace(SOUND, generations=(SOUND.generations[0], replace(SOUND.generations[1], trial=POINT))),
            "runs.a@g2 is a trial of no sweep",
        ),
    ],
)
def test_fault_is_told(contents: Contents, fault: str) -> None:
    assert any(found.startswith(fault) for found in faults(contents)), faults(contents)
