"""How a command that started something ends: the last lines that runs printed, and the ways on."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import pytest

from launchctl.cli.ending import conclude, last_line
from launchctl.cli.views.ending_text import ending_lines, listed_runs
from launchctl.cli.views.text import plain
from launchctl.engine.events import Report, RunLine, Undrawn
from launchctl.status import Status

if TYPE_CHECKING:
    from launchctl.engine.session import Session

NOW = 1_800_000_000.0


@pytest.mark.parametrize(
    ("text", "is_whole", "shown"),
    [
        ("", True, ""),
        ("one\ntwo\n\n  \n", True, "two"),
        ("10 %\r20 %\r100 %\r", True, "100 %"),
        ("one\r\ntwo\r\n", True, "two"),
        ("rd-of-a-secret", False, ""),
        ("rd-of-a-secret\ntwo", False, "two"),
    ],
)
def test_the_last_line_is_the_last_that_is_not_blank_and_whole(text: str, is_whole: bool, shown: str) -> None:
    assert last_line(text, is_whole=is_whole) == shown


def _trial(index: int, status: Status = Status.SUCCEEDED) -> RunLine:
    return RunLine(f"sweeps.lr[{index}]", 1, 1, f"r{index}", status, NOW, started_at=NOW - 9, ended_at=NOW - 5)


def _ending(*runs: RunLine, outputs: dict[str, str] | None = None) -> list[str]:
    found = ending_lines(runs, listed_runs(runs), outputs or {}, NOW, lambda _: "best accuracy 0.9667 by [4]")
    return plain(found).splitlines()


def test_many_trials_are_one_line_and_those_that_failed_one_each() -> None:
    trials = [_trial(index, Status.FAILED if index == 3 else Status.SUCCEEDED) for index in range(12)]
    assert _ending(*trials) == [
        "sweeps.lr  12 trials: 11 succeeded, 1 failed; best accuracy 0.9667 by [4]; `launchctl sweep show sweeps.lr`",
        "sweeps.lr[3]@e1  failed       4.0s",
    ]


def test_few_trials_stand_below_their_sweep_and_runs_before_it() -> None:
    run = RunLine("runs.base", 1, 1, "base", Status.SUCCEEDED, NOW, started_at=NOW - 9, ended_at=NOW - 5)
    assert _ending(_trial(0), run, _trial(1), outputs={"base": "slope=3", "r1": "slope=2"}) == [
        "runs.base@g1     succeeded    4.0s",
        "    slope=3",
        "sweeps.lr  2 trials: 2 succeeded; best accuracy 0.9667 by [4]; `launchctl sweep show sweeps.lr`",
        "sweeps.lr[0]@e1  succeeded    4.0s",
        "sweeps.lr[1]@e1  succeeded    4.0s",
        "    slope=2",
        "1 run and 2 trials: 3 succeeded",
    ]


def test_so_many_runs_are_listed_and_the_others_counted() -> None:
    runs = [RunLine(f"runs.r{n}", 1, 1, f"i{n}", Status.SUCCEEDED, NOW) for n in range(53)]
    assert _ending(*runs)[50:] == ["... and 3 more (`launchctl status` shows all)", "53 runs: 53 succeeded"]


def test_an_interrupt_names_what_sweeps_have_left_and_warnings_stand_at_the_end(
    capsys: pytest.CaptureFixture[str],
) -> None:
    left = (Undrawn("sweeps.lr", 8, "a place on queues.q (max_jobs 2)"),)
    nobody = cast("Session", None)
    conclude(nobody, Report((), interrupted=True, undrawn=left))
    assert capsys.readouterr().err.splitlines() == [
        "interrupted: 0 runs are not finished",
        "  8 trials of sweeps.lr wait for a place on queues.q (max_jobs 2)",
        "`launchctl apply` goes on from here",
    ]
    conclude(nobody, Report((), undrawn=left, warnings=("sweeps.lr[0]: ended without its metric",)))
    assert capsys.readouterr().err.splitlines() == [
        "8 trials of sweeps.lr wait for a place on queues.q (max_jobs 2)",
        "warning: sweeps.lr[0]: ended without its metric",
    ]
