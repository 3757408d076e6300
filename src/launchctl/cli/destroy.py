"""`launchctl destroy`."""

from __future__ import annotations

from dataclasses import replace

from launchctl.addresses import generation_name
from launchctl.cli import console
from launchctl.cli.ending import conclude
from launchctl.cli.exit_code import ExitCode
from launchctl.cli.options import ApproveOption, with_project
from launchctl.cli.parser import command_app, example
from launchctl.cli.progress import progress
from launchctl.cli.selection import Selection
from launchctl.cli.views.plan_text import plan_lines
from launchctl.cli.views.text import line
from launchctl.engine.plan import Plan

app = command_app()


@app.command(epilog=example("launchctl destroy"))
@with_project(positional=True)
def destroy(selection: Selection, *, auto_approve: ApproveOption = False) -> int:
    """Cancel what runs. History stays, so that a later apply starts nothing that already ran."""
    from launchctl.cli.project import opened_to_look
    from launchctl.engine.stop import destroy as carry_out
    from launchctl.engine.stop import destroy_plan

    with opened_to_look(selection) as session:
        plan = destroy_plan(session)
        shown = _by_generation(plan)
        if plan.is_empty:
            console.show(
                plan_lines(shown) if plan.is_blocked else [line("Nothing to do: nothing runs and nothing waits")]
            )
            return ExitCode.BLOCKED if plan.is_blocked else ExitCode.OK
        console.tell(*plan_lines(shown))
        if not auto_approve and not console.confirm("Cancel these runs?"):
            console.say("Not destroyed")
            return ExitCode.FAILED
        with progress() as sink:
            report = carry_out(session, plan, sink)
        return conclude(session, report)


def _by_generation(plan: Plan) -> Plan:
    """The plan with the generation in each address: two of one run may be under way."""
    changes = (replace(change, address=generation_name(change.address, change.generation)) for change in plan.changes)
    return replace(plan, changes=tuple(changes))
