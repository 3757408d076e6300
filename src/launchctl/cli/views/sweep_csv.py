"""A sweep for a spreadsheet: a line a trial, a column a parameter, and no cell that a spreadsheet would execute."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from launchctl.cli.views.status_json import moment
from launchctl.cli.views.sweep_json import plain_number
from launchctl.compiler.sweep.space import Leaf
from launchctl.engine.sweep.report import SweepReport, TrialRow, column_labels
from launchctl.values import JSON, canonical

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
"""What a spreadsheet takes for the beginning of a formula."""
_FIRST = ("address", "key", "index", "repeat", "attempt", "run_id", "status", "dropped")
_METRIC = ("metric.best", "metric.last", "metric.iterations")
_TIMES = ("started_at", "ended_at")


def sweep_csv(report: SweepReport) -> str:
    """The whole table, in the report's order; constants have a column too."""
    leaves = report.search.space.leaves
    names = sorted({name for row in report.rows for name in row.metrics})
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    parameters = (f"parameters.{label}" for label in column_labels(leaves))
    writer.writerow([*_FIRST, *parameters, *_METRIC, *(f"metrics.{name}" for name in names), *_TIMES])
    for row in report.rows:
        writer.writerow(_cells(row, leaves, names))
    return stream.getvalue()


def _cells(row: TrialRow, leaves: tuple[Leaf, ...], names: list[str]) -> Iterator[str]:
    yield from (row.address, row.key, str(row.index), str(row.repeat), str(row.attempt or ""), row.run_id)
    yield row.status.value if row.status else ""
    yield "true" if row.is_dropped else "false"
    for leaf in leaves:
        found = row.value_of(leaf.path)
        yield _cell(found[0]) if found else ""
    yield from (_number(row.best), _number(row.last), str(len(row.curve)))
    yield from (_number(row.metrics.get(name)) for name in names)
    yield from (moment(time) or "" for time in (row.started_at, row.ended_at))


def _cell(value: JSON) -> str:
    """A number as it is; a text that a spreadsheet would execute behind an apostrophe, which marks it as text."""
    if not isinstance(value, str):
        return canonical(value)
    return f"'{value}" if value.startswith(_FORMULA) else value


def _number(value: float | None) -> str:
    return "" if value is None else canonical(plain_number(value))
