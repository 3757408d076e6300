"""Templates `{{ … }}`: one name, a chain of filters, and nothing else.

A text that is one placeholder alone keeps the value's type; inside a longer text the value is
written as text, and nothing in it is a macro. Filters are evaluated by Jinja's immutable
sandbox, which sees one variable and our six filters; a plain placeholder needs no Jinja.

>>> [piece.name for piece in parse("{{ gpus }} of {{ var.total | int }} {{{{")]
['gpus', None, 'var.total', None, None]
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

from launchctl.compiler import expand_codes as codes
from launchctl.compiler.bounds import Guard, value_fault
from launchctl.compiler.macros import escape
from launchctl.compiler.node import ListNode, MapNode, Node, ScalarNode, span_within
from launchctl.diagnostics import Diagnostic, Span
from launchctl.suggest import did_you_mean
from launchctl.values import JSON, Path

FILTERS = {"default": (1, 2), "lower": (0, 0), "upper": (0, 0), "replace": (2, 3), "int": (0, 1), "tojson": (0, 0)}
"""The filters, each with how few and how many arguments it takes."""
MAX_RESULT = 65_536
"""Characters of the longest text that a template may make."""
MAX_TOGETHER = 64 * 1024 * 1024
"""Characters of all texts of a project that templates may make."""
_TOO_LONG = f"the result is longer than {MAX_RESULT} characters"
_LONGEST_PLACEHOLDER = 1_000
_NAME = r"(?:var\.)?[A-Za-z_][A-Za-z0-9_-]*+"
_ARGUMENT = r"""(?:"(?:[^"\\]|\\.)*+"|'(?:[^'\\]|\\.)*+'|[+-]?\d++(?:\.\d++)?|true|false)"""
_FILTER = rf"\|\s*+([A-Za-z_]++)\s*+(?:\(\s*+({_ARGUMENT}(?:\s*+,\s*+{_ARGUMENT})*+)?+\s*+\)\s*+)?+"
_PLACEHOLDER = re.compile(rf"\{{\{{\s*+({_NAME})\s*+((?:{_FILTER})*+)\}}\}}", re.DOTALL)
_ONE_FILTER, _ONE_ARGUMENT = re.compile(_FILTER, re.DOTALL), re.compile(_ARGUMENT, re.DOTALL)
_HALF_OPEN = re.compile(rf"(?<!\{{)\{{\s*+({_NAME})\s*+\}}\}}")


class Piece(NamedTuple):
    """A stretch of a text: literal text, a placeholder, or what should have been one."""

    text: str
    """The literal text, or the placeholder as it is written."""
    name: str | None
    """The variable of a placeholder."""
    filters: str
    """The filters of a placeholder as they are written."""
    is_source: bool
    """Whether the text may hold macros; false for the braces that `{{{{` writes."""
    start: int
    fault: str = ""
    """What is wrong with it: `unbalanced` or `invalid`."""

    @property
    def end(self) -> int:
        """Where the stretch ends."""
        return self.start + len(self.text)


class Slot(NamedTuple):
    """A name that a template may use, and its value where it has one."""

    guard: Guard
    value: ScalarNode | None


class Use(NamedTuple):
    """A place that uses a variable without a value."""

    path: Path
    span: Span | None


@lru_cache(maxsize=8192)
def parse(text: str) -> tuple[Piece, ...]:
    """The stretches of a text, in order."""
    return tuple(_pieces(text))


def _pieces(text: str) -> Iterator[Piece]:
    at = 0
    while (start := text.find("{{", at)) >= 0:
        if start > at:
            yield Piece(text[at:start], None, "", is_source=True, start=at)
        if text.startswith("{{{{", start):
            yield Piece("{{", None, "", is_source=False, start=start)
            at = start + 4
            continue
        found = _placeholder(text, start)
        yield found
        at = found.end
    if at < len(text):
        yield Piece(text[at:], None, "", is_source=True, start=at)


def _placeholder(text: str, start: int) -> Piece:
    match = _PLACEHOLDER.match(text, start, start + _LONGEST_PLACEHOLDER)
    if match is not None:
        return Piece(match[0], match[1], match[2].strip(), is_source=False, start=start)
    end = text.find("}}", start)
    if end < 0:
        return Piece(text[start:], None, "", is_source=False, start=start, fault="unbalanced")
    return Piece(text[start : end + 2], None, "", is_source=False, start=start, fault="invalid")


@dataclass(slots=True)
class Room:
    """How many characters the templates of a project may still write: aliases make many texts of a few."""

    left: int = MAX_TOGETHER


@dataclass(slots=True)
class Renderer:
    """Fills in the templates of trees, and gathers what is wrong and which names were used."""

    slots: Mapping[str, Slot]
    is_symbolic: bool = True
    """Whether the texts are symbolic, so that a `${` in a value must be escaped."""
    room: Room = field(default_factory=Room)
    """Shared by all renderers of a project."""
    found: list[Diagnostic] = field(default_factory=list[Diagnostic])
    used: set[str] = field(default_factory=set[str])
    missing: dict[str, list[Use]] = field(default_factory=dict[str, list[Use]])

    def render(self, node: Node, path: Path = ()) -> Node:
        """The tree with its templates filled in; what holds none is shared."""
        if isinstance(node, ScalarNode):
            is_open = isinstance(node.value, str) and ("{{" in node.value or "}}" in node.value)
            return self._text(node, path) if is_open else node
        if isinstance(node, ListNode):
            items = tuple([self.render(item, (*path, place)) for place, item in enumerate(node.items)])
            return node if all(a is b for a, b in zip(items, node.items, strict=True)) else ListNode(items, node.span)
        entries: dict[str, Node] = {}
        for key, item in node.entries.items():
            if "{{" in key:
                span = node.key_spans.get(key, node.span)
                self.found.append(
                    Diagnostic(codes.KEY_WITH_PLACEHOLDER, span, {"key": key, "kind": "templates `{{ … }}`"})
                )
            entries[key] = self.render(item, (*path, key))
        if all(entries[key] is item for key, item in node.entries.items()):
            return node
        return MapNode(entries, node.key_spans, node.span)

    def _text(self, node: ScalarNode, path: Path) -> ScalarNode:
        if self.room.left < 0:
            return node  # which was reported
        found = self._filled(node, str(node.value), path)
        if isinstance(found, str):
            self.room.left -= len(found)
            if self.room.left < 0:
                self._too_long(node, "the texts of the project are together", "their", MAX_TOGETHER)
        return node if found == node.value else ScalarNode(found, node.span)

    def _filled(self, node: ScalarNode, text: str, path: Path) -> JSON:
        """The text with its placeholders filled in; as it is where the result would be too long."""
        if len(text) > MAX_RESULT:
            if "{{" in text:
                self._too_long(node, "the text is", "its", MAX_RESULT)
            return text
        pieces = parse(text)
        self._check_closing_braces(node, pieces)
        if len(pieces) == 1 and pieces[0].name is not None:
            found = self._value(node, pieces[0], path)
            return escape(found) if isinstance(found, str) and self.is_symbolic else found
        values: list[str] = []
        left = MAX_RESULT
        for piece in pieces:
            values.append(self._written(node, piece, path))
            left -= len(values[-1])
            if left < 0:
                self._too_long(node, "the text is", "its", MAX_RESULT)
                return text
        are_source = (piece.is_source for piece in pieces)
        return join(zip(values, are_source, strict=True)) if self.is_symbolic else "".join(values)

    def _too_long(self, node: ScalarNode, what: str, whose: str, limit: int) -> None:
        arguments = {"what": what, "whose": whose, "limit": limit}
        self.found.append(Diagnostic(codes.TEMPLATE_RESULT_TOO_LONG, node.span, arguments))

    def _written(self, node: ScalarNode, piece: Piece, path: Path) -> str:
        if piece.fault:
            self._fault(node, piece)
        return piece.text if piece.name is None else as_text(self._value(node, piece, path))

    def _value(self, node: ScalarNode, piece: Piece, path: Path) -> JSON:
        """The value of a placeholder; an empty text stands in where a fault was found."""
        name = piece.name or ""
        slot = self.slots.get(name)
        if slot is None:
            self._unknown(node, piece)
            return ""
        self.used.add(name)
        filters = _ONE_FILTER.findall(piece.filters)
        if not self._are_known(node, piece, filters):
            return ""
        if slot.value is None and (not filters or filters[0][0] != "default"):
            self.missing.setdefault(name, []).append(Use(path, span_within(node, piece.start, piece.end)))
            return ""
        if not filters:
            return slot.value.value if slot.value is not None else ""
        return self._filtered(node, piece, slot)

    def _filtered(self, node: ScalarNode, piece: Piece, slot: Slot) -> JSON:
        span = span_within(node, piece.start, piece.end)
        given = slot.value.value if slot.value is not None else None
        try:
            if piece.filters.removeprefix("|").lstrip().startswith("default"):
                fault = value_fault(slot.guard, ScalarNode(_default_of(piece.filters), span))
                self.found += [fault] if fault else []
            return evaluate(piece.filters, given)
        except TemplateError as error:
            arguments = {"placeholder": piece.text, "reason": str(error)}
            self.found.append(Diagnostic(codes.TEMPLATE_FAILED, span, arguments))
            return ""

    def _are_known(self, node: ScalarNode, piece: Piece, filters: list[tuple[str, str]]) -> bool:
        for name, arguments in filters:
            span = span_within(node, piece.start, piece.end)
            if name not in FILTERS:
                hint = did_you_mean(name, FILTERS) or f"the filters are {', '.join(sorted(FILTERS))}"
                self.found.append(Diagnostic(codes.UNKNOWN_FILTER, span, {"name": name}, hint=hint))
                return False
            low, high = FILTERS[name]
            count = len(_ONE_ARGUMENT.findall(arguments))
            if not low <= count <= high:
                wanted = str(low) if low == high else f"{low} to {high}"
                reason = f"`{name}` takes {wanted} arguments"
                self.found.append(
                    Diagnostic(codes.TEMPLATE_FAILED, span, {"placeholder": piece.text, "reason": reason})
                )
                return False
        return True

    def _unknown(self, node: ScalarNode, piece: Piece) -> None:
        name = piece.name or ""
        other = "declare it under `variables`" if name.startswith("var.") else "write `{{{{` for the text `{{`"
        hint = did_you_mean(name, self.slots) or other
        span = span_within(node, piece.start, piece.end)
        self.found.append(Diagnostic(codes.UNKNOWN_TEMPLATE_VARIABLE, span, {"name": name}, hint=hint))

    def _fault(self, node: ScalarNode, piece: Piece) -> None:
        code = codes.UNBALANCED_BRACES if piece.fault == "unbalanced" else codes.INVALID_TEMPLATE
        span = span_within(node, piece.start, piece.end)
        shown = piece.text if len(piece.text) <= 60 else piece.text[:57] + "…"
        hint = "write `{{{{` for the text `{{`"
        self.found.append(Diagnostic(code, span, {"text": shown, "place": piece.start + 1}, hint=hint))

    def _check_closing_braces(self, node: ScalarNode, pieces: tuple[Piece, ...]) -> None:
        """`{ gpus }}`: a placeholder that lacks its first brace is no text that anybody means."""
        for piece in pieces:
            for match in _HALF_OPEN.finditer(piece.text) if piece.is_source else ():
                if match[1] in self.slots:
                    start = piece.start + match.start()
                    arguments = {"text": match[0], "place": start + 1}
                    span = span_within(node, start, start + len(match[0]))
                    hint = f"write `{{{{ {match[1]} }}}}`"
                    self.found.append(Diagnostic(codes.UNBALANCED_BRACES, span, arguments, hint=hint))


def as_text(value: JSON) -> str:
    """A value inside a longer text: as JSON writes it, a text as it is."""
    return value if isinstance(value, str) else json.dumps(value)


def join(pieces: Iterator[tuple[str, bool]]) -> str:
    """Pieces as one symbolic text: macros in source pieces alone, every other piece is text."""
    parts = [text if is_source else escape(text) for text, is_source in pieces if text]
    for place, after in enumerate(parts[1:]):
        before = parts[place]
        # A "$" that comes to stand before a brace of its neighbour would read as a macro.
        if before.endswith("$") and after.lstrip("$")[:1] in {"", "{"}:
            stem = before.rstrip("$")
            parts[place] = stem + "${$}" * (len(before) - len(stem))
    return "".join(parts)


class TemplateError(Exception):
    """A filter that cannot be applied to its value."""


def evaluate(filters: str, value: JSON) -> JSON:
    """A value behind a chain of filters; None is a variable without a value, for `default`.

    Raises:
        TemplateError: with the reason.
    """
    expression, undefined = _expression(filters)
    try:
        found = expression(value=undefined if value is None else value)
    except (TypeError, ValueError, OverflowError) as error:
        raise TemplateError(str(error)) from error
    if isinstance(found, str) and len(found) > MAX_RESULT:
        raise TemplateError(_TOO_LONG)
    return str(found) if isinstance(found, str) else found


def _default_of(filters: str) -> JSON:
    """The literal of a chain's first `default`."""
    first = _ONE_FILTER.match(filters)
    return evaluate(first[0], None) if first is not None else None


@lru_cache(maxsize=1024)
def _expression(filters: str) -> tuple[Callable[..., JSON], object]:
    from jinja2 import TemplateSyntaxError  # 36 ms, for projects that have a filter
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    environment = ImmutableSandboxedEnvironment()
    ours: dict[str, JSON] = {"replace": _replace, "int": _int, "tojson": _tojson}
    chosen: dict[str, JSON] = {name: ours.get(name) or environment.filters[name] for name in FILTERS}
    environment.filters.clear()
    environment.filters.update(chosen)
    environment.globals.clear()
    environment.tests.clear()
    try:
        expression: Callable[..., JSON] = environment.compile_expression(f"value {filters}", undefined_to_none=False)
    except TemplateSyntaxError as error:
        raise TemplateError(error.message or "it cannot be read") from error
    return expression, environment.undefined(name="value")


def _replace(value: JSON, old: JSON, new: JSON, count: int = -1) -> str:
    text = as_text(value)
    if not isinstance(old, str) or not isinstance(new, str):
        raise ValueError("`replace` takes two texts")
    if len(text) + (text.count(old) if old else len(text) + 1) * len(new) > MAX_RESULT:
        raise ValueError(_TOO_LONG)
    return text.replace(old, new, count)


def _int(value: JSON, default: int | None = None) -> int:
    """The integer of a value; a text that is none is an error, where Jinja itself would say 0."""
    try:
        return int(float(value)) if isinstance(value, str) and "." in value else int(value)
    except (ValueError, OverflowError):
        if default is not None:
            return default
        raise ValueError(f"{_tojson(value)} is no integer") from None


def _tojson(value: JSON) -> str:
    text = json.dumps(value, ensure_ascii=False)
    if len(text) > MAX_RESULT:  # a chain of them doubles its backslashes at every step
        raise ValueError(_TOO_LONG)
    return text
