"""A plan for programs: a contract, see `docs/cli.md`."""

from __future__ import annotations

from launchctl.engine.plan import Action, Plan
from launchctl.engine.planfile import plan_to_json
from launchctl.values import JSON


def plan_document(plan: Plan) -> JSON:
    """The document of `plan --format json`; every action has its count, zero too."""
    return {
        **plan_to_json(plan),
        "summary": {action.value: plan.summary.get(action.value, 0) for action in Action},
    }
