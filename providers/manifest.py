"""Manifests: what a provider will execute, with the way back to the YAML and what is still open.

A provider's `lower` builds a body out of plain values and positioned nodes alike;
`Manifest.of` takes them apart once into the plain body, the origins of its values and the
texts that can only be completed where apply runs.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from launchctl.compiler.node import Deferred, ListNode, MapNode, ScalarNode
from launchctl.diagnostics import Span
from launchctl.values import JSON, Path, is_list, is_mapping


class Manifest:
    """The body for one attempt; taken apart when it is first looked at, since validation never does."""

    __slots__ = ("_parts", "_tree")

    def __init__(self, tree: JSON) -> None:
        self._tree = tree
        self._parts: _Parts | None = None

    @classmethod
    def of(cls, body: JSON) -> Manifest:
        """A manifest from a body of plain values, nodes and deferred texts, in any mixture."""
        return cls(body)

    @property
    def body(self) -> JSON:
        """Plain values alone; a deferred text is spelled with its references."""
        return self._taken_apart.body

    @property
    def origins(self) -> Mapping[Path, Span]:
        """Where the value at a path of the body was written; what launchctl adds has no entry."""
        return self._taken_apart.origins

    @property
    def deferred(self) -> Mapping[Path, Deferred]:
        """Texts of the body that name `${env:NAME}`."""
        return self._taken_apart.deferred

    def origin(self, path: Path) -> Span | None:
        """The place of the value at a path, or of the nearest of its parents that has one."""
        for length in range(len(path), -1, -1):
            if path[:length] in self.origins:
                return self.origins[path[:length]]
        return None

    @property
    def _taken_apart(self) -> _Parts:
        if self._parts is None:
            origins: dict[Path, Span] = {}
            deferred: dict[Path, Deferred] = {}
            self._parts = _Parts(_take_apart(self._tree, (), origins, deferred), origins, deferred)
        return self._parts


class _Parts(NamedTuple):
    body: JSON
    origins: Mapping[Path, Span]
    deferred: Mapping[Path, Deferred]


def _take_apart(value: JSON, path: Path, origins: dict[Path, Span], deferred: dict[Path, Deferred]) -> JSON:
    if value is None or isinstance(value, str | int | float):  # most of any body
        return value
    if isinstance(value, ScalarNode | ListNode | MapNode):
        if value.span is not None:
            origins[path] = value.span
        return _take_apart(value[0], path, origins, deferred)
    if isinstance(value, Deferred):
        deferred[path] = value
        return str(value)
    if is_mapping(value):
        return {key: _take_apart(item, (*path, key), origins, deferred) for key, item in value.items()}
    if is_list(value):
        return [_take_apart(item, (*path, index), origins, deferred) for index, item in enumerate(value)]
    return value


def complete(body: JSON, deferred: Mapping[Path, Deferred], environment: Mapping[str, str], path: Path = ()) -> JSON:
    """The body with its deferred texts completed; raises KeyError naming an unset variable."""
    if not deferred:
        return body
    if path in deferred:
        return deferred[path].resolve(environment)
    if is_mapping(body):
        return {key: complete(item, deferred, environment, (*path, key)) for key, item in body.items()}
    if is_list(body):
        return [complete(item, deferred, environment, (*path, index)) for index, item in enumerate(body)]
    return body
