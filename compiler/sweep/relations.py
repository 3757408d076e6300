"""How parameters depend on one another: `zip`, `exclude` and `when`, their names and values looked up in the space."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from launchctl.compiler import codes as project_codes
from launchctl.compiler.cycles import find_cycles
from launchctl.compiler.faults import show
from launchctl.compiler.jobs import list_at, mapping_at
from launchctl.compiler.node import ListNode, MapNode, Node, ScalarNode, plain
from launchctl.compiler.sweep import codes
from launchctl.compiler.sweep.groups import Parameters
from launchctl.compiler.sweep.identity import identity
from launchctl.compiler.sweep.space import Assignment, Condition, Distribution, Leaf, ParameterPath
from launchctl.diagnostics import Diagnostic, Note, Span
from launchctl.suggest import did_you_mean, nearest
from launchctl.values import JSON

_LISTED = frozenset({Distribution.CONSTANT, Distribution.CATEGORICAL, Distribution.CATEGORICAL_W_PROBABILITIES})
_STEPPED = frozenset(
    {
        Distribution.Q_UNIFORM,
        Distribution.Q_LOG_UNIFORM_VALUES,
        Distribution.Q_NORMAL,
        Distribution.Q_LOG_NORMAL,
        Distribution.Q_BETA,
    }
)
"""Distributions that take certain numbers again and again, which ones depending on the method."""


class Relations(NamedTuple):
    """What a sweep says of several parameters at a time."""

    zips: tuple[tuple[ParameterPath, ...], ...] = ()
    exclude: tuple[tuple[Assignment, ...], ...] = ()
    conditions: tuple[Condition, ...] = ()


def read_relations(sweep: MapNode, parameters: Parameters, found: list[Diagnostic]) -> Relations:
    """The relations of a sweep; what is wrong with one is reported and left out."""
    reader = _Reader(parameters, found)
    return Relations(
        zips=tuple(reader.zips(list_at(sweep, "zip"))),
        exclude=tuple(reader.exclusions(list_at(sweep, "exclude"))),
        conditions=tuple(reader.conditions(mapping_at(sweep, "when"))),
    )


class _Reader:
    """Looks names and values up; remembers the values of each leaf that is asked for."""

    def __init__(self, parameters: Parameters, found: list[Diagnostic]) -> None:
        self.parameters = parameters
        self.found = found
        self.leaves = {leaf.path: leaf for leaf in parameters.leaves}
        self.names = parameters.by_name()
        self.taken: dict[ParameterPath, frozenset[str]] = {}

    # --- zip ---

    def zips(self, listed: ListNode | None) -> Iterator[tuple[ParameterPath, ...]]:
        """Groups of leaves that vary together."""
        first_at: dict[ParameterPath, Span | None] = {}
        for item in listed.items if listed is not None else ():
            before = len(self.found)
            names = item.items if isinstance(item, ListNode) else ()
            leaves = [leaf for name in names if (leaf := self._zipped(name, first_at)) is not None]
            if len(self.found) == before:
                self._report_lengths(item, leaves)
            if len(leaves) == len(names) and len(self.found) == before:
                yield tuple(leaf.path for leaf in leaves)

    def _zipped(self, name: Node, first_at: dict[ParameterPath, Span | None]) -> Leaf | None:
        text = str(name.value) if isinstance(name, ScalarNode) else ""
        path = self._path(text, name.span)
        if path is None:
            return None
        if path in first_at:
            notes = (Note("it is zipped here as well", first_at[path]),)
            self._report_zip(f'"{text}" is zipped twice', name.span, notes)
            return None
        first_at[path] = name.span
        leaf = self.leaves.get(path)
        if leaf is None and path in self.parameters.groups:
            self._report_zip(f'"{text}" is a group', name.span, hint="name the parameters in it")
        elif leaf is not None and leaf.distribution is not Distribution.CATEGORICAL:
            self._report_zip(f'"{text}" has no list of values', name.span, hint="list them under `values`")
            return None
        return leaf

    def _report_lengths(self, item: Node, leaves: list[Leaf]) -> None:
        if len({len(leaf.values) for leaf in leaves}) > 1:
            counts = ", ".join(f'"{leaf.name}" has {len(leaf.values)}' for leaf in leaves)
            notes = tuple(Note(f'"{leaf.name}" is declared here', leaf.span) for leaf in leaves)
            self._report_zip(f"zipped parameters have equally many values: {counts}", item.span, notes)

    def _report_zip(
        self, problem: str, span: Span | None, notes: tuple[Note, ...] = (), hint: str | None = None
    ) -> None:
        self.found.append(Diagnostic(codes.NOT_ZIPPED, span, {"problem": problem}, notes, hint))

    # --- exclude ---

    def exclusions(self, listed: ListNode | None) -> Iterator[tuple[Assignment, ...]]:
        """Combinations to leave out."""
        for item in listed.items if listed is not None else ():
            before = len(self.found)
            assignments = tuple(self._assignments(item, "")) if isinstance(item, MapNode) else ()
            if len(self.found) == before and assignments:
                yield assignments

    def _assignments(self, node: MapNode, prefix: str) -> Iterator[Assignment]:
        for key, item in node.entries.items():
            path = self._path(prefix + key, node.key_spans.get(key, item.span))
            if path in self.parameters.groups and isinstance(item, MapNode):
                yield from self._assignments(item, f"{prefix}{key}.")
            elif path is not None and self._takes(path, item):
                yield Assignment(path, plain(item))

    # --- when ---

    def conditions(self, listed: MapNode) -> Iterator[Condition]:
        """Where parameters exist; without those that depend on themselves, which are reported."""
        said: list[tuple[Condition, Span | None]] = []
        for name, item in listed.entries.items():
            path = self._path(name, listed.key_spans.get(name, item.span))
            if path is not None and isinstance(item, MapNode):
                said += [(each, listed.key_spans.get(name)) for each in self._conditions(path, item)]
        if not self._has_cycle(said):
            yield from (condition for condition, _ in said)

    def _conditions(self, path: ParameterPath, node: MapNode) -> Iterator[Condition]:
        for name, item in node.entries.items():
            parent = self._path(name, node.key_spans.get(name, item.span))
            if parent is None:
                continue
            choices = self._choices(parent, item)
            taken = [plain(choice) for choice in choices if self._takes(parent, choice)]
            if len(taken) == len(choices):
                yield Condition(path, parent, tuple(taken))

    def _choices(self, parent: ParameterPath, node: Node) -> tuple[Node, ...]:
        """The values of a condition: a list means any of them, unless the parameter takes that very list."""
        if not isinstance(node, ListNode) or not node.items:
            return (node,)
        leaf = self.leaves.get(parent)
        is_value = leaf is not None and leaf.distribution in _LISTED and identity(plain(node)) in self._values(leaf)
        return (node,) if is_value else node.items

    def _has_cycle(self, said: list[tuple[Condition, Span | None]]) -> bool:
        edges: dict[ParameterPath, list[ParameterPath]] = {}
        spans: dict[ParameterPath, Span | None] = {}
        for condition, span in said:
            for path in self._below(condition.path):
                edges.setdefault(path, []).append(condition.parent)
                spans.setdefault(path, span)
        circles = [*find_cycles(edges)]
        for circle in circles:
            names = [".".join(path) for path in (*circle, circle[0])]
            arguments: dict[str, object] = {"cycle": " → ".join(names)}
            notes = tuple(Note(f'the condition of "{".".join(path)}"', spans[path]) for path in circle[1:])
            self.found.append(Diagnostic(codes.CONDITION_CYCLE, spans[circle[0]], arguments, notes))
        return bool(circles)

    def _below(self, path: ParameterPath) -> list[ParameterPath]:
        if path not in self.parameters.groups:
            return [path]
        return [leaf for leaf in self.leaves if leaf[: len(path)] == path]

    # --- names and values ---

    def _path(self, name: str, span: Span | None) -> ParameterPath | None:
        path = self.names.get(name)
        if path is None:
            hint = did_you_mean(name, self.names) or _inside(name, self.names)
            self.found.append(Diagnostic(codes.UNKNOWN_PARAMETER, span, {"name": name}, hint=hint))
        return path

    def _values(self, leaf: Leaf) -> frozenset[str]:
        if leaf.path not in self.taken:
            self.taken[leaf.path] = frozenset(map(identity, leaf.values))
        return self.taken[leaf.path]

    def _takes(self, path: ParameterPath, node: Node) -> bool:
        """Whether a parameter takes a value; reports it where it does not. One that was reported takes any."""
        leaf, value = self.leaves.get(path), plain(node)
        if leaf is None:
            if path in self.parameters.groups:
                arguments: dict[str, object] = {"expected": "a value of one parameter", "found": show(node)}
                hint = f'"{".".join(path)}" is a group: name a parameter in it'
                self.found.append(Diagnostic(project_codes.WRONG_VALUE, node.span, arguments, hint=hint))
            return False
        is_taken = identity(value) in self._values(leaf) if leaf.distribution in _LISTED else _is_drawn(leaf, value)
        if not is_taken:
            arguments = {"name": leaf.name, "value": show(node)}
            notes = (Note(f'"{leaf.name}" is declared here', leaf.span),)
            near = _near_value(leaf, value)
            self.found.append(Diagnostic(codes.VALUE_NEVER_TAKEN, node.span, arguments, notes, near))
        return is_taken


def _inside(name: str, names: Mapping[str, ParameterPath]) -> str | None:
    """A parameter in a group that is spelled, rightly or nearly, without its group."""
    full = {path[-1]: each for each, path in names.items()}
    near = nearest(name, full)
    return f'did you mean "{full[near]}"?' if near is not None else None


def _is_drawn(leaf: Leaf, value: JSON) -> bool:
    """Whether a parameter without a list of values takes one as such."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    if leaf.distribution is Distribution.INT_UNIFORM:
        return float(value).is_integer() and leaf.low <= value <= leaf.high
    return leaf.distribution in _STEPPED


def _near_value(leaf: Leaf, value: JSON) -> str | None:
    """The value that was most likely meant, or what the parameter takes at all."""
    if leaf.distribution is Distribution.INT_UNIFORM:
        return f"it takes the integers from {leaf.low} to {leaf.high}"
    if leaf.distribution not in _LISTED:
        return "it is drawn from a range"
    texts = [each for each in leaf.values if isinstance(each, str)]
    near = nearest(value, texts) if isinstance(value, str) else None
    if near is not None:
        return f'did you mean "{near}"?'
    same = next((each for each in leaf.values if str(each) == str(value)), None)
    if same is not None:
        return f"it takes {_spelled(same)}, which is {'a text' if isinstance(same, str) else 'not a text'}"
    few = ", ".join(_spelled(each) for each in leaf.values[:_FEW])
    return f"it takes {few}" + (" and others" if len(leaf.values) > _FEW else "")


_FEW = 6


def _spelled(value: JSON) -> str:
    return f'"{value}"' if isinstance(value, str) else identity(value)[:40]
