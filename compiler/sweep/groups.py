"""The parameters of a sweep, flat: every leaf below its groups, and the names by which other keys speak of them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from launchctl.compiler import codes as project_codes
from launchctl.compiler.faults import show
from launchctl.compiler.model.common import PARAMETER_PATTERN, PATTERN_WORDS
from launchctl.compiler.node import MapNode, Node
from launchctl.compiler.sweep import codes
from launchctl.compiler.sweep.leaves import Place, no_mapping, read_leaf
from launchctl.compiler.sweep.space import Leaf, ParameterPath
from launchctl.diagnostics import Diagnostic, Span

_NAME = re.compile(PARAMETER_PATTERN.removesuffix("$"))


@dataclass(slots=True)
class Parameters:
    """What stands under `parameters`, read."""

    leaves: list[Leaf] = field(default_factory=list[Leaf])
    """The sound ones, in the order of the file, depth first."""
    nodes: dict[ParameterPath, MapNode] = field(default_factory=dict[ParameterPath, MapNode])
    """Each sound leaf as it was written."""
    groups: set[ParameterPath] = field(default_factory=set[ParameterPath])
    broken: set[ParameterPath] = field(default_factory=set[ParameterPath])
    """Parameters that were reported: naming one is no second error."""

    def by_name(self) -> Mapping[str, ParameterPath]:
        """Everything that has a name, `optimizer.lr`; a name with dots of its own goes before a path."""
        paths = [*self.groups, *self.broken, *(leaf.path for leaf in self.leaves)]
        return {".".join(path): path for path in sorted(paths, key=len, reverse=True)}


def read_parameters(node: Node, sweep: str, found: list[Diagnostic]) -> Parameters:
    """The parameters of a sweep; what is wrong with one is no hindrance to the others."""
    parameters = Parameters()
    _read_group(node, Place((), None, sweep), parameters, found)
    return parameters


def _read_group(node: Node, place: Place, parameters: Parameters, found: list[Diagnostic]) -> None:
    if not isinstance(node, MapNode) or not node.entries:
        expected = "at least 1 parameter" if isinstance(node, MapNode) else "a mapping of names to parameters"
        found.append(Diagnostic(project_codes.WRONG_VALUE, node.span, {"expected": expected, "found": show(node)}))
        return
    for name, item in node.entries.items():
        inner = Place((*place.path, name), node.key_spans.get(name, item.span), place.sweep)
        if not _NAME.fullmatch(name):
            _report_name(name, inner.span, found)
            parameters.broken.add(inner.path)
        elif not isinstance(item, MapNode):
            no_mapping(item, found)
            parameters.broken.add(inner.path)
        else:
            _read_parameter(item, inner, parameters, found)


def _report_name(name: str, span: Span | None, found: list[Diagnostic]) -> None:
    arguments: dict[str, object] = {"expected": PATTERN_WORDS[PARAMETER_PATTERN], "found": f'"{name}"'}
    found.append(Diagnostic(project_codes.WRONG_VALUE, span, arguments))


def _read_parameter(node: MapNode, place: Place, parameters: Parameters, found: list[Diagnostic]) -> None:
    if "parameters" in node.entries:
        parameters.groups.add(place.path)
        found.extend(_siblings(node))
        _read_group(node.entries["parameters"], place, parameters, found)
        return
    leaf = None
    if _is_bare_group(node):
        found.append(_bare_group(node, place))
        _read_bare(node, place, parameters, found)
    else:
        leaf = read_leaf(node, place, found)
    if leaf is None:
        parameters.broken.add(place.path)
    else:
        parameters.leaves.append(leaf)
        parameters.nodes[place.path] = node


def _siblings(node: MapNode) -> Iterator[Diagnostic]:
    for key in node.entries:
        if key == "parameters":
            continue
        hint = "a group has `parameters` alone; put the others below it, or beside the group"
        arguments: dict[str, object] = {"key": key, "what": '"parameters"'}
        yield Diagnostic(codes.KEY_WITHOUT_MEANING, node.key_spans.get(key, node.span), arguments, hint=hint)


def _is_bare_group(node: MapNode) -> bool:
    """Whether parameters stand where the key `parameters` should."""
    is_nested = bool(node.entries) and all(isinstance(item, MapNode) for item in node.entries.values())
    return is_nested and not any(key in node.entries for key in ("value", "values", "distribution"))


def _bare_group(node: MapNode, place: Place) -> Diagnostic:
    first = next(iter(node.entries))
    name = place.path[-1]
    hint = f"write `{name}: {{parameters: {{{first}: …}}}}`"
    return Diagnostic(codes.GROUP_WITHOUT_PARAMETERS, node.span, {"name": name}, hint=hint)


def _read_bare(node: MapNode, place: Place, parameters: Parameters, found: list[Diagnostic]) -> None:
    """Reads what stands in a bare group, for its faults: none of it is a parameter before the group is mended."""
    inside = Parameters()
    _read_group(node, place, inside, found)
    parameters.broken |= {*inside.by_name().values()}
