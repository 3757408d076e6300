"""Records of the state: immutable, and meaningful without the project that made them.

A *run* (one address) has generations, a generation has attempts, an attempt is one object at
a provider. Generations and attempts are append-only; a terminal attempt never changes again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from launchctl.status import Cause, Status
from launchctl.values import JSON


class Standing(StrEnum):
    """Whether an address is still ours to look after."""

    ACTIVE = "active"
    FORGOTTEN = "forgotten"
    """Gone from the project; its history stays."""
    DETACHED = "detached"
    """Runs on, no longer observed."""


@dataclass(frozen=True, slots=True)
class Form:
    """A canonical specification and its fingerprints, by one version of the rules."""

    version: int
    canonical: str
    """Canonical JSON of the specification, read for a field-by-field diff alone."""
    intent: str
    placement: str
    metadata: str

    @property
    def hashes(self) -> tuple[str, str, str]:
        """Intent, placement, metadata."""
        return (self.intent, self.placement, self.metadata)


@dataclass(frozen=True, slots=True)
class Policy:
    """What a drain must know of a run, so that it never needs the project's text."""

    queue: str
    resource: str
    priority: int = 2
    depends_on: tuple[str, ...] = ()
    """Addresses whose latest generation must have succeeded."""
    retry_max: int = 0
    retry_on: tuple[str, ...] = ()
    backoff: float = 0.0
    timeout: float | None = None
    """Seconds, from the start of the attempt."""


@dataclass(frozen=True, slots=True)
class GenerationRecord:
    """One experiment: these inputs, on that queue."""

    address: str
    number: int
    form: Form
    policy: Policy
    run_id: str
    """Id of its first attempt, which `WANDB_RUN_ID` carries in every attempt."""
    reason: str
    serial: int
    """Serial of the decision that made it."""
    decided_at: float
    upstream: Mapping[str, int] = field(default_factory=dict[str, int])
    """Generation of each `rerun` dependency when this one was decided."""


@dataclass(frozen=True, slots=True)
class Claim:
    """Who may start an attempt: owner, expiry in seconds since the epoch, fencing number."""

    owner: str
    expires_at: float
    fence: int


@dataclass(frozen=True, slots=True)
class AttemptRecord:
    """One object at a provider, from the decision to its end."""

    address: str
    generation: int
    number: int
    run_id: str
    status: Status
    manifest: str = ""
    """Canonical JSON of `{"body": …, "deferred": …, "labels": …, "secrets": …}`; no secret's value."""
    sequence: int = 0
    """Order of decisions: first in, first out within a priority."""
    not_before: float = 0.0
    handle: Mapping[str, JSON] = field(default_factory=dict[str, JSON])
    exit_code: int | None = None
    cause: Cause | None = None
    message: str = ""
    since: float = 0.0
    """When the status was entered, seconds since the epoch."""
    started_at: float | None = None
    ended_at: float | None = None
    cancel_requested: bool = False
    is_released: bool = True
    """False while something was held back (`--rm`) that the provider must still carry out."""
    claim: Claim | None = None

    @property
    def key(self) -> tuple[str, int, int]:
        """Address, generation and attempt number."""
        return (self.address, self.generation, self.number)


@dataclass(frozen=True, slots=True)
class RunRecord:
    """An address: its standing, what was last accepted for it, and its latest generation."""

    address: str
    standing: Standing
    acknowledged: Form
    """The last desired form that an apply accepted."""
    protect: bool
    generation: int
    """Number of the latest generation; 0 before the first."""
    starts: Mapping[str, int] = field(default_factory=dict[str, int])
    """Intent fingerprint to how many attempts of it were ever decided under this address."""
    on_remove: str = "block"
    """What `lifecycle.on_remove` said last, for when the block is gone: block, detach or cancel."""


@dataclass(frozen=True, slots=True)
class ConfigRecord:
    """A queue or an agent as it was last accepted."""

    address: str
    form: str
    """Canonical JSON."""
    max_jobs: int | None


@dataclass(frozen=True, slots=True)
class RunState:
    """All that planning and draining need of one address."""

    run: RunRecord
    generation: GenerationRecord | None
    """The latest."""
    attempts: tuple[AttemptRecord, ...]
    """The latest generation's latest attempt, and every attempt of any generation that is not terminal or not
    released; oldest first."""

    @property
    def latest(self) -> AttemptRecord | None:
        """The latest generation's latest attempt."""
        own = [found for found in self.attempts if found.generation == self.run.generation]
        return own[-1] if own else None


@dataclass(frozen=True, slots=True)
class Head:
    """Identity of a state and the number of decisions taken under it."""

    lineage: str
    serial: int
    project: str
    entity: str
    workspace: str


@dataclass(frozen=True, slots=True)
class State:
    """A consistent snapshot."""

    head: Head
    runs: Mapping[str, RunState]
    """By address; forgotten and detached ones included."""
    configs: Mapping[str, ConfigRecord]
    """Queues and agents, by address."""


@dataclass(frozen=True, slots=True)
class Contents:
    """All that a state records, its leases apart: what `state pull` writes and `state push` reads."""

    head: Head
    runs: tuple[RunRecord, ...]
    generations: tuple[GenerationRecord, ...]
    """Each part is in the order of its keys."""
    attempts: tuple[AttemptRecord, ...]
    configs: tuple[ConfigRecord, ...]
