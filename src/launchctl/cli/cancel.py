"""`launchctl cancel`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from launchctl.addresses import Kind, Reference, matches, parse_address
from launchctl.cli import console
from launchctl.cli.ending import conclude
from launchctl.cli.options import AddressesArgument, reference_of, with_project
from launchctl.cli.parser import command_app, example
from launchctl.cli.progress import progress
from launchctl.cli.selection import Selection
from launchctl.engine.events import RunLine
from launchctl.errors import UsageError

if TYPE_CHECKING:
    from launchctl.engine.session import Session
    from launchctl.state.model import AttemptRecord

app = command_app()


@app.command(
    epilog=example("launchctl cancel runs.baseline", "launchctl cancel sweeps.lr", "launchctl cancel 'runs.trial-*'")
)
@with_project()
def cancel(selection: Selection, addresses: AddressesArgument) -> int:
    """Stop runs, or a sweep with all its trials. What is cancelled is never started again by itself."""
    from launchctl.cli.project import opened_to_look
    from launchctl.engine.stop import cancel as stop

    with opened_to_look(selection) as session:
        references = [found for text in addresses for found in _meant(session, text)]
        under_way = list(dict.fromkeys(one for found in references for one in _under_way(session, found)))
        is_left = any(str(found.address) == left.address for left in session.undrawn() for found in references)
        with progress() as sink:
            report = stop(session, references, sink)
        report = replace(report, runs=tuple(_line(session.attempt(found)) for found in under_way))
        if not under_way and not is_left:
            console.say("Nothing to cancel: it has ended already")
        return conclude(session, report)


def _under_way(session: Session, reference: Reference) -> Iterator[Reference]:
    """What a reference means that had not ended: one attempt, or the trials of a sweep."""
    if reference.address.kind is not Kind.SWEEPS or reference.address.key:
        if _is_under_way(session, reference):
            yield reference
        return
    state = session.state()
    for name, run in state.runs.items() if state else ():
        address = parse_address(name)
        if address is not None and (address.kind, address.name) == (Kind.SWEEPS, reference.address.name):
            for attempt in run.attempts:
                if not attempt.status.is_terminal:
                    yield Reference(address, attempt.generation, attempt.number)


def _is_under_way(session: Session, reference: Reference) -> bool:
    """Whether a reference means an attempt that had not ended, of an earlier generation too."""
    try:
        return not session.attempt(reference).status.is_terminal
    except UsageError:
        return False  # there is none: to cancel it says so


def _line(attempt: AttemptRecord) -> RunLine:
    return RunLine(
        attempt.address,
        attempt.generation,
        attempt.number,
        attempt.run_id,
        attempt.status,
        attempt.since,
        exit_code=attempt.exit_code,
        message=attempt.message,
        started_at=attempt.started_at,
        ended_at=attempt.ended_at,
    )


def _meant(session: Session, text: str) -> Iterator[Reference]:
    """The reference that an argument spells, or those of all runs that have not ended and fit its pattern."""
    if "*" not in text:
        yield reference_of(text)
        return
    state = session.state()
    found = [
        Reference(address)
        for left in session.undrawn()
        if (address := parse_address(left.address)) and matches(address, text)
    ]
    found += [
        Reference(address)
        for name, run in (state.runs.items() if state else ())
        if (address := parse_address(name)) and matches(address, text)
        if run.latest is not None and not run.latest.status.is_terminal
    ]
    if not found:
        raise UsageError(f'nothing that has not ended fits "{text}"', hint="`launchctl status` lists the runs")
    yield from found
