"""Runs for programs: a contract, see `docs/cli.md`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from launchctl.engine.events import RunLine, Undrawn
from launchctl.values import JSON


def status_document(runs: Sequence[RunLine], undrawn: Sequence[Undrawn] = ()) -> JSON:
    """The document of `status --format json`, with `sweeps` where some have trials left; times are UTC by ISO 8601."""
    document: dict[str, JSON] = {"format_version": "1", "runs": [_run(run) for run in runs]}
    if undrawn:
        document["sweeps"] = [
            {"address": left.address, "trials_left": left.trials, "waiting_for": left.reason or None}
            for left in undrawn
        ]
    return document


def moment(seconds: float | None) -> str | None:
    """`2026-11-21T08:07:00Z`."""
    if seconds is None:
        return None
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _run(run: RunLine) -> JSON:
    return {
        "address": run.address,
        "generation": run.generation,
        "attempt": run.attempt,
        "run_id": run.run_id,
        "status": run.status.value,
        "since": moment(run.since),
        "waiting_for": run.waiting_for or None,
        "exit_code": run.exit_code,
        "queue": run.queue,
        "message": run.message,
        "started_at": moment(run.started_at),
        "ended_at": moment(run.ended_at),
    }
