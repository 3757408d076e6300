"""What cannot be in any state is found."""

from __future__ import annotations

from dataclasses import replace

import pytest
from state_records import HEAD, NOW, attempt, generation, run

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


def test_sound_state_has_no_faults() -> None:
    assert faults(SOUND) == ()


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
    ],
)
def test_fault_is_told(contents: Contents, fault: str) -> None:
    assert fault in faults(contents)
