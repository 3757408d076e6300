"""`launchctl validate`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from launchctl.cli import console
from launchctl.cli.exit_code import ExitCode
from launchctl.cli.options import with_project
from launchctl.cli.parser import command_app, example
from launchctl.cli.selection import Selection
from launchctl.cli.views.text import counted
from launchctl.diagnostics import Diagnostic, Diagnostics, Severity, has_errors

if TYPE_CHECKING:
    from launchctl.engine.pipeline import Compiled

app = command_app()


@app.command(epilog=example("launchctl validate", "launchctl validate --format github"))
@with_project(positional=True)
def validate(
    selection: Selection,
    *,
    format: Annotated[
        Literal["text", "json", "sarif", "github"],
        typer.Option("--format", help="`sarif` for code scanning, `github` for annotations of a pull request."),
    ] = "text",
) -> int:
    """Say everything that is wrong in a project, in one go, without a network."""
    from launchctl.cli.project import request_of
    from launchctl.engine.pipeline import compile_project

    compiled = compile_project(request_of(selection))
    found = tuple(map(_judged, compiled.diagnostics))
    _show(found, compiled.sources, format)
    if format == "text":
        console.say(_summary(found, compiled))
    return ExitCode.INVALID if has_errors(found) else ExitCode.OK


def _judged(found: Diagnostic) -> Diagnostic:
    """What only a later version compiles is well written: a warning here, an error where it is compiled."""
    from launchctl.compiler.expand_codes import NOT_SUPPORTED_YET

    if found.code is not NOT_SUPPORTED_YET:
        return found
    return replace(found, code=replace(found.code, severity=Severity.WARNING))


def _show(found: Diagnostics, sources: Mapping[str, str], format: str) -> None:
    from launchctl import __version__
    from launchctl.cli.views.diagnostics import as_github, as_json, as_sarif, diagnostic_lines

    match format:
        case "json":
            console.show_json(as_json(found))
        case "sarif":
            console.show_json(as_sarif(found, __version__))
        case "github":
            console.show_text(as_github(found))
        case _:
            console.show(diagnostic_lines(found, sources))


def _summary(diagnostics: Diagnostics, compiled: Compiled) -> str:
    counts = Counter(found.severity for found in diagnostics)
    said = [counted(counts[severity], severity.value) for severity in Severity if counts[severity]]
    if counts[Severity.ERROR]:
        return f"The project is invalid: {', '.join(said)}"
    return f"The project is valid: {', '.join([*_found(compiled), *said])}"


def _found(compiled: Compiled) -> Iterator[str]:
    """`2 runs`, `1 sweep of 46,656 trials`."""
    if compiled.desired or not compiled.sweeps:
        yield counted(len(compiled.desired), "run")
    if compiled.sweeps:
        from launchctl.sweeps.searcher import size

        sizes = [size(sweep.spec.search) for sweep in compiled.sweeps.values()]
        trials = counted(sum(found for found in sizes if found is not None), "trial")
        endless = sizes.count(None)
        more = f", {endless:,} without end" if endless else ""
        yield f"{counted(len(sizes), 'sweep')}{more if endless == len(sizes) else f' of {trials}{more}'}"
