"""Runs as rows, as JSON and as events."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from launchctl.cli.progress import PlainProgress
from launchctl.cli.views.event_text import event_lines
from launchctl.cli.views.live import Board
from launchctl.cli.views.status_json import moment, status_document
from launchctl.cli.views.status_text import STATUS_STYLES, cut_notice, status_lines, waits_for
from launchctl.cli.views.text import plain
from launchctl.engine.events import (
    CancelSent,
    Claimed,
    Created,
    Decided,
    Event,
    LeaseTakenOver,
    Retrying,
    RunLine,
    StateCreated,
    StatusChanged,
    Trouble,
    Waiting,
    Warned,
)
from launchctl.status import Status
from launchctl.values import canonical

NOW = 1_800_000_000.0
RUNS = (
    RunLine("runs.prepare", 1, 1, "runs-prepare-1", Status.SUCCEEDED, NOW - 60, started_at=NOW - 72, ended_at=NOW - 60),
    RunLine("runs.baseline", 2, 1, "runs-baseline-2", Status.RUNNING, NOW - 60, started_at=NOW - 60, queue="gpu"),
    RunLine("runs.late", 1, 1, "runs-late-1", Status.PENDING, NOW - 5, waiting_for="runs.baseline, which is running"),
    RunLine(
        "runs.broken",
        1,
        2,
        "runs-broken-2",
        Status.FAILED,
        NOW,
        exit_code=3,
        message="bad \x1b[2J",
        started_at=NOW - 4,
        ended_at=NOW - 1,
    ),
)


def test_every_status_has_a_style() -> None:
    assert set(STATUS_STYLES) == set(Status)


def test_runs_are_rows_with_what_they_wait_for() -> None:
    assert plain(status_lines(RUNS, NOW)) == (
        "runs.prepare@g1    succeeded     12s\n"
        "runs.baseline@g2   running     1m00s\n"
        "runs.late@g1       pending      5.0s  waits for runs.baseline, which is running\n"
        "runs.broken@g1#a2  failed       3.0s  exit code 3: bad \\x1b[2J\n"
        "4 runs: 1 pending, 1 running, 1 succeeded, 1 failed\n"
    )


def test_what_waits_for_nothing_but_an_apply_says_so() -> None:
    ready = RunLine("runs.next", 1, 1, "runs-next-1", Status.PENDING, NOW - 5)
    assert plain(status_lines((ready,), NOW)) == (
        "runs.next@g1  pending      5.0s  ready: `launchctl apply` starts it\n1 run: 1 pending\n"
    )


def _run(status: Status, message: str = "", waiting_for: str = "") -> RunLine:
    return RunLine("runs.a", 1, 1, "runs-a-1", status, NOW - 5, waiting_for, message=message)


def test_a_person_is_told_words_and_a_program_those_of_the_contract() -> None:
    runs = (_run(Status.INTENT), _run(Status.TIMED_OUT))
    assert plain(status_lines(runs, NOW)) == (
        "runs.a@g1  being started    5.0s\nruns.a@g1  timed out             \n".rstrip(" \n")
        + "\n2 runs: 1 being started, 1 timed out\n"
    )
    document = status_document(runs)
    assert '"intent"' in canonical(document)
    assert '"timed_out"' in canonical(document)


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        ("runs.a, which is running", "waits for runs.a, which is running"),
        ("runs.a, which is timed_out", "waits for runs.a, which is timed out"),
        ("runs.a, which is intent", "waits for runs.a, which is being started"),
        ("its back-off of 12 s", "waits for its back-off of 12 s"),
        ("its back-off of 0 s", "waits for the end of its back-off"),
    ],
)
def test_what_a_run_waits_for_is_said_in_words(reason: str, said: str) -> None:
    assert waits_for(reason) == said
    assert said in plain(status_lines((_run(Status.PENDING, waiting_for=reason),), NOW))


def test_a_long_message_is_cut_at_a_word_and_its_place_is_told() -> None:
    run = _run(Status.FAILED, "docker said no " * 30)
    (row, _) = plain(status_lines((run,), NOW)).splitlines()
    assert row.endswith("docker said no docker said no…")
    assert len(row) < 240
    assert plain(cut_notice((_run(Status.FAILED, "short"), run))) == (
        "`launchctl state show runs.a` shows its message whole\n"
    )
    assert plain(cut_notice((_run(Status.FAILED, "short"),))) == ""


def test_no_runs_is_said_in_one_sentence() -> None:
    assert plain(status_lines((), NOW)) == "No runs yet: `launchctl apply` starts them\n"


def test_status_json_is_the_contract() -> None:
    assert status_document(RUNS[2:3]) == {
        "format_version": "1",
        "runs": [
            {
                "address": "runs.late",
                "generation": 1,
                "attempt": 1,
                "run_id": "runs-late-1",
                "status": "pending",
                "since": "2027-01-15T07:59:55Z",
                "waiting_for": "runs.baseline, which is running",
                "exit_code": None,
                "queue": "",
                "message": "",
                "started_at": None,
                "ended_at": None,
            }
        ],
    }
    assert moment(None) is None


def _changed(new: Status, **more: object) -> StatusChanged:
    return StatusChanged("runs.a@g1#a1", "runs-a-1", Status.INTENT, new, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("event", "said"),
    [
        (StateCreated("sqlite:////x/state.db"), "state created: /x/state.db\n"),
        (LeaseTakenOver("ada"), "the lease of ada had expired and was taken over\n"),
        (Decided(4, 3), "decision 4 is recorded: 3 runs to start\n"),
        (Decided(4, 0), "decision 4 is recorded\n"),
        (Claimed((("runs.a@g1#a1", "runs-a-1"),)), ""),
        (Created("runs.a@g1#a1", "runs-a-1"), ""),
        (_changed(Status.RUNNING), "runs.a@g1#a1: running\n"),
        (_changed(Status.SUCCEEDED, started_at=NOW - 12), "runs.a@g1#a1: succeeded after 12s\n"),
        (
            _changed(Status.FAILED, started_at=NOW - 3, exit_code=3, message="no\nfile"),
            "runs.a@g1#a1: failed after 3.0s: exit code 3: no\\nfile\n",
        ),
        (
            Retrying("runs.a@g1#a2", "runs-a-2", "preempted", NOW + 30),
            "runs.a@g1#a2: starts in 30s, since the attempt before it ended as preempted\n",
        ),
        (CancelSent("runs.a@g1#a1", "runs-a-1"), "runs.a@g1#a1: asked to stop\n"),
        (_changed(Status.TIMED_OUT), "runs.a@g1#a1: timed out\n"),
        (
            Retrying("runs.a@g1#a2", "runs-a-2", "timed_out", NOW),
            "runs.a@g1#a2: starts, since the attempt before it ended as timed out\n",
        ),
        (Trouble("runs.a@g1#a1", "no " * 120), "runs.a@g1#a1: " + "no " * 99 + "no…\n"),
        (Trouble("runs.a@g1#a1", "no answer"), "runs.a@g1#a1: no answer\n"),
        (Waiting({"runs.b@g1#a1": "runs.a, which is running"}), "runs.b@g1#a1: waits for runs.a, which is running\n"),
        (Warned("sweeps.s[0]", "ended without its metric"), "sweeps.s[0]: ended without its metric\n"),
        (
            Waiting({f"runs.b{number}@g1#a1": "a place on queues.gpu" for number in range(990)}),
            "990 runs wait for a place on queues.gpu\n",
        ),
    ],
)
def test_each_event_is_a_line(event: Event, said: str) -> None:
    assert plain(event_lines(event, NOW)) == said


def test_what_still_waits_for_the_same_is_told_once(capsys: pytest.CaptureFixture[str]) -> None:
    sink = PlainProgress()
    sink(Waiting({"runs.a@g1#a1": "its back-off of 12 s"}))
    sink(Waiting({"runs.a@g1#a1": "its back-off of 11 s", "runs.b@g1#a1": "runs.a, which is pending"}))
    assert capsys.readouterr().err == (
        "runs.a@g1#a1: waits for its back-off of 12 s\nruns.b@g1#a1: waits for runs.a, which is pending\n"
    )


def _drawn(board: Board, height: int) -> list[str]:
    stream = io.StringIO()
    Console(file=stream, width=90, color_system=None).print(board.draw(height))
    return [found.rstrip() for found in stream.getvalue().splitlines()]


def test_the_board_shows_rows_what_they_wait_for_and_how_long() -> None:
    clock = [NOW]
    board = Board(clock=lambda: clock[0])
    assert board.take(Claimed((("runs.a@g1#a1", "a"), ("runs.b@g1#a1", "b"))))
    assert board.take(_changed(Status.RUNNING, started_at=NOW))
    assert board.take(Waiting({"runs.c@g1#a1": "runs.a, which is running"}))
    assert not board.take(Decided(1, 3))
    clock[0] = NOW + 61
    assert _drawn(board, 20) == [
        "runs.b@g1#a1  being started  1m01s",
        "runs.a@g1#a1  running        1m01s",
        "runs.c@g1#a1  pending               waits for runs.a, which is running",
        "1 pending, 1 being started, 1 running",
    ]


def test_the_board_of_many_runs_fits_the_terminal_and_keeps_the_counts() -> None:
    board = Board(clock=lambda: NOW)
    for number in range(1000):
        status = Status.RUNNING if number % 100 == 0 else Status.SUCCEEDED
        board.take(StatusChanged(f"runs.r{number}@g1#a1", "x", Status.INTENT, status, started_at=NOW))
    board.take(Waiting({f"runs.w{number}@g1#a1": "a place" for number in range(500)}))
    drawn = _drawn(board, 15)
    assert len(drawn) == 13
    assert sum("running" in row for row in drawn[:-1]) == 10
    assert drawn[-1] == "500 pending, 10 running, 990 succeeded"
