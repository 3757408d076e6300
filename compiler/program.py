"""The program: what a project means, independent of any backend.

Strings inside a `LaunchSpec` are still *symbolic*: templates `{{ }}` are filled in, macros
`${ }` are not, since a run's id depends on the fingerprint of this very specification.
`bind` (in `bind.py`) fills them in for one attempt and gives a `BoundLaunch`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal, TypeAlias

from launchctl.addresses import Address
from launchctl.compiler.node import EMPTY_LIST, EMPTY_MAP, ListNode, MapNode, ScalarNode
from launchctl.compiler.sweep.search import Search, Trial
from launchctl.diagnostics import Span
from launchctl.values import JSON, Path


class Priority(StrEnum):
    """Priorities of a queue, most urgent first; `rank` is W&B's number."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"

    @property
    def rank(self) -> int:
        """0 for critical to 3 for low."""
        return list(Priority).index(self)


class FieldClass(StrEnum):
    """What a change of a field means; see `docs/plan-and-apply.md`."""

    INTENT = "intent"
    PLACEMENT = "placement"
    METADATA = "metadata"


@dataclass(frozen=True, slots=True)
class ImageSource:
    """A job that is an image; the text may hold macros."""

    image: ScalarNode


@dataclass(frozen=True, slots=True)
class CodeSource:
    """A job that is a folder of the project."""

    path: str
    """Relative to the project, with forward slashes."""
    digest: str
    """`sha256:…` of the names, modes and contents of its files."""
    span: Span | None
    ignore: tuple[str, ...] = ()


Source: TypeAlias = ImageSource | CodeSource


@dataclass(frozen=True, slots=True)
class SecretReference:
    """A secret by name; its value is read where the job is started and is held nowhere."""

    name: str
    """The name in the project's `secrets`."""
    kind: Literal["env", "kubernetes", "aws", "gcp"]
    locator: Mapping[str, str]
    """What the backend needs to find it: `{"env": NAME}`, `{"name": …, "key": …}`, `{"arn": …}`."""
    span: Span | None
    exposed: bool = False


@dataclass(frozen=True, slots=True)
class Dependency:
    """An order between two runs; with `rerun`, a new generation upstream starts a new one here."""

    address: Address
    rerun: bool
    span: Span | None


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """When a failed attempt is followed by another without anybody's asking."""

    max: int = 0
    """Attempts beyond the first."""
    on: tuple[str, ...] = ("preempted", "infra")
    backoff: float = 0.0
    """Seconds before the next attempt."""


@dataclass(frozen=True, slots=True)
class Lifecycle:
    """What a change or a removal may do to a run that has begun."""

    protect: bool = False
    on_change: Literal["block", "keep", "supersede", "cancel"] = "block"
    on_remove: Literal["block", "detach", "cancel"] = "block"
    rerun_on: Literal["intent", "never"] = "intent"
    live_update: bool = False


@dataclass(frozen=True, slots=True)
class LaunchSpec:
    """One run, expanded: everything that is known of it without a state and without a network."""

    address: Address
    job: str
    queue: str
    resource: str
    """Name of the provider, aliases resolved: `process`, `docker`, …"""
    source: Source
    span: Span | None
    """Where the run is declared."""
    command: ListNode = EMPTY_LIST
    """Entry point; empty means the image's own."""
    args: ListNode = EMPTY_LIST
    env: MapNode = EMPTY_MAP
    """The user's variables, name to text."""
    inherit_env: tuple[str, ...] = ()
    """Names that a process takes from the environment of apply (`env: [NAME]`)."""
    secrets: Mapping[str, SecretReference] = field(default_factory=dict[str, SecretReference])
    """Environment variable of the job to secret."""
    inputs: MapNode = EMPTY_MAP
    """`config` of job and run, merged."""
    files: MapNode = EMPTY_MAP
    """Overrides of configuration files, by path."""
    config: MapNode = EMPTY_MAP
    """The target's own configuration: queue and run merged, templates filled in."""
    wandb: Mapping[str, str] = field(default_factory=dict[str, str])
    """`WANDB_*` variables known at compile time, before chunking; symbolic texts."""
    classes: tuple[tuple[Path, FieldClass], ...] = ()
    """The job's own classes for fields (`fields:`), by path prefix."""
    agents: tuple[str, ...] = ()
    priority: Priority = Priority.MEDIUM
    depends_on: tuple[Dependency, ...] = ()
    retry: RetryPolicy = RetryPolicy()
    lifecycle: Lifecycle = Lifecycle()
    timeout: float | None = None
    """Seconds."""
    run_token: str | None = None
    description: str | None = None
    trial: Trial | None = None
    """The point of its sweep that this run tries; its address is then `sweeps.NAME[KEY]`."""
    parameters: Mapping[str, JSON] | None = None
    """Values of the trial that its job reads from a file (`WANDB_SWEEP_PARAM_PATH`); None outside of sweeps."""


@dataclass(frozen=True, slots=True)
class SweepSpec:
    """A sweep, expanded: what all its trials share, and the search that tells them apart."""

    address: Address
    launch: LaunchSpec
    """What a trial runs; its address is the sweep's. Its command still holds the macros of a trial and of a sweep's
    command, which `sweep.trial` fills in."""
    search: Search
    title: str
    """What `${sweep_name}` stands for: the sweep's `name`, or its name in the project."""
    program: str | None = None
    """What `${program}` stands for."""
    merge: Literal["deep", "replace"] = "deep"
    """How the values of a trial go into the job's inputs."""
    project: str | None = None
    """W&B project of its trials, where it is not this one's."""
    entity: str | None = None
    span: Span | None = None


@dataclass(frozen=True, slots=True)
class Identity:
    """Which attempt a manifest is for."""

    run_id: str
    """Name of the attempt's object at the provider."""
    lineage_id: str
    """Id of the generation's first attempt: `${run_id}` and `WANDB_RUN_ID`."""
    generation: int = 1
    attempt: int = 1


@dataclass(frozen=True, slots=True)
class BoundLaunch:
    """A `LaunchSpec` with every macro filled in for one attempt; what a provider lowers.

    Texts that name `${env:NAME}` hold a `Deferred`.
    """

    spec: LaunchSpec
    identity: Identity
    project: str
    entity: str
    workspace: str
    image: str | None
    command: ListNode
    args: ListNode
    env: MapNode
    """The user's variables and launchctl's own (`WANDB_*`, already chunked), in this order."""
    config: MapNode
    files: Mapping[str, str] = field(default_factory=dict[str, str])
    """Files that the job finds when it starts, path to text: the parameters of a trial. A path is absolute, or
    relative to the job's working folder, and lies below the target's `file_folder`."""

    @property
    def labels(self) -> Mapping[str, str]:
        """Labels by which the object is found again; the same on every target."""
        return {
            "launchctl.dev/project": self.project,
            "launchctl.dev/entity": self.entity,
            "launchctl.dev/workspace": self.workspace,
            "launchctl.dev/address": str(self.spec.address),
            "launchctl.dev/generation": str(self.identity.generation),
            "launchctl.dev/attempt": str(self.identity.attempt),
            "launchctl.dev/run-id": self.identity.run_id,
        }


@dataclass(frozen=True, slots=True)
class QueueSpec:
    """A queue as plan and apply see it."""

    address: Address
    resource: str
    max_jobs: int | None
    """None is no limit."""
    prioritization: bool
    form: JSON
    """Its whole configuration, canonical; a change of it is shown once."""
    span: Span | None


@dataclass(frozen=True, slots=True)
class AgentSpec:
    """An agent as plan and apply see it."""

    address: Address
    queues: tuple[str, ...]
    max_jobs: int | None
    form: JSON
    span: Span | None


@dataclass(frozen=True, slots=True)
class Rename:
    """`moved`: a run that goes by another name from now on."""

    source: Address
    target: Address
    span: Span | None


@dataclass(frozen=True, slots=True)
class Program:
    """A whole project, expanded."""

    project: str
    entity: str
    author: str
    state: str | None
    environment: tuple[str, ...]
    """The names that `${env:NAME}` may read."""
    queues: Mapping[str, QueueSpec]
    agents: Mapping[str, AgentSpec]
    launches: tuple[LaunchSpec, ...]
    """In the order of their addresses."""
    moved: tuple[Rename, ...] = ()
    sweeps: Mapping[str, SweepSpec] = field(default_factory=dict[str, SweepSpec])
    """By name, in the order of their addresses."""
