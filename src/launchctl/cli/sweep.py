"""`launchctl sweep`."""

from __future__ import annotations

import os
import shutil
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from launchctl.cli import console
from launchctl.cli.completion import complete_sweep
from launchctl.cli.exit_code import ExitCode
from launchctl.cli.options import with_project
from launchctl.cli.parser import command_app, example
from launchctl.cli.selection import Selection
from launchctl.cli.views.text import visible_block
from launchctl.errors import UsageError
from launchctl.values import pretty

if TYPE_CHECKING:
    from launchctl.engine.sweep.report import SweepReport

app = command_app(help="Look at a sweep.", example=example("launchctl sweep show sweeps.lr"))

_FIRST = 20
_WIDTH = 120
"""Columns of a table that goes to no terminal."""


@app.callback()
def sweep() -> None:
    """Look at a sweep."""


@app.command(
    epilog=example(
        "launchctl sweep show sweeps.lr",
        "launchctl sweep show lr -o lr.csv",
        "launchctl sweep show lr -o lr.html",
    )
)
@with_project()
def show(
    selection: Selection,
    address: Annotated[
        str, typer.Argument(metavar="ADDR", help="A sweep, as in sweeps.lr or lr.", autocompletion=complete_sweep)
    ],
    *,
    format: Annotated[
        Literal["text", "json", "csv", "html"] | None,
        typer.Option("--format", help="How to print it: as text, or as the name of FILE says, unless given."),
    ] = None,
    limit: Annotated[
        int | None,
        typer.Option(
            "--limit", min=0, metavar="N", help="Text and html: trials listed, 20 and 50 unless given; 0: all."
        ),
    ] = None,
    epoch: Annotated[
        int | None, typer.Option("--epoch", min=1, metavar="N", help="An earlier epoch; the latest unless given.")
    ] = None,
    refresh: Annotated[
        bool,
        typer.Option("--refresh/--no-refresh", help="Ask the targets what runs now, and what trials have logged."),
    ] = True,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="FILE", help="Write it to a file: html, csv and json.")
    ] = None,
) -> int:
    """Show the trials of a sweep with their parameters, metric and state, best first."""
    from launchctl.cli.project import opened_to_look
    from launchctl.engine.sweep.reading import read_sweep

    chosen = format or _format_of(output)
    with opened_to_look(selection) as session:
        first = _FIRST if limit is None else limit
        report = read_sweep(session, address, epoch, first=first, refresh=refresh, news=True)
    _show(report, chosen, limit, output)
    return ExitCode.OK


def _format_of(output: Path | None) -> str:
    """The format that the name of a file says.

    Raises:
        UsageError: it says none.
    """
    found = output.suffix.lower().removeprefix(".") if output is not None else "text"
    if output is not None and found not in {"csv", "html", "json"}:
        raise UsageError(
            f'"{output}" does not say which format it is to have', hint="end it in .html, .csv or .json, or `--format`"
        )
    return found


def _show(report: SweepReport, format: str, limit: int | None, output: Path | None) -> None:
    match format:
        case "json":
            from launchctl.cli.views.sweep_json import sweep_document

            _deliver(pretty(sweep_document(report)), output)
        case "csv":
            from launchctl.cli.views.sweep_csv import sweep_csv

            _deliver(sweep_csv(report), output)
        case "html":
            from launchctl.cli.views.sweep_html import MOST_ROWS, sweep_page

            _deliver(sweep_page(report, time.time(), MOST_ROWS if limit is None else limit), output)
        case _:
            from launchctl.cli.views.sweep_text import sweep_lines

            if output is not None:
                raise UsageError("`-o` is for html, csv and json", hint="redirect the text")
            console.show(sweep_lines(report, time.time(), _width(), _FIRST if limit is None else limit))


def _width() -> int:
    """Of the terminal; what goes elsewhere is wider than most."""
    is_terminal = sys.stdout.isatty() or "COLUMNS" in os.environ
    return shutil.get_terminal_size().columns if is_terminal else _WIDTH


def _deliver(text: str, output: Path | None) -> None:
    """To a file, with its size told, or to standard output as the bytes that its digests are of; a terminal gets what
    could command it spelled out."""
    if output is None and sys.stdout.isatty():
        console.show_text(visible_block(text))
        return
    if output is None:
        console.write_bytes(text.encode("utf-8", "backslashreplace"))
        return
    console.write_file(output, text)
    console.say(f"Written: {output}, {_size(len(text.encode('utf-8', 'backslashreplace')))}")


def _size(count: int) -> str:
    """`4.9 MB`, `12 kB`."""
    return f"{count / 1e6:.1f} MB" if count >= 1_000_000 else f"{max(round(count / 1000), 1)} kB"
