"""A plan: what apply would do to each address, and why. Immutable, and complete for a reader."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from launchctl.addresses import matches, parse_address
from launchctl.compiler.program import FieldClass
from launchctl.diagnostics import Span
from launchctl.status import Status
from launchctl.values import JSON


class Action(StrEnum):
    """What apply does with an address; also the keys of a plan's summary, in this order."""

    START = "start"
    RETRY = "retry"
    UPDATE = "update"
    RECORD = "record"
    CANCEL = "cancel"
    ADOPT = "adopt"
    FORGET = "forget"
    BUILD = "build"
    BLOCKED = "blocked"
    HELD = "held"
    WAITING = "waiting"
    NO_OP = "no-op"

    @property
    def decides(self) -> bool:
        """Whether apply would decide something: held and waiting are no changes."""
        return self not in _IDLE


_IDLE = frozenset({Action.BLOCKED, Action.HELD, Action.WAITING, Action.NO_OP})


class Reason(StrEnum):
    """Why: a closed list."""

    NEVER_RUN = "never_run"
    INTENT_CHANGED = "intent_changed"
    PLACEMENT_CHANGED = "placement_changed"
    METADATA_CHANGED = "metadata_changed"
    REQUESTED = "requested"
    RETRY = "retry"
    PREEMPTED = "preempted"
    UPSTREAM = "upstream"
    EPOCH_CHANGED = "epoch_changed"
    REMOVED = "removed"
    RENAMED = "renamed"
    RECOVERED = "recovered"
    ADOPTED = "adopted"
    FAILED = "failed"
    TIMED_OUT = "timed_out"
    CANCELLED = "cancelled"
    LOST = "lost"
    IMAGE_MISSING = "image_missing"


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field of the canonical specification that differs from what was last accepted."""

    path: str
    """`image`, `args[1]`, `env.MODE`, `config.gpus`, `queue`, …"""
    field_class: FieldClass
    old: JSON
    """None where the field is new."""
    new: JSON
    """None where the field is gone."""
    span: Span | None = None
    """Where the new value is written."""


@dataclass(frozen=True, slots=True)
class TrialCounts:
    """How the trials of a sweep stand in a plan, by the sweep's current space."""

    size: int | None
    """All that the search has, `run_cap` counted in; None where it is without end."""
    start: int = 0
    """Accepted with this plan: new points, or all of a new epoch."""
    waiting: int = 0
    """Accepted before and not started yet."""
    running: int = 0
    finished: int = 0
    """Succeeded or pruned."""
    held: int = 0
    """Failed, cancelled or lost, and not followed by another attempt; of a cancelled sweep also what was not drawn."""
    dropped: int = 0
    """Gone from the space, or of an epoch or a sweep that does not go on."""


@dataclass(frozen=True, slots=True)
class Change:
    """What apply does with one address, or why it does nothing."""

    address: str
    action: Action
    reason: Reason | None
    """None where nothing changed and nothing is held."""
    generation: int = 0
    attempt: int = 0
    run_id: str = ""
    status: Status | None = None
    """Where the latest attempt stands, as observed; None where nothing ever ran."""
    changes: tuple[FieldChange, ...] = ()
    message: str = ""
    """One sentence for the reader: what it waits for, why it is blocked, what is held."""
    options: tuple[str, ...] = ()
    """The ways out of a blocked or held change, easiest first: commands or lines to add."""
    affects: tuple[str, ...] = ()
    """For a queue's or agent's edit: the addresses that it touches."""
    span: Span | None = None
    """Where the address is declared."""
    trials: TrialCounts | None = None
    """For a sweep; its generation is its epoch."""
    digest: str = ""
    """For a sweep: of the space and of what its trials share, so that a saved plan starts exactly what it showed."""


@dataclass(frozen=True, slots=True)
class Override:
    """What the command line allowed for once; recorded in a saved plan."""

    rerun: tuple[str, ...] = ()
    """Address patterns."""
    retry_failed: bool = False
    allow_cancel: tuple[str, ...] = ()
    allow_supersede: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """Every address of the project and of the state, with what apply would do."""

    project: str
    entity: str
    workspace: str
    lineage: str
    """Minted by the first plan; the state is created with it."""
    serial: int
    """Serial of the state that was read; 0 where there is none yet."""
    changes: tuple[Change, ...]
    override: Override = field(default_factory=Override)
    refreshed: bool = True

    @property
    def summary(self) -> Mapping[str, int]:
        """How many changes of each action, of a sweep its trials; actions that do not occur are left out."""
        counted = Counter[Action]()
        for change in self.changes:
            counted += _counted(change)
        return {action.value: counted[action] for action in Action if counted[action]}

    @property
    def starts(self) -> int:
        """How many attempts are accepted with this plan."""
        return self.summary.get(Action.START.value, 0) + self.summary.get(Action.RETRY.value, 0)

    @property
    def is_empty(self) -> bool:
        """Whether apply would decide nothing."""
        return not any(change.action.decides for change in self.changes)

    @property
    def is_blocked(self) -> bool:
        """Whether something needs a person's decision."""
        return any(change.action is Action.BLOCKED for change in self.changes)


def _counted(change: Change) -> Counter[Action]:
    """What a change adds to the summary: a sweep counts by its trials, what happens to a trial by its own change."""
    trials = change.trials
    if trials is None or change.action is Action.FORGET:
        return Counter({change.action: 1})
    counted = Counter({Action.WAITING: trials.waiting, Action.NO_OP: trials.finished + trials.running})
    if change.action is Action.START:
        counted[Action.START] = trials.start
    elif change.action is not Action.NO_OP and (change.action not in counted or not any(counted.values())):
        counted[change.action] += 1
    return counted


def fits(address: str, patterns: tuple[str, ...]) -> bool:
    """Whether an address is meant by one of the patterns of a command line."""
    found = parse_address(address) if patterns else None
    return found is not None and any(matches(found, pattern) for pattern in patterns)


def allowed(address: str, patterns: tuple[str, ...]) -> bool:
    """Whether something was allowed of an address, or of the sweep that it is a trial of."""
    return fits(address, patterns) or ("[" in address and fits(address.partition("[")[0], patterns))
