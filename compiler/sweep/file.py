"""`file`: a W&B sweep configuration taken as it is, the sweep's entry in the project lying over it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath

from launchctl.compiler import codes as project_codes
from launchctl.compiler.document import Document
from launchctl.compiler.faults import show
from launchctl.compiler.node import ListNode, MapNode, Node, ScalarNode
from launchctl.compiler.source import Include
from launchctl.compiler.sweep import codes
from launchctl.diagnostics import Diagnostic

_SUFFIXES = (".yaml", ".yml", ".json")
_MERGED = ("parameters", "metric")
"""What the project's entry changes key by key; a parameter is replaced as a whole."""
_ELSEWHERE = ("file", "extends")
_RENDERED = ("parameters", "command", "args", "config", "files", "templates", "resource", "env", "launch")
"""Keys in which a project may write templates, and a W&B configuration only text."""


def sweep_files_of(document: Document) -> Iterator[Include]:
    """The files that the sweeps of a part of a project name, whatever else is wrong with it."""
    sweeps = document.root.entries.get("sweeps") if isinstance(document.root, MapNode) else None
    for node in sweeps.entries.values() if isinstance(sweeps, MapNode) else ():
        named = node.entries.get("file") if isinstance(node, MapNode) else None
        if isinstance(named, ScalarNode) and isinstance(named.value, str) and _is_readable(named.value):
            yield Include(named.value, named.span, is_part=False)


def over_file(node: MapNode, files: Mapping[str, Document], found: list[Diagnostic]) -> MapNode | None:
    """A sweep's entry over the file that it names; None where that could not be read, which was reported."""
    named = node.entries.get("file")
    if not (isinstance(named, ScalarNode) and isinstance(named.value, str)):
        return node
    if not _is_readable(named.value):
        found.append(_unreadable(named))
        return None
    document = files.get(PurePosixPath(named.value).as_posix())
    if document is None or document.root is None:
        return None
    if not isinstance(document.root, MapNode):
        arguments: dict[str, object] = {"expected": "a W&B sweep configuration", "found": show(document.root)}
        found.append(Diagnostic(project_codes.WRONG_VALUE, document.root.span, arguments))
        return None
    found.extend(_misplaced(document.root))
    return _over(_literal(document.root), node)


def _is_readable(name: str) -> bool:
    return name.endswith(_SUFFIXES) and "{{" not in name


def _unreadable(named: ScalarNode) -> Diagnostic:
    if "{{" in str(named.value):
        return Diagnostic(project_codes.TEMPLATE_NOT_HERE, named.span, {"key": "file", "found": show(named)})
    arguments: dict[str, object] = {"expected": "the path of a `.yaml`, `.yml` or `.json` file", "found": show(named)}
    return Diagnostic(project_codes.WRONG_VALUE, named.span, arguments)


def _misplaced(root: MapNode) -> Iterator[Diagnostic]:
    for key in _ELSEWHERE:
        if key in root.entries:
            yield Diagnostic(codes.NOT_FROM_FILE, root.key_spans.get(key, root.span), {"key": key})


def _literal(root: MapNode) -> MapNode:
    """The configuration with its texts meaning themselves: what looks like a template there is none."""
    entries = {key: _escaped(item) if key in _RENDERED else item for key, item in root.entries.items()}
    return root._replace(entries={key: item for key, item in entries.items() if key not in _ELSEWHERE})


def _escaped(node: Node) -> Node:
    if isinstance(node, ScalarNode):
        text = node.value
        return ScalarNode(text.replace("{{", "{{{{"), node.span) if isinstance(text, str) and "{{" in text else node
    if isinstance(node, ListNode):
        return ListNode(tuple(_escaped(item) for item in node.items), node.span)
    return node._replace(entries={key: _escaped(item) for key, item in node.entries.items()})


def _over(base: MapNode, own: MapNode) -> MapNode:
    entries = {**base.entries, **own.entries}
    for key in _MERGED:
        below, above = base.entries.get(key), own.entries.get(key)
        if isinstance(below, MapNode) and isinstance(above, MapNode):
            merged = {name: item for name, item in {**below.entries, **above.entries}.items() if not _is_null(item)}
            entries[key] = MapNode(merged, {**below.key_spans, **above.key_spans}, above.span)
    kept = {key: item for key, item in entries.items() if not _is_null(item)}
    return MapNode(kept, {**base.key_spans, **own.key_spans}, own.span)


def _is_null(node: Node) -> bool:
    return isinstance(node, ScalarNode) and node.value is None
