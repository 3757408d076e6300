"""What the stages `build` and `resolve` hand on: every entry of a project as a model with its positioned node.

`build.build_project(documents) -> (Project, Diagnostics)`;
`resolve.resolve(project, resources) -> (ResolvedProject, Diagnostics)`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, TypeAlias, TypeVar

from launchctl.addresses import Address
from launchctl.compiler.node import MapNode
from launchctl.compiler.program import Dependency, Rename, SecretReference
from launchctl.diagnostics import Span

if TYPE_CHECKING:
    from launchctl.compiler.model import Agent, Job, Queue, Run, RunSettings, Secret, Settings, Sweep, Variable

ModelT = TypeVar("ModelT", covariant=True)


@dataclass(frozen=True, slots=True)
class Entry(Generic[ModelT]):
    """One entry of a section: its name, its structural values, and its node for everything else."""

    name: str
    model: ModelT
    node: MapNode
    """The entry as it was written; `entries["config"]`, `entries["command"]` and the like are taken from here."""
    span: Span | None
    """Where its name stands."""


VariableEntry: TypeAlias = "Entry[Variable]"
SecretEntry: TypeAlias = "Entry[Secret]"
AgentEntry: TypeAlias = "Entry[Agent]"
QueueEntry: TypeAlias = "Entry[Queue]"
JobEntry: TypeAlias = "Entry[Job]"
RunEntry: TypeAlias = "Entry[Run]"
SweepEntry: TypeAlias = "Entry[Sweep]"


@dataclass(frozen=True, slots=True)
class Project:
    """A project file, typed; nothing is looked up across entries yet."""

    settings: Settings
    node: MapNode
    """The settings, as all files together write them."""
    variables: Mapping[str, VariableEntry] = field(default_factory=dict[str, "VariableEntry"])
    secrets: Mapping[str, SecretEntry] = field(default_factory=dict[str, "SecretEntry"])
    agents: Mapping[str, AgentEntry] = field(default_factory=dict[str, "AgentEntry"])
    queues: Mapping[str, QueueEntry] = field(default_factory=dict[str, "QueueEntry"])
    jobs: Mapping[str, JobEntry] = field(default_factory=dict[str, "JobEntry"])
    runs: Mapping[str, RunEntry] = field(default_factory=dict[str, "RunEntry"])
    """The entries of `runs`; a job that is also a run appears in a `ResolvedProject` alone."""
    sweeps: Mapping[str, SweepEntry] = field(default_factory=dict[str, "SweepEntry"])
    broken: frozenset[tuple[str, str]] = frozenset()
    """Section and name of what has an error of its own: a reference to it is no second error."""


@dataclass(frozen=True, slots=True)
class ResolvedRun:
    """A run with everything that it refers to.

    `model` and `node` are merged with the run that it `extends`: mappings by key, lists and scalars replaced, and a
    `null` at the top takes the inherited key away; deeper down a `null` stays, since it deletes in a later layer.
    Of a job with a queue of its own they hold the keys of a run alone; its command and environment are in `job`.
    """

    address: Address
    model: RunSettings
    node: MapNode
    job: JobEntry
    queue: QueueEntry
    resource: str
    """Name of the provider, aliases resolved."""
    depends_on: tuple[Dependency, ...]
    secrets: Mapping[str, SecretReference]
    """Environment variable to secret: the job's, the run's over them, and `WANDB_API_KEY`."""
    span: Span | None
    """Where the run is declared."""


@dataclass(frozen=True, slots=True)
class ResolvedSweep:
    """A sweep with everything that it refers to; `model` and `node` hold what its `file` and its run say as well."""

    address: Address
    model: Sweep
    node: MapNode
    job: JobEntry
    """Where the sweep names an image in place of a job, one of the sweep's own name that is this image."""
    queue: QueueEntry
    resource: str
    """Name of the provider, aliases resolved."""
    depends_on: tuple[Dependency, ...]
    secrets: Mapping[str, SecretReference]
    """Environment variable to secret: the job's, the sweep's over them, and `WANDB_API_KEY`."""
    span: Span | None
    """Where the sweep is declared."""


@dataclass(frozen=True, slots=True)
class ResolvedProject:
    """A project whose names all lead somewhere; what is broken, or needs what is broken, is left out."""

    project: Project
    resources: Mapping[str, str] = field(default_factory=dict[str, str])
    """Queue to the name of its provider, aliases resolved."""
    agents: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, "tuple[str, ...]"])
    """Queue to the agents that serve it, sorted."""
    runs: Mapping[str, ResolvedRun] = field(default_factory=dict[str, ResolvedRun])
    """By name, in the order of their addresses; with the jobs that are runs as well."""
    sweeps: Mapping[str, ResolvedSweep] = field(default_factory=dict[str, ResolvedSweep])
    """By name, in the order of their addresses."""
    moved: tuple[Rename, ...] = ()
