"""Paths that a project file names must stay in the project's folder; only their text is looked at here."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from launchctl.compiler import codes
from launchctl.compiler.node import ListNode, MapNode, Node, ScalarNode, descend
from launchctl.compiler.source import OUTSIDE_HINT, leaves_folder
from launchctl.diagnostics import Diagnostic
from launchctl.values import Path

_PATHS: Mapping[str, tuple[Path, ...]] = {
    "jobs": (("source", "code"), ("source", "dockerfile"), ("source", "build_context")),
    "queues": (("crds",),),
    "sweeps": (("file",),),
    "settings": (("policies", "run", "file"),),
}
"""Where an entry of each section names files and folders."""
_FILE_URL = re.compile(r"sqlite:///(.*)", re.DOTALL | re.IGNORECASE)
_STATE_HINT = "who runs it may name a state elsewhere, by `--state` or LAUNCHCTL_STATE; a project's file may not"


def paths_outside(section: str, node: MapNode) -> Iterator[Diagnostic]:
    """The paths of an entry that lead out of the project's folder."""
    for path in _PATHS.get(section, ()):
        for found in _texts(descend(node, path)):
            if isinstance(found.value, str) and leaves_folder(found.value):
                yield Diagnostic(codes.OUTSIDE_PROJECT, found.span, {"path": found.value}, hint=OUTSIDE_HINT)


def state_outside(settings: MapNode) -> Iterator[Diagnostic]:
    """A state that is a file and lies elsewhere: what a stranger's project writes, it writes in its own folder."""
    found = settings.entries.get("state")
    if not (isinstance(found, ScalarNode) and isinstance(found.value, str)):
        return
    url = _FILE_URL.fullmatch(found.value)
    path = url[1] if url else found.value
    if "://" not in path and leaves_folder(path):
        yield Diagnostic(codes.OUTSIDE_PROJECT, found.span, {"path": found.value}, hint=_STATE_HINT)


def _texts(node: Node | None) -> tuple[ScalarNode, ...]:
    if isinstance(node, ScalarNode):
        return (node,)
    items = node.items if isinstance(node, ListNode) else ()
    return tuple(item for item in items if isinstance(item, ScalarNode))
