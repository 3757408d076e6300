"""Names looked up in a project: found, known but broken, or unknown with the nearest name as a hint."""

from __future__ import annotations

from collections.abc import Collection

from launchctl.compiler import codes
from launchctl.compiler.entries import Project
from launchctl.compiler.node import MapNode, nearest_span
from launchctl.diagnostics import Diagnostic, Note, Span
from launchctl.suggest import nearest


def unknown(
    project: Project, section: str, kind: str, name: str, span: Span | None, known: Collection[str]
) -> tuple[Diagnostic, ...]:
    """The diagnostic of a name that leads nowhere; nothing where it names what is broken already."""
    if (section, name) in project.broken:
        return ()
    bare = name.removeprefix(f"{section}.")
    if bare in known or (section, bare) in project.broken:
        hint: str | None = f'write the name alone: "{bare}"'
        return (Diagnostic(codes.UNKNOWN_NAME, span, {"kind": kind, "name": name}, hint=hint),)
    near = nearest(name, (*known, *(other for place, other in project.broken if place == section)))
    hint = f'did you mean "{near}"?' if near else None
    if near is None and 0 < len(known) <= _FEW:
        hint = f"{section} of this project: " + ", ".join(sorted(known))
    return (Diagnostic(codes.UNKNOWN_NAME, span, {"kind": kind, "name": name}, hint=hint),)


_FEW = 6
"""As many names as fit a line."""


def place(node: MapNode, *path: str | int) -> Span | None:
    """Where a value of an entry stands."""
    return nearest_span(node, path)


def declared(kind: str, name: str, span: Span | None) -> tuple[Note, ...]:
    """The note that says where something is declared."""
    return (Note(f'{kind} "{name}" is declared here', span),) if span is not None else ()
