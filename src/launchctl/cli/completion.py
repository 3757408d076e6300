"""Addresses for a shell that completes a command line: read from the project, silent where it has faults."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from launchctl.cli.selection import Selection

_MOST_TRIALS = 200


def complete_address(ctx: typer.Context, incomplete: str) -> list[str]:
    """Addresses of the project that the line names so far; behind a `[` those of a sweep's trials on record."""
    try:
        found = _trials(ctx, incomplete) if "[" in incomplete else _addresses(ctx)
        return [address for address in found if address.startswith(incomplete)]
    except Exception:  # noqa: BLE001 - a shell that completes has no place for any error
        return []


def complete_sweep(ctx: typer.Context, incomplete: str) -> list[str]:
    """Sweeps of the project that the line names so far."""
    return [address for address in complete_address(ctx, incomplete) if address.startswith("sweeps.")]


def _selection(ctx: typer.Context) -> Selection:
    from launchctl.cli.selection import Selection

    named = ctx.params.get("where") or ctx.params.get("project")
    state, workspace = ctx.params.get("state"), ctx.params.get("workspace")
    return Selection(
        Path(named) if named else Path(), state=str(state) if state else None, workspace=str(workspace or "default")
    )


def _addresses(ctx: typer.Context) -> list[str]:
    from launchctl.cli.project import request_of
    from launchctl.engine.pipeline import compile_project

    compiled = compile_project(request_of(_selection(ctx)))
    program = compiled.program
    if program is None:
        return []
    sweeps = (str(sweep.address) for sweep in program.sweeps.values())
    return [*(str(launch.address) for launch in program.launches), *sweeps]


def _trials(ctx: typer.Context, incomplete: str) -> Iterator[str]:
    """The first trials on record whose addresses begin so."""
    from itertools import islice

    from launchctl.cli.project import opened_to_look

    with opened_to_look(_selection(ctx)) as session:
        state = session.state()
        found = (address for address in sorted(state.runs if state else ()) if address.startswith(incomplete))
        yield from islice(found, _MOST_TRIALS)
