"""What an engine says of a container, in launchctl's words; pure, and read from the engine's JSON alone."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from launchctl.providers.base import Observation
from launchctl.providers.docker.argv import HELD_BACK
from launchctl.status import Cause, Status
from launchctl.values import JSON

RUN_ID = "launchctl.dev/run-id"
_OWNER = ("launchctl.dev/address", "launchctl.dev/generation", "launchctl.dev/attempt")
_ALIVE = {"running": Status.RUNNING, "restarting": Status.RUNNING, "paused": Status.SUSPENDED}
_FRACTION = re.compile(r"\.(\d{1,6})\d*")


def labels_of(container: JSON) -> Mapping[str, str]:
    """A container's labels, as listed or as inspected."""
    found: Mapping[str, str] | None = (container.get("Config") or container).get("Labels")
    return found or {}


def owner_of(labels: Mapping[str, str]) -> tuple[str, int, int] | None:
    """Address, generation and attempt; None where the labels are not ours."""
    address, generation, attempt = (labels.get(name, "") for name in _OWNER)
    if not (address and generation.isdecimal() and attempt.isdecimal()):
        return None
    return address, int(generation), int(attempt)


def is_ours(container: JSON, labels: Mapping[str, str]) -> bool:
    """Whether a container carries every label of an attempt."""
    found = labels_of(container)
    return all(found.get(name) == value for name, value in labels.items())


def describe_owner(container: JSON) -> str:
    """Whose container it is, for an error."""
    owner = owner_of(labels_of(container))
    short = str(container["Id"])[:12]
    if owner is None:
        return f"container {short}, which carries no labels of launchctl"
    address, generation, attempt = owner
    project = labels_of(container).get("launchctl.dev/project", "")
    return f"container {short} of {address}@g{generation}#a{attempt}, project {project}"


def was_started(details: JSON) -> bool:
    """Whether the container ever ran; one whose start failed did not."""
    return _seconds(details["State"].get("StartedAt")) is not None


def listed(entry: JSON, known: Mapping[str, JSON]) -> Observation | None:
    """A container that runs, from the list alone; None for any other, which has to be inspected."""
    status = _ALIVE.get(str(entry.get("State", "")).lower())
    if status is None:
        return None
    labels = labels_of(entry)
    handle = known if known.get("id") == entry["Id"] else _handle(entry["Id"], entry["Image"], entry["ImageID"], labels)
    started_at = handle.get("started_at") or entry.get("Created")
    return Observation(labels.get(RUN_ID, ""), status, handle, started_at=float(started_at), owner=owner_of(labels))


def inspected(details: JSON) -> Observation:
    """A container in any state."""
    state, labels = details["State"], labels_of(details)
    started_at = _seconds(state.get("StartedAt"))
    handle = _handle(details["Id"], details["Config"]["Image"], details["Image"], labels)
    if started_at is not None:
        handle["started_at"] = started_at
    found = Observation(labels.get(RUN_ID, ""), Status.RUNNING, handle, started_at=started_at, owner=owner_of(labels))
    if state.get("Running") or state.get("Restarting"):
        return _with(found, status=Status.SUSPENDED if state.get("Paused") else Status.RUNNING)
    if started_at is None and not state.get("Error"):
        return _with(found, status=Status.SUBMITTED, is_started=False)
    return _ended(found, state, details["HostConfig"].get("Memory") or 0)


def _ended(found: Observation, state: JSON, limit: int) -> Observation:
    code = int(state.get("ExitCode") or 0)
    ended_at = _seconds(state.get("FinishedAt"))
    if code == 0 and not state.get("Error"):
        return _with(found, status=Status.SUCCEEDED, exit_code=0, ended_at=ended_at)
    cause, message = Cause.FAILED, str(state.get("Error") or "")
    if state.get("OOMKilled"):
        cause = Cause.OOM
        message = message or "killed for want of memory" + (f" (limit {limit // 1024**2} MiB)" if limit else "")
    elif message and code not in {126, 127}:
        cause = Cause.INFRA
    return _with(found, status=Status.FAILED, exit_code=code, cause=cause, message=message, ended_at=ended_at)


def _with(found: Observation, **changes: JSON) -> Observation:
    return replace(found, **changes)


def _handle(identifier: str, image: str, image_id: str, labels: Mapping[str, str]) -> dict[str, JSON]:
    handle: dict[str, JSON] = {"id": identifier, "image": image, "image_id": image_id}
    if HELD_BACK in labels:
        handle["held_back"] = labels[HELD_BACK]
    return handle


def _seconds(text: JSON) -> float | None:
    """Seconds since the epoch of an engine's time stamp; None for its year 1, which means never."""
    if not text or str(text).startswith("0001-"):
        return None
    return datetime.fromisoformat(_FRACTION.sub(r".\1", str(text))).timestamp()
