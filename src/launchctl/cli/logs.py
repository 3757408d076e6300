"""`launchctl logs`."""

from __future__ import annotations

from typing import Annotated

import typer

from launchctl.cli import console
from launchctl.cli.options import AddressArgument, reference_of, with_project
from launchctl.cli.parser import command_app, example
from launchctl.cli.selection import Selection

app = command_app()


@app.command(epilog=example("launchctl logs runs.baseline -f", "launchctl logs runs.baseline@g1#a2"))
@with_project()
def logs(
    selection: Selection,
    address: AddressArgument,
    *,
    follow: Annotated[bool, typer.Option("-f", "--follow", help="Go on until the run ends.")] = False,
) -> int:
    """Print what a run prints: its latest attempt, or the one that is named."""
    from launchctl.cli.project import opened_to_look

    reference = reference_of(address)
    with opened_to_look(selection) as session:
        for chunk in session.logs(reference, follow=follow):
            console.write_bytes(chunk)
    return 0
