"""A plan with every action and every reason, as the views show it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from launchctl.compiler.program import FieldClass
from launchctl.diagnostics import Span
from launchctl.engine.plan import Action, Change, FieldChange, Plan, Reason
from launchctl.status import Status

EXPECTED = Path(__file__).parent / "expected"


def at(line: int, column: int) -> Span:
    """A place in the project file."""
    return Span("project.yaml", line, column, line, column + 4)


CHANGES = (
    Change(
        "queues.gpu",
        Action.UPDATE,
        Reason.PLACEMENT_CHANGED,
        changes=(FieldChange("config.shm-size", FieldClass.PLACEMENT, "1g", "2g", at(8, 18)),),
        affects=("runs.baseline", "runs.large"),
        span=at(6, 3),
    ),
    Change(
        "runs.baseline",
        Action.BLOCKED,
        Reason.INTENT_CHANGED,
        generation=2,
        attempt=1,
        run_id="runs-baseline-0123456789",
        status=Status.RUNNING,
        changes=(
            FieldChange("image", FieldClass.INTENT, "registry.example.com/churn:v1", "registry.example.com/churn:v2"),
            FieldChange("inputs.learning_rate", FieldClass.INTENT, 0.01, 0.003, at(71, 12)),
        ),
        message="it is running, and its experiment was edited",
        options=(
            "launchctl apply --allow supersede=runs.baseline",
            "launchctl apply --allow cancel=runs.baseline",
        ),
        span=at(70, 3),
    ),
    Change(
        "runs.renamed", Action.BLOCKED, Reason.NEVER_RUN, message="runs.old ran this very experiment", options=("x",)
    ),
    Change("runs.first", Action.START, Reason.NEVER_RUN, 1, 1, "runs-first-1", span=at(20, 3)),
    Change(
        "runs.edited",
        Action.START,
        Reason.INTENT_CHANGED,
        generation=3,
        attempt=1,
        run_id="runs-edited-3",
        status=Status.SUCCEEDED,
        changes=(
            FieldChange("args[1]", FieldClass.INTENT, None, "--fast", at(31, 9)),
            FieldChange("env.MODE", FieldClass.INTENT, "a", None),
        ),
    ),
    Change("runs.asked", Action.START, Reason.REQUESTED, 2, 1, "runs-asked-2", Status.SUCCEEDED, message="--rerun"),
    Change("runs.below", Action.START, Reason.UPSTREAM, 2, 1, "runs-below-2", Status.SUCCEEDED),
    Change("runs.epoch", Action.START, Reason.EPOCH_CHANGED, 1, 1, "runs-epoch-1"),
    Change("runs.crashed", Action.START, Reason.RECOVERED, 1, 1, "runs-crashed-1", Status.INTENT),
    Change("runs.again", Action.RETRY, Reason.RETRY, 1, 2, "runs-again-2", Status.FAILED),
    Change("runs.spot", Action.RETRY, Reason.PREEMPTED, 1, 3, "runs-spot-3", Status.PREEMPTED),
    Change("runs.label", Action.UPDATE, Reason.METADATA_CHANGED, 1, 1, "runs-label-1", Status.RUNNING),
    Change("runs.moved", Action.RECORD, Reason.RENAMED, 1, 1, "runs-moved-1", Status.SUCCEEDED),
    Change("runs.gone", Action.CANCEL, Reason.REMOVED, 1, 1, "runs-gone-1", Status.RUNNING),
    Change("runs.found", Action.ADOPT, Reason.ADOPTED, 1, 1, "runs-found-1", Status.RUNNING),
    Change("runs.over", Action.FORGET, Reason.REMOVED, 1, 1, "runs-over-1", Status.SUCCEEDED),
    Change("jobs.train", Action.BUILD, Reason.IMAGE_MISSING),
    Change("runs.broken", Action.HELD, Reason.FAILED, 1, 1, "runs-broken-1", Status.FAILED, message="exit code 3"),
    Change("runs.slow", Action.HELD, Reason.TIMED_OUT, 1, 1, "runs-slow-1", Status.TIMED_OUT),
    Change("runs.stopped", Action.HELD, Reason.CANCELLED, 1, 1, "runs-stopped-1", Status.CANCELLED),
    Change("runs.unknown", Action.HELD, Reason.LOST, 1, 1, "runs-unknown-1", Status.LOST),
    Change("runs.later", Action.WAITING, None, 1, 1, "runs-later-1", Status.PENDING, message="waits for runs.first"),
    Change("runs.done", Action.NO_OP, None, 1, 1, "runs-done-1", Status.SUCCEEDED),
    Change("runs.done2", Action.NO_OP, None, 1, 1, "runs-done2-1", Status.SUCCEEDED),
)


def plan_of(*changes: Change, refreshed: bool = True) -> Plan:
    """A plan of these changes."""
    return Plan(
        project="churn",
        entity="acme",
        workspace="default",
        lineage="11111111-2222-4333-8444-555555555555",
        serial=12,
        changes=changes,
        refreshed=refreshed,
    )


@pytest.fixture
def make_plan() -> Callable[..., Plan]:
    """Makes a plan of changes."""
    return plan_of


@pytest.fixture
def every_change() -> Plan:
    """A plan with every action and every reason."""
    return plan_of(*CHANGES)


@pytest.fixture
def is_expected(update: bool) -> Callable[[str, str], bool]:
    """Compares a text with the file of expectations of that name, or with `--update` writes it."""

    def compare(name: str, text: str) -> bool:
        path = EXPECTED / name
        if update:
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return path.read_text(encoding="utf-8") == text

    return compare
