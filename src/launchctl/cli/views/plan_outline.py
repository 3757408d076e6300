"""The words and the order of a plan that its text, markdown and page share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from launchctl.cli.views.text import counted
from launchctl.engine.plan import Action, Change, FieldChange, Plan, Reason

SYMBOLS: Mapping[Action, str] = {
    Action.START: ">",
    Action.RETRY: "^",
    Action.UPDATE: "~",
    Action.RECORD: ".",
    Action.CANCEL: "-",
    Action.ADOPT: "+",
    Action.FORGET: "-",
    Action.BUILD: "+",
    Action.BLOCKED: "!",
    Action.HELD: "h",
    Action.WAITING: "w",
    Action.NO_OP: " ",
}
STYLES: Mapping[Action, str] = {
    Action.START: "green",
    Action.RETRY: "green",
    Action.UPDATE: "yellow",
    Action.CANCEL: "red",
    Action.ADOPT: "green",
    Action.BUILD: "green",
    Action.BLOCKED: "bold red",
    Action.HELD: "magenta",
    Action.WAITING: "cyan",
}
_VERBS: Mapping[Action, str] = {
    Action.UPDATE: "update in place",
    Action.RECORD: "record",
    Action.CANCEL: "cancel",
    Action.ADOPT: "adopt",
    Action.FORGET: "forget",
    Action.BUILD: "build the image",
    Action.BLOCKED: "blocked",
    Action.HELD: "held",
    Action.WAITING: "waiting",
    Action.NO_OP: "unchanged",
}
REASONS: Mapping[Reason, str] = {
    Reason.NEVER_RUN: "never run",
    Reason.INTENT_CHANGED: "another experiment",
    Reason.PLACEMENT_CHANGED: "the same experiment elsewhere",
    Reason.METADATA_CHANGED: "metadata changed",
    Reason.REQUESTED: "asked for",
    Reason.RETRY: "allowed by its retry policy",
    Reason.PREEMPTED: "preempted",
    Reason.UPSTREAM: "what it depends on runs again",
    Reason.EPOCH_CHANGED: "a new epoch of its sweep",
    Reason.REMOVED: "no longer in the project",
    Reason.RENAMED: "renamed",
    Reason.RECOVERED: "left over by a crash",
    Reason.ADOPTED: "found at its target",
    Reason.FAILED: "failed",
    Reason.TIMED_OUT: "timed out",
    Reason.CANCELLED: "cancelled",
    Reason.LOST: "lost",
    Reason.IMAGE_MISSING: "its image is missing",
}
_EDITED = frozenset({Reason.INTENT_CHANGED, Reason.PLACEMENT_CHANGED, Reason.METADATA_CHANGED})
_CONFIGURATION = ("queues.", "agents.")
_COUNTS: Mapping[Action, str] = {
    Action.START: "to start",
    Action.RETRY: "to retry",
    Action.UPDATE: "to update",
    Action.RECORD: "to record",
    Action.CANCEL: "to cancel",
    Action.ADOPT: "to adopt",
    Action.FORGET: "to forget",
    Action.BUILD: "to build",
    Action.BLOCKED: "blocked",
    Action.HELD: "held",
    Action.WAITING: "waiting",
    Action.NO_OP: "unchanged",
}


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a plan under one title."""

    title: str
    changes: tuple[Change, ...]


def sections(plan: Plan) -> tuple[Section, ...]:
    """What needs a decision, what will happen, what is held, what waits; empty parts are left out."""
    parts = (
        ("Needs a decision", _of(plan, lambda action: action is Action.BLOCKED)),
        ("Will happen", _of(plan, lambda action: action.decides)),
        ("Held: not started again by itself", _of(plan, lambda action: action is Action.HELD)),
        ("Waiting: decided already", _of(plan, lambda action: action is Action.WAITING)),
    )
    return tuple(Section(title, changes) for title, changes in parts if changes)


def _of(plan: Plan, belongs: Callable[[Action], bool]) -> tuple[Change, ...]:
    return tuple(change for change in plan.changes if belongs(change.action))


def verb(change: Change) -> str:
    """What is done, in words: `start generation 2`."""
    match change.action:
        case Action.START:
            return f"start generation {change.generation}" if change.generation > 1 else "start"
        case Action.RETRY:
            return f"start attempt {change.attempt}"
        case action:
            return _VERBS[action]


def why(change: Change) -> str:
    """The reason, in words; empty where there is none."""
    if change.address.startswith(_CONFIGURATION) and change.reason in _EDITED:
        return "its configuration changed"
    return REASONS[change.reason] if change.reason else ""


def touching(change: Change) -> str:
    """What an edit does with the addresses that it affects."""
    return "touches" if change.trials is None else "leave the search:"


def place(change: Change | FieldChange) -> str:
    """`project.yaml:71:12`, or empty."""
    return str(change.span) if change.span else ""


def counts(plan: Plan) -> str:
    """`3 to start, 1 blocked, 7 unchanged`."""
    summary = plan.summary
    return ", ".join(f"{summary[action.value]:,} {_COUNTS[action]}" for action in Action if action.value in summary)


def summary_line(plan: Plan) -> str:
    """The last line: how many of each, or in one sentence that nothing is to be done."""
    if not plan.changes:
        named = plan.override.targets or plan.override.rerun
        return f"Nothing to do: {'all is as it was asked for' if named else 'the project has no runs'}"
    if not plan.is_empty or plan.is_blocked:
        return f"Plan: {counts(plan)}"
    if plan.summary.keys() <= {Action.NO_OP.value}:
        return f"Nothing to do: {_unchanged(plan)}" if plan.summary else "Nothing to do"
    return f"Nothing to do: {counts(plan)}"


def _unchanged(plan: Plan) -> str:
    """`2 runs and 12 trials are as the project wants them`."""
    total = plan.summary[Action.NO_OP.value]
    runs = sum(change.trials is None and "[" not in change.address for change in plan.changes)
    found = ((runs, "run"), (total - runs, "trial"))
    said = " and ".join(counted(number, word) for number, word in found if number)
    return f"{said} {'is as the project wants it' if total == 1 else 'are as the project wants them'}"
