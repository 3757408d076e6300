"""`launchctl plan`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from launchctl.cli import console
from launchctl.cli.exit_code import ExitCode
from launchctl.cli.options import DEFAULT_TRIALS, OffsetOption, PlanLimitOption, with_override, with_project
from launchctl.cli.parser import command_app, example
from launchctl.cli.selection import Selection
from launchctl.engine.plan import Override, Plan
from launchctl.errors import UsageError

if TYPE_CHECKING:
    from launchctl.cli.views.plan_sweeps import Outlines

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
    refresh: Annotated[
        bool | None, typer.Option("--refresh/--no-refresh", help="Ask the targets what runs now; so unless given.")
    ] = None,
    limit: PlanLimitOption = None,
    offset: OffsetOption = 0,
) -> int:
    """Show what apply would do, and why. Changes nothing anywhere.

    PROJECT may be a plan that was saved with `-o FILE`: it is shown as it was made.
    """
    from launchctl.cli.saved_plan import holds_plan

    if holds_plan(selection.project):
        if output is not None or refresh is not None or override != Override():
            raise _as_it_was_made()
        found, listed = _saved(selection), None
    else:
        found, listed = _made(selection, override, output, (offset, limit), refresh=refresh is not False)
    _show(found, format, limit, listed)
    if output is not None:
        console.say(f"Saved: `launchctl apply {output}` carries out exactly this plan")
    return _detailed(found) if detailed_exitcode else ExitCode.OK


def _made(
    selection: Selection, override: Override, output: Path | None, page: tuple[int, int | None], *, refresh: bool
) -> tuple[Plan, Outlines | None]:
    """A fresh plan, saved where that is asked for, with what there is to show of its sweeps."""
    from launchctl.cli.project import opened, outlined, planned
    from launchctl.cli.saved_plan import require_free, save_plan

    if output is not None:
        require_free(output)
    with opened(selection) as session:
        found = planned(session, override, refresh=refresh)
        if output is not None:
            save_plan(session, found, output)
        offset, limit = page
        return found, outlined(session, found, offset=offset, limit=DEFAULT_TRIALS if limit is None else limit)


def _saved(selection: Selection) -> Plan:
    """The plan in the file that the command line names."""
    from launchctl.engine.planfile import read_plan

    if selection != Selection(selection.project, state=selection.state):
        raise _as_it_was_made()
    found = read_plan(Path.cwd() / selection.project).plan
    console.say("a saved plan, shown as it was made: nothing is read or asked anew")
    return found


def _as_it_was_made() -> UsageError:
    return UsageError("a saved plan is shown as it was made", hint="`launchctl plan` with these options makes another")


def _show(found: Plan, format: str, limit: int | None, listed: Outlines | None) -> None:
    match format:
        case "json":
            from launchctl.cli.views.plan_json import plan_document

            console.show_json(plan_document(found, listed))
        case "markdown":
            from launchctl.cli.views.plan_markdown import plan_markdown

            console.show_text(plan_markdown(found, listed))
        case "html":
            from launchctl.cli.views.plan_html import plan_html

            console.show_text(plan_html(found, listed))
        case _:
            from launchctl.cli.views.plan_text import DEFAULT_LIMIT, plan_lines

            console.show(plan_lines(found, DEFAULT_LIMIT if limit is None else limit, listed))


def _detailed(found: Plan) -> ExitCode:
    if found.is_blocked:
        return ExitCode.BLOCKED
    return ExitCode.OK if found.is_empty else ExitCode.CHANGES
