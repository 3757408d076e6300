"""Deep merging of positioned trees: what a run says over what its queue says.

Mappings merge by key, lists and scalars replace. In a target's configuration `null` deletes
a key and the containers of a pod template merge by `name`; in a job's inputs, where null is a
value like any other, it replaces. Nothing is changed in place: a result shares every subtree
that one of its sources already had.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from launchctl.compiler.node import EMPTY_MAP, ListNode, MapNode, Node, ScalarNode
from launchctl.values import Path

Record: TypeAlias = Callable[[Path, Node | None], None]
"""Told of every value that a layer sets, with its path in the result; None for a key that it deletes."""


@dataclass(frozen=True, slots=True)
class MergeRules:
    """What null means, and which lists hold things with a name."""

    null_deletes: bool
    named_lists: frozenset[str]
    """Keys of lists whose items merge by `name`."""


CONFIG = MergeRules(null_deletes=True, named_lists=frozenset({"containers", "initContainers", "ephemeralContainers"}))
INPUTS = MergeRules(null_deletes=False, named_lists=frozenset())


def _record_nothing(_path: Path, _node: Node | None) -> None:
    """Nobody asked which layer set what."""


def merge(
    base: MapNode, over: MapNode, rules: MergeRules = CONFIG, record: Record = _record_nothing, path: Path = ()
) -> MapNode:
    """The base with what lies over it; positions are those of the layer that set each value."""
    if not over.entries:
        if not base.entries:
            record(path, over)
        return base if base.entries or over.span is None else over
    entries = dict(base.entries)
    for key, item in over.entries.items():
        where = (*path, key)
        if rules.null_deletes and isinstance(item, ScalarNode) and item.value is None:
            entries.pop(key, None)
            record(where, None)
        else:
            is_named = key in rules.named_lists
            entries[key] = _merge_item(
                entries.get(key), item, is_named=is_named, rules=rules, record=record, path=where
            )
    return _shared(base, over, entries)


def _shared(base: MapNode, over: MapNode, entries: dict[str, Node]) -> MapNode:
    """One of the sources where it already is the result, otherwise a new mapping."""
    for source in (base, over):
        same = len(source.entries) == len(entries)
        if same and all(found is entries.get(key) for key, found in source.entries.items()):
            return source
    return MapNode(entries, {**base.key_spans, **over.key_spans}, base.span or over.span)


def _merge_item(
    base: Node | None, over: Node, *, is_named: bool, rules: MergeRules, record: Record, path: Path
) -> Node:
    if isinstance(over, MapNode):
        return merge(base if isinstance(base, MapNode) else EMPTY_MAP, over, rules, record, path)
    if is_named and isinstance(over, ListNode):
        merged = _merge_named(base if isinstance(base, ListNode) else ListNode(()), over, rules, record, path)
        if merged is not None:
            return merged
    record(path, over)
    return over


def _merge_named(base: ListNode, over: ListNode, rules: MergeRules, record: Record, path: Path) -> ListNode | None:
    """The items of both lists, those of one name merged; None where the lists cannot be matched up."""
    places = _places(base, over)
    if places is None:
        return None
    items: list[MapNode] = [item for item in base.items if isinstance(item, MapNode)]
    for place, item in zip(places, over.items, strict=True):
        if isinstance(item, MapNode):
            known = items[place] if place < len(items) else EMPTY_MAP
            items[place : place + 1] = [merge(known, item, rules, record, (*path, place))]
    if len(items) == len(over.items) and all(a is b for a, b in zip(items, over.items, strict=True)):
        return over
    return ListNode(tuple(items), base.span or over.span)


def _places(base: ListNode, over: ListNode) -> list[int] | None:
    """For each upper item its place in the result; None where an item is no mapping or has no place."""
    lower, upper = [_name(item) for item in base.items], [_name(item) for item in over.items]
    if _NOT_A_CONTAINER in {*lower, *upper}:
        return None
    if len(upper) == 1 and (upper == [None] or lower == [None]):
        return [0]
    named = [name for name in upper if name is not None]
    if len(named) != len(upper) or len(set(named)) != len(named):
        return None if lower else list(range(len(upper)))
    fresh = iter(range(len(lower), len(lower) + len(named)))
    return [lower.index(name) if name in lower else next(fresh) for name in named]


_NOT_A_CONTAINER = "\0"


def _name(item: Node) -> str | None:
    if not isinstance(item, MapNode):
        return _NOT_A_CONTAINER
    found = item.entries.get("name")
    return found.value if isinstance(found, ScalarNode) and isinstance(found.value, str) else None
