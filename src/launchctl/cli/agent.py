"""`launchctl agent`."""

from __future__ import annotations

from typing import Annotated

import typer

from launchctl.cli.ending import conclude
from launchctl.cli.options import with_project
from launchctl.cli.parser import command_app, example
from launchctl.cli.progress import interruptible, progress
from launchctl.cli.selection import Selection

app = command_app(help="Keep queues draining.", example=example("launchctl agent run cluster"))


@app.callback()
def agent() -> None:
    """Keep queues draining."""


@app.command(epilog=example("launchctl agent run cluster", "launchctl agent run cluster -p experiments"))
@with_project()
def run(
    selection: Selection,
    name: Annotated[str, typer.Argument(metavar="NAME", help="An agent of the project, as in cluster.")],
    *,
    parallelism: Annotated[
        int, typer.Option("--parallelism", min=1, max=1000, metavar="N", help="How many are started at a time.")
    ] = 10,
) -> int:
    """Start what was decided on an agent's queues, and watch it, until interrupted; then runs go on.

    At most `max_jobs` of what this very process has started run at a time. Any number of agents and applies may
    work beside each other.
    """
    from launchctl.cli.project import opened_to_look
    from launchctl.engine.agent import run_agent

    with opened_to_look(selection) as session:
        with interruptible() as interrupt, progress() as sink:
            report = run_agent(session, name, sink, interrupt, parallelism)
        return conclude(session, report)
