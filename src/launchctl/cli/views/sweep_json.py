"""A sweep for programs: a contract, see `docs/cli.md`."""

from __future__ import annotations

from launchctl.cli.views.status_json import moment
from launchctl.engine.sweep_report import SweepReport, TrialRow
from launchctl.status import Status
from launchctl.values import JSON


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
        "trials": [_trial(row) for row in report.rows],
    }


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
        "metric": {"best": row.best, "last": row.last, "iterations": len(row.curve)},
        "metrics": row.metrics,
        "started_at": moment(row.started_at),
        "ended_at": moment(row.ended_at),
    }
