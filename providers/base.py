"""The contract between launchctl and a target: what docker, Kubernetes, SageMaker and Vertex implement.

`Provider` is pure: it knows no network, no clock and no environment, and imports no SDK.
`Client` talks to the target; it is made by `Provider.connect`, which may import an SDK.
A third party registers a provider under the entry-point group `launchctl.providers`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path as FilePath
from typing import Protocol

from launchctl.compiler.node import MapNode
from launchctl.compiler.program import BoundLaunch, LaunchSpec
from launchctl.diagnostics import Diagnostics
from launchctl.providers.fields import FieldTable
from launchctl.providers.manifest import Manifest
from launchctl.status import Cause, Status
from launchctl.values import JSON


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a target can and cannot do; data that the compiler and the planner read."""

    sources: frozenset[str]
    """Kinds of source it runs: `image`, `code`."""
    secrets: frozenset[str]
    """Kinds of secret it can inject: `env`, `kubernetes`, `aws`, `gcp`."""
    environment_chunk: int = 32_670
    """Longest value of an environment variable, in characters (W&B's default; 512 on SageMaker)."""
    id_length: int = 63
    """Longest name of an object."""
    default_max_jobs: int | None = None
    """How many run at once on a queue that does not say; None is no limit."""
    has_config: bool = True
    """Whether a queue of this target has a configuration at all."""
    inherits_environment: bool = False
    """Whether a job takes variables by name from the environment of apply (`LaunchSpec.inherit_env`)."""
    file_folder: str | None = None
    """Where in the job's file system the files of a `BoundLaunch` appear; relative to its working folder, or absolute.
    None where the target can deliver no file."""


@dataclass(frozen=True, slots=True)
class Site:
    """Where apply runs: all that a client may know of its surroundings."""

    project_folder: FilePath
    run_folder: FilePath
    """`.launchctl/runs`: one folder an attempt, named by its run id."""
    environment: Mapping[str, str]
    project: str
    entity: str
    workspace: str
    config: JSON = None
    """The queue's configuration, for targets whose client needs it (a context, a region)."""


@dataclass(frozen=True, slots=True)
class Target:
    """An attempt as a client is asked about it."""

    run_id: str
    address: str
    generation: int
    attempt: int
    handle: Mapping[str, JSON] = field(default_factory=dict[str, JSON])
    """What `submit` returned; empty while no answer is recorded."""
    deadline: float | None = None
    """Seconds since the epoch after which the drain cancels it, for targets without a timeout of their own."""


@dataclass(frozen=True, slots=True)
class Submission:
    """All that a client needs to create an attempt's object, and nothing that it must look up."""

    target: Target
    manifest: JSON
    """The body, deferred texts completed; its `files`, path to text, are in place before the job starts."""
    labels: Mapping[str, str]
    secrets: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    """Environment variable of the job to the secret's value; held in memory alone."""
    timeout: float | None = None


@dataclass(frozen=True, slots=True)
class Observation:
    """What a target says of one attempt."""

    run_id: str
    status: Status
    handle: Mapping[str, JSON] = field(default_factory=dict[str, JSON])
    exit_code: int | None = None
    cause: Cause | None = None
    """Why it ended badly, for `retry.on`."""
    message: str = ""
    started_at: float | None = None
    ended_at: float | None = None
    owner: tuple[str, int, int] | None = None
    """Address, generation and attempt on its labels; None where it carries no labels of ours."""
    fingerprint: str = ""
    """Digest of what was executed, where the target keeps it; differs only if somebody else changed it."""
    is_started: bool = True
    """False for an object that was created but never set in motion; `submit` may then complete it."""


FILE_LIMIT = 1024 * 1024
"""Longest file that is read out of an attempt."""


class Client(Protocol):
    """A connection to a target. Every method is bulk or about one attempt, and safe to repeat."""

    def submit(self, submission: Submission) -> Observation:
        """Create the object under its run id and start it; complete one that was created but not started.

        Raises:
            Refused: nothing was created and nothing will be.
            NameTaken: the name belongs to an object without our labels for this very attempt.
            UnknownOutcome: no answer; the caller observes before it does anything else.
            Throttled: nothing was created; try again later.
        """
        ...

    def observe(self, targets: Sequence[Target]) -> Mapping[str, Observation]:
        """What the target knows of these attempts, by run id; what it does not know is absent.

        One request or one per namespace and kind, never one per attempt. Finds by name or label,
        with or without a recorded handle. An error to answer raises `UnknownOutcome`: silence is
        never reported as absence.
        """
        ...

    def discover(self) -> Sequence[Observation]:
        """Every object labelled with this project and workspace, for adoption under a new state."""
        ...

    def logs(self, target: Target, *, follow: bool, skip: int = 0) -> Iterator[bytes]:
        """The attempt's output so far but for its first `skip` bytes, and with `follow` until it ends.

        Raises:
            NoOutput: nothing is kept of the attempt here, or not any more.
        """
        ...

    def read(self, target: Target, pattern: str) -> bytes | None:
        """A file that the attempt wrote below its working folder, of those that fit a glob the last by name; None
        where there is none, or the target keeps no files. At most `FILE_LIMIT` bytes.

        A wildcard stands for names on one level. What comes before the first is asked for by name, so that a target
        need not list the whole folder.

        Raises:
            NoOutput: nothing is kept of the attempt here, or not any more.
        """
        ...

    def cancel(self, target: Target) -> None:
        """Stop the attempt, all of it; repeating it is harmless."""
        ...

    def update(self, target: Target, manifest: JSON) -> None:
        """Change in place what `Provider.mutable` named."""
        ...

    def release(self, target: Target) -> None:
        """Carry out what was held back until the end was recorded (`--rm`, a TTL)."""
        ...

    def close(self) -> None:
        """Give back connections."""
        ...


class Provider(Protocol):
    """A target: its language, and the way to a client."""

    @property
    def name(self) -> str:
        """Name in `queues.NAME.resource`."""
        ...

    @property
    def capabilities(self) -> Capabilities:
        """What the target can do."""
        ...

    @property
    def fields(self) -> FieldTable:
        """Class of every field of the configuration."""
        ...

    def check(self, config: MapNode) -> Diagnostics:
        """What is wrong in a merged configuration; called once for equal configurations.

        Strings may still hold macros `${…}`: their values are then not judged.
        """
        ...

    def normalise(self, config: MapNode) -> MapNode:
        """The configuration in canonical spelling: one name an option, one unit a quantity.

        Two spellings of the same meaning give equal trees; positions are kept. Used for
        fingerprints alone, never executed.
        """
        ...

    def workload(self, spec: LaunchSpec) -> str:
        """Kind of workload, as intent: `single` for one container or process."""
        ...

    def lower(self, launch: BoundLaunch) -> tuple[Manifest, Diagnostics]:
        """The manifest of an attempt, complete but for deferred texts and secrets."""
        ...

    def script(self, body: JSON) -> str:
        """The manifest's body as a file for review (`compile -o`)."""
        ...

    def mutable(self, path: str) -> bool:
        """Whether a change of the canonical field at this path can be made on a running attempt."""
        ...

    def connect(self, site: Site) -> Client:
        """A client; may import the target's SDK. Raises `ProviderError` where nothing answers."""
        ...
