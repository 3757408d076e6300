"""The target `docker`: a run is a container, made by the docker command line and watched through its SDK."""

from __future__ import annotations

from dataclasses import dataclass

from launchctl.compiler.node import MapNode
from launchctl.compiler.program import BoundLaunch, LaunchSpec
from launchctl.diagnostics import Diagnostics
from launchctl.errors import ProviderError
from launchctl.providers.base import Capabilities, Client, Site
from launchctl.providers.docker.check import check
from launchctl.providers.docker.fields import FIELDS, is_mutable
from launchctl.providers.docker.files import FOLDER
from launchctl.providers.docker.lower import lower
from launchctl.providers.docker.normalise import normalise
from launchctl.providers.docker.script import script
from launchctl.providers.fields import FieldTable
from launchctl.providers.manifest import Manifest
from launchctl.values import JSON

_CAPABILITIES = Capabilities(
    sources=frozenset({"image"}), secrets=frozenset({"env"}), default_max_jobs=1, file_folder=FOLDER
)


@dataclass(frozen=True, slots=True)
class DockerProvider:
    """Containers of one docker engine."""

    name: str = "docker"
    capabilities: Capabilities = _CAPABILITIES
    fields: FieldTable = FIELDS

    def check(self, config: MapNode) -> Diagnostics:
        """What is wrong with the options of `docker run`."""
        return check(config)

    def normalise(self, config: MapNode) -> MapNode:
        """The options in canonical spelling."""
        return normalise(config)

    def workload(self, spec: LaunchSpec) -> str:
        """One container."""
        return "single"

    def lower(self, launch: BoundLaunch) -> tuple[Manifest, Diagnostics]:
        """The command line of `docker run`."""
        return lower(launch)

    def script(self, body: JSON) -> str:
        """The command line as a shell script."""
        return script(body)

    def mutable(self, path: str) -> bool:
        """Whether `docker update` can change it."""
        return is_mutable(path)

    def connect(self, site: Site) -> Client:
        """A client of the engine that the docker command line would talk to."""
        try:
            from launchctl.providers.docker.client import DockerClient
        except ModuleNotFoundError as missing:
            if missing.name != "docker":
                raise
            hint = "pip install 'launchctl-ml[docker]'"
            raise ProviderError("the docker SDK for Python is not installed", hint=hint) from missing
        return DockerClient.of(site)


PROVIDER = DockerProvider()
