"""Addresses for a shell that completes a command line: read from the project, silent where it has faults."""

from __future__ import annotations

from pathlib import Path

import typer


def complete_address(ctx: typer.Context, incomplete: str) -> list[str]:
    """Addresses of the project that the line names so far."""
    try:
        return [address for address in _addresses(ctx) if address.startswith(incomplete)]
    except Exception:  # noqa: BLE001 - a shell that completes has no place for any error
        return []


def _addresses(ctx: typer.Context) -> list[str]:
    from launchctl.cli.project import request_of
    from launchctl.cli.selection import Selection
    from launchctl.engine.pipeline import compile_project

    named = ctx.params.get("where") or ctx.params.get("project")
    compiled = compile_project(request_of(Selection(Path(named) if named else Path())))
    program = compiled.program
    if program is None:
        return []
    return [str(launch.address) for launch in program.launches]
