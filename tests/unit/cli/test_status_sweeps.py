"""`status` where sweeps are among the runs: a line a sweep, and the trials that matter now."""

from __future__ import annotations

from launchctl.cli.views.status_sweeps import overview_lines
from launchctl.cli.views.text import plain
from launchctl.engine.events import RunLine, Undrawn
from launchctl.status import Status

NOW = 1_800_000_000.0


def _trial(key: str, status: Status, ended: float | None = None) -> RunLine:
    started = NOW - 60 if status is not Status.PENDING else None
    return RunLine(f"sweeps.lr[{key}]", 2, 1, key, status, NOW - 60, started_at=started, ended_at=ended)


TRIALS = (
    _trial("0", Status.SUCCEEDED, NOW - 30),
    _trial("1", Status.SUCCEEDED, NOW - 20),
    _trial("2", Status.RUNNING),
    _trial("3", Status.FAILED, NOW - 10),
    _trial("4", Status.PENDING),
)
RUN = RunLine("runs.base", 1, 1, "base", Status.SUCCEEDED, NOW, started_at=NOW - 9, ended_at=NOW - 5)


def _text(*runs: RunLine, limit: int = 20, undrawn: tuple[Undrawn, ...] = ()) -> list[str]:
    return plain(overview_lines(runs, NOW, undrawn, limit)).splitlines()


def test_of_a_sweep_what_runs_and_what_went_wrong_is_listed_below_its_line() -> None:
    assert _text(RUN, *TRIALS, limit=3, undrawn=(Undrawn("sweeps.lr", 7, "a place on queues.here"),)) == [
        "runs.base@g1     succeeded    4.0s",
        "sweeps.lr@e2  5 trials drawn: 1 pending, 1 running, 2 succeeded, 1 failed, 2 not listed (`--limit`)",
        "sweeps.lr[2]@e2  running     1m00s",
        "sweeps.lr[3]@e2  failed        50s",
        "sweeps.lr[4]@e2  pending     1m00s  ready: `launchctl apply` starts it",
        "7 trials of sweeps.lr wait for a place on queues.here",
        "1 run and 5 trials: 1 pending, 1 running, 3 succeeded, 1 failed",
    ]


def test_all_trials_are_listed_in_the_order_of_their_search_where_the_limit_is_0() -> None:
    rows = _text(*TRIALS, limit=0)
    assert [row[:12] for row in rows[1:6]] == [f"sweeps.lr[{key}]" for key in range(5)]
    assert "not listed" not in "".join(rows)


def test_each_sweep_has_a_line_and_so_has_an_old_epoch_that_still_runs() -> None:
    old = RunLine("sweeps.lr[9]", 1, 1, "9", Status.RUNNING, NOW)
    other = RunLine("sweeps.seed[0]", 1, 1, "s", Status.RUNNING, NOW)
    said = [row.partition("  ")[0] for row in _text(*TRIALS, old, other) if "drawn" in row]
    assert said == ["sweeps.lr@e2", "sweeps.lr@e1", "sweeps.seed@e1"]


def test_without_a_sweep_nothing_is_different() -> None:
    assert _text(RUN) == ["runs.base@g1  succeeded    4.0s", "1 run: 1 succeeded"]
    assert _text() == ["No runs yet: `launchctl apply` starts them"]
