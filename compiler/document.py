"""YAML to a tree of positioned nodes: the only module that knows the YAML library.

It builds from the parser's events, which is several times faster than the library's own loaders and keeps the place
of every key and value. Scalars mean what YAML 1.2 says; `<<` merges as everybody expects; aliases share their node.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import yaml

from launchctl.collector import paused_collector
from launchctl.compiler import codes
from launchctl.compiler.node import ListNode, MapNode, Node, ScalarNode
from launchctl.compiler.scalar import SPECIAL_STARTS, Trap, meaning
from launchctl.compiler.source import Source
from launchctl.compiler.syntax import Complaint, explain
from launchctl.diagnostics import Code, Diagnostic, Diagnostics, Note, Span
from launchctl.suggest import did_you_mean

DEEPEST = 100
"""Levels of nesting, aliases followed."""
MOST_REPEATED = 1_000_000
"""Values that aliases may stand for in one file."""
_LONG = 64
"""Characters of a text that count as much as a value: a few long texts fill a memory as well as many short ones."""
MOST_FAULTS = 200
"""Diagnostics of one file; nobody reads more."""
_ALIAS: type[object] = yaml.AliasEvent
_SCALAR: type[object] = yaml.ScalarEvent
_SEQUENCE_END: type[object] = yaml.SequenceEndEvent
_MAPPING_START: type[object] = yaml.MappingStartEvent
_MAPPING_END: type[object] = yaml.MappingEndEvent
_DOCUMENT_START: type[object] = yaml.DocumentStartEvent
_STREAM_END: type[object] = yaml.StreamEndEvent
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_LINE_BREAK = re.compile("\r\n|\r|\n")
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")


@dataclass(frozen=True, slots=True)
class Document:
    """A parsed file; `root` is None where it could not be read to its end."""

    source: Source
    root: Node | None


class _Mark(Protocol):
    """A place, counted from 0."""

    line: int
    column: int


class _Event(Protocol):
    """What the parser says next; every kind of event has those of these attributes that it needs."""

    start_mark: _Mark
    end_mark: _Mark
    anchor: str | None
    tag: str | None
    value: str
    implicit: tuple[bool, bool]
    flow_style: bool


_span = tuple.__new__
_node = tuple.__new__
"""A named tuple's own constructor costs three times as much, and a large file has a million of them."""


class _Anchor(NamedTuple):
    """What an anchor marks; `node` is None while its value is still being read."""

    node: Node | None
    size: int = 0
    height: int = 0


class _Stop(Exception):
    """The rest of the file cannot be read."""


def parse_document(source: Source) -> tuple[Document, Diagnostics]:
    """The tree of a file, and everything that is wrong with it as YAML."""
    found = _FORBIDDEN.search(source.text)
    if found:
        return Document(source, None), (_bad_character(source, found),)
    builder = _Builder(source)
    with paused_collector():
        try:
            root = builder.document()
        except _Stop:
            root = None
        except yaml.YAMLError as error:
            builder.report_syntax(error)
            root = None
        finally:
            builder.loader.dispose()
    return Document(source, root), tuple(builder.diagnostics)


def _bad_character(source: Source, found: re.Match[str]) -> Diagnostic:
    before = _LINE_BREAK.split(source.text[: found.start()])
    line, column = len(before), len(before[-1]) + 1
    character = f"U+{ord(found.group()):04X}"
    span = Span(source.name, line, column, line, column + 1)
    return Diagnostic(codes.BAD_CHARACTER, span, {"character": character, "place": "in a project file"})


class _Builder:
    """Turns the events of one file into nodes."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.file = source.name
        self.loader = _LOADER(source.text)
        self.next: Callable[[], _Event] = self.loader.get_event
        self.diagnostics: list[Diagnostic] = []
        self.anchors: dict[str, _Anchor] = {}
        self.keys: dict[str, str] = {}
        """Plain texts that are keys: equal keys are one object, and are looked at once."""
        self.size = 0
        self.repeated = 0
        self.height = 0

    def document(self) -> Node:
        """The one value of the file."""
        self.next()
        event = self.next()
        if type(event) is _STREAM_END:
            return ScalarNode(None, Span(self.file, 1, 1, 1, 1))
        root = self.node(self.next(), 0)
        self.next()
        following = self.next()
        if type(following) is _DOCUMENT_START:
            hint = "put it into a file of its own and name that under `include`"
            self.report(codes.SEVERAL_DOCUMENTS, self.span(following), {}, hint=hint)
        return root

    def span(self, event: _Event) -> Span:
        """Where an event stands."""
        start, end = event.start_mark, event.end_mark
        line, end_line = start.line + 1, end.line + 1
        if line == end_line:
            end_line = line  # the same object: a large file has as many of these numbers as values
        return _span(Span, (self.file, line, start.column + 1, end_line, end.column + 1))

    def node(self, event: _Event, depth: int) -> Node:
        """The node that begins with an event; depth counts the collections around it."""
        kind = type(event)
        if kind is _ALIAS:
            return self.alias(event, depth)
        if event.tag is not None:
            self.report_tag(event)
        if event.anchor is not None:
            return self.anchored(event, depth)
        return self.scalar(event) if kind is _SCALAR else self.collection(event, depth)

    def collection(self, event: _Event, depth: int) -> Node:
        """A mapping or a list."""
        depth += 1
        if depth > DEEPEST:
            self.report(codes.TOO_DEEP, self.span(event), {"limit": DEEPEST})
            raise _Stop
        if depth > self.height:
            self.height = depth
        return self.mapping(event, depth) if type(event) is _MAPPING_START else self.sequence(event, depth)

    def anchored(self, event: _Event, depth: int) -> Node:
        """A node that aliases may repeat, with what a repetition counts."""
        name, size, height = event.anchor or "", self.size, self.height
        self.anchors[name] = _Anchor(None)
        self.height = depth
        node = self.scalar(event) if type(event) is _SCALAR else self.collection(event, depth)
        self.anchors[name] = _Anchor(node, self.size - size + 1, self.height - depth)
        self.height = max(self.height, height)
        return node

    def alias(self, event: _Event, depth: int) -> Node:
        """The node that an alias repeats; shared, but counted as if it were copied."""
        name = event.anchor or ""
        anchor = self.anchors.get(name)
        if anchor is None or anchor.node is None:
            code = codes.UNKNOWN_ANCHOR if anchor is None else codes.RECURSIVE_ANCHOR
            hint = did_you_mean(name, self.anchors) if anchor is None else None
            self.report(code, self.span(event), {"name": name}, hint=hint)
            return ScalarNode(None, self.span(event))
        self.size += anchor.size
        self.repeated += anchor.size
        self.height = max(self.height, depth + anchor.height)
        if self.repeated > MOST_REPEATED:
            arguments: dict[str, object] = {"what": "aliases", "limit": f"{MOST_REPEATED:,}"}
            self.report(codes.TOO_MANY_VALUES, self.span(event), arguments)
            raise _Stop
        if depth + anchor.height > DEEPEST:
            self.report(codes.TOO_DEEP, self.span(event), {"limit": DEEPEST})
            raise _Stop
        return anchor.node

    def scalar(self, event: _Event) -> ScalarNode:
        """A text, number, boolean or null."""
        text, span = event.value, self.span(event)
        if len(text) > _LONG:
            self.size += len(text) // _LONG
        if event.implicit[0] and event.tag is None:
            if text[:1] not in SPECIAL_STARTS:
                return _node(ScalarNode, (text, span))
            value, trap = meaning(text)
            if trap is not None:
                self.report_trap(text, trap, span)
            return _node(ScalarNode, (value, span))
        if "\0" in text:
            self.report(codes.BAD_CHARACTER, span, {"character": "U+0000", "place": "in a text"})
        return _node(ScalarNode, (text, span))

    def sequence(self, start: _Event, depth: int) -> ListNode:
        """A list."""
        items: list[Node] = []
        event = self.next()
        while type(event) is not _SEQUENCE_END:
            items.append(self.node(event, depth))
            event = self.next()
        self.size += len(items)
        return ListNode(tuple(items), self.enclosing(start, event, items[-1].span if items else None))

    def mapping(self, start: _Event, depth: int) -> MapNode:
        """A mapping, with the keys of `<<` below its own."""
        entries: dict[str, Node] = {}
        key_spans: dict[str, Span] = {}
        merged: Node | None = None
        last: Span | None = None
        event = self.next()
        while type(event) is not _MAPPING_END:
            key, span = self.key(event, depth)
            value = self.node(self.next(), depth)
            last = value.span
            if key in key_spans:
                self.report_duplicate(key, span, key_spans[key])
            elif key == "<<" and event.implicit[0]:
                key_spans[key], merged = span, value
            elif key is not None:
                key_spans[key], entries[key] = span, value
            event = self.next()
        self.size += len(entries)
        node = MapNode(entries, key_spans, self.enclosing(start, event, last))
        return node if merged is None else self.merge(node, merged)

    def enclosing(self, start: _Event, end: _Event, last: Span | None) -> Span:
        """From the start of a collection to its bracket, or to the end of its last value where it has none."""
        first = start.start_mark
        if start.flow_style or last is None or last.end_line <= first.line:
            return Span(self.file, first.line + 1, first.column + 1, end.end_mark.line + 1, end.end_mark.column + 1)
        return Span(self.file, first.line + 1, first.column + 1, last.end_line, last.end_column)

    def key(self, event: _Event, depth: int) -> tuple[str | None, Span]:
        """The text of a key, or None for what cannot be one."""
        span = self.span(event)
        if type(event) is not _SCALAR:
            self.report_key_node(self.node(event, depth), span)
            return None, span
        if event.anchor is not None:
            self.anchors[event.anchor] = _Anchor(ScalarNode(event.value, span), 1)
        if event.tag is not None:
            self.report_tag(event)
        text = event.value
        if len(text) > _LONG:
            self.size += len(text) // _LONG
        known = self.keys.get(text)
        if known is not None:
            return known, span
        if not event.implicit[0]:
            return text, span
        if not isinstance(meaning(text).value, str):
            self.report_key(text, span)
            return None, span
        return self.keys.setdefault(text, text), span

    def merge(self, node: MapNode, merged: Node) -> MapNode:
        """A mapping over the mappings of its `<<`, of which the first that has a key wins."""
        key_spans = dict(node.key_spans)
        key_spans.pop("<<")
        layers = merged.items if isinstance(merged, ListNode) else (merged,)
        entries: dict[str, Node] = {}
        spans: dict[str, Span] = {}
        for layer in layers[::-1]:
            if not isinstance(layer, MapNode):
                found = "a list" if isinstance(layer, ListNode) else "a text or a number"
                self.report(codes.MERGE_KEY, layer.span, {"found": found})
                continue
            entries.update(layer.entries)
            spans.update(layer.key_spans)
        return MapNode(entries | dict(node.entries), spans | key_spans, node.span)

    def report(
        self,
        code: Code,
        span: Span | None,
        arguments: dict[str, object],
        *,
        notes: tuple[Note, ...] = (),
        hint: str | None = None,
    ) -> None:
        """Keep a diagnostic, up to a number that somebody might still read."""
        if len(self.diagnostics) >= MOST_FAULTS:
            self.diagnostics.append(Diagnostic(codes.TOO_MANY_FAULTS, span, {"limit": MOST_FAULTS}))
            raise _Stop
        self.diagnostics.append(Diagnostic(code, span, arguments, notes, hint))

    def report_duplicate(self, key: str, span: Span, first: Span) -> None:
        """A key that stands twice in one mapping."""
        self.report(codes.DUPLICATE_KEY, span, {"key": key}, notes=(Note("the first one is here", first),))

    def report_key(self, text: str, span: Span) -> None:
        """A key that is no text."""
        hint = f'write "{text}" in quotes' if text else None
        self.report(codes.KEY_NOT_TEXT, span, {"found": text or "nothing"}, hint=hint)

    def report_key_node(self, node: Node, span: Span) -> None:
        """A key that is not even a scalar; most often a template without quotes."""
        found = "a mapping" if isinstance(node, MapNode) else "a list" if isinstance(node, ListNode) else "an alias"
        hint = 'put a value with a template in quotes: "{{ name }}"' if isinstance(node, MapNode) else None
        self.report(codes.KEY_NOT_TEXT, span, {"found": found}, hint=hint)

    def report_tag(self, event: _Event) -> None:
        """A tag, with the plain way to write what it wants."""
        tag = (event.tag or "").replace("tag:yaml.org,2002:", "!!")
        hints = {
            "!!str": "put the text in quotes",
            "!!binary": "write the text in base64, in quotes",
            "!include": "name the file under `include`",
        }
        span = self.span(event)
        self.report(codes.TAG, span, {"tag": tag}, hint=hints.get(tag, "remove the tag and write the value plainly"))

    def report_trap(self, text: str, trap: Trap, span: Span) -> None:
        """A plain scalar that is not what it looks like."""
        arguments: dict[str, object] = {"text": f'"{text}"', "now": trap.now, "before": trap.before}
        self.report(trap.code, span, arguments, hint=trap.hint)

    def report_syntax(self, error: yaml.YAMLError) -> None:
        """What the parser stumbled over."""
        mark = getattr(error, "problem_mark", None)
        context = getattr(error, "context_mark", None)
        complaint = Complaint(
            str(getattr(error, "problem", error)),
            (mark.line, mark.column) if mark else (0, 0),
            getattr(error, "context", None) or "",
            (context.line, context.column) if context else None,
        )
        found = explain(complaint, _LINE_BREAK.split(self.source.text))
        notes = (
            (Note(found.began, self.point(complaint.context_place)),) if found.began and complaint.context_place else ()
        )
        self.report(codes.SYNTAX, self.point(found.place), {"problem": found.sentence}, notes=notes, hint=found.hint)

    def point(self, place: tuple[int, int]) -> Span:
        """The one character at a place."""
        line, column = place
        return Span(self.file, line + 1, column + 1, line + 1, column + 2)
