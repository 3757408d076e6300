"""The target `process`: jobs as processes of this machine that outlive the apply that started them.

An attempt is a folder, `.launchctl/runs/RUN_ID/`; `supervisor.py` says which files it holds. The working copy of
the code is `work/` in it, apart from the supervisor's files and the log, so that a job's own files never meet them.
"""

from __future__ import annotations

from launchctl.compiler.node import MapNode
from launchctl.compiler.program import BoundLaunch, LaunchSpec
from launchctl.diagnostics import Diagnostics
from launchctl.providers.base import Capabilities, Client, Provider, Site
from launchctl.providers.fields import FieldTable
from launchctl.providers.manifest import Manifest
from launchctl.providers.process import lower as process
from launchctl.providers.process.fields import FIELDS
from launchctl.values import JSON


class ProcessProvider:
    """Jobs as local processes."""

    name = "process"
    capabilities = Capabilities(
        sources=frozenset({"code"}),
        secrets=frozenset({"env"}),
        default_max_jobs=1,
        has_config=False,
        inherits_environment=True,
        file_folder="wandb",
    )
    fields: FieldTable = FIELDS

    def check(self, config: MapNode) -> Diagnostics:
        """An error for every key of a configuration."""
        return process.check_config(config)

    def normalise(self, config: MapNode) -> MapNode:
        """The configuration itself: it is empty."""
        return config

    def workload(self, spec: LaunchSpec) -> str:
        """One process."""
        return "single"

    def lower(self, launch: BoundLaunch) -> tuple[Manifest, Diagnostics]:
        """`{"argv": …, "env": …, "cwd": …}`."""
        return process.lower(launch)

    def script(self, body: JSON) -> str:
        """A shell script."""
        return process.script(body)

    def mutable(self, path: str) -> bool:
        """Nothing of a process can be changed while it runs."""
        return False

    def connect(self, site: Site) -> Client:
        """A client of the runs' folder."""
        from launchctl.providers.process.client import ProcessClient

        return ProcessClient(site)


PROVIDER: Provider = ProcessProvider()
