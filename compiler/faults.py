"""What does not fit a model, said in the words of the project file and shown at its place."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from launchctl.compiler import codes
from launchctl.compiler.bounds import spelled
from launchctl.compiler.model.common import PATTERN_WORDS, Model
from launchctl.compiler.model.reading import Fault, schema_of
from launchctl.compiler.node import ListNode, MapNode, Node, ScalarNode
from launchctl.diagnostics import Diagnostic, Span
from launchctl.suggest import did_you_mean, nearest
from launchctl.values import JSON, Path, format_path, is_mapping

_EXPECTED = {
    "string_type": "a text",
    "int_type": "an integer",
    "float_type": "a number",
    "bool_type": "true or false",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "tuple_type": "a list",
    "finite_number": "a finite number",
    "string_too_short": "a text that is not empty",
}
_EMPTY: dict[type, str] = {ListNode: "an empty list", MapNode: "an empty mapping"}
_CODE = re.compile("`([^`]*)`")
_WORD = re.compile("'([^']*)'")


def show(node: Node) -> str:
    """A value as a message names it."""
    if isinstance(node, ScalarNode):
        return "nothing" if node.value is None else spelled(node)
    return spelled(node) if (node.items if isinstance(node, ListNode) else node.entries) else _EMPTY[type(node)]


def diagnose(fault: Fault, node: Node, model: type[Model], where: str) -> Diagnostic:
    """The diagnostic of a fault; `where` names the entry: `run "baseline"`."""
    path, found = _follow(node, fault.path)
    inside = f'"{format_path(path)}" of {where}' if path else where
    match fault.kind:
        case "missing" | "missing_key":
            key = fault.message if fault.kind == "missing_key" else str(fault.path[-1])
            return Diagnostic(codes.MISSING_KEY, found.span, {"key": key, "where": inside})
        case "extra_forbidden":
            return _unknown_key(path, node, model, where)
        case _:
            return _wrong_value(fault, path, found, _span(node, fault, path))


def _follow(node: Node, path: Path) -> tuple[Path, Node]:
    """The part of a path that leads through the tree, and where it ends; names of branches are passed over."""
    kept: list[str | int] = []
    for part in path:
        if isinstance(node, MapNode) and part in node.entries:
            node = node.entries[str(part)]
        elif isinstance(node, ListNode) and isinstance(part, int) and part < len(node.items):
            node = node.items[part]
        else:
            continue
        kept.append(part)
    return tuple(kept), node


def _span(node: Node, fault: Fault, path: Path) -> Span | None:
    """The value's place, or the key's where the key is what does not fit."""
    parent = _follow(node, path[:-1])[1]
    if fault.path[-1:] == ("[key]",) and isinstance(parent, MapNode):
        return parent.key_spans.get(str(path[-1]))
    return _follow(node, path)[1].span


def _unknown_key(path: Path, node: Node, model: type[Model], where: str) -> Diagnostic:
    key, parent = str(path[-1]), _follow(node, path[:-1])[1]
    inside = f'"{format_path(path[:-1])}" of {where}' if len(path) > 1 else where
    span = parent.key_spans.get(key) if isinstance(parent, MapNode) else parent.span
    schema = schema_of(model)
    known = _properties(schema, _at(schema, schema, path[:-1]))
    taken = parent.entries if isinstance(parent, MapNode) else {}
    return Diagnostic(codes.UNKNOWN_KEY, span, {"key": key, "where": inside}, hint=key_hint(key, known, taken, schema))


def key_hint(key: str, known: Mapping[str, JSON], taken: Mapping[str, object], root: JSON) -> str | None:
    """The nearest key that is not there yet, or the mapping in which this very key belongs."""
    near = nearest(key, (name for name in known if name not in taken))
    if near is not None:
        return f'did you mean "{near}"?'
    for name, schema in known.items():
        if key in _properties(root, schema):
            return f'"{key}" belongs into "{name}"'
    return did_you_mean(key, known)


def _branches(root: JSON, schema: JSON) -> Iterator[JSON]:
    """The alternatives of a schema, references followed."""
    if "$ref" in schema:
        schema = root["$defs"][schema["$ref"].rsplit("/", 1)[1]]
    alternatives = [*schema.get("anyOf", ()), *schema.get("oneOf", ())]
    for alternative in alternatives:
        yield from _branches(root, alternative)
    if not alternatives:
        yield schema


def _properties(root: JSON, schema: JSON) -> dict[str, JSON]:
    return {name: item for branch in _branches(root, schema) for name, item in branch.get("properties", {}).items()}


def _at(root: JSON, schema: JSON, path: Path) -> JSON:
    for part in path:
        schema = next((found for branch in _branches(root, schema) if (found := _step(branch, part)) is not None), {})
    return schema


def _step(branch: JSON, part: str | int) -> JSON:
    if isinstance(part, int):
        items = branch.get("items")
        return items if is_mapping(items) else None
    found = branch.get("properties", {}).get(part)
    if found is not None:
        return found
    values = [branch.get("additionalProperties"), *branch.get("patternProperties", {}).values()]
    return next((value for value in values if is_mapping(value)), None)


def _wrong_value(fault: Fault, path: Path, node: Node, span: Span | None) -> Diagnostic:
    value = node.value if isinstance(node, ScalarNode) else None
    if isinstance(value, str) and "{{" in value and fault.path[-1:] != ("[key]",):
        return Diagnostic(codes.TEMPLATE_NOT_HERE, span, {"key": format_path(path), "found": show(node)})
    if fault.path[-1:] == ("[key]",):
        arguments: dict[str, object] = {"expected": _expected(fault), "found": f'"{path[-1]}"'}
        return Diagnostic(codes.WRONG_VALUE, span, arguments)
    arguments = {"expected": _expected(fault), "found": _found(fault, node)}
    return Diagnostic(codes.WRONG_VALUE, span, arguments, hint=_hint(fault, path, value))


def _found(fault: Fault, node: Node) -> str:
    """The value, or which of the keys that the message speaks of are there."""
    if isinstance(node, ListNode) and fault.kind == "too_short" and node.items:
        return f"{len(node.items)}"
    spoken_of = _CODE.findall(fault.message) if fault.kind == "expected" and isinstance(node, MapNode) else []
    if not spoken_of or "mapping" in fault.message:
        return show(node)
    present = [f"`{key}`" for key in spoken_of if isinstance(node, MapNode) and key in node.entries]
    return " and ".join(present) or "none of them"


def _expected(fault: Fault) -> str:
    bounds = fault.bounds
    match fault.kind:
        case "literal_error":
            return _WORD.sub(r"`\1`", bounds["expected"])
        case "greater_than_equal":
            return f"an integer of {bounds['ge']} or more"
        case "greater_than":
            return f"a number above {bounds['gt']:g}"
        case "too_short":
            return f"at least {bounds['min_length']} item" + ("s" if bounds["min_length"] > 1 else "")
        case "string_too_long":
            return f"at most {bounds['max_length']} characters"
        case "string_pattern_mismatch":
            return PATTERN_WORDS[bounds["pattern"]]
        case kind:
            return _EXPECTED.get(kind, fault.message)


def _hint(fault: Fault, path: Path, value: JSON) -> str | None:
    """The way from what is written to what is expected, where it can be told."""
    if fault.kind == "literal_error":
        return did_you_mean(str(value), _WORD.findall(fault.bounds["expected"]))
    if fault.kind == "tuple_type" and isinstance(value, str):
        items = _words(value) if path[-1] in {"command", "args"} else [value]
        return "write a list: [" + ", ".join(f'"{item}"' for item in items) + "]"
    is_text = fault.kind == "string_type" or (fault.kind == "expected" and fault.message.startswith("a text"))
    if is_text and value is not None:
        return "put the value in quotes"
    if fault.kind in {"int_type", "float_type", "bool_type"} and isinstance(value, str):
        return _unquoted(fault.kind, value)
    return None


def _words(text: str) -> list[str]:
    import shlex  # on the way to an error alone

    try:
        return shlex.split(text)
    except ValueError:
        return text.split()


def _unquoted(kind: str, value: str) -> str | None:
    is_number = re.fullmatch(r"[-+]?[0-9]+" if kind == "int_type" else r"[-+]?[0-9.]+", value)
    if (kind == "bool_type" and value in {"true", "false"}) or (kind != "bool_type" and is_number):
        return "write it without quotes"
    words = {"yes": "true", "on": "true", "no": "false", "off": "false"}
    return f"write {words[value.lower()]}" if kind == "bool_type" and value.lower() in words else None
