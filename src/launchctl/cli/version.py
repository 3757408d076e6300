"""`launchctl version`."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from launchctl import __version__
from launchctl.cli import console
from launchctl.cli.options import with_project
from launchctl.cli.parser import command_app, example
from launchctl.cli.selection import Selection
from launchctl.cli.views.text import line

app = command_app()


@app.command(epilog=example("launchctl version --format json"))
@with_project(hidden=True)
def version(
    selection: Selection,
    *,
    format: Annotated[Literal["text", "json"], typer.Option("--format", help="How to print it.")] = "text",
) -> int:
    """Print the version, Python's, and the targets that are installed."""
    import platform

    from launchctl.providers.registry import provider_names

    providers = sorted(provider_names())
    if format == "json":
        document = {"format_version": "1", "version": __version__, "python": platform.python_version()}
        console.show_json({**document, "platform": platform.platform(), "providers": providers})
    else:
        console.show(
            [
                line(f"launchctl {__version__}"),
                line(f"Python {platform.python_version()} on {platform.platform()}"),
                line(f"targets: {', '.join(providers)}"),
            ]
        )
    return 0
