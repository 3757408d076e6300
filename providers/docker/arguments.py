"""Values of a configuration as arguments of a command line: what repeats, what is bare, what is left out."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from launchctl.compiler.node import Deferred, ListNode, MapNode, Node, ScalarNode
from launchctl.providers.docker.options import OPTIONS, Option, find_option

Text = str | Deferred


def text_of(node: ScalarNode) -> Text:
    """A scalar as an argument: numbers in plain decimal digits, nothing for null."""
    match node.value:
        case str() | Deferred() as text:
            return text
        case bool(value):
            return "true" if value else "false"
        case float(number):
            return format(Decimal(repr(number)), "f")
        case None:
            return ""
        case int(number):
            return str(number)


def joined(prefix: str, node: ScalarNode) -> ScalarNode:
    """`PREFIX` and the scalar's text as one argument, at the scalar's place."""
    text = text_of(node)
    if isinstance(text, Deferred):
        first, *others = text.pieces
        return ScalarNode(Deferred((prefix + first, *others)), node.span)
    return ScalarNode(prefix + text, node.span)


def arguments_of(node: Node) -> Iterator[ScalarNode]:
    """The values of an option that takes one: a list's items, a mapping's pairs; none for `false` and null."""
    match node:
        case MapNode(entries):
            found = [(f"{name}=", item) for name, item in entries.items()]
        case ListNode(items):
            found = [("", item) for item in items]
        case ScalarNode(False):
            found = []
        case _:
            found = [("", node)]
    for prefix, item in found:
        if isinstance(item, ScalarNode) and item.value is not None:
            yield joined(prefix, item)


def is_set(option: Option, node: Node) -> bool:
    """Whether a flag is to be written at all: where it says something else than docker would assume."""
    return isinstance(node, ScalarNode) and isinstance(node.value, bool) and node.value is not option.default


def options_of(config: MapNode) -> dict[str, Node]:
    """The options of a configuration by canonical name, in the order of the table."""
    by_name = {option.name: node for key, node in config.entries.items() if (option := find_option(key))}
    return {option.name: by_name[option.name] for option in OPTIONS if option.name in by_name}


def pair_of(node: ScalarNode) -> tuple[str, ScalarNode | None]:
    """Name and value of `NAME=VALUE`; no value where there is no `=`."""
    text = text_of(node)
    first, others = (text.pieces[0], text.pieces[1:]) if isinstance(text, Deferred) else (text, ())
    name, separator, value = first.partition("=")
    if not separator:
        return name, None
    return name, ScalarNode(Deferred((value, *others)) if others else value, node.span)


_READ_BY_DOCKER = {
    *("PATH", "HOME", "TMPDIR", "SSH_AUTH_SOCK", "XDG_CONFIG_HOME", "XDG_RUNTIME_DIR"),
    *("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy"),
}


def is_read_by_docker(name: str) -> bool:
    """Whether the docker command line itself looks at this environment variable."""
    return name in _READ_BY_DOCKER or name.startswith("DOCKER_")
