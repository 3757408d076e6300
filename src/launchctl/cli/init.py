"""`launchctl init`."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Annotated, Literal

import typer

from launchctl.cli import console
from launchctl.cli.options import with_project
from launchctl.cli.parser import command_app, example
from launchctl.cli.selection import Selection
from launchctl.cli.views.text import line, listed, visible
from launchctl.errors import LaunchctlError
from launchctl.values import pretty

app = command_app()

_RUNNABLE = frozenset({"process", "docker", "sweep"})
_SUFFIX = ".template"
_IGNORE = Path(".gitignore")


@app.command(epilog=example("launchctl init first", "launchctl init --template docker"))
@with_project(hidden=True)
def init(
    selection: Selection,
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="Where; the current folder unless given.", show_default=False)
    ] = Path(),
    *,
    template: Annotated[
        Literal["process", "docker", "kubernetes", "sagemaker", "vertex", "sweep"],
        typer.Option("--template", help="What kind of project."),
    ] = "process",
) -> int:
    """Write a small, commented project. Overwrites nothing."""
    name, wanted = _project_name(folder), folder.resolve().name
    texts = {path: text.replace("@PROJECT@", name) for path, text in _texts(template)}
    existing = [str(folder / path) for path in texts if path != _IGNORE and (folder / path).exists()]
    if existing:
        raise LaunchctlError(f"nothing was written, since there is {listed(existing, 5)}", hint="name another folder")
    for path, text in texts.items():
        _write(folder / path, text)
    console.show(line(f"{folder / path}") for path in sorted(texts))
    if name != wanted:
        console.say(f'the project is named "{name}", since "{visible(wanted)}" is no name of a project')
    where = f" {shlex.quote(visible(str(folder)))}" if folder != Path() else ""
    if template in _RUNNABLE:
        console.say(f"`launchctl plan{where}` shows what would run, `launchctl apply --wait{where}` runs it")
    else:
        console.say(f"`launchctl validate{where}` checks it; this version does not run it yet")
    return 0


def _texts(template: str) -> Iterator[tuple[Path, str]]:
    """Every file of the project, by its path in the folder."""
    from launchctl.schemas import load

    root = files("launchctl.cli").joinpath("templates")
    for part in ("common", template):
        yield from _walk(root.joinpath(part), Path())
    yield Path("schemas", "project.schema.json"), pretty(load("project"))


def _walk(folder: Traversable, path: Path) -> Iterator[tuple[Path, str]]:
    for entry in sorted(folder.iterdir(), key=lambda found: found.name):
        if entry.is_dir():
            yield from _walk(entry, path / entry.name)
        elif entry.name.endswith(_SUFFIX):
            yield path / entry.name.removesuffix(_SUFFIX), entry.read_text("utf-8")


def _project_name(folder: Path) -> str:
    """A name that a project and W&B take, from the folder's."""
    return re.sub(r"[^A-Za-z0-9_-]+", "-", folder.resolve().name).strip("-")[:100] or "first"


def _write(path: Path, text: str) -> None:
    if path.name == _IGNORE.name and path.exists():
        if text.strip() not in path.read_text("utf-8", "replace").split():
            console.say(f"{path} exists: add `{text.strip()}` to it")
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    console.write_file(path, text)
