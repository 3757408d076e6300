"""Creating one attempt's object, whatever the provider answers: runs in a thread, writes nothing."""

from __future__ import annotations

from dataclasses import dataclass

from launchctl.addresses import attempt_name
from launchctl.engine.launch import Launch, target_of
from launchctl.engine.means import Means
from launchctl.errors import LaunchctlError, NameTaken, ProviderError, Refused, Throttled, UnknownOutcome
from launchctl.providers.base import Client, Observation
from launchctl.state.model import AttemptRecord

TRIES = 4
PAUSE = 0.2
"""Seconds before the second try; the later ones wait a multiple of it."""
LONGEST_PAUSE = 60.0
"""A target that asks for a longer one is left to the next apply."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it."""

    observation: Observation | None = None
    """The object, ours; None where there is none or nobody knows."""
    message: str = ""
    is_refused: bool = False
    """Nothing was created and nothing will be."""
    is_unstarted: bool = False
    """Nothing was created, and it may be tried again as if it had never been begun. With neither and without an
    observation nobody knows, and the intent stays to be looked up."""


def submit(means: Means, attempt: AttemptRecord, *, is_left_over: bool) -> Outcome:
    """Creates the object, or adopts the one that is already there under the same name and labels."""
    launch = Launch.from_text(attempt.manifest)
    try:
        client = means.clients.of(launch.resource)
    except ProviderError as error:
        return Outcome(message=_text(error), is_unstarted=not is_left_over)
    is_unsure = is_left_over
    tried = 0
    while True:
        tried += 1
        try:
            return Outcome(_create(means, client, attempt, launch, look=is_unsure))
        except (Refused, NameTaken) as error:
            return Outcome(message=_text(error), is_refused=True)
        except UnknownOutcome as error:
            # No answer: whether it exists decides what to do, and creating again under the same name is safe.
            is_unsure, pause, message = True, PAUSE * tried, _text(error)
        except Throttled as error:
            pause, message = error.retry_after * tried, _text(error)
        except LaunchctlError as error:
            return Outcome(message=_text(error), is_unstarted=not is_unsure)
        if tried == TRIES or pause > LONGEST_PAUSE or (means.interrupt.wait(pause) and not is_unsure):
            return Outcome(message=message, is_unstarted=not is_unsure)


def _create(means: Means, client: Client, attempt: AttemptRecord, launch: Launch, *, look: bool) -> Observation:
    if look:
        found = _look_up(client, attempt, launch)
        if found is not None and found.is_started:
            return found
    missing = launch.missing(means.environment)
    if missing:
        raise LaunchctlError(f"it needs {missing}")
    means.prepare(attempt, launch)
    return client.submit(launch.submission(attempt, means.environment))


def _look_up(client: Client, attempt: AttemptRecord, launch: Launch) -> Observation | None:
    """The attempt's object as the provider knows it; an object of another owner raises `NameTaken`."""
    found = client.observe([target_of(attempt, launch)]).get(attempt.run_id)
    if found is not None and found.owner is not None and found.owner != launch.owner:
        address, generation, number = found.owner
        raise NameTaken(f"{attempt.run_id} belongs to {attempt_name(address, generation, number)}")
    return found


def _text(error: LaunchctlError) -> str:
    return f"{error.message}; {error.hint}" if error.hint else error.message
