"""A plan for programs: a contract, see `docs/cli.md`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING

from launchctl.engine.plan import Action, Change, Plan
from launchctl.engine.planfile import change_to_json, plan_to_json
from launchctl.values import JSON

if TYPE_CHECKING:
    from launchctl.cli.views.plan_sweeps import Outlines
    from launchctl.engine.sweep.outline import SweepOutline


def plan_document(plan: Plan, outlines: Outlines | None = None) -> JSON:
    """The document of `plan --format json`; every action has its count, zero too.

    Behind a sweep stand those of its trials that were asked for.
    """
    shown = (change for change in plan.changes if change.action is not Action.NO_OP)
    changes = (entry for change in shown for entry in _entries(change, (outlines or {}).get(change.address)))
    return {
        **plan_to_json(plan),
        "summary": {action.value: plan.summary.get(action.value, 0) for action in Action},
        "changes": list(changes),
    }


def _entries(change: Change, outline: SweepOutline | None) -> Iterator[JSON]:
    body: dict[str, JSON] = dict(change_to_json(change))
    if change.trials is not None:
        body["trials"] = asdict(change.trials)
    if outline is not None:
        body["factors"] = [
            {
                "name": found.name,
                "count": found.count,
                "distribution": found.distribution.value,
                "inferred": found.is_inferred,
                "zipped": list(found.zipped),
            }
            for found in outline.factors
        ]
        body["limits"] = list(outline.limits)
    yield body
    if outline is not None:
        yield from _trials(change, outline)


def _trials(change: Change, outline: SweepOutline) -> Iterator[JSON]:
    """Trials that would start, as far as they are listed; their run ids are known once they are drawn."""
    for trial in outline.trials:
        yield {
            "address": f"{change.address}[{trial.key}]",
            "generation": change.generation,
            "attempt": 1,
            "run_id": "",
            "action": Action.START.value,
            "reason": change.reason.value if change.reason else None,
            "status": None,
            "changes": [],
            "values": trial.values,
        }
