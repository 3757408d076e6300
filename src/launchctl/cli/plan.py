"""`launchctl plan`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from launchctl.cli import console
from launchctl.cli.exit_code import ExitCode
from launchctl.cli.options import with_override, with_project
from launchctl.cli.parser import command_app, example
from launchctl.cli.selection import Selection
from launchctl.engine.plan import Override, Plan

app = command_app()


@app.command(epilog=example("launchctl plan", "launchctl plan -o plan.json && launchctl apply plan.json"))
@with_override
@with_project(positional=True)
def plan(
    selection: Selection,
    override: Override,
    *,
    format: Annotated[
        Literal["text", "json", "markdown", "html"], typer.Option("--format", help="How to print the plan.")
    ] = "text",
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="FILE", help="Save the plan, for `apply FILE`.")
    ] = None,
    detailed_exitcode: Annotated[
        bool, typer.Option("--detailed-exitcode", help="Exit 2 where apply would decide something, 3 where blocked.")
    ] = False,
    refresh: Annotated[bool, typer.Option("--refresh/--no-refresh", help="Ask the targets what runs now.")] = True,
    limit: Annotated[
        int, typer.Option("--limit", min=0, metavar="N", help="Text: addresses shown a section; 0 for all.")
    ] = 50,
) -> int:
    """Show what apply would do, and why. Changes nothing anywhere."""
    from launchctl.cli.project import opened, planned

    with opened(selection) as session:
        found = planned(session, override, refresh=refresh)
        if output is not None:
            from launchctl.cli.saved_plan import save_plan

            save_plan(session, found, output)
    _show(found, format, limit)
    if output is not None:
        console.say(f"Saved: `launchctl apply {output}` carries out exactly this plan")
    return _detailed(found) if detailed_exitcode else ExitCode.OK


def _show(found: Plan, format: str, limit: int) -> None:
    match format:
        case "json":
            from launchctl.cli.views.plan_json import plan_document

            console.show_json(plan_document(found))
        case "markdown":
            from launchctl.cli.views.plan_markdown import plan_markdown

            console.show_text(plan_markdown(found))
        case "html":
            from launchctl.cli.views.plan_html import plan_html

            console.show_text(plan_html(found))
        case _:
            from launchctl.cli.views.plan_text import plan_lines

            console.show(plan_lines(found, limit))


def _detailed(found: Plan) -> ExitCode:
    if found.is_blocked:
        return ExitCode.BLOCKED
    return ExitCode.OK if found.is_empty else ExitCode.CHANGES
