"""What an engine's JSON means: every state of a container as a status, with its code, its cause and its times."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from launchctl.providers.docker.observation import describe_owner, inspected, is_ours, listed, was_started
from launchctl.status import Cause, Status
from launchctl.values import JSON

LABELS = {
    "launchctl.dev/project": "churn",
    "launchctl.dev/address": "runs.baseline",
    "launchctl.dev/generation": "2",
    "launchctl.dev/attempt": "3",
    "launchctl.dev/run-id": "runs-baseline-3f09a1c2d4",
}
NEVER = "0001-01-01T00:00:00Z"
STARTED, FINISHED = "2026-11-21T08:00:00.123456789Z", "2026-11-21T08:00:05.5Z"
ENDED = {"Status": "exited", "StartedAt": STARTED, "FinishedAt": FINISHED}


def details(state: Mapping[str, JSON], labels: Mapping[str, str] | None = None, memory: int = 0) -> JSON:
    return {
        "Id": "0123456789abcdef",
        "Image": "sha256:feed",
        "Config": {"Image": "churn:v1", "Labels": LABELS if labels is None else labels},
        "HostConfig": {"Memory": memory},
        "State": {"StartedAt": NEVER, "FinishedAt": NEVER, "ExitCode": 0, "Error": "", **state},
    }


@pytest.mark.parametrize(
    ("state", "status", "code", "cause", "message"),
    [
        ({"Status": "created"}, Status.SUBMITTED, None, None, ""),
        ({"Status": "running", "Running": True, "StartedAt": STARTED}, Status.RUNNING, None, None, ""),
        (
            {"Status": "paused", "Running": True, "Paused": True, "StartedAt": STARTED},
            Status.SUSPENDED,
            None,
            None,
            "",
        ),
        ({"Status": "restarting", "Restarting": True, "StartedAt": STARTED}, Status.RUNNING, None, None, ""),
        (ENDED, Status.SUCCEEDED, 0, None, ""),
        ({**ENDED, "ExitCode": 3}, Status.FAILED, 3, Cause.FAILED, ""),
        ({**ENDED, "ExitCode": 137}, Status.FAILED, 137, Cause.FAILED, ""),
        (
            {**ENDED, "ExitCode": 137, "OOMKilled": True},
            Status.FAILED,
            137,
            Cause.OOM,
            "killed for want of memory",
        ),
        ({**ENDED, "ExitCode": 0, "OOMKilled": True}, Status.SUCCEEDED, 0, None, ""),
        ({**ENDED, "ExitCode": 255, "Error": "shim died"}, Status.FAILED, 255, Cause.INFRA, "shim died"),
        (
            {"Status": "created", "ExitCode": 127, "Error": 'exec: "x": not found'},
            Status.FAILED,
            127,
            Cause.FAILED,
            'exec: "x": not found',
        ),
        (
            {"Status": "created", "ExitCode": 128, "Error": "port is already allocated"},
            Status.FAILED,
            128,
            Cause.INFRA,
            "port is already allocated",
        ),
        ({**ENDED, "Status": "dead", "ExitCode": 1}, Status.FAILED, 1, Cause.FAILED, ""),
        ({**ENDED, "Status": "removing"}, Status.SUCCEEDED, 0, None, ""),
    ],
)
def test_a_state_is_a_status(
    state: Mapping[str, JSON], status: Status, code: int | None, cause: Cause | None, message: str
) -> None:
    found = inspected(details(state))
    assert (found.status, found.exit_code, found.cause, found.message) == (status, code, cause, message)
    assert found.owner == ("runs.baseline", 2, 3)
    assert found.run_id == "runs-baseline-3f09a1c2d4"


def test_times_are_seconds_since_the_epoch() -> None:
    found = inspected(details(ENDED))
    assert (found.started_at, found.ended_at) == (1795248000.123456, 1795248005.5)
    assert inspected(details({"Status": "created"})).started_at is None


def test_only_what_was_created_and_never_started_is_not_started() -> None:
    assert inspected(details({"Status": "created"})).is_started is False
    assert inspected(details(ENDED)).is_started is True
    assert was_started(details(ENDED)) is True
    assert was_started(details({"Status": "created", "ExitCode": 127, "Error": "x"})) is False


def test_a_memory_limit_is_named() -> None:
    found = inspected(details({**ENDED, "ExitCode": 137, "OOMKilled": True}, memory=64 * 1024**2))
    assert found.message == "killed for want of memory (limit 64 MiB)"


def test_the_handle_names_the_container_and_its_image() -> None:
    found = inspected(details({"Status": "created"}, {**LABELS, "launchctl.dev/held-back": "rm"}))
    assert found.handle == {
        "id": "0123456789abcdef",
        "image": "churn:v1",
        "image_id": "sha256:feed",
        "held_back": "rm",
    }


@pytest.mark.parametrize(
    ("state", "status"),
    [
        ("running", Status.RUNNING),
        ("restarting", Status.RUNNING),
        ("paused", Status.SUSPENDED),
        ("exited", None),
        ("created", None),
        ("removing", None),
        ("dead", None),
    ],
)
def test_a_list_tells_all_of_what_runs_and_nothing_of_what_does_not(state: str, status: Status | None) -> None:
    entry = {"Id": "x", "Image": "churn:v1", "ImageID": "sha256:feed", "State": state, "Created": 7, "Labels": LABELS}
    found = listed(entry, {})
    assert (found.status if found else None) is status


def test_a_recorded_handle_is_kept_for_the_same_container_alone() -> None:
    entry = {"Id": "x", "Image": "i", "ImageID": "sha256:feed", "State": "running", "Created": 7, "Labels": LABELS}
    same = listed(entry, {"id": "x", "started_at": 9.5, "repo_digest": "r"})
    other = listed(entry, {"id": "y", "started_at": 9.5})
    assert same is not None
    assert (same.started_at, same.handle["repo_digest"]) == (9.5, "r")
    assert other is not None
    assert (other.started_at, other.handle) == (7.0, {"id": "x", "image": "i", "image_id": "sha256:feed"})


@pytest.mark.parametrize(
    ("change", "ours"),
    [({}, True), ({"launchctl.dev/attempt": "4"}, False), ({"launchctl.dev/project": "other"}, False)],
)
def test_a_container_is_ours_by_every_label(change: Mapping[str, str], ours: bool) -> None:
    assert is_ours(details(ENDED), {**LABELS, **change}) is ours


def test_an_owner_is_described_for_an_error() -> None:
    assert describe_owner(details(ENDED)) == "container 0123456789ab of runs.baseline@g2#a3, project churn"
    stranger = details(ENDED, labels={})
    assert describe_owner(stranger) == "container 0123456789ab, which carries no labels of launchctl"
    half = details(ENDED, labels={"launchctl.dev/address": "runs.x", "launchctl.dev/generation": "one"})
    assert inspected(half).owner is None
