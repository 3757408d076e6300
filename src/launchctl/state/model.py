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
class TrialRecord:
    """The point of a sweep that a generation tries."""

    index: int
    repeat: int
    values: Mapping[str, JSON]


@dataclass(frozen=True, slots=True)
class GenerationRecord:
    """One experiment: these inputs, on that queue. Of a trial its number is the sweep's epoch."""

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
    trial: TrialRecord | None = None
    """None outside of sweeps, and where a repair could not read it."""


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
    prune_requested: bool = False
    """Whether its sweep asked to stop it early: its end is then `pruned`; `cancel_requested` is set beside it."""
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


LOST_SPEC = "{}"


@dataclass(frozen=True, slots=True)
class SweepRecord:
    """A sweep as it was last accepted: all that a drain needs to draw its trials, without the project's text."""

    address: str
    standing: Standing
    epoch: int
    """1 for the first; a change of what all trials share begins the next one."""
    form: Form
    """What all trials share, by the rules of a run's form; its canonical text has the search too."""
    spec: str
    """Canonical JSON of the sweep, its search and what a trial runs. A store that renames knows two places in it:
    `address`, and `launch.depends_on`."""
    parallel: int | None
    """How many of its trials are active at a time, whoever drains; None is no limit."""
    protect: bool = False
    on_remove: str = "block"
    serial: int = 0
    """Serial of the decision that began its epoch: the place of its trials in line, which no later edit changes."""
    is_stopped: bool = False
    """Whether a person cancelled it: nothing more is drawn in this epoch. The next epoch begins without it."""
    revision: int = 0
    """Raised by each draw and each decision, so that of two draws one comes first."""

    @property
    def is_lost(self) -> bool:
        """Whether a repair could not read what it draws: it is forgotten, and its name and epoch are all there is."""
        return self.spec == LOST_SPEC


@dataclass(frozen=True, slots=True)
class Series:
    """What one attempt of a trial said of its sweep's metric, in the order of its log."""

    run_id: str
    address: str
    values: tuple[float, ...] = ()
    """Every finite value: iteration n is the n-th of them."""
    last: Mapping[str, float] = field(default_factory=dict[str, float])
    """The last value of every metric that it logged."""
    position: int = 0
    """Bytes of its log that were read."""
    is_complete: bool = False
    """Whether the log was read to its end after the attempt had ended."""
    metric: str = ""
    """Which metric the values are of."""
    source: str = ""
    """Digest of where and how it was read: what was read by other rules is read again from the start."""

    def values_of(self, metric: str) -> tuple[float, ...]:
        """The values of a metric; of one that it was not read for, the last alone."""
        if metric == self.metric:
            return self.values
        return (self.last[metric],) if metric in self.last else ()


@dataclass(frozen=True, slots=True)
class NewTrial:
    """A trial that was drawn: the records with which it begins; its attempt is pending."""

    run: RunRecord
    generation: GenerationRecord
    attempt: AttemptRecord


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
    sweeps: Mapping[str, SweepRecord] = field(default_factory=dict[str, SweepRecord])
    """By address; forgotten ones included."""


@dataclass(frozen=True, slots=True)
class Contents:
    """All that a state records, its leases apart: what `state pull` writes and `state push` reads."""

    head: Head
    runs: tuple[RunRecord, ...]
    generations: tuple[GenerationRecord, ...]
    """Each part is in the order of its keys."""
    attempts: tuple[AttemptRecord, ...]
    configs: tuple[ConfigRecord, ...]
    sweeps: tuple[SweepRecord, ...] = ()
    series: tuple[Series, ...] = ()
