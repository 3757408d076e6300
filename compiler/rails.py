"""A queue's guard rails against a run's `resource`: what the queue gives by a template stays within its bounds.

A template variable says what a run may change, and how far. A `resource` that writes another
value over the template would go around it.
"""

from __future__ import annotations

from collections.abc import Iterator

from launchctl.compiler import expand_codes as codes
from launchctl.compiler.node import ListNode, MapNode, Node, ScalarNode
from launchctl.compiler.templates import parse
from launchctl.diagnostics import Diagnostic, Note
from launchctl.values import Path, format_path


def replaced_rails(queue: MapNode, resource: MapNode, path: Path = ()) -> Iterator[Diagnostic]:
    """An error for each value of `resource` that replaces one which the queue gives by a template."""
    for key, over in resource.entries.items():
        base = queue.entries.get(key)
        if isinstance(base, MapNode) and isinstance(over, MapNode):
            yield from replaced_rails(base, over, (*path, key))
        elif base is not None and (names := tuple(dict.fromkeys(_variables(base)))):
            yield Diagnostic(
                codes.RAIL_REPLACED,
                over.span or resource.key_spans.get(key),
                {"path": format_path((*path, key)), "name": names[0]},
                notes=(Note("the queue gives it here", base.span),),
                hint=f"give the run a value by `templates: {{{names[0]}: …}}`, or say `policies: {{run: open}}`",
            )


def _variables(node: Node) -> Iterator[str]:
    """Names of the queue's own template variables in a tree."""
    match node:
        case ScalarNode(str(text)) if "{{" in text:
            yield from (piece.name for piece in parse(text) if piece.name and not piece.name.startswith("var."))
        case ListNode(items):
            for item in items:
                yield from _variables(item)
        case MapNode(entries):
            for item in entries.values():
                yield from _variables(item)
        case _:
            return
