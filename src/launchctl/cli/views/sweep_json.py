"""A sweep for programs: a contract, see `docs/cli.md`."""

from __future__ import annotations

from launchctl.cli.views.status_json import moment
from launchctl.engine.sweep.report import SweepReport, TrialRow, remarks
from launchctl.status import Status
from launchctl.values import JSON

_EXACT = 2**53
"""Up to here a floating-point number tells all whole ones apart."""


def sweep_document(report: SweepReport) -> JSON:
    """The document of `sweep show --format json`; times are UTC by ISO 8601, trials are in the report's order."""
    objective = report.objective
    return {
        "format_version": "1",
        "sweep": report.address,
        "title": report.title,
        "standing": report.standing.value if report.standing else None,
        "epoch": report.epoch,
        "latest_epoch": report.latest_epoch,
        "method": report.search.method,
        "objective": None
        if objective is None
        else {"name": objective.name, "goal": objective.goal, "target": objective.target},
        "parameters": [list(leaf.path) for leaf in report.columns],
        "counts": {
            "size": report.size,
            "drawn": report.drawn,
            "undrawn": report.undrawn,
            "dropped": report.dropped,
            **{status.value: report.statuses.get(status, 0) for status in Status},
        },
        "best": report.best.address if report.best else None,
        "remarks": list(remarks(report)),
        "trials": [_trial(row) for row in report.rows],
    }


def plain_number(value: float | None) -> JSON:
    """A metric's value: a whole one as an integer, which 2 is in the job's line and in every table."""
    return int(value) if value is not None and value.is_integer() and abs(value) < _EXACT else value


def _trial(row: TrialRow) -> JSON:
    return {
        "address": row.address,
        "key": row.key,
        "index": row.index,
        "repeat": row.repeat,
        "attempt": row.attempt,
        "run_id": row.run_id or None,
        "status": row.status.value if row.status else None,
        "dropped": row.is_dropped,
        "values": row.values,
        "metric": {
            "best": plain_number(row.best),
            "last": plain_number(row.last),
            "iterations": len(row.curve),
        },
        "metrics": {name: plain_number(value) for name, value in row.metrics.items()},
        "started_at": moment(row.started_at),
        "ended_at": moment(row.ended_at),
    }
