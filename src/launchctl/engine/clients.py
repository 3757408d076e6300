"""Connections to the targets, each made when it is first needed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from threading import Lock

from launchctl.engine.launch import Launch, target_of
from launchctl.engine.redaction import Redactor
from launchctl.errors import ProviderError
from launchctl.providers.base import Client, Observation, Site
from launchctl.providers.registry import load_provider
from launchctl.state.model import AttemptRecord


class Clients:
    """Clients by name of target, for as long as a session lasts."""

    def __init__(self, site: Site, redactor: Redactor) -> None:
        self._site = site
        self._redactor = redactor
        self._clients: dict[str, Client] = {}
        self._connecting = Lock()

    def of(self, resource: str) -> Client:
        """The client of a target; raises ProviderError where nothing answers."""
        with self._connecting:
            if resource not in self._clients:
                self._clients[resource] = load_provider(resource).connect(self._site)
            return self._clients[resource]

    def observe(self, attempts: Iterable[AttemptRecord]) -> Mapping[str, Observation]:
        """What the targets say of these attempts, by run id, one bulk request a target.

        An object whose labels name another attempt is not this one and counts as absent.
        """
        by_resource: dict[str, list[tuple[AttemptRecord, Launch]]] = {}
        for attempt in attempts:
            launch = Launch.from_text(attempt.manifest)
            by_resource.setdefault(launch.resource, []).append((attempt, launch))
        found: dict[str, Observation] = {}
        for resource, group in by_resource.items():
            found |= self._ask(resource, group)
        return found

    def _ask(self, resource: str, group: Sequence[tuple[AttemptRecord, Launch]]) -> Mapping[str, Observation]:
        owners = {launch.run_id: launch.owner for _, launch in group}
        try:
            observed = self.of(resource).observe([target_of(attempt, launch) for attempt, launch in group])
        except ProviderError as error:
            error.message = f"{resource}: {self._redactor.text(error.message)}"
            raise
        return {
            run_id: self._redactor.observation(seen)
            for run_id, seen in observed.items()
            if seen.owner in {None, owners[run_id]}
        }

    def close(self) -> None:
        """Closes every connection."""
        for client in self._clients.values():
            client.close()
        self._clients.clear()
