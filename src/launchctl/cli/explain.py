"""`launchctl explain`."""

from __future__ import annotations

import pkgutil
import textwrap
from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import Annotated

import typer

import launchctl
from launchctl.cli import console
from launchctl.cli.options import with_project
from launchctl.cli.parser import command_app, example
from launchctl.cli.schema_keys import ANY_NAME, Key, all_keys, find_keys
from launchctl.cli.selection import Selection
from launchctl.cli.views.text import Line, Segment, line
from launchctl.diagnostics import Code
from launchctl.errors import UsageError
from launchctl.suggest import did_you_mean
from launchctl.values import canonical

app = command_app()

_WIDTH = 90
_MOST_KEYS = 20


@app.command(epilog=example("launchctl explain runs.retry", "launchctl explain unknown-key"))
@with_project(hidden=True)
def explain(
    selection: Selection,
    word: Annotated[str, typer.Argument(metavar="WORD", help="A key of the project file, or a diagnostic's code.")],
) -> int:
    """Explain a key of the project file or a diagnostic code."""
    from launchctl.schemas import load

    codes = all_codes()
    if word in codes:
        console.show(_code_lines(codes[word]))
        return 0
    schema = load("project")
    keys = find_keys(schema, tuple(word.split(".")))
    if not keys:
        known = {*codes, *(key.spelled for key in all_keys(schema)), *(key.path[-1] for key in all_keys(schema))} - {
            ANY_NAME
        }
        raise UsageError(
            f'"{word}" is neither a key nor a code',
            hint=did_you_mean(word, known) or "keys are spelled as in `runs.retry.max`",
        )
    console.show(_keys_lines(keys))
    return 0


def all_codes() -> Mapping[str, Code]:
    """Every diagnostic code of every room, by name."""
    modules = _code_modules(Path(launchctl.__file__).parent, "launchctl")
    return {code.name: code for module in modules for code in import_module(module).CODES}


def _code_modules(folder: Path, package: str) -> Iterator[str]:
    for found in pkgutil.iter_modules([str(folder)]):
        name = f"{package}.{found.name}"
        if found.ispkg:
            yield from _code_modules(folder / found.name, name)
        elif found.name.endswith("codes"):
            yield name


def _code_lines(code: Code) -> Iterator[Line]:
    yield line(Segment(code.name, "bold"), f" ({code.severity.value})")
    yield line(f"  {code.sentence}")
    yield ()
    for paragraph in code.explanation.split("\n\n"):
        yield from (line(found) for found in textwrap.wrap(" ".join(paragraph.split()), _WIDTH))


def _keys_lines(keys: tuple[Key, ...]) -> Iterator[Line]:
    if len(keys) == 1:
        yield from _key_lines(keys[0])
        return
    for key in keys[:_MOST_KEYS]:
        yield from _short(key.spelled, key.description)
    if len(keys) > _MOST_KEYS:
        yield line(f"... and {len(keys) - _MOST_KEYS} more")


def _key_lines(key: Key) -> Iterator[Line]:
    yield line(Segment(key.spelled, "bold"))
    yield from (line(f"  {found}") for found in textwrap.wrap(key.description, _WIDTH))
    yield line(f"  value: {key.kind}")
    if key.is_required:
        yield line("  must be given")
    elif key.default is not None:
        yield line(f"  unless given: {canonical(key.default)}")
    if key.keys:
        yield from (
            line(found) for found in textwrap.wrap(f"  keys: {', '.join(key.keys)}", _WIDTH, subsequent_indent="    ")
        )


def _short(name: str, description: str) -> Iterator[Line]:
    yield line(Segment(name, "bold"))
    yield from (line(f"  {found}") for found in textwrap.wrap(description, _WIDTH))
