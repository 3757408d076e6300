"""`launchctl cancel`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from launchctl.addresses import Reference, matches, parse_address
from launchctl.cli import console
from launchctl.cli.ending import exit_code_of_report, show_report
from launchctl.cli.options import AddressesArgument, reference_of, with_project
from launchctl.cli.parser import command_app, example
from launchctl.cli.progress import progress
from launchctl.cli.selection import Selection
from launchctl.errors import UsageError

if TYPE_CHECKING:
    from launchctl.engine.session import Session

app = command_app()


@app.command(epilog=example("launchctl cancel runs.baseline", "launchctl cancel 'runs.trial-*'"))
@with_project()
def cancel(selection: Selection, addresses: AddressesArgument) -> int:
    """Stop runs. One that is cancelled is never started again by itself."""
    from launchctl.cli.project import opened_to_look
    from launchctl.engine.stop import cancel as stop

    with opened_to_look(selection) as session:
        references = [found for text in addresses for found in _meant(session, text)]
        with progress() as sink:
            report = stop(session, references, sink)
        meant = {str(found.address) for found in references}
        report = replace(report, runs=tuple(run for run in report.runs if run.address in meant))
        show_report(session, report, with_output=False)
        if not report.runs:
            console.say("Nothing to cancel: it has ended already")
    return exit_code_of_report(report)


def _meant(session: Session, text: str) -> Iterator[Reference]:
    """The reference that an argument spells, or those of all runs that have not ended and fit its pattern."""
    if "*" not in text:
        yield reference_of(text)
        return
    state = session.state()
    found = [
        Reference(address)
        for name, run in (state.runs.items() if state else ())
        if (address := parse_address(name)) and matches(address, text)
        if run.latest is not None and not run.latest.status.is_terminal
    ]
    if not found:
        raise UsageError(f'nothing that has not ended fits "{text}"', hint="`launchctl status` lists the runs")
    yield from found
