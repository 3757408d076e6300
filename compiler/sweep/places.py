"""Where each part of a sweep is written, by the path that a plan gives to what was edited."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from launchctl.compiler.entries import ResolvedSweep
from launchctl.compiler.jobs import mapping_at
from launchctl.compiler.node import ListNode, MapNode, Node, ScalarNode
from launchctl.compiler.sweep.shared import command_of
from launchctl.diagnostics import Span

_HEAD = re.compile(r"[^.\[]*")
_ITEM = re.compile(r"\[([0-9]+)\]\.?")
_INNER = ("parameters", "value")
"""Keys of a parameter that its path does not name."""
_PLACES = {
    "config": (("sweep", "resource"), ("queue", "config")),
    "inputs": (("sweep", "config"), ("job", "inputs.config")),
    "files": (("sweep", "files"), ("job", "inputs.files")),
    "env": (("sweep", "env"), ("job", "env")),
    "secrets": (("sweep", "secrets"), ("job", "secrets")),
    "image": (("sweep", "image_uri"), ("job", "source.image")),
    "code": (("job", "source.code"),),
    "resource": (("queue", "resource"),),
}
"""What a run's form calls otherwise than the project file, or takes from the job or the queue."""
_SPELLED = {
    "metrics_from.kind": "metrics_from",
    "metrics_from.pattern": "metrics_from.log",
    "metrics_from.expressions": "metrics_from.regex",
    "early_terminate.bands": None,
}
"""What a search calls otherwise than the project file."""


class _Found(NamedTuple):
    left: int
    """Characters of the path that lead nowhere."""
    span: Span | None


def place_of(resolved: ResolvedSweep, path: str) -> Span | None:
    """Where a sweep says what a path names: in the project, in the sweep's `file`, or in its job or queue.

    A path is spelled as a plan spells what was edited: `run_cap`, `parameters.optimizer.lr.max`, `when[0]`,
    `command[0]`. Of a value that stands nowhere it is the place of the nearest part above it that does; of one that
    has none, the sweep's name. A mapping or a list is found at its key.
    """
    best = _Found(len(path) + 1, resolved.span)
    for node, spelled in _spellings(resolved, path):
        inner = _INNER if spelled.startswith("parameters.") else ()
        found = _follow(node, spelled, None, inner)
        if found.span is not None and found.left < best.left:
            best = found
    return best.span


def _spellings(sweep: ResolvedSweep, path: str) -> Iterator[tuple[MapNode, str]]:
    """Where to look, the strongest first, and what the path is called there."""
    head = _HEAD.match(path)
    name = head[0] if head else ""
    rest = path[len(name) :]
    own, job, queue = sweep.node, sweep.job.node, sweep.queue.node
    if name == "when":
        yield own, _condition(own, rest)
    elif name in {"command", "args"}:
        command, args = command_of(sweep)
        yield MapNode({"command": command, "args": args}, {**job.key_spans, **own.key_spans}), path
    elif name == "depends_on":  # compared sorted
        yield own, name
    elif path in _SPELLED:
        yield own, _SPELLED[path] or _of_bands(own)
    else:
        roots = {"sweep": own, "job": job, "queue": queue}
        yield from ((roots[root], spelled + rest) for root, spelled in _PLACES.get(name, (("sweep", name),)))


def _condition(sweep: MapNode, rest: str) -> str:
    """The condition of a number, by its names."""
    pairs = [
        f"when.{name}.{parent}"
        for name, item in mapping_at(sweep, "when").entries.items()
        for parent in (item.entries if isinstance(item, MapNode) else ())
    ]
    item = _ITEM.match(rest)
    return pairs[int(item[1])] if item and int(item[1]) < len(pairs) else "when"


def _of_bands(sweep: MapNode) -> str:
    """What the bands follow from."""
    is_from_above = {"max_iter", "s"} <= {*mapping_at(sweep, "early_terminate").entries}
    return "early_terminate." + ("max_iter" if is_from_above else "min_iter")


def _follow(node: Node, rest: str, span: Span | None, inner: tuple[str, ...]) -> _Found:
    """As far as a path leads into a tree; a name may have dots of its own."""
    best = _Found(len(rest), span)
    for child, after, place in _steps(node, rest, span, inner):
        found = _follow(child, after, place, inner)
        best = found if found.left <= best.left else best
    return best


def _steps(node: Node, rest: str, span: Span | None, inner: tuple[str, ...]) -> Iterator[tuple[Node, str, Span | None]]:
    if isinstance(node, ListNode):
        item = _ITEM.match(rest)
        if item and int(item[1]) < len(node.items):
            child = node.items[int(item[1])]
            yield child, rest[item.end() :], child.span or span
    elif isinstance(node, MapNode):
        for key, child in node.entries.items():
            if rest.startswith(key) and rest[len(key) : len(key) + 1] in {"", ".", "["}:
                yield child, rest[len(key) :].removeprefix("."), _place(child, node.key_spans.get(key)) or span
            elif key in inner:
                yield child, rest, child.span if isinstance(child, ScalarNode) else span


def _place(node: Node, key: Span | None) -> Span | None:
    return node.span if isinstance(node, ScalarNode) else key or node.span
