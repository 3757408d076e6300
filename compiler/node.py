"""Positioned values: JSON whose every value knows where in a source file it was written.

A tree of nodes comes out of `document`, goes through merging, templates and macros, and into
a provider's `lower`; that is how an error in a generated manifest points back at a line of
YAML. Every operation returns a new tree and shares what did not change.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, TypeAlias

from launchctl.diagnostics import Span
from launchctl.values import JSON, Path, is_list, is_mapping


class Deferred(NamedTuple):
    """A text that holds `${env:NAME}`: known only where apply runs.

    `pieces` alternate between literal text (even places) and names of environment variables
    (odd places), so that a literal `${` is never mistaken for a reference.
    """

    pieces: tuple[str, ...]

    def __str__(self) -> str:
        return "".join(f"${{env:{piece}}}" if place % 2 else piece for place, piece in enumerate(self.pieces))

    def resolve(self, environment: Mapping[str, str]) -> str:
        """The text with the variables' values put in; raises KeyError for an unset one."""
        return "".join(environment[piece] if place % 2 else piece for place, piece in enumerate(self.pieces))


class ScalarNode(NamedTuple):
    """A string, number, boolean or null; `span` is None for what launchctl itself adds."""

    value: str | int | float | bool | Deferred | None
    span: Span | None = None


class ListNode(NamedTuple):
    """A sequence of nodes."""

    items: tuple[Node, ...]
    span: Span | None = None


class MapNode(NamedTuple):
    """A mapping of strings to nodes, in the order of the source."""

    entries: Mapping[str, Node]
    key_spans: Mapping[str, Span]
    span: Span | None = None


Node: TypeAlias = ScalarNode | ListNode | MapNode
EMPTY_MAP = MapNode({}, {})
EMPTY_LIST = ListNode(())


def node_of(value: JSON, span: Span | None = None) -> Node:
    """A tree for a plain value, every node of it at the same place; nodes inside are kept as they are."""
    if isinstance(value, ScalarNode | ListNode | MapNode):
        return value
    if is_mapping(value):
        return MapNode({key: node_of(item, span) for key, item in value.items()}, {}, span)
    if is_list(value) and not isinstance(value, Deferred):
        return ListNode(tuple(node_of(item, span) for item in value), span)
    return ScalarNode(value, span)


def plain(node: Node) -> JSON:
    """The value without its positions; a deferred text is spelled with its references."""
    # By exact type: every value of every run comes through here.
    if type(node) is ScalarNode:
        return str(node.value) if type(node.value) is Deferred else node.value
    if type(node) is MapNode:
        return {key: plain(item) for key, item in node.entries.items()}
    return [plain(item) for item in node.items] if isinstance(node, ListNode) else None


def descend(node: Node, path: Path) -> Node | None:
    """The node at a path, or None where the path leaves the tree."""
    current: Node | None = node
    for part in path:
        current = _below(current, part)
    return current


def _below(node: Node | None, part: str | int) -> Node | None:
    match node:
        case MapNode(entries) if part in entries:
            return entries[str(part)]
        case ListNode(items) if isinstance(part, int) and part < len(items):
            return items[part]
        case _:
            return None


def nearest_span(node: Node, path: Path) -> Span | None:
    """The place of the value at a path, or of the deepest of its parents that has one."""
    best = node.span
    current: Node | None = node
    for part in path:
        current = _below(current, part)
        if current is None:
            break
        best = current.span or best
    return best


def key_span(node: Node, path: Path) -> Span | None:
    """The place of the last key of a path: where an unknown key is shown."""
    parent = descend(node, path[:-1])
    if path and isinstance(parent, MapNode) and str(path[-1]) in parent.key_spans:
        return parent.key_spans[str(path[-1])]
    return nearest_span(node, path)


def span_within(node: ScalarNode, start: int, end: int) -> Span | None:
    """The place of some characters of a text, where it stands on one line as it was written; else the whole text's."""
    span, text = node.span, node.value
    if span is None or not isinstance(text, str) or span.line != span.end_line:
        return span
    quotes = span.end_column - span.column - len(text)
    if quotes not in {0, 2}:
        return span
    first = span.column + quotes // 2
    return span._replace(column=first + start, end_column=first + end)
