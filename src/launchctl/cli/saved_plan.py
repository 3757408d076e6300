"""Saved plans: written where nothing else is, shown by `plan PLANFILE`, carried out by `apply PLANFILE`."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from launchctl.cli.project import request_of, require_valid
from launchctl.cli.selection import Selection
from launchctl.errors import LaunchctlError, StalePlan, UsageError
from launchctl.values import digest_text, is_mapping

if TYPE_CHECKING:
    from launchctl.engine.plan import Plan
    from launchctl.engine.planfile import SavedPlan
    from launchctl.engine.session import Session

_SIGNS = frozenset({"format_version", "changes", "digest"})
_BEGINNING = b'{"changes"'
"""A plan is canonical JSON, so that even a torn one is known by its first key."""


def holds_plan(path: Path) -> bool:
    """Whether a file is meant as a saved plan: one that was damaged or edited is, a project written as JSON is not."""
    from launchctl.engine.planfile import is_plan_file

    if not is_plan_file(path):
        return False
    text = path.read_bytes()
    try:
        return "version" not in json.loads(text)
    except (ValueError, RecursionError):
        return text.startswith(_BEGINNING)


def require_free(path: Path) -> None:
    """Keeps everything but a saved plan from being overwritten by one.

    Raises:
        UsageError: the name is a project's, or something else is there.
    """
    if path.suffix in {".yaml", ".yml"} and not path.exists():
        raise UsageError(
            f'"{path}" is the name of a project, not of a plan', hint=f"name it `{path.with_suffix('.json')}`"
        )
    if os.path.lexists(path) and not _is_saved_plan(path):
        raise UsageError(f'"{path}" is there already and is no saved plan', hint="name a file that is not there yet")


def _is_saved_plan(path: Path) -> bool:
    from launchctl.engine.planfile import is_plan_file

    if not (path.is_file() and is_plan_file(path)):
        return False
    try:
        found: object = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return False
    return is_mapping(found) and found.keys() >= _SIGNS


def save_plan(session: Session, plan: Plan, path: Path) -> None:
    """Writes a plan so that `opened_plan` carries out exactly this one, or refuses."""
    from launchctl.engine.planfile import write_plan

    request, compiled = session.request, session.compiled
    try:
        write_plan(
            plan,
            path,
            project=request.here / request.project,
            state=session.store.url,
            variables=compiled.variables,
            inputs=compiled.inputs,
        )
    except OSError as error:
        raise LaunchctlError(f'cannot write "{path}": {(error.strerror or "failed").lower()}') from error


@contextmanager
def opened_plan(selection: Selection) -> Iterator[tuple[Session, Plan]]:
    """The session that a saved plan names, and the plan.

    Raises:
        StalePlan: it was tampered with, or the project's files or variables are not those that it was made from, or
            the state has moved on, so that nobody is asked about what cannot be carried out.
    """
    from launchctl.engine.accept import require_current
    from launchctl.engine.pipeline import compile_project
    from launchctl.engine.planfile import read_plan
    from launchctl.engine.session import open_session

    saved = read_plan(Path.cwd() / selection.project)
    request = request_of(
        replace(
            selection,
            project=Path(os.path.relpath(saved.project)),
            state=selection.state or saved.state,
            workspace=saved.plan.workspace,
        )
    )
    compiled = compile_project(request)
    _require_same(saved, compiled.inputs, compiled.variables)
    require_valid(compiled)
    if compiled.inputs != saved.inputs:
        raise _other_files()
    with open_session(compiled, request) as session:
        if not saved.plan.is_empty:
            require_current(session, saved.plan)
        yield session, saved.plan


def _require_same(saved: SavedPlan, inputs: Mapping[str, str], variables: Mapping[str, str]) -> None:
    """Refuses other files and other values. Files come first, since they say which variables there are.

    Where a variable is missing, not every file was read; those that were must be the plan's.
    """
    if any(saved.inputs.get(name) != found for name, found in inputs.items()):
        raise _other_files()
    for name in sorted({*saved.variables, *variables}):
        if name not in variables:
            said = f'the plan was made with a value for variable "{name}", and here it has none'
        elif name not in saved.variables:
            said = f'variable "{name}" has a value here, and the plan was made without one'
        elif saved.variables[name] != digest_text(variables[name]):
            said = f'variable "{name}" has another value than the one that the plan was made with'
        else:
            continue
        raise StalePlan(
            said, hint="give `apply` the `--var`, `--var-file` and LAUNCHCTL_VAR_… that `launchctl plan -o` was given"
        )


def _other_files() -> StalePlan:
    return StalePlan(
        "the project's files are not those that the plan was made from", hint="make a new plan: `launchctl plan`"
    )
