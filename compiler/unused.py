"""Variables that nothing uses: declared, never mentioned by any template."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from launchctl.compiler import expand_codes as codes
from launchctl.compiler.entries import ResolvedProject
from launchctl.compiler.node import EMPTY_MAP, ListNode, Node, ScalarNode
from launchctl.compiler.slots import SlotReader
from launchctl.compiler.templates import parse
from launchctl.diagnostics import Diagnostic


def unused_names(resolved: ResolvedProject, slots: SlotReader) -> Iterator[Diagnostic]:
    """A warning for every variable that neither what was rendered nor anything else mentions."""
    if resolved.project.broken:
        return  # what is broken was not read, and may well use them
    unused_vars, unused_own = slots.unused()
    if not unused_vars and not any(unused_own.values()):
        return
    mentioned = _mentioned(_everything(resolved))
    for name in unused_vars - mentioned:
        guard = slots.vars[name].guard
        yield Diagnostic(codes.UNUSED_VARIABLE, guard.span, {"name": guard.name})
    for queue, names in unused_own.items():
        elsewhere = _mentioned(_around(resolved, queue)) if names else set[str]()
        for name in names - elsewhere:
            yield Diagnostic(codes.UNUSED_TEMPLATE_VARIABLE, slots.guard(queue, name).span, {"name": name})


def _everything(resolved: ResolvedProject) -> Iterator[Node]:
    """What may mention a variable of the project without having been rendered."""
    project = resolved.project
    for entries in (project.jobs, project.runs, project.sweeps):
        yield from (entry.node for entry in entries.values())


def _around(resolved: ResolvedProject, queue: str) -> Iterator[Node]:
    """What may mention a queue's own variable without having been rendered: its configuration."""
    yield resolved.project.queues[queue].node.entries.get("config", EMPTY_MAP)


def _mentioned(nodes: Iterable[Node]) -> set[str]:
    return {name for node in nodes for name in _names(node)}


def _names(node: Node) -> Iterator[str]:
    if isinstance(node, ScalarNode):
        if isinstance(node.value, str) and "{{" in node.value:
            yield from (piece.name for piece in parse(node.value) if piece.name is not None)
    else:
        for item in node.items if isinstance(node, ListNode) else node.entries.values():
            yield from _names(item)
