"""Which inputs of a job a run may change: `include` and `exclude`, by element of a dotted path.

A path that is excluded wins over one that is included; without `include` everything is. The
defaults of a job reach it whole; what is checked is that nobody changes what is not an input.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from launchctl.compiler import expand_codes as codes
from launchctl.compiler.node import EMPTY_MAP, ListNode, MapNode, Node, ScalarNode, key_span
from launchctl.compiler.paths import parse_path
from launchctl.diagnostics import Diagnostic, Note, Span
from launchctl.suggest import did_you_mean
from launchctl.values import Path, format_path

_FILE = re.compile(r"(?!/)(?!(?:.*/)?\.\.?(?:/|$))(?:[^/\\]+/)*[^/\\]+\.(?:json|ya?ml)")


@dataclass(frozen=True, slots=True)
class InputRules:
    """The paths of `include` and `exclude`, for the values of a job or of one file."""

    include: tuple[Path, ...] = ()
    exclude: tuple[Path, ...] = ()
    span: Span | None = None
    """Where they are declared."""

    def allows(self, path: Path) -> bool:
        """Whether the value at a path may be changed."""
        if any(path[: len(prefix)] == prefix for prefix in self.exclude):
            return False
        return not self.include or any(path[: len(prefix)] == prefix for prefix in self.include)


def declared_inputs(job: MapNode) -> tuple[InputRules, Mapping[str, InputRules] | None, list[Diagnostic]]:
    """The rules for a job's values, those for each of its files (None: any file), and what is wrong with them."""
    found: list[Diagnostic] = []
    inputs = _mapping(job, "inputs")
    files = inputs.entries.get("files")
    by_file: dict[str, InputRules] | None = None
    if isinstance(files, MapNode):
        found += _bad_file_names(files)
        by_file = {name: _rules(_mapping(files, name), found) for name in files.entries}
    return _rules(inputs, found), by_file, found


def _mapping(node: MapNode, key: str) -> MapNode:
    found = node.entries.get(key)
    return found if isinstance(found, MapNode) else EMPTY_MAP


def _rules(node: MapNode, found: list[Diagnostic]) -> InputRules:
    return InputRules(_paths(node, "include", found), _paths(node, "exclude", found), node.span)


def _paths(node: MapNode, key: str, found: list[Diagnostic]) -> tuple[Path, ...]:
    listed = node.entries.get(key)
    paths: list[Path] = []
    for item in listed.items if isinstance(listed, ListNode) else ():
        text = item.value if isinstance(item, ScalarNode) else ""
        path = parse_path(str(text))
        if path is None:
            found.append(Diagnostic(codes.BAD_INPUT_PATH, item.span, {"text": text}))
        else:
            paths.append(path)
    return tuple(paths)


def _bad_file_names(files: MapNode) -> Iterator[Diagnostic]:
    for name in files.entries:
        if not _FILE.fullmatch(name):
            yield Diagnostic(codes.BAD_FILE_NAME, files.key_spans.get(name, files.span), {"name": name})


def changed_inputs(config: MapNode, rules: InputRules) -> Iterator[Diagnostic]:
    """A fault for every value of a run that is no input of its job."""
    if not rules.include and not rules.exclude:
        return
    for path in _leaves(config, ()):
        if not rules.allows(path):
            notes = (Note("the inputs are declared here", rules.span),)
            arguments = {"path": format_path(path)}
            yield Diagnostic(codes.NOT_AN_INPUT, key_span(config, path), arguments, notes)


def changed_files(files: MapNode, by_file: Mapping[str, InputRules] | None) -> Iterator[Diagnostic]:
    """A fault for every file, and every value in one, that a run changes and its job does not offer."""
    if by_file is None:
        yield from _bad_file_names(files)
        return
    for name in files.entries:
        if name in by_file:
            yield from changed_inputs(_mapping(files, name), by_file[name])
        else:
            hint = did_you_mean(name, by_file)
            yield Diagnostic(codes.UNKNOWN_FILE, files.key_spans.get(name, files.span), {"name": name}, hint=hint)


def _leaves(node: Node, path: Path) -> Iterator[Path]:
    """Paths of values as inputs count them: only mappings are descended, and empty ones do not count."""
    if isinstance(node, MapNode):
        for key, item in node.entries.items():
            yield from _leaves(item, (*path, key))
    else:
        yield path
