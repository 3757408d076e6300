"""A docker configuration in canonical spelling, for fingerprints: what means the same is the same tree."""

from __future__ import annotations

from launchctl.compiler.node import Deferred, ListNode, MapNode, Node, ScalarNode
from launchctl.providers.docker.arguments import arguments_of, is_set, options_of, pair_of, text_of
from launchctl.providers.docker.kinds import Kind
from launchctl.providers.docker.options import BY_SPELLING, Option, find_option


def normalise(config: MapNode) -> MapNode:
    """Long names, one unit a quantity, lists sorted where their order means nothing; positions are kept."""
    spans = {option.name: span for key, span in config.key_spans.items() if (option := find_option(key))}
    entries: dict[str, Node] = {}
    for name, node in options_of(config).items():
        found = _canonical(BY_SPELLING[name], node)
        if found is not None:
            entries[name] = found
    return MapNode(entries, {name: span for name, span in spans.items() if name in entries}, config.span)


def _canonical(option: Option, node: Node) -> Node | None:
    if option.is_flag:
        return node if is_set(option, node) else None
    values = [*arguments_of(node)]
    if not values:
        return None
    spelled = [ScalarNode(_spell(option.kind, value), value.span) for value in values]
    if option.kind.is_pairs:
        return _pairs(spelled, option.name, node)
    if not option.is_repeatable:
        return spelled[-1]
    if option.is_ordered:
        return ListNode(tuple(spelled), node.span)
    by_text = {str(value.value): value for value in spelled}
    return ListNode(tuple(by_text[text] for text in sorted(by_text)), node.span)


def _spell(kind: Kind, node: ScalarNode) -> str | Deferred:
    text = text_of(node)
    if isinstance(text, Deferred) or "${" in text or not kind.fits(text):
        return text
    return kind.canonical(text)


def _pairs(values: list[ScalarNode], option: str, node: Node) -> MapNode:
    """Of two values for one name docker takes the last; a variable without one is taken from where apply runs."""
    found: dict[str, Node] = {}
    for item in values:
        name, value = pair_of(item)
        found[name] = value or ScalarNode(f"${{env:{name}}}" if option == "env" else "", item.span)
    return MapNode({name: found[name] for name in sorted(found)}, {}, node.span)
