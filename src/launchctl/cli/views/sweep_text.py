"""A sweep for a person at a terminal: a few lines of summary, and a table of its trials that fits the width."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from launchctl.cli.views.status_text import STATUS_STYLES, STATUS_WORDS, counts
from launchctl.cli.views.text import Line, Segment, clip, counted, duration, line, shorten, visible
from launchctl.engine.abbreviation import short_keys
from launchctl.engine.sweep.report import SweepReport, TrialRow, column_labels, remarks
from launchctl.state.model import Standing
from launchctl.status import Status
from launchctl.values import JSON, canonical

_LONGEST_CELL = 20
_FEWEST_VALUES = 2
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
    yield from _head(report, shown, width)
    yield from (line(Segment(visible(remark), "yellow")) for remark in remarks(report))
    if shown:
        yield ()
        yield from _table(report, shown, now, width)
    left = _left_out(report, len(shown))
    if left:
        way = "chosen as results come in" if _is_chosen_later(report) else "`--limit 0` shows all"
        yield line(Segment(f"... and {left:,} more ({way})", "dim"))


def _left_out(report: SweepReport, shown: int) -> int:
    """How many trials are not shown; of a sweep that was never applied the report has only the first."""
    total = report.size if report.standing is None and report.size is not None else len(report.rows)
    return max(total, len(report.rows)) - shown


def _is_chosen_later(report: SweepReport) -> bool:
    return report.standing is None and report.search.method == "bayes"


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
    if report.is_earlier:
        return f"what epoch {report.epoch} optimised is not on record, and so not which of its trials is the best"
    if objective is None:
        return "no metric"
    target = "" if objective.target is None else f", target {number(objective.target)}"
    return f"{objective.goal} {objective.name}{target}"


def best_words(report: SweepReport) -> str:
    """`best accuracy 0.9667 by [4]`; nothing where there is no best trial."""
    if report.best is None or report.objective is None:
        return ""
    key = short_keys(row.key for row in report.rows)[report.best.key]
    return f"best {visible(clip(report.objective.name, 40))} {number(report.best.best)} by [{key}]"


def status_words(row: TrialRow) -> str:
    """`succeeded`, `succeeded, dropped`, `never run`."""
    return f"{STATUS_WORDS[row.status] if row.status else 'never run'}{', dropped' if row.is_dropped else ''}"


def _size(report: SweepReport) -> str:
    return "trials without end" if report.size is None else counted(report.size, "trial")


def _head(report: SweepReport, shown: Sequence[TrialRow], width: int) -> Iterator[Line]:
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
    start, best = f"{goal}: best ", number(report.best.best)
    by = f" by {key}"
    point = _point(report, report.best, shown, width - len(start) - len(best) - len(by))
    yield line(start, Segment(best, "bold green"), by, point)


def _point(report: SweepReport, best: TrialRow, shown: Sequence[TrialRow], room: int) -> str:
    """The values of the best trial, those first that vary most, as many as there is room for and two at least."""
    labels = column_labels(report.columns)
    said: list[str] = []
    for place in _varied(report, shown):
        value = best.value_of(report.columns[place].path)
        if value:
            said.append(f"{visible(clip(labels[place], 40))} {clip(visible(short_value(value[0])), 40)}")
    kept = len(said)
    while kept > _FEWEST_VALUES and len(_listed(said, kept)) > room:
        kept -= 1
    return _listed(said, kept)


def _listed(said: Sequence[str], kept: int) -> str:
    more = f" and {len(said) - kept:,} more" if kept < len(said) else ""
    return f" ({', '.join(said[:kept])}{more})" if said else ""


def _varied(report: SweepReport, rows: Sequence[TrialRow]) -> Sequence[int]:
    """The places of the parameters, those first that have the most values among some trials."""
    return sorted(range(len(report.columns)), key=lambda place: -_spread(report, rows, place))


def _spread(report: SweepReport, rows: Sequence[TrialRow], place: int) -> int:
    """How many values a parameter has among some trials; that it does not exist is one of them."""
    path = report.columns[place].path
    return len({canonical(value[0]) if (value := row.value_of(path)) else "" for row in rows})


def _table(report: SweepReport, rows: Sequence[TrialRow], now: float, width: int) -> Iterator[Line]:
    keys = short_keys(row.key for row in report.rows)
    first = _column("trial", [keys[row.key] for row in rows])
    last = _results(report, rows, now)
    room = width - sum(column.width + len(_GAP) for column in (first, *last))
    columns: dict[int, _Column] = {}
    labels = column_labels(report.columns)
    for place in _varied(report, rows):
        column = _parameter(labels[place], [row.value_of(report.columns[place].path) for row in rows])
        if column.width + len(_GAP) <= room:
            room -= column.width + len(_GAP)
            columns[place] = column
    order = sorted(columns, key=lambda place: (_spread(report, rows, place) == 1 < len(rows), place))
    yield from _rows((first, *(columns[place] for place in order), *last))
    if len(columns) < len(report.columns):
        left_out = len(report.columns) - len(columns)
        yield line(Segment(f"{counted(left_out, 'parameter')} did not fit: `--format json` has all", "dim"))


def _results(report: SweepReport, rows: Sequence[TrialRow], now: float) -> tuple[_Column, ...]:
    statuses = [Segment(status_words(row), STATUS_STYLES[row.status] if row.status else "dim") for row in rows]
    goal = shorten(visible(report.objective.name), _LONGEST_CELL) if report.objective else ""
    best = (_column(goal, [number(row.best) for row in rows], numbers=True),) if report.objective else ()
    said = (
        _column("last", [number(row.last) for row in rows], numbers=True),
        _column("iterations", [f"{len(row.curve):,}" if row.curve else "" for row in rows], numbers=True),
    ) if report.objective or report.is_earlier else ()  # fmt: skip
    took = _column("took", [_took(row, now) for row in rows], numbers=True)
    return (*best, *said, _Column((Segment("status", "dim"), *statuses)), took)


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
