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
        """What the targets say of these attempts, by run id, one bulk request a target."""
        found: dict[str, Observation] = {}
        for resource, group in by_resource(attempts).items():
            try:
                found |= self.look(resource, group)
            except ProviderError as error:
                error.message = f"{resource}: {error.message}"
                raise
        return found

    def look(self, resource: str, attempts: Sequence[AttemptRecord]) -> Mapping[str, Observation]:
        """What one target says of its attempts.

        An object whose labels name another attempt is not this one and counts as absent.
        """
        launches = {attempt.run_id: Launch.from_text(attempt.manifest) for attempt in attempts}
        try:
            targets = [target_of(attempt, launches[attempt.run_id]) for attempt in attempts]
            observed = self.of(resource).observe(targets)
        except ProviderError as error:
            error.message = self._redactor.text(error.message)
            raise
        return {
            run_id: self._redactor.observation(seen)
            for run_id, seen in observed.items()
            if seen.owner in {None, launches[run_id].owner}
        }

    def close(self) -> None:
        """Closes every connection."""
        for client in self._clients.values():
            client.close()
        self._clients.clear()


def by_resource(attempts: Iterable[AttemptRecord]) -> Mapping[str, Sequence[AttemptRecord]]:
    """Attempts by the target that they were decided for."""
    found: dict[str, list[AttemptRecord]] = {}
    for attempt in attempts:
        found.setdefault(Launch.from_text(attempt.manifest).resource, []).append(attempt)
    return found
