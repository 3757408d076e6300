"""What happens during an apply, one line an event, as CI and logs show it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from launchctl.cli.views.status_text import STATUS_STYLES, STATUS_WORDS, undrawn_line, waits_for
from launchctl.cli.views.text import Line, Segment, counted, duration, line, outcome, shorten, state_place, visible
from launchctl.engine.events import (
    CancelSent,
    Claimed,
    Created,
    Decided,
    Drawn,
    Event,
    LeaseTakenOver,
    Measured,
    Pruning,
    Retrying,
    StateCreated,
    StatusChanged,
    Trouble,
    Waiting,
    Warned,
)

_LONGEST_MESSAGE = 300
_MOST_WAITING = 5


def event_lines(event: Event, now: float) -> Iterator[Line]:
    """The lines of an event; none for a step that the next event tells as well."""
    match event:
        case StatusChanged():
            yield _status_line(event, now)
        case Retrying(reference, _, cause, not_before):
            wait = f" in {duration(not_before - now)}" if not_before > now else ""
            ended = visible(cause.replace("_", " "))
            yield line(f"{visible(reference)}: starts{wait}, since the attempt before it ended as {ended}")
        case Trouble(reference, message):
            yield line(Segment(f"{visible(reference)}: {shorten(visible(message), _LONGEST_MESSAGE)}", "red"))
        case Warned(reference, message):
            yield line(Segment(f"{visible(reference)}: {shorten(visible(message), _LONGEST_MESSAGE)}", "yellow"))
        case Waiting(reasons, sweeps):
            yield from waiting_lines(reasons)
            yield from map(undrawn_line, sweeps)
        case Claimed() | Created() | Drawn() | Measured():
            return
        case _:
            yield line(_notice(event))


def _notice(event: StateCreated | LeaseTakenOver | Decided | CancelSent | Pruning) -> str:
    match event:
        case StateCreated(url):
            return f"state created: {state_place(url)}"
        case LeaseTakenOver(owner):
            return f"the lease of {visible(owner)} had expired and was taken over"
        case Decided(serial, starts):
            return f"decision {serial} is recorded" + (f": {counted(starts, 'run')} to start" if starts else "")
        case CancelSent(reference):
            return f"{visible(reference)}: asked to stop"
        case Pruning(reference, _, reason):
            return f"pruned {visible(reference)}: {shorten(visible(reason), _LONGEST_MESSAGE)}"


def _status_line(event: StatusChanged, now: float) -> Line:
    style = STATUS_STYLES[event.new]
    ended = now if event.ended_at is None else event.ended_at
    ran = f" after {duration(ended - event.started_at)}" if event.new.is_terminal and event.started_at else ""
    remark = shorten(visible(outcome(event.exit_code, event.message)), _LONGEST_MESSAGE)
    return line(
        f"{visible(event.reference)}: ", Segment(STATUS_WORDS[event.new], style), ran, f": {remark}" if remark else ""
    )


def waiting_lines(reasons: Mapping[str, str]) -> Iterator[Line]:
    """What waits and for what: each where they are few, else how many for each reason."""
    if len(reasons) <= _MOST_WAITING:
        for reference, reason in reasons.items():
            yield line(f"{visible(reference)}: {shorten(visible(waits_for(reason)), _LONGEST_MESSAGE)}")
        return
    for said, number in Counter(map(waits_for, reasons.values())).most_common(_MOST_WAITING):
        reason = shorten(visible(said.removeprefix("waits ")), _LONGEST_MESSAGE)
        yield line(f"{counted(number, 'run waits', 'runs wait')} {reason}")
