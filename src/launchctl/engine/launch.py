"""A launch as the state keeps it: everything that is needed to start an attempt, but for secret values.

Written when an attempt is decided, read by whichever apply or agent starts it, so that
starting never needs the project's text.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from launchctl.compiler.node import Deferred
from launchctl.compiler.program import CodeSource, LaunchSpec
from launchctl.providers.base import Submission, Target
from launchctl.providers.manifest import Manifest, complete
from launchctl.state.model import AttemptRecord
from launchctl.values import JSON, Path, canonical


@dataclass(frozen=True, slots=True)
class Launch:
    """One attempt, ready to be started."""

    run_id: str
    resource: str
    body: JSON
    labels: Mapping[str, str]
    queue: str = ""
    """The queue that it counts on, whatever its run's is by now."""
    deferred: Mapping[Path, Deferred] = field(default_factory=dict[Path, Deferred])
    secrets: Mapping[str, Mapping[str, str]] = field(default_factory=dict[str, Mapping[str, str]])
    """Environment variable of the job to the locator of its secret."""
    timeout: float | None = None
    code: str | None = None
    """Digest of the code that it works in a copy of."""
    retry: Launch | None = None
    """The attempt that the recorded retry policy appends if this one fails."""

    @classmethod
    def of(cls, spec: LaunchSpec, manifest: Manifest, run_id: str, labels: Mapping[str, str]) -> Launch:
        """The launch of a manifest."""
        return cls(
            run_id=run_id,
            resource=spec.resource,
            body=manifest.body,
            labels=labels,
            queue=spec.queue,
            deferred=manifest.deferred,
            secrets={name: dict(found.locator) for name, found in spec.secrets.items()},
            timeout=spec.timeout,
            code=spec.source.digest if isinstance(spec.source, CodeSource) else None,
        )

    def to_text(self) -> str:
        """Canonical JSON."""
        return canonical(self._to_json())

    def _to_json(self) -> JSON:
        return {
            "run_id": self.run_id,
            "resource": self.resource,
            "body": self.body,
            "labels": self.labels,
            "queue": self.queue,
            "deferred": [[list(path), list(text.pieces)] for path, text in self.deferred.items()],
            "secrets": self.secrets,
            "timeout": self.timeout,
            "code": self.code,
            "retry": self.retry._to_json() if self.retry else None,
        }

    @staticmethod
    def from_text(text: str) -> Launch:
        """The launch that `to_text` wrote; the same text is read once."""
        return _read(text)

    @property
    def owner(self) -> tuple[str, int, int]:
        """Address, generation and attempt on the labels of its object."""
        labels = self.labels
        number, attempt = labels["launchctl.dev/generation"], labels["launchctl.dev/attempt"]
        return (labels["launchctl.dev/address"], int(number), int(attempt))

    def missing(self, environment: Mapping[str, str]) -> str:
        """What this launch needs of the environment and does not find, as the user would say it; or nothing."""
        unset = sorted({locator["env"] for locator in self.secrets.values() if "env" in locator} - environment.keys())
        if unset:
            return f"the secret in ${unset[0]}, which is not set here"
        names = {name for text in self.deferred.values() for name in text.pieces[1::2]}
        unset = sorted(names - environment.keys())
        return f"${unset[0]}, which is not set here" if unset else ""

    def submission(self, attempt: AttemptRecord, environment: Mapping[str, str]) -> Submission:
        """What a client is given; `missing` must be empty."""
        return Submission(
            target=target_of(attempt, self),
            manifest=complete(self.body, self.deferred, environment),
            labels=self.labels,
            secrets={name: environment[locator["env"]] for name, locator in self.secrets.items() if "env" in locator},
            timeout=self.timeout,
        )


@lru_cache(maxsize=4096)
def _read(text: str) -> Launch:
    return _from_json(json.loads(text))


def _from_json(read: JSON) -> Launch:
    deferred = {tuple(path): Deferred(tuple(pieces)) for path, pieces in read["deferred"]}
    retry = _from_json(read["retry"]) if read["retry"] else None
    fields: dict[str, JSON] = {**read, "deferred": deferred, "retry": retry}
    return Launch(**fields)


def target_of(attempt: AttemptRecord, launch: Launch) -> Target:
    """An attempt as a client is asked about it: by the address on its labels, which no rename changes."""
    return Target(attempt.run_id, launch.owner[0], attempt.generation, attempt.number, attempt.handle)
