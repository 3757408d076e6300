"""Where a value comes from: every layer that set it, which of them won, and where each stands.

The layers are merged again with a recorder, so that what is said cannot drift from what is
compiled.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from launchctl.addresses import NAME_PATTERN, Address, Kind, parse_address
from launchctl.compiler.entries import ResolvedProject, ResolvedRun
from launchctl.compiler.inherit import variables_of
from launchctl.compiler.jobs import list_at, mapping_at
from launchctl.compiler.merge import CONFIG, INPUTS, MergeRules, Record, merge
from launchctl.compiler.node import EMPTY_MAP, MapNode, Node, ScalarNode, descend, node_of, plain
from launchctl.compiler.paths import parse_path
from launchctl.compiler.program import LaunchSpec
from launchctl.compiler.slots import SlotReader
from launchctl.compiler.templates import parse
from launchctl.compiler.variables import VariableText
from launchctl.diagnostics import Span
from launchctl.values import JSON, Path

_TARGET = re.compile(rf"((?:runs|sweeps)\.{NAME_PATTERN}(?:\[[0-9a-z.]+\])?)\.(.+)", re.DOTALL)
_ALIASES = {"resource": "config"}


class Contribution(NamedTuple):
    """What one layer says of a value."""

    layer: str
    """`queue "gpu"`, `job "train"`, `run "baseline"`, `template variable gpus`, `launchctl`."""
    path: Path
    """Of the value, from the run: `("config", "shm-size")`."""
    span: Span | None
    """Where it is said; None for what launchctl adds."""
    value: JSON
    is_deletion: bool
    """Whether the layer takes the key away."""
    is_winner: bool
    """Whether the run has this value."""


class _Said(NamedTuple):
    layer: str
    path: Path
    node: Node | None


def parse_target(text: str) -> tuple[Address, Path] | None:
    """The run and the path within it that a text names, or None: `runs.baseline.config.shm-size`."""
    match = _TARGET.fullmatch(text)
    address, path = (parse_address(match[1]), parse_path(match[2])) if match else (None, None)
    return (address, path) if address is not None and path is not None else None


def explain(
    resolved: ResolvedProject, spec: LaunchSpec, variables: Mapping[str, VariableText], path: Path
) -> tuple[Contribution, ...]:
    """Everything that sets the value at a path of a run, or a value below it: lowest layer first, the winner last.

    The first part of a path is `config` (the target's configuration), `inputs`, `files`, `env`,
    `command` or `args`, and of a sweep also `parameters`.
    """
    run = _run_of(resolved, spec)
    section = _ALIASES.get(str(path[0]), str(path[0]))
    within = (section, *path[1:])
    said = [found for found in _said(run, spec, section) if _concerns(found, within)]
    if not said and section == "config":
        # A run calls its inputs `config`.
        within = ("inputs", *path[1:])
        said = [found for found in _said(run, spec, "inputs") if _concerns(found, within)]
    narrowed = [_narrowed(found, within) for found in said]
    return tuple(_with_templates(_judged(narrowed), resolved, run, variables))


def _run_of(resolved: ResolvedProject, spec: LaunchSpec) -> ResolvedRun:
    """The run of a specification; of a sweep, and of its trials, the one that all of them share."""
    if spec.address.kind is not Kind.SWEEPS:
        return resolved.runs[spec.address.name]
    from launchctl.compiler.sweep.shared import shared_run

    return shared_run(resolved.sweeps[spec.address.name])


def _said(run: ResolvedRun, spec: LaunchSpec, section: str) -> Iterator[_Said]:
    """What every layer says in one section, lowest layer first."""
    job, own = f'job "{run.job.name}"', _own(run)
    queue = f'queue "{run.queue.name}"'
    match section:
        case "config":
            layers = [(queue, mapping_at(run.queue.node, "config")), (own, mapping_at(run.node, "resource"))]
            yield from _merged(section, layers, CONFIG)
        case "inputs":
            defaults = mapping_at(mapping_at(run.job.node, "inputs"), "config")
            layers = [(job, defaults), (own, mapping_at(run.node, "config")), *_values_of(spec)]
            yield from _merged(section, layers, INPUTS)
        case "files" | "parameters":
            yield from _merged(section, [(own, mapping_at(run.node, section))], INPUTS)
        case "env":
            layers = [(layer, variables_of(node.entries.get("env")).values) for layer, node in _sides(run)]
            yield from _merged(section, layers, CONFIG)
            yield from _added(spec)
        case "command" | "args":
            for layer, node in _sides(run):
                listed = list_at(node, section)
                if listed is not None and (section == "command" or layer == own):
                    yield _Said(layer, (section,), listed)
        case _:
            return


def _own(run: ResolvedRun) -> str:
    kind = "sweep" if run.address.kind is Kind.SWEEPS else "run"
    return f'{kind} "{run.address.name}"'


def _values_of(spec: LaunchSpec) -> Iterator[tuple[str, MapNode]]:
    """The values of a trial, which lie over the inputs of its sweep."""
    values = node_of(dict(spec.parameters)) if spec.parameters else None
    if isinstance(values, MapNode):
        yield f'trial "{spec.address.key}"', values


def _sides(run: ResolvedRun) -> tuple[tuple[str, MapNode], ...]:
    return (f'job "{run.job.name}"', run.job.node), (_own(run), run.node)


def _added(spec: LaunchSpec) -> Iterator[_Said]:
    """Variables that are not written as text: secrets, and launchctl's own."""
    for name, secret in spec.secrets.items():
        yield _Said(f'secret "{secret.name}"', ("env", name), ScalarNode("(sensitive)", secret.span))
    for name, text in spec.wandb.items():
        yield _Said("launchctl", ("env", name), ScalarNode(text))


def _merged(section: str, layers: Sequence[tuple[str, MapNode]], rules: MergeRules) -> Iterator[_Said]:
    """What each layer sets or takes away, while they are merged."""
    merged = EMPTY_MAP
    for layer, node in layers:
        heard: list[tuple[Path, Node | None]] = []
        merged = merge(merged, node, rules, _recorder(heard))
        yield from (_Said(layer, (section, *path), found) for path, found in heard)


def _recorder(heard: list[tuple[Path, Node | None]]) -> Record:
    def record(path: Path, node: Node | None) -> None:
        heard.append((path, node))

    return record


def _concerns(said: _Said, path: Path) -> bool:
    """Whether what is said is of the value at a path, of one below it or of one that holds it."""
    if said.path[: len(path)] == path:
        return True
    if path[: len(said.path)] != said.path:
        return False
    return said.node is None or descend(said.node, path[len(said.path) :]) is not None


def _narrowed(said: _Said, path: Path) -> _Said:
    """The part of what is said that is about the path."""
    if len(said.path) >= len(path) or said.node is None:
        return said
    return _Said(said.layer, path, descend(said.node, path[len(said.path) :]))


def _judged(said: Sequence[_Said]) -> Iterator[tuple[_Said, bool]]:
    """What is said, with whether nothing later says otherwise."""
    for place, one in enumerate(said):
        is_overridden = any(_overrides(later.path, one.path) for later in said[place + 1 :])
        yield one, not is_overridden and one.node is not None


def _overrides(later: Path, earlier: Path) -> bool:
    length = min(len(later), len(earlier))
    return later[:length] == earlier[:length]


def _with_templates(
    judged: Iterator[tuple[_Said, bool]],
    resolved: ResolvedProject,
    run: ResolvedRun,
    variables: Mapping[str, VariableText],
) -> Iterator[Contribution]:
    """The contributions, and behind a winning template the variables that fill it in."""
    slots = SlotReader(resolved.project, variables).of_run(run)[0].by_name
    for said, is_winner in judged:
        names = [*_templates(said.node)] if is_winner else []
        value = plain(said.node) if said.node is not None else None
        span = said.node.span if said.node is not None else None
        yield Contribution(said.layer, said.path, span, value, said.node is None, is_winner and not names)
        for path, name in names:
            slot = slots[name]
            value = slot.value.value if slot.value is not None else None
            span = (slot.value.span if slot.value is not None else None) or slot.guard.span
            layer = f"variable {slot.guard.name}" if name.startswith("var.") else f"template variable {name}"
            yield Contribution(layer, (*said.path, *path), span, value, is_deletion=False, is_winner=True)


def _templates(node: Node | None, path: Path = ()) -> Iterator[tuple[Path, str]]:
    """Every placeholder of a tree with its place."""
    if isinstance(node, ScalarNode):
        pieces = parse(node.value) if isinstance(node.value, str) and "{{" in node.value else ()
        yield from ((path, piece.name) for piece in pieces if piece.name is not None)
    elif isinstance(node, MapNode):
        for key, item in node.entries.items():
            yield from _templates(item, (*path, key))
    elif node is not None:
        for place, item in enumerate(node.items):
            yield from _templates(item, (*path, place))
