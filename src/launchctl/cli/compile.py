"""`launchctl compile`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from launchctl.cli import console
from launchctl.cli.exit_code import ExitCode
from launchctl.cli.options import DEFAULT_TRIALS, OffsetOption, TargetOption, TrialLimitOption, with_project
from launchctl.cli.parser import command_app, example
from launchctl.cli.selection import Selection
from launchctl.cli.views.text import counted, line
from launchctl.errors import UsageError
from launchctl.suggest import did_you_mean

if TYPE_CHECKING:
    from launchctl.engine.pipeline import Compiled
    from launchctl.engine.rendering import Rendered

app = command_app()


@app.command(
    epilog=example(
        "launchctl compile --target runs.baseline",
        "launchctl compile -o compiled",
        "launchctl compile --check -o compiled",
    )
)
@with_project(positional=True)
def compile(
    selection: Selection,
    *,
    format: Annotated[Literal["yaml", "json"], typer.Option("--format", help="How to print the manifests.")] = "yaml",
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="DIR", help="Write a file for each run, and an index.")
    ] = None,
    check: Annotated[bool, typer.Option("--check", help="Write nothing; exit 1 where DIR is out of date.")] = False,
    target: TargetOption = None,
    limit: TrialLimitOption = DEFAULT_TRIALS,
    offset: OffsetOption = 0,
    explain: Annotated[
        str | None,
        typer.Option("--explain", metavar="PATH", help="Which layer set a value, as in runs.baseline.config.shm-size."),
    ] = None,
) -> int:
    """Print or write the concrete manifests. Knows no state, and needs no network.

    Of a sweep, the first trials, as its first epoch would start them.
    """
    from launchctl.cli.project import compile_valid
    from launchctl.engine.rendering import Page, render

    if check and output is None:
        raise UsageError("`--check` needs the folder that it compares with", hint="add `-o DIR`")
    compiled, _ = compile_valid(selection)
    if explain is not None:
        return _explain(compiled, explain)
    found = tuple(render(compiled, selection.workspace, tuple(target or ()), Page(offset, limit or None)))
    if target and not found:
        raise UsageError(f'no run of this project is "{", ".join(target)}"')
    if output is not None:
        return _to_folder(found, output, check=check, is_whole=not target and not offset)
    _print(compiled, found, format)
    return ExitCode.OK


def _explain(compiled: Compiled, text: str) -> int:
    """Prints which layers set a value, the winner last."""
    from launchctl.cli.views.layers_text import layer_lines
    from launchctl.compiler.explain import explain, parse_target
    from launchctl.compiler.variables import VariableText

    target = parse_target(text)
    if target is None:
        raise UsageError(f'"{text}" is no value of a run', hint="as in `runs.baseline.config.shm-size`")
    address, path = target
    run, sweep = compiled.desired.get(str(address)), compiled.sweeps.get(str(address))
    spec = run.spec if run is not None else sweep.spec.launch if sweep is not None else None
    if spec is None or compiled.resolved is None:
        known = (*compiled.desired, *compiled.sweeps)
        raise UsageError(f"the project has no {address}", hint=did_you_mean(str(address), known))
    variables = {name: VariableText(value) for name, value in compiled.variables.items()}
    layers = explain(compiled.resolved, spec, variables, path)
    if not layers:
        raise UsageError(f"nothing sets {text}", hint=f"`launchctl compile --target {address}` shows what it has")
    console.show(layer_lines(layers))
    return ExitCode.OK


def _print(compiled: Compiled, found: Sequence[Rendered], format: str) -> None:
    from launchctl.engine.outputs import compile_document, compile_yaml

    if format == "yaml":
        for document in compile_yaml(found):
            console.show_text(document)
        return
    program = compiled.program
    assert program is not None  # the project is valid
    console.show_json(compile_document(program.project, program.entity, found))


def _to_folder(found: Sequence[Rendered], folder: Path, *, check: bool, is_whole: bool) -> int:
    from launchctl.engine.outputs import differences, outputs, write_outputs
    from launchctl.engine.rendering import CompiledSweep

    wanted = outputs(found)
    work = differences if check else write_outputs
    changed = work(folder, wanted, is_whole=is_whole)
    console.show(line(f"{entry.kind:<8}{folder / entry.path}") for entry in changed)
    console.say(_result(len(changed), len(wanted), check=check))
    for one in found:
        if isinstance(one, CompiledSweep) and one.shown != one.size:
            size = "trials without end" if one.size is None else counted(one.size, "trial")
            console.say(f"{one.sweep.address}: {one.shown:,} of {size} (`--limit`, `--offset`)")
    return ExitCode.FAILED if check and changed else ExitCode.OK


def _result(changed: int, total: int, *, check: bool) -> str:
    if not changed:
        return f"Up to date: {counted(total, 'run')}"
    if check:
        return f"Out of date: {counted(changed, 'file')}; `launchctl compile -o DIR` brings them up to date"
    return f"Written: {counted(changed, 'file')} of {counted(total, 'run')}"
