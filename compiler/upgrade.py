"""Versions of the project file: what this launchctl reads, and how an older file becomes a newer one."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from launchctl.compiler import codes
from launchctl.compiler.faults import show
from launchctl.compiler.node import MapNode, Node, ScalarNode
from launchctl.diagnostics import Diagnostic, Diagnostics

VERSION = 1
"""The version that is written today, and the newest that is read."""
Upgrade = Callable[[MapNode], MapNode]
UPGRADES: Mapping[int, Upgrade] = {}
"""Version to the function that makes a file of the next version out of one of it; version 1 is the first."""


def upgrade(
    root: MapNode, upgrades: Mapping[int, Upgrade] = UPGRADES, newest: int = VERSION
) -> tuple[MapNode, Diagnostics]:
    """The file in its newest form, `version` taken out of it, and what is wrong with the version it names."""
    version = root.entries.get("version")
    rest = MapNode({key: item for key, item in root.entries.items() if key != "version"}, root.key_spans, root.span)
    if version is None:
        return rest, ()
    number = version.value if isinstance(version, ScalarNode) else None
    if not isinstance(number, int) or isinstance(number, bool) or number < 1:
        return rest, (_wrong(version, newest),)
    if number > newest:
        hint = "install the launchctl that the project is written for"
        return rest, (Diagnostic(codes.NEWER_VERSION, version.span, {"found": number, "known": newest}, hint=hint),)
    for step in range(number, newest):
        rest = upgrades[step](rest)
    return rest, ()


def _wrong(version: Node, newest: int) -> Diagnostic:
    is_quoted = isinstance(version, ScalarNode) and version.value == str(newest)
    hint = "write the number without quotes" if is_quoted else f"write `version: {newest}`"
    arguments: dict[str, object] = {"expected": f"the number {newest}", "found": show(version)}
    return Diagnostic(codes.WRONG_VALUE, version.span, arguments, hint=hint)
