"""`launchctl logs`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from launchctl.addresses import attempt_name, typed
from launchctl.cli import console
from launchctl.cli.options import AddressArgument, reference_of, with_project
from launchctl.cli.parser import command_app, example
from launchctl.cli.selection import Selection
from launchctl.cli.views.status_text import never_started
from launchctl.errors import UsageError

if TYPE_CHECKING:
    from launchctl.state.model import AttemptRecord

app = command_app()


@app.command(epilog=example("launchctl logs runs.baseline -f", "launchctl logs runs.baseline@g1#a2"))
@with_project()
def logs(
    selection: Selection,
    address: AddressArgument,
    *,
    follow: Annotated[bool, typer.Option("-f", "--follow", help="Go on until the run ends.")] = False,
) -> int:
    """Print what a run prints, as it is: its latest attempt, or the one that is named."""
    from launchctl.cli.project import opened_to_look

    reference = reference_of(address)
    with opened_to_look(selection) as session:
        _require_started(session.attempt(reference))
        for chunk in session.logs(reference, follow=follow):
            console.write_bytes(chunk)
    return 0


def _require_started(attempt: AttemptRecord) -> None:
    """Tells silence from an attempt that had no chance to print."""
    if never_started(attempt.status, attempt.started_at, attempt.exit_code):
        said = "" if attempt.message in {"", "never started"} else f": {attempt.message}"
        name = attempt_name(attempt.address, attempt.generation, attempt.number)
        raise UsageError(
            f"{name} never started{said}", hint=f"`launchctl state show {typed(attempt.address)}` shows its record"
        )
