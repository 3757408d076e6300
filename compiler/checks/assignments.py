"""Where a target's configuration sets environment variables, in the ways in which targets spell that."""

from __future__ import annotations

from collections.abc import Iterator

from launchctl.compiler.node import ListNode, MapNode, Node, ScalarNode

_KEYS = frozenset({"env", "e", "Env", "environment", "Environment"})


def variables_set_by(kind: str, node: Node) -> Iterator[tuple[str, Node]]:
    """Every variable that a part of a run sets, with its value."""
    if kind == "env" and isinstance(node, MapNode):
        yield from node.entries.items()
    elif kind == "config":
        yield from assignments(node)


def assignments(node: Node) -> Iterator[tuple[str, Node]]:
    """Every variable with its value: `env: [NAME=VALUE]`, `env: [{name, value}]`, `environment: {NAME: VALUE}`."""
    if isinstance(node, MapNode):
        for key, item in node.entries.items():
            if key in _KEYS:
                yield from _assigned(item)
            yield from assignments(item)
    elif isinstance(node, ListNode):
        for item in node.items:
            yield from assignments(item)


def _assigned(node: Node) -> Iterator[tuple[str, Node]]:
    match node:
        case MapNode(entries):
            yield from ((name, value) for name, value in entries.items() if isinstance(value, ScalarNode))
        case ListNode(items):
            for item in items:
                yield from _item(item)
        case ScalarNode():
            yield from _item(node)


def _item(node: Node) -> Iterator[tuple[str, Node]]:
    if isinstance(node, ScalarNode) and isinstance(node.value, str):
        name, equals, value = node.value.partition("=")
        if equals:
            yield name, ScalarNode(value, node.span)
    elif isinstance(node, MapNode):
        name_node, value_node = node.entries.get("name"), node.entries.get("value")
        if isinstance(name_node, ScalarNode) and value_node is not None:
            yield str(name_node.value), value_node


def texts(node: Node) -> Iterator[ScalarNode]:
    """Every text of a tree."""
    if isinstance(node, ScalarNode):
        if isinstance(node.value, str):
            yield node
        return
    for item in node.items if isinstance(node, ListNode) else node.entries.values():
        yield from texts(item)
