"""`launchctl schema`."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from launchctl.cli import console
from launchctl.cli.options import with_project
from launchctl.cli.parser import command_app, example
from launchctl.cli.selection import Selection

app = command_app()


@app.command(epilog=example("launchctl schema project > project.schema.json"))
@with_project(hidden=True)
def schema(
    selection: Selection,
    format: Annotated[
        Literal["project", "plan", "compile"],
        typer.Argument(metavar="FORMAT", help="The project file, or what a command prints as JSON."),
    ] = "project",
) -> int:
    """Print the JSON Schema of a format."""
    from launchctl.schemas import load

    console.show_json(load(format))
    return 0
