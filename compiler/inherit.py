"""`env` of jobs and runs in one form, and the variables in it that are inherited by name.

`env: [NAME]` is the value of NAME where apply runs. A target that starts a job in that very
environment inherits it there; for any other it is `${env:NAME}`, with all that this asks for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from launchctl.compiler.merge import merge
from launchctl.compiler.node import EMPTY_MAP, ListNode, MapNode, Node, ScalarNode


@dataclass(frozen=True, slots=True)
class Variables:
    """Environment variables, name to value."""

    values: MapNode = EMPTY_MAP
    inherited: Mapping[str, Node] = field(default_factory=dict[str, Node])
    """Those of the values that stand for a name alone."""

    def over(self, base: Variables) -> Variables:
        """These variables over those of an outer layer; null takes one away."""
        values = merge(merge(EMPTY_MAP, base.values), self.values)
        inherited = {**base.inherited, **self.inherited}
        kept = {name: node for name, node in inherited.items() if values.entries.get(name) is node}
        return Variables(values, kept)

    def without_inherited(self) -> MapNode:
        """The values that are written."""
        if not self.inherited:
            return self.values
        entries = {name: node for name, node in self.values.entries.items() if name not in self.inherited}
        return MapNode(entries, self.values.key_spans, self.values.span)


def variables_of(node: Node | None) -> Variables:
    """`env` as it is written: a mapping, or a list of `NAME`, `NAME=VALUE` and mappings."""
    if isinstance(node, MapNode):
        return Variables(node)
    if not isinstance(node, ListNode):
        return Variables()
    entries: dict[str, Node] = {}
    inherited: dict[str, Node] = {}
    for name, value, is_inherited in _items(node):
        entries[name] = value
        if is_inherited:
            inherited[name] = value
    key_spans = {name: value.span for name, value in entries.items() if value.span}
    return Variables(MapNode(entries, key_spans, node.span), inherited)


def _items(node: ListNode) -> Iterator[tuple[str, Node, bool]]:
    for item in node.items:
        if isinstance(item, MapNode):
            yield from ((name, value, False) for name, value in item.entries.items())
        elif isinstance(item, ScalarNode):
            name, equals, value = str(item.value).partition("=")
            yield name, ScalarNode(value if equals else f"${{env:{name}}}", item.span), not equals
