"""`launchctl apply`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from launchctl.cli import console
from launchctl.cli.ending import conclude
from launchctl.cli.exit_code import ExitCode
from launchctl.cli.options import ApproveOption, with_override, with_project
from launchctl.cli.parser import command_app, example
from launchctl.cli.progress import interruptible, progress
from launchctl.cli.project import opened, outlined, planned
from launchctl.cli.selection import Selection
from launchctl.cli.views.plan_text import plan_lines
from launchctl.engine.events import Report
from launchctl.engine.plan import Override, Plan
from launchctl.errors import UsageError

if TYPE_CHECKING:
    from launchctl.engine.apply import ApplyOptions
    from launchctl.engine.session import Session

app = command_app()


@app.command(epilog=example("launchctl apply", "launchctl apply --auto-approve --wait", "launchctl apply plan.json"))
@with_override
@with_project(positional=True)
def apply(
    selection: Selection,
    override: Override,
    *,
    auto_approve: ApproveOption = False,
    wait: Annotated[bool, typer.Option("--wait/--no-wait", help="Go on until every run has ended.")] = False,
    parallelism: Annotated[
        int, typer.Option("--parallelism", min=1, max=1000, metavar="N", help="How many are started at a time.")
    ] = 10,
) -> int:
    """Show the plan, ask, carry it out.

    PROJECT may be a plan that `launchctl plan -o FILE` saved: it is carried out exactly, or refused as stale. It
    keeps no value of a variable, so that the same `--var` and `--var-file` are needed again.
    """
    from launchctl.engine.apply import ApplyOptions

    with _planned(selection, override) as (session, plan):
        listed = outlined(session, plan)
        if plan.is_empty:
            console.show(plan_lines(plan, outlines=listed))
            if plan.serial == 0:
                return ExitCode.BLOCKED if plan.is_blocked else ExitCode.OK
        else:
            console.tell(*plan_lines(plan, outlines=listed))
            if not auto_approve and not console.confirm("Apply this plan?"):
                console.say("Not applied")
                return ExitCode.FAILED
        report = _carry_out(session, plan, ApplyOptions(wait=wait, parallelism=parallelism))
        return conclude(session, report, waited=wait)


@contextmanager
def _planned(selection: Selection, override: Override) -> Iterator[tuple[Session, Plan]]:
    """The session and the plan: a fresh one, or the one in the file that the command line names."""
    from launchctl.cli.saved_plan import holds_plan, opened_plan

    if holds_plan(selection.project):
        if override != Override() or selection.workspace != "default":
            raise UsageError("a saved plan is carried out as it is", hint="give these options to `launchctl plan`")
        with opened_plan(selection) as (session, plan):
            yield session, plan
        return
    with opened(selection) as session:
        yield session, planned(session, override)


def _carry_out(session: Session, plan: Plan, options: ApplyOptions) -> Report:
    from launchctl.engine.apply import apply as carry_out

    with interruptible() as interrupt, progress() as sink:
        return carry_out(session, plan, options, sink, interrupt)
