"""Guard rails: the type and the bounds of a variable, and whether a value keeps them.

The same check stands on every path that a value can take: the declaration's own default and
`enum`, a run's `templates`, and what the command line says.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeAlias

from launchctl.compiler import expand_codes as codes
from launchctl.compiler.node import ListNode, MapNode, Node, ScalarNode
from launchctl.compiler.quantity import parse_duration, parse_quantity
from launchctl.diagnostics import Diagnostic, Note, Span
from launchctl.schemas.validate import is_pattern, matches
from launchctl.values import JSON

Ordered: TypeAlias = int | float | Fraction
MAX_TEXT = 4_096
"""Characters of the longest value."""
LOWER = ("minimum", "exclusiveMinimum")
UPPER = ("maximum", "exclusiveMaximum")
_INTEGER = re.compile(r"[+-]?[0-9]{1,64}")
_NUMBER = re.compile(r"[+-]?(?:[0-9]{1,64}(?:\.[0-9]{0,64})?|\.[0-9]{1,64})(?:[eE][+-]?[0-9]{1,4})?")


@dataclass(frozen=True, slots=True)
class Guard:
    """A declared variable: its type, its bounds with their places, its default."""

    name: str
    kind: str
    """`string`, `integer`, `number`, `boolean`, `quantity` or `duration`."""
    bounds: Mapping[str, ScalarNode]
    """`minimum`, `maximum`, `exclusiveMinimum`, `exclusiveMaximum`."""
    enum: tuple[Node, ...] = ()
    pattern: ScalarNode | None = None
    default: Node | None = None
    span: Span | None = None

    @classmethod
    def of(cls, name: str, node: MapNode) -> Guard:
        """The guard that a declaration spells."""
        entries = {key: item for key, item in node.entries.items() if not _is_null(item)}
        kind, enum, pattern = entries.get("type"), entries.get("enum"), entries.get("pattern")
        return cls(
            name,
            _KINDS.get(str(kind.value), str(kind.value)) if isinstance(kind, ScalarNode) else "string",
            {key: found for key in (*LOWER, *UPPER) if isinstance(found := entries.get(key), ScalarNode)},
            enum.items if isinstance(enum, ListNode) else (),
            pattern if isinstance(pattern, ScalarNode) else None,
            entries.get("default"),
            node.span,
        )

    @property
    def expected(self) -> str:
        """What a value should be: `an integer from 1 to 8`."""
        if self.enum:
            return "one of " + ", ".join(spelled(item) for item in self.enum)
        if self.pattern is not None:
            return f"a text that matches {spelled(self.pattern)}"
        return _WORDS[self.kind] + _range({name: spelled(bound) for name, bound in self.bounds.items()})


def _is_null(node: Node) -> bool:
    return isinstance(node, ScalarNode) and node.value is None


def _range(bounds: Mapping[str, str]) -> str:
    low, high = bounds.get("minimum"), bounds.get("maximum")
    if low is not None and high is not None and len(bounds) == 2:
        return f" from {low} to {high}"
    words = {
        "minimum": "of at least",
        "exclusiveMinimum": "above",
        "maximum": "of at most",
        "exclusiveMaximum": "below",
    }
    said = [f"{word} {bounds[name]}" for name, word in words.items() if name in bounds]
    return " " + " and ".join(said) if said else ""


def spelled(node: Node) -> str:
    """A value as a message shows it, shortened where it is long."""
    if isinstance(node, MapNode):
        return "a mapping"
    if isinstance(node, ListNode):
        return "a list"
    if isinstance(node.value, str):
        shown = node.value if len(node.value) <= 60 else node.value[:57] + "…"
        return f'"{shown}"'
    return json.dumps(node.value, default=str)


def typed(guard: Guard, text: str) -> JSON:
    """The value that a text of the command line stands for; the text itself where it has no such value."""
    if guard.kind == "integer" and _INTEGER.fullmatch(text):
        return int(text)
    if guard.kind == "number" and _NUMBER.fullmatch(text):
        return int(text) if _INTEGER.fullmatch(text) else float(text)
    if guard.kind == "boolean" and text in {"true", "false"}:
        return text == "true"
    return text


def value_fault(guard: Guard, value: Node) -> Diagnostic | None:
    """What is wrong with a value, at its place; None where it keeps its bounds."""
    parsed = _parse(guard.kind, value)
    if parsed is None:
        hint = _quoting_hint(guard, plain_text(value))
        return Diagnostic(codes.WRONG_VALUE_TYPE, value.span, _arguments(guard, value), _declared(guard), hint)
    broken = _broken_bound(guard, parsed, value)
    if broken is None:
        return None
    notes = (Note(f"the bound of {guard.name} is declared here", broken.span),)
    return Diagnostic(codes.VALUE_OUT_OF_BOUNDS, value.span, _arguments(guard, value), notes)


def _quoting_hint(guard: Guard, value: JSON) -> str | None:
    """What mends a value whose quotes are missing, or too many."""
    if guard.kind == "string" and isinstance(value, int | float):
        return "put it in quotes"
    is_quoted = isinstance(value, str) and not isinstance(typed(guard, value), str)
    return "write it without quotes" if is_quoted else None


def _arguments(guard: Guard, value: Node) -> dict[str, object]:
    return {"expected": guard.expected, "got": spelled(value)}


def _declared(guard: Guard) -> tuple[Note, ...]:
    return (Note(f"{guard.name} is declared here", guard.span),) if guard.span else ()


def _broken_bound(guard: Guard, parsed: JSON, value: Node) -> Node | None:
    for name, bound in guard.bounds.items():
        limit = _parse(guard.kind, bound)
        if limit is not None and not _KEEPS[name](parsed, limit):
            return bound
    if guard.enum and parsed not in [_parse(guard.kind, item) for item in guard.enum]:
        return guard.enum[0]
    if guard.pattern is not None and not matches(str(guard.pattern.value), str(plain_text(value))):
        return guard.pattern
    return None


def plain_text(value: Node) -> JSON:
    """The scalar that a node holds; None for a container."""
    return value.value if isinstance(value, ScalarNode) else None


def declaration_faults(guard: Guard) -> Iterator[Diagnostic]:
    """What is wrong with a declaration: bounds that fit no type, nothing, or not one another."""
    unfit = [*_unfit_bounds(guard)]
    yield from unfit
    if unfit:
        return
    empty = _empty_range(guard)
    if empty is not None:
        yield empty
        return
    for value in (*guard.enum, *([guard.default] if guard.default is not None else [])):
        rails = Guard(guard.name, guard.kind, guard.bounds, () if value in guard.enum else guard.enum, guard.pattern)
        fault = value_fault(rails, value)
        if fault is not None:
            yield fault


def _unfit_bounds(guard: Guard) -> Iterator[Diagnostic]:
    for name, bound in guard.bounds.items():
        if guard.kind in {"string", "boolean"}:
            yield Diagnostic(codes.BOUND_WITHOUT_MEANING, bound.span, {"bound": name, "kind": guard.kind})
        elif _parse(guard.kind, bound) is None:
            yield Diagnostic(
                codes.WRONG_VALUE_TYPE, bound.span, {"expected": _WORDS[guard.kind], "got": spelled(bound)}
            )
    if guard.pattern is None:
        return
    if guard.kind != "string":
        yield Diagnostic(codes.BOUND_WITHOUT_MEANING, guard.pattern.span, {"bound": "pattern", "kind": guard.kind})
    elif not is_pattern(str(guard.pattern.value)):
        yield Diagnostic(codes.INVALID_PATTERN, guard.pattern.span, {"pattern": spelled(guard.pattern)})


def _empty_range(guard: Guard) -> Diagnostic | None:
    for low in LOWER:
        for high in UPPER:
            if low in guard.bounds and high in guard.bounds:
                below, above = _parse(guard.kind, guard.bounds[low]), _parse(guard.kind, guard.bounds[high])
                if below > above or (below == above and (low, high) != ("minimum", "maximum")):
                    arguments = {"low": spelled(guard.bounds[low]), "high": spelled(guard.bounds[high])}
                    notes = (Note(f"`{low}` is declared here", guard.bounds[low].span),)
                    return Diagnostic(codes.EMPTY_RANGE, guard.bounds[high].span, arguments, notes)
    return None


def _parse(kind: str, node: Node) -> JSON:
    """The value of a node as its kind compares it; None where it is of another kind."""
    value = plain_text(node)
    return _PARSERS[kind](value) if value is not None else None


def _string(value: JSON) -> str | None:
    return value if isinstance(value, str) and len(value) <= MAX_TEXT else None


def _integer(value: JSON) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _number(value: JSON) -> Ordered | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return value if abs(value) < float("inf") else None


def _boolean(value: JSON) -> bool | None:
    return value if isinstance(value, bool) else None


_KINDS = {"float": "number"}
_WORDS = {
    "string": "a text",
    "integer": "an integer",
    "number": "a number",
    "boolean": "true or false",
    "quantity": "a quantity such as 16Gi",
    "duration": "a duration such as 6h",
}
_PARSERS: Mapping[str, Callable[[JSON], JSON]] = {
    "string": _string,
    "integer": _integer,
    "number": _number,
    "boolean": _boolean,
    "quantity": parse_quantity,
    "duration": parse_duration,
}
_KEEPS: Mapping[str, Callable[[JSON, JSON], bool]] = {
    "minimum": lambda value, bound: value >= bound,
    "maximum": lambda value, bound: value <= bound,
    "exclusiveMinimum": lambda value, bound: value > bound,
    "exclusiveMaximum": lambda value, bound: value < bound,
}
