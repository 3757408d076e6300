"""`launchctl resolve`."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from launchctl.addresses import attempt_name
from launchctl.cli import console
from launchctl.cli.options import AddressArgument, reference_of, with_project
from launchctl.cli.parser import command_app, example
from launchctl.cli.selection import Selection
from launchctl.status import Status

app = command_app()


@app.command(epilog=example("launchctl resolve runs.baseline --as succeeded"))
@with_project()
def resolve(
    selection: Selection,
    address: AddressArgument,
    *,
    outcome: Annotated[Literal["succeeded", "failed"], typer.Option("--as", help="How it ended.")],
) -> int:
    """Say how a lost run ended, when its target does not know it any more."""
    from launchctl.cli.project import opened_to_look
    from launchctl.engine.stop import resolve as record

    reference = reference_of(address)
    with opened_to_look(selection) as session:
        found = record(session, reference, Status(outcome))
    name = attempt_name(found.address, found.generation, found.number)
    console.say(f"{name} is recorded as {outcome}")
    return 0
