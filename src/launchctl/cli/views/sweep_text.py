"""A sweep for a person at a terminal: a few lines of summary, and a table of its trials that fits the width."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from launchctl.cli.views.status_text import STATUS_STYLES, STATUS_WORDS, counts
from launchctl.cli.views.text import Line, Segment, clip, counted, duration, line, shorten, visible
from launchctl.engine.abbreviation import short_keys
from launchctl.engine.sweep_report import SweepReport, TrialRow, column_labels
from launchctl.state.model import Standing
from launchctl.status import Status
from launchctl.values import JSON, canonical

_LONGEST_CELL = 20
_GAP = "  "


class _Column(NamedTuple):
    """A column of the table, its head first."""

    cells: tuple[Segment, ...]
    is_number: bool = False

    @property
    def width(self) -> int:
        """Of its longest cell."""
        return max(len(cell.text) for cell in self.cells)


def sweep_lines(report: SweepReport, now: float, width: int, limit: int = 0) -> Iterator[Line]:
    """The summary, and so many trials, best first; all where the limit is 0."""
    shown = report.rows[:limit] if limit else report.rows
    yield from _head(report)
    if shown:
        yield ()
        yield from _table(report, shown, now, width)
    if len(shown) < len(report.rows):
        yield line(Segment(f"... and {len(report.rows) - len(shown):,} more (`--limit 0` shows all)", "dim"))


def number(value: float | None) -> str:
    """A metric's value in six significant digits."""
    return "" if value is None else f"{value:.6g}"


def short_value(value: JSON) -> str:
    """A parameter's value as a cell: a text without quotes, everything else as JSON."""
    return value if isinstance(value, str) else f"{value:.6g}" if isinstance(value, float) else canonical(value)


def trial_counts(report: SweepReport) -> str:
    """`10,000 trials: 12 succeeded, 2 running, 9,986 not drawn yet`."""
    if report.standing is None:
        return f"{_size(report)}, never applied"
    left = "" if not report.undrawn else f"{report.undrawn:,} not drawn yet"
    dropped = f"{report.dropped:,} dropped" if report.dropped else ""
    said = ", ".join(found for found in (counts(report.statuses), left, dropped) if found)
    return f"{_size(report)}: {said}" if said else _size(report)


def epoch_words(report: SweepReport) -> str:
    """`epoch 2`, or `epoch 1 of 2`; empty where it was never applied."""
    if not report.epoch:
        return ""
    return f"epoch {report.epoch}" + (f" of {report.latest_epoch}" if report.epoch != report.latest_epoch else "")


def goal_words(report: SweepReport) -> str:
    """`minimize loss`, with what it is to reach."""
    objective = report.objective
    if objective is None:
        return "no metric"
    target = "" if objective.target is None else f", target {number(objective.target)}"
    return f"{objective.goal} {objective.name}{target}"


def status_words(row: TrialRow) -> str:
    """`succeeded`, `succeeded, dropped`, `never run`."""
    return f"{STATUS_WORDS[row.status] if row.status else 'never run'}{', dropped' if row.is_dropped else ''}"


def _size(report: SweepReport) -> str:
    return "trials without end" if report.size is None else counted(report.size, "trial")


def _head(report: SweepReport) -> Iterator[Line]:
    standing = report.standing if report.standing not in {None, Standing.ACTIVE} else None
    words = (report.search.method, epoch_words(report), standing.value if standing else "")
    title = f" ({visible(clip(report.title))})" if report.title != report.address.partition(".")[2] else ""
    yield line(Segment(visible(report.address), "bold"), f"{title}  {', '.join(filter(None, words))}")
    yield line(trial_counts(report))
    goal = visible(goal_words(report))
    if report.best is None:
        yield line(goal if report.objective is None else f"{goal}: nothing logged yet")
        return
    key = short_keys(row.key for row in report.rows)[report.best.key]
    yield line(f"{goal}: best ", Segment(number(report.best.best), "bold green"), f" by {key}{_point(report)}")


def _point(report: SweepReport) -> str:
    best = report.best
    assert best is not None
    labels = column_labels(report.columns)
    found = ((label, best.value_of(leaf.path)) for label, leaf in zip(labels, report.columns, strict=True))
    said = ", ".join(
        f"{visible(clip(label, 40))} {clip(visible(short_value(value[0])), 40)}" for label, value in found if value
    )
    return f" ({said})" if said else ""


def _table(report: SweepReport, rows: Sequence[TrialRow], now: float, width: int) -> Iterator[Line]:
    keys = short_keys(row.key for row in report.rows)
    first = _column("trial", [keys[row.key] for row in rows])
    last = _results(report, rows, now)
    room = width - sum(column.width + len(_GAP) for column in (first, *last))
    columns: list[_Column] = []
    for label, leaf in zip(column_labels(report.columns), report.columns, strict=True):
        values = [row.value_of(leaf.path) for row in rows]
        column = _parameter(label, values)
        if column.width + len(_GAP) <= room:
            room -= column.width + len(_GAP)
            columns.append(column)
    yield from _rows((first, *columns, *last))
    if len(columns) < len(report.columns):
        left_out = len(report.columns) - len(columns)
        yield line(Segment(f"{counted(left_out, 'parameter')} did not fit: `--format json` has all", "dim"))


def _results(report: SweepReport, rows: Sequence[TrialRow], now: float) -> tuple[_Column, ...]:
    statuses = [Segment(status_words(row), STATUS_STYLES[row.status] if row.status else "dim") for row in rows]
    goal = shorten(visible(report.objective.name), _LONGEST_CELL) if report.objective else ""
    said = (
        _column(goal, [number(row.best) for row in rows], numbers=True),
        _column("last", [number(row.last) for row in rows], numbers=True),
        _column("iterations", [f"{len(row.curve):,}" if row.curve else "" for row in rows], numbers=True),
    ) if report.objective else ()  # fmt: skip
    took = _column("took", [_took(row, now) for row in rows], numbers=True)
    return (*said, _Column((Segment("status", "dim"), *statuses)), took)


def _took(row: TrialRow, now: float) -> str:
    if row.started_at is None:
        return ""
    ended = row.ended_at if row.ended_at is not None else now if row.status is Status.RUNNING else None
    return "" if ended is None else duration(ended - row.started_at)


def _parameter(label: str, values: Sequence[tuple[JSON] | None]) -> _Column:
    are_numbers = all(value is None or _is_number(value[0]) for value in values)
    cells = ["" if value is None else shorten(visible(short_value(value[0])), _LONGEST_CELL) for value in values]
    return _column(shorten(visible(label), _LONGEST_CELL), cells, numbers=are_numbers)


def _is_number(value: JSON) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _column(head: str, cells: Sequence[str], *, numbers: bool = False) -> _Column:
    return _Column((Segment(head, "dim"), *map(Segment, cells)), numbers)


def _rows(columns: Sequence[_Column]) -> Iterator[Line]:
    for cells in zip(*(column.cells for column in columns), strict=True):
        yield line(
            *(
                Segment(f"{cell.text:{'>' if column.is_number else '<'}{column.width}}{_GAP}", cell.style)
                for cell, column in zip(cells, columns, strict=True)
            )
        )
