"""Parts of runs, rendered: a tree with its templates filled in and its macros checked, each once.

A thousand runs of one queue share its configuration and their job's command; they are
recognised by identity, since every earlier stage shares the subtrees that it does not change.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from launchctl.compiler.checks import check_part
from launchctl.compiler.macros import Scope, validate_tree
from launchctl.compiler.merge import CONFIG, MergeRules, merge
from launchctl.compiler.node import ListNode, MapNode, Node, ScalarNode
from launchctl.compiler.slots import Slots
from launchctl.compiler.templates import Renderer, Room, Use, as_text
from launchctl.diagnostics import Diagnostics


@dataclass(frozen=True, slots=True)
class Part:
    """A rendered tree and what is wrong with it."""

    node: Node
    faults: Diagnostics = ()
    missing: Mapping[str, list[Use]] = field(default_factory=dict[str, list[Use]])
    """Variables without a value, and what uses them."""


class Kind(StrEnum):
    """What a tree is, which decides what may stand in it."""

    IMAGE = "image"
    COMMAND = "command"
    ARGS = "args"
    ENV = "env"
    INPUTS = "inputs"
    FILES = "files"
    CONFIG = "config"


_TEXTS = frozenset({Kind.IMAGE, Kind.COMMAND, Kind.ARGS, Kind.ENV})
"""Kinds whose scalars are texts whatever they look like."""
_INPUTS = frozenset({Kind.INPUTS, Kind.FILES})
_COMMANDS = frozenset({Kind.COMMAND, Kind.ARGS})
_NO_ENV_IN_INPUTS = ("the inputs of a job", "give it to the job by `env`")
_NO_ENV_IN_IMAGES = (
    "an image",
    "declare a variable, `{{ var.NAME }}`; `LAUNCHCTL_VAR_NAME` in the environment sets it",
)


@dataclass(frozen=True, slots=True)
class CommandScope:
    """What the macros of a sweep's command may name."""

    parameters: frozenset[str]
    """Names of its parameters and groups: `optimizer.lr`."""
    missing: frozenset[str] = frozenset()
    """Macros that have no value in this sweep."""


class Parts:
    """Renders and merges; remembers both for as long as it lives."""

    def __init__(
        self,
        environment: frozenset[str],
        missing: frozenset[str],
        owned: tuple[str, ...],
        secrets: frozenset[str] = frozenset(),
    ) -> None:
        """`environment` and `missing` are those of `macros.Scope`.

        `owned` are the variables that launchctl sets, `secrets` those that hold a declared secret where apply runs.
        """
        self._inheritable = environment | secrets
        self._owned = owned
        self._room = Room()
        scope = Scope(environment, missing)
        self._scopes = {(kind, has): _scope_of(scope, kind, has_image=has) for kind in Kind for has in (True, False)}
        self._parts: dict[tuple[int, int, Kind, bool, int], tuple[Node, Slots, CommandScope | None, Part]] = {}
        self._merged: dict[tuple[int, int], tuple[MapNode, MapNode, MapNode]] = {}

    def render(
        self, node: Node, slots: Slots, kind: Kind, *, has_image: bool, sweep: CommandScope | None = None
    ) -> Part:
        """A tree as one kind of part, of a run or of a sweep."""
        # The sweeps of a project share all of it but their commands.
        of_sweep = 0 if sweep is None else id(sweep) if kind in _COMMANDS else 1
        key = (id(node), id(slots), kind, has_image, of_sweep)
        known = self._parts.get(key)
        if known is None:
            scope = self._scopes[kind, has_image]
            if sweep is not None:
                scope = _of_sweep(scope, kind, sweep)
            known = (node, slots, sweep, self._render(node, slots, kind, scope))
            self._parts[key] = known
        return known[3]

    def fill_in(self, node: Node, slots: Slots, name: str) -> Part:
        """A tree of values in which templates are filled in and a macro is text."""
        renderer = Renderer(slots.by_name, is_symbolic=False, room=self._room)
        rendered = renderer.render(node, (name,))
        slots.used.update(renderer.used)
        faults = [*renderer.found, *check_part(Kind.INPUTS, rendered, self._owned, self._inheritable)]
        return Part(rendered, tuple(faults), renderer.missing)

    def _render(self, node: Node, slots: Slots, kind: Kind, scope: Scope) -> Part:
        renderer = Renderer(slots.by_name, room=self._room)
        rendered = renderer.render(node, (kind.value,))
        slots.used.update(renderer.used)
        found = texts(rendered) if kind in _TEXTS else rendered
        faults = [*renderer.found, *validate_tree(found, scope)]
        if not faults and not renderer.missing:
            faults += check_part(kind, found, self._owned, self._inheritable)
        return Part(found, tuple(faults), renderer.missing)

    def merge(self, base: MapNode, over: MapNode, rules: MergeRules = CONFIG) -> MapNode:
        """The base with what lies over it."""
        key = (id(base), id(over))
        known = self._merged.get(key)
        if known is None:
            known = (base, over, merge(base, over, rules))
            self._merged[key] = known
        return known[2]


def _scope_of(scope: Scope, kind: Kind, *, has_image: bool) -> Scope:
    """What the macros of a kind of part may name."""
    if kind is Kind.IMAGE:
        return replace(scope, missing=scope.missing | {"image_uri"}, without_env=_NO_ENV_IN_IMAGES)
    without_env = _NO_ENV_IN_INPUTS if kind in _INPUTS else None
    missing = scope.missing if has_image else scope.missing | {"image_uri"}
    return replace(scope, missing=missing, without_env=without_env)


def _of_sweep(scope: Scope, kind: Kind, sweep: CommandScope) -> Scope:
    """What the macros of a kind of part of a sweep may name."""
    if kind not in _COMMANDS:
        return replace(scope, trial=True)
    return replace(scope, trial=True, parameters=sweep.parameters, missing=scope.missing | sweep.missing)


def texts(node: Node) -> Node:
    """The tree with its numbers and booleans spelled as texts."""
    return _map_scalars(node, _text)


def _text(node: ScalarNode) -> ScalarNode:
    return node if isinstance(node.value, str) else ScalarNode(as_text(node.value), node.span)


def _map_scalars(node: Node, change: Callable[[ScalarNode], ScalarNode]) -> Node:
    if isinstance(node, ScalarNode):
        return change(node)
    if isinstance(node, ListNode):
        items = tuple([_map_scalars(item, change) for item in node.items])
        return node if all(a is b for a, b in zip(items, node.items, strict=True)) else ListNode(items, node.span)
    entries = {key: _map_scalars(item, change) for key, item in node.entries.items()}
    if all(entries[key] is item for key, item in node.entries.items()):
        return node
    return MapNode(entries, node.key_spans, node.span)
