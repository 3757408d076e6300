"""Saved plans: written beside a printed one, and opened again by `apply PLANFILE`."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from launchctl.cli.project import compile_valid
from launchctl.cli.selection import Selection
from launchctl.errors import LaunchctlError, StalePlan

if TYPE_CHECKING:
    from launchctl.engine.plan import Plan
    from launchctl.engine.session import Session


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
        StalePlan: it was tampered with, or the project's files are not those that it was made from.
    """
    from launchctl.engine.planfile import read_plan
    from launchctl.engine.session import open_session

    saved = read_plan(Path.cwd() / selection.project)
    compiled, request = compile_valid(
        Selection(
            project=Path(os.path.relpath(saved.project)),
            state=selection.state or saved.state,
            workspace=saved.plan.workspace,
            variables=tuple(f"{name}={value}" for name, value in saved.variables.items()),
        )
    )
    if compiled.inputs != saved.inputs or compiled.variables != saved.variables:
        raise StalePlan(
            "the project's files are not those that the plan was made from", hint="make a new plan: `launchctl plan`"
        )
    with open_session(compiled, request) as session:
        yield session, saved.plan
