"""What happens during an apply, as a stream of immutable events: the only thing a view sees.

An event is sent after its step is durable, so that the stream is also the list of step
boundaries at which a crash must be harmless. Named tuples, since a command pays for the making
of each class that it loads, and a data class costs eight times as much.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from launchctl.status import Status


class StateCreated(NamedTuple):
    """The first apply made a state."""

    url: str


class LeaseTakenOver(NamedTuple):
    """An expired lease was taken from its owner."""

    owner: str


class Decided(NamedTuple):
    """The plan is accepted and recorded; from here on any apply or agent carries it out."""

    serial: int
    starts: int


class Claimed(NamedTuple):
    """The intent to start these attempts is recorded: reference and run id."""

    attempts: tuple[tuple[str, str], ...]


class Created(NamedTuple):
    """The provider said that it has the object; not yet recorded."""

    reference: str
    run_id: str


class StatusChanged(NamedTuple):
    """An attempt's new status is recorded."""

    reference: str
    run_id: str
    old: Status
    new: Status
    exit_code: int | None = None
    message: str = ""
    started_at: float | None = None
    ended_at: float | None = None


class Retrying(NamedTuple):
    """A recorded retry policy appended the next attempt."""

    reference: str
    run_id: str
    cause: str
    not_before: float


class CancelSent(NamedTuple):
    """The provider was asked to stop an attempt."""

    reference: str
    run_id: str


class Drawn(NamedTuple):
    """Trials were drawn from a sweep and wait to be started: its address, its epoch, their run ids."""

    address: str
    epoch: int
    run_ids: tuple[str, ...]


class Pruning(NamedTuple):
    """A sweep's rule asks for the end of a trial, which is on record; why, in words."""

    reference: str
    run_id: str
    reason: str


class Measured(NamedTuple):
    """What trials said of their metrics is recorded: their run ids."""

    run_ids: tuple[str, ...]


class Trouble(NamedTuple):
    """Something went wrong that did not stop the apply: what was tried, and the remote's own words."""

    reference: str
    message: str


class Warned(NamedTuple):
    """Something that a person should look into, though nothing went wrong: what it is about, and a sentence."""

    reference: str
    message: str


class Undrawn(NamedTuple):
    """Trials of a sweep that wait, however many: all that are left to draw, and those drawn that have no place."""

    address: str
    trials: int
    reason: str
    """What they wait for; nothing where the next drain starts some."""


class Waiting(NamedTuple):
    """Which pending attempts wait, and for what; sent when it changes."""

    reasons: Mapping[str, str]
    """Reference to the reason."""
    sweeps: tuple[Undrawn, ...] = ()
    """One of each sweep that has trials left."""


Event: TypeAlias = (
    StateCreated
    | LeaseTakenOver
    | Decided
    | Claimed
    | Created
    | StatusChanged
    | Retrying
    | CancelSent
    | Drawn
    | Measured
    | Pruning
    | Trouble
    | Waiting
    | Warned
)
Sink: TypeAlias = Callable[[Event], None]


@dataclass(frozen=True, slots=True)
class RunLine:
    """One run as a report or `status` lists it."""

    address: str
    generation: int
    attempt: int
    run_id: str
    status: Status
    since: float
    waiting_for: str = ""
    exit_code: int | None = None
    message: str = ""
    queue: str = ""
    started_at: float | None = None
    ended_at: float | None = None


class Overview(NamedTuple):
    """How a project does."""

    runs: tuple[RunLine, ...]
    undrawn: tuple[Undrawn, ...]
    """What sweeps have left."""


@dataclass(frozen=True, slots=True)
class Report:
    """How an apply ended."""

    runs: tuple[RunLine, ...]
    """The runs that this apply started or waited for, and those still pending."""
    errors: tuple[str, ...] = ()
    """What could not be done, one line an address."""
    interrupted: bool = False
    failed: tuple[str, ...] = ()
    """Addresses that this apply waited for and that did not succeed."""
    blocked: int = 0
    undrawn: tuple[Undrawn, ...] = ()
    """What sweeps have left."""
    warnings: tuple[str, ...] = ()
    """What a person should look into, a line each."""
