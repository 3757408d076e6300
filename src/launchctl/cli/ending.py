"""The end of a command that started or stopped something: what became of the runs, and how to go on."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from launchctl.addresses import parse_reference
from launchctl.cli import console
from launchctl.cli.exit_code import ExitCode, gravest
from launchctl.cli.views.status_text import run_name, status_lines
from launchctl.cli.views.text import Line, Segment, clip, counted, line, visible
from launchctl.engine.events import Report, RunLine
from launchctl.errors import LaunchctlError

if TYPE_CHECKING:
    from launchctl.engine.session import Session

_MOST_RUNS = 50
_MOST_OUTPUTS = 20


def exit_code_of_report(report: Report) -> ExitCode:
    """The first that holds, by the order of the contract."""
    held = {
        ExitCode.INTERRUPTED: report.interrupted,
        ExitCode.FAILED: bool(report.errors),
        ExitCode.BLOCKED: bool(report.blocked),
        ExitCode.RUN_FAILED: bool(report.failed),
    }
    return gravest({code for code, holds in held.items() if holds})


def show_report(session: Session, report: Report, *, with_output: bool) -> None:
    """Prints what became of the runs, and `with_output` the last line that each of those that ended printed."""
    runs = report.runs[:_MOST_RUNS]
    if report.runs:
        console.show(_runs(report.runs, _last_outputs(session, runs) if with_output else {}))
    for error in report.errors:
        console.tell(line(Segment("error:", "bold red"), f" {visible(error)}"))
    console.tell(*_ways_on(report))


def _runs(runs: Sequence[RunLine], outputs: Mapping[str, str]) -> Iterator[Line]:
    *rows, total = status_lines(runs, time.time())
    for run, row in zip(runs[:_MOST_RUNS], rows, strict=False):
        yield row
        if run.run_id in outputs:
            yield line(f"    {outputs[run.run_id]}")
    if len(runs) > _MOST_RUNS:
        yield line(Segment(f"... and {len(runs) - _MOST_RUNS:,} more (`launchctl status` shows all)", "dim"))
    yield total


def _last_outputs(session: Session, runs: Sequence[RunLine]) -> Mapping[str, str]:
    """The last line that each run printed which has ended, by run id; none where its target does not say."""
    ended = [run for run in runs if run.status.is_terminal][:_MOST_OUTPUTS]
    outputs = {run.run_id: _last_line(session, run) for run in ended}
    return {run_id: output for run_id, output in outputs.items() if output}


def _last_line(session: Session, run: RunLine) -> str:
    reference = parse_reference(f"{run.address}@g{run.generation}#a{run.attempt}")
    tail = b""
    try:
        for chunk in session.logs(reference, follow=False) if reference else ():
            tail = (tail + chunk)[-4096:]
    except LaunchctlError:
        return ""
    lines = tail.decode("utf-8", "replace").split("\n")
    return clip(visible(next((found.rstrip() for found in reversed(lines) if found.strip()), "")), 300)


def _ways_on(report: Report) -> Iterator[Line]:
    if report.interrupted:
        unfinished = [run for run in report.runs if not run.status.is_terminal]
        yield line(f"interrupted: {counted(len(unfinished), 'run is', 'runs are')} not finished")
        for run in unfinished[:_MOST_RUNS]:
            yield line(f"  {visible(run_name(run))}: {run.status.value}")
        yield line("`launchctl apply` goes on from here")
        return
    for run in report.runs:
        if run.address in report.failed:
            yield line(f"`launchctl logs {run.address}` shows what it printed")
            return
    if any(not run.status.is_terminal for run in report.runs):
        active = next((run for run in report.runs if run.status.is_active), report.runs[0])
        yield line(f"`launchctl status` shows how they do, `launchctl logs -f {active.address}` what one prints")
        if any(run.waiting_for for run in report.runs):
            yield line(
                "`launchctl apply` starts what waits once it may start; `launchctl apply --wait` does so by itself"
            )
