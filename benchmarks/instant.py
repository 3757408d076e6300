"""A target on which every run ends at once: what is left of an apply is launchctl's own work.

It is a provider as a third party would write one, registered by entry point: see
`benchmarks.workshop`, which writes the distribution's metadata.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from launchctl.compiler.node import MapNode
from launchctl.compiler.program import BoundLaunch, LaunchSpec
from launchctl.diagnostics import Diagnostics
from launchctl.providers.base import Capabilities, Observation, Site, Submission, Target
from launchctl.providers.fields import FieldTable
from launchctl.providers.manifest import Manifest
from launchctl.status import Status
from launchctl.values import JSON, pretty


class InstantClient:
    """Remembers what was submitted, as long as the process lives."""

    def __init__(self) -> None:
        self._submitted: set[str] = set()

    def submit(self, submission: Submission) -> Observation:
        """Submitted; the next look finds it done."""
        self._submitted.add(submission.target.run_id)
        return Observation(submission.target.run_id, Status.SUBMITTED)

    def observe(self, targets: Sequence[Target]) -> Mapping[str, Observation]:
        """All that was submitted has succeeded."""
        known = [target.run_id for target in targets if target.run_id in self._submitted]
        return {run_id: Observation(run_id, Status.SUCCEEDED, exit_code=0) for run_id in known}

    def discover(self) -> Sequence[Observation]:
        """Nothing outlives the process."""
        return ()

    def logs(self, target: Target, *, follow: bool) -> Iterator[bytes]:
        """Nothing is printed."""
        return iter(())

    def cancel(self, target: Target) -> None:
        """It has ended already."""

    def update(self, target: Target, manifest: JSON) -> None:
        """Nothing changes in place."""

    def release(self, target: Target) -> None:
        """Nothing is held back."""

    def close(self) -> None:
        """No connection."""


class InstantProvider:
    """The target `instant`."""

    name = "instant"
    capabilities = Capabilities(sources=frozenset({"image"}), secrets=frozenset({"env"}))
    fields = FieldTable()

    def check(self, config: MapNode) -> Diagnostics:
        """Every configuration will do."""
        return ()

    def normalise(self, config: MapNode) -> MapNode:
        """There is one spelling."""
        return config

    def workload(self, spec: LaunchSpec) -> str:
        """One process."""
        return "single"

    def lower(self, launch: BoundLaunch) -> tuple[Manifest, Diagnostics]:
        """Image, command, variables and configuration, as they are."""
        argv = [*launch.command.items, *launch.args.items]
        body = {"image": launch.image, "argv": argv, "env": launch.env, "config": launch.config}
        return Manifest.of(body), ()

    def script(self, body: JSON) -> str:
        """The body as JSON."""
        return pretty(body)

    def mutable(self, path: str) -> bool:
        """Nothing changes in place."""
        return False

    def connect(self, site: Site) -> InstantClient:
        """A client that knows nothing yet."""
        return InstantClient()


PROVIDER = InstantProvider()
