"""`launchctl status`."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from launchctl.cli import console
from launchctl.cli.options import DEFAULT_TRIALS, TrialLimitOption, with_project
from launchctl.cli.parser import command_app, example
from launchctl.cli.selection import Selection
from launchctl.cli.views.status_sweeps import overview_lines
from launchctl.cli.views.status_text import cut_notice
from launchctl.errors import UsageError

if TYPE_CHECKING:
    from launchctl.engine.events import Overview

app = command_app()

_PAUSE = 2.0


@app.command(epilog=example("launchctl status", "launchctl status --watch", "launchctl status --format json"))
@with_project(positional=True)
def status(
    selection: Selection,
    *,
    watch: Annotated[
        bool, typer.Option("--watch", "-w", help="Look again every two seconds until all has ended.")
    ] = False,
    format: Annotated[Literal["text", "json"], typer.Option("--format", help="How to print it.")] = "text",
    limit: TrialLimitOption = DEFAULT_TRIALS,
) -> int:
    """List what runs, what waits and how it ended."""
    from launchctl.cli.project import opened_to_look

    if watch and format == "json":
        raise UsageError("`--watch` has no JSON form", hint="run `launchctl status --format json` again and again")
    with opened_to_look(selection) as session:
        if watch:
            _watch(session.overview, limit)
        elif format == "json":
            from launchctl.cli.views.status_json import status_document

            console.show_json(status_document(*session.overview()))
        else:
            runs, undrawn = session.overview()
            console.show(overview_lines(runs, time.time(), undrawn, limit))
            console.tell(*cut_notice(runs))
    return 0


def _watch(look: Callable[[], Overview], limit: int) -> None:
    """Shows the runs until all have ended: in place on a terminal, elsewhere again wherever something changed."""
    if console.is_rich(sys.stdout, os.environ):
        from launchctl.cli.views.live import watch_runs

        watch_runs(look, _PAUSE)
        return
    before: object = None
    while True:
        runs, undrawn = look()
        seen = ([(run.run_id, run.status, run.waiting_for) for run in runs], undrawn)
        if seen != before:
            console.show(overview_lines(runs, time.time(), undrawn, limit))
        if not undrawn and all(run.status.is_terminal for run in runs):
            return
        before = seen
        time.sleep(_PAUSE)
