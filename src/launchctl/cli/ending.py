"""The end of a command that started or stopped something: what became of the runs, and how to go on."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from launchctl.addresses import attempt_name, parse_reference, typed
from launchctl.cli import console
from launchctl.cli.exit_code import ExitCode, gravest
from launchctl.cli.views.ending_text import MOST_RUNS, ending_lines, listed_runs
from launchctl.cli.views.status_text import STATUS_WORDS, cut_notice, never_started, run_name, undrawn_line
from launchctl.cli.views.text import Line, Segment, counted, line, shorten, visible
from launchctl.engine.events import Report, RunLine
from launchctl.errors import LaunchctlError

if TYPE_CHECKING:
    from launchctl.engine.session import Session

_MOST_OUTPUTS = 20
_TAIL = 64 * 1024
"""Bytes of a run's output that are looked at: longer than any secret."""
_LINE_END = re.compile(r"[\r\n]+")


def exit_code_of_report(report: Report) -> ExitCode:
    """The first that holds, by the order of the contract."""
    held = {
        ExitCode.INTERRUPTED: report.interrupted,
        ExitCode.FAILED: bool(report.errors),
        ExitCode.BLOCKED: bool(report.blocked),
        ExitCode.RUN_FAILED: bool(report.failed),
    }
    return gravest({code for code, holds in held.items() if holds})


def conclude(session: Session, report: Report, *, waited: bool = False) -> ExitCode:
    """Prints what became of the runs, and where they were `waited` for the last line that each printed."""
    try:
        _show(session, report, waited=waited)
    except KeyboardInterrupt:
        console.say("interrupted: `launchctl status` shows how the runs do")
        return ExitCode.INTERRUPTED
    return exit_code_of_report(report)


def _show(session: Session, report: Report, *, waited: bool) -> None:
    runs = listed_runs(report.runs)
    if report.runs:
        outputs = _last_outputs(session, runs) if waited else {}
        console.show(ending_lines(report.runs, runs, outputs, time.time(), partial(_best, session)))
        console.tell(*cut_notice(runs))
    if not report.interrupted:
        console.tell(*map(undrawn_line, report.undrawn))
    told = {f"{attempt_name(run.address, run.generation, run.attempt)}: {run.message}" for run in runs}
    for error in report.errors:
        if error not in told:
            console.tell(line(Segment("error:", "bold red"), f" {visible(error)}"))
    for warning in report.warnings:
        console.tell(line(Segment("warning:", "bold yellow"), f" {visible(warning)}"))
    console.tell(*_ways_on(report, waited=waited))


def _best(session: Session, sweep: str) -> str:
    """`best accuracy 0.9667 by [4]`, or nothing where nothing is known of it."""
    from launchctl.cli.views.sweep_text import best_words
    from launchctl.engine.sweep.reading import read_sweep

    try:
        return best_words(read_sweep(session, sweep))
    except LaunchctlError:
        return ""


def _last_outputs(session: Session, runs: Sequence[RunLine]) -> Mapping[str, str]:
    """The last line that each run printed which has ended, by run id; none where its target does not say."""
    ended = [run for run in runs if run.status.is_terminal][:_MOST_OUTPUTS]
    outputs = {run.run_id: _last_line(session, run) for run in ended}
    return {run_id: output for run_id, output in outputs.items() if output}


def _last_line(session: Session, run: RunLine) -> str:
    reference = parse_reference(attempt_name(run.address, run.generation, run.attempt))
    tail, is_whole = b"", True
    try:
        for chunk in session.logs(reference, follow=False) if reference else ():
            tail += chunk
            if len(tail) > 2 * _TAIL:
                tail, is_whole = tail[-_TAIL:], False
    except LaunchctlError:
        return ""
    return shorten(visible(last_line(session.redact(tail.decode("utf-8", "replace")), is_whole=is_whole)), 300)


def last_line(text: str, *, is_whole: bool) -> str:
    """The last line that is not blank; a first one of which the beginning is missing may be part of a secret."""
    lines = _LINE_END.split(text)
    return next((found.rstrip() for found in reversed(lines if is_whole else lines[1:]) if found.strip()), "")


def _ways_on(report: Report, *, waited: bool) -> Iterator[Line]:
    if report.interrupted:
        unfinished = [run for run in report.runs if not run.status.is_terminal]
        yield line(f"interrupted: {counted(len(unfinished), 'run is', 'runs are')} not finished")
        for run in unfinished[:MOST_RUNS]:
            yield line(f"  {visible(run_name(run))}: {STATUS_WORDS[run.status]}")
        for left in report.undrawn:
            yield line("  ", *undrawn_line(left))
        yield line("`launchctl apply` goes on from here")
        return
    for run in report.runs:
        if run.address in report.failed and not never_started(run.status, run.started_at, run.exit_code):
            yield line(f"`launchctl logs {typed(run.address)}` shows what it printed")
            return
    if any(not run.status.is_terminal for run in report.runs):
        active = next((run for run in report.runs if run.status.is_active), None)
        logs = f", `launchctl logs -f {typed(active.address)}` what one prints" if active else ""
        yield line(f"`launchctl status` shows how they do{logs}")
        if report.undrawn or any(run.waiting_for for run in report.runs):
            by_itself = "" if waited else "; `launchctl apply --wait` does so by itself"
            yield line(f"`launchctl apply` starts what waits once it may start{by_itself}")
