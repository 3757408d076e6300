"""Which state a command works on, by what names it: an option, the environment, the project, or none of them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from launchctl.addresses import NAME_PATTERN
from launchctl.errors import StateError, UsageError
from launchctl.state.place import FOLDER
from launchctl.state.sqlite import SqliteStore
from launchctl.state.store import StateStore

VARIABLE = "LAUNCHCTL_STATE"
DEFAULT_WORKSPACE = "default"

_SCHEME = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://(?P<rest>.*)", re.DOTALL)
_SQLITE = "sqlite"
_FILE_NAME = "state.db"


def open_store(project_folder: Path, workspace: str, url: str | None, environment: Mapping[str, str]) -> StateStore:
    """The store of a project's workspace; nothing is read or made yet.

    `url` is a path, relative to the project folder, or `sqlite:///PATH`; without one the environment's
    `LAUNCHCTL_STATE` counts, and without that the state is in `.launchctl/`.

    Raises:
        StateError: the URL is of a kind that this version does not know.
        UsageError: the workspace's name is none.
    """
    if not re.fullmatch(NAME_PATTERN, workspace):
        raise UsageError(f'the workspace "{workspace}" has no valid name', hint="letters, digits, - and _")
    named = url or environment.get(VARIABLE)
    path = _path(named) if named else _default_path(workspace)
    return SqliteStore(project_folder / path)


def require_named_state(url: str | None, environment: Mapping[str, str]) -> None:
    """Refuse to apply in CI where no state is named: what a build machine keeps is gone with it.

    Raises:
        UsageError: names the line to add.
    """
    if url or environment.get(VARIABLE) or environment.get("CI", "") in {"", "0", "false"}:
        return
    raise UsageError(
        "CI is set and no state is named: the next build would not know what this one started",
        hint=f"name one that outlives the build by `--state` or {VARIABLE}; "
        "or, where the project's folder is kept, add to project.yaml:\n    state: state.db",
    )


def _default_path(workspace: str) -> Path:
    folder = Path(FOLDER)
    return folder / _FILE_NAME if workspace == DEFAULT_WORKSPACE else folder / "workspaces" / workspace / _FILE_NAME


def _path(named: str) -> Path:
    match = _SCHEME.fullmatch(named)
    if match is None:
        return Path(named)
    if match["scheme"].lower() != _SQLITE:
        raise StateError(
            f'a state at "{match["scheme"]}://…" is not supported yet: '
            "this version keeps its state in an SQLite file, for the processes of one machine",
            hint="name a path, or `sqlite:///PATH`",
        )
    if not match["rest"].startswith("/") or match["rest"] == "/":
        raise StateError(f'"{named}" names no file', hint="write `sqlite:///PATH`, with three slashes")
    return Path(match["rest"][1:])
