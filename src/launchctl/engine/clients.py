"""Connections to the targets, each made when it is first needed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from launchctl.engine.launch import Launch, target_of
from launchctl.errors import ProviderError
from launchctl.providers.base import Client, Observation, Site
from launchctl.providers.registry import load_provider
from launchctl.state.model import AttemptRecord


class Clients:
    """Clients by name of target, for as long as a session lasts."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._clients: dict[str, Client] = {}

    def of(self, resource: str) -> Client:
        """The client of a target; raises ProviderError where nothing answers."""
        if resource not in self._clients:
            self._clients[resource] = load_provider(resource).connect(self._site)
        return self._clients[resource]

    def observe(self, attempts: Iterable[AttemptRecord]) -> Mapping[str, Observation]:
        """What the targets say of these attempts, by run id, one bulk request a target.

        An object whose labels name another attempt is not this one and counts as absent.
        """
        by_resource: dict[str, list[AttemptRecord]] = {}
        for attempt in attempts:
            by_resource.setdefault(Launch.from_text(attempt.manifest).resource, []).append(attempt)
        found: dict[str, Observation] = {}
        for resource, group in by_resource.items():
            keys = {attempt.run_id: attempt.key for attempt in group}
            try:
                observed = self.of(resource).observe([target_of(attempt) for attempt in group])
            except ProviderError as error:
                error.message = f"{resource}: {error.message}"
                raise
            found.update(
                {
                    run_id: observation
                    for run_id, observation in observed.items()
                    if observation.owner in {None, keys[run_id]}
                }
            )
        return found

    def close(self) -> None:
        """Closes every connection."""
        for client in self._clients.values():
            client.close()
        self._clients.clear()
