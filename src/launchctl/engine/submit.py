"""Creating one attempt's object, whatever the provider answers: runs in a thread, writes nothing."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from launchctl.engine.launch import Launch, target_of
from launchctl.errors import LaunchctlError, NameTaken, ProviderError, Refused, Throttled, UnknownOutcome
from launchctl.providers.base import Client, Observation
from launchctl.state.model import AttemptRecord

TRIES = 4
PAUSE = 0.2
"""Seconds before the second try; the later ones wait a multiple of it."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it."""

    observation: Observation | None = None
    """The object, ours; None where there is none or nobody knows."""
    message: str = ""
    is_refused: bool = False
    """Nothing was created and nothing will be. Otherwise, without an observation, the intent stays to be looked up."""


def submit(
    connect: Callable[[str], Client],
    attempt: AttemptRecord,
    launch: Launch,
    environment: Mapping[str, str],
    prepare: Callable[[AttemptRecord, Launch], None],
    *,
    is_left_over: bool,
) -> Outcome:
    """Creates the object, or adopts the one that is already there under the same name and labels."""
    try:
        client = connect(launch.resource)
        if is_left_over:
            found = _look_up(client, attempt, launch)
            if found is not None and found.is_started:
                return Outcome(found)
        prepare(attempt, launch)
        return _create(client, launch, attempt, environment)
    except (Refused, NameTaken) as error:
        return Outcome(message=_text(error), is_refused=True)
    except LaunchctlError as error:
        return Outcome(message=_text(error))


def _create(client: Client, launch: Launch, attempt: AttemptRecord, environment: Mapping[str, str]) -> Outcome:
    submission = launch.submission(attempt, environment)
    for tried in range(1, TRIES + 1):
        try:
            return Outcome(client.submit(submission))
        except Throttled as error:
            if tried == TRIES:
                return Outcome(message=_text(error))
            time.sleep(error.retry_after * tried)
        except UnknownOutcome as error:
            # No answer: whether it exists decides what to do, and creating again under the same name is safe.
            found = _look_up(client, attempt, launch)
            if found is not None and found.is_started:
                return Outcome(found)
            if tried == TRIES:
                return Outcome(message=_text(error))
            time.sleep(PAUSE * tried)
    raise AssertionError("unreachable")


def _look_up(client: Client, attempt: AttemptRecord, launch: Launch) -> Observation | None:
    """The attempt's object as the provider knows it; an object of another owner raises `NameTaken`."""
    found = client.observe([target_of(attempt, launch)]).get(attempt.run_id)
    if found is not None and found.owner is not None and found.owner != launch.owner:
        address, generation, number = found.owner
        raise NameTaken(f"{attempt.run_id} belongs to {address}@g{generation}#a{number}")
    return found


def _text(error: ProviderError | LaunchctlError) -> str:
    return f"{error.message}; {error.hint}" if error.hint else error.message
