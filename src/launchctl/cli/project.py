"""From a command line's selection to a compiled project and an open session."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from launchctl.cli import console
from launchctl.cli.selection import Selection
from launchctl.diagnostics import Diagnostics, has_errors
from launchctl.engine.plan import Override, Plan, fits
from launchctl.errors import InvalidProject, UsageError
from launchctl.suggest import did_you_mean

if TYPE_CHECKING:
    from launchctl.engine.pipeline import Compiled, Request
    from launchctl.engine.session import Session
    from launchctl.engine.sweep.outline import SweepOutline


def request_of(selection: Selection) -> Request:
    """The selection with the surroundings of this process."""
    from launchctl.engine.pipeline import Request

    return Request(
        project=selection.project,
        here=Path.cwd(),
        environment=dict(os.environ),
        workspace=selection.workspace,
        variables=selection.variables,
        variable_files=selection.variable_files,
        state=selection.state,
    )


def compile_valid(selection: Selection) -> tuple[Compiled, Request]:
    """A project without errors, its warnings told.

    Raises:
        InvalidProject: it has errors.
    """
    from launchctl.engine.pipeline import compile_project

    request = request_of(selection)
    compiled = compile_project(request)
    require_valid(compiled)
    return compiled, request


def require_valid(compiled: Compiled) -> None:
    """Tells a project's warnings.

    Raises:
        InvalidProject: it has errors.
    """
    if has_errors(compiled.diagnostics):
        raise InvalidProject(compiled.diagnostics, compiled.sources)
    tell_diagnostics(compiled.diagnostics, compiled.sources)


@contextmanager
def opened(selection: Selection) -> Iterator[Session]:
    """A session of a project without errors."""
    from launchctl.engine.session import open_session

    compiled, request = compile_valid(selection)
    with open_session(compiled, request) as session:
        yield session


@contextmanager
def opened_to_look(selection: Selection) -> Iterator[Session]:
    """A session that needs the project's name and state alone: a fault elsewhere keeps nobody from stopping a run.

    Raises:
        InvalidProject: not even that much can be read.
    """
    from launchctl.engine.pipeline import compile_project
    from launchctl.engine.session import open_session

    request = request_of(selection)
    compiled = compile_project(request)
    if compiled.program is None:
        raise InvalidProject(compiled.diagnostics, compiled.sources)
    with open_session(compiled, request) as session:
        yield session


def planned(session: Session, override: Override, *, refresh: bool = True) -> Plan:
    """The session's plan.

    Raises:
        UsageError: an address of the command line fits nothing, so that a slip of the pen is not taken for a plan, or
            an abbreviated key fits several trials.
    """
    from launchctl.engine.abbreviation import expanded_override, keys_on_record

    if override != Override():
        override = expanded_override(override, partial(keys_on_record, session.state()))
    patterns = (*override.targets, *override.rerun, *override.allow_cancel, *override.allow_supersede)
    if patterns:
        known = _addresses(session)
        for pattern in patterns:
            if not any(fits(address, (pattern,)) for address in known):
                raise UsageError(
                    f'nothing of the project or its state is "{pattern}"', hint=did_you_mean(pattern, known)
                )
    return session.plan(override, refresh=refresh)


def outlined(session: Session, plan: Plan, *, offset: int = 0, limit: int = 20) -> Mapping[str, SweepOutline] | None:
    """What there is to show of the plan's sweeps, with so many trials of each; None where it has none."""
    program = session.compiled.program
    if program is None or not any(change.trials for change in plan.changes):
        return None
    from launchctl.engine.sweep.outline import outlines

    return outlines(program, plan, session.state(), offset=offset, limit=limit)


def _addresses(session: Session) -> frozenset[str]:
    """Every address that the project or its state knows."""
    state, program = session.state(), session.compiled.program
    recorded = (*state.runs, *state.sweeps, *state.configs) if state else ()
    queues = (str(queue.address) for queue in program.queues.values()) if program else ()
    agents = (str(agent.address) for agent in program.agents.values()) if program else ()
    return frozenset((*session.compiled.desired, *session.compiled.sweeps, *recorded, *queues, *agents))


def tell_diagnostics(diagnostics: Diagnostics, sources: Mapping[str, str]) -> None:
    """Prints faults and warnings as messages."""
    if diagnostics:
        from launchctl.cli.views.diagnostics import diagnostic_lines

        console.tell(*diagnostic_lines(diagnostics, sources))
