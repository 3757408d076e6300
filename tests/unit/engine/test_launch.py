"""A launch as the state keeps it."""

from __future__ import annotations

from launchctl.compiler.node import Deferred
from launchctl.engine.launch import Launch
from launchctl.state.model import AttemptRecord
from launchctl.status import Status

RETRY = Launch("a-2", "fake", {"argv": ["x"]}, {})
LAUNCH = Launch(
    run_id="a-1",
    resource="fake",
    body={"argv": ["sh", "-c", "echo ${env:TEAM} $${env:TEAM}"], "env": {}},
    labels={
        "launchctl.dev/address": "runs.a",
        "launchctl.dev/generation": "1",
        "launchctl.dev/attempt": "1",
    },
    queue="gpu",
    deferred={("argv", 2): Deferred(("echo ", "TEAM", " ${env:TEAM}"))},
    secrets={"HF_TOKEN": {"env": "HF"}},
    timeout=3600.0,
    code="sha256:ab",
    retry=RETRY,
)
ATTEMPT = AttemptRecord("runs.a", 1, 1, "a-1", Status.INTENT)


def test_a_launch_is_read_back_as_it_was_written() -> None:
    assert Launch.from_text(LAUNCH.to_text()) == LAUNCH


def test_a_deferred_text_is_completed_and_a_literal_one_is_left_alone() -> None:
    submission = LAUNCH.submission(ATTEMPT, {"TEAM": "vision", "HF": "hush"})
    assert submission.manifest["argv"][2] == "echo vision ${env:TEAM}"


def test_a_secret_is_in_the_submission_and_neither_in_the_text_nor_in_a_repr() -> None:
    submission = LAUNCH.submission(ATTEMPT, {"TEAM": "vision", "HF": "hush"})
    assert submission.secrets == {"HF_TOKEN": "hush"}
    assert "hush" not in LAUNCH.to_text()
    assert "hush" not in repr(submission)


def test_what_is_missing_is_named_before_anything_is_claimed() -> None:
    assert LAUNCH.missing({"TEAM": "vision"}) == "the secret in $HF, which is not set here"
    assert LAUNCH.missing({"HF": "hush"}) == "$TEAM, which is not set here"
    assert LAUNCH.missing({"HF": "hush", "TEAM": "vision"}) == ""
