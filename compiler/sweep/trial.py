"""What one trial of a sweep runs: the launch that all of them share, with the trial's own values put in.

The macros of a trial (`${sweep_name}`, `${repeat}`) and of a sweep's command (`${args}`, `${program}`, …) are filled
in here; the others stay, and `bind` completes them for one attempt. Values are put in as text: a `${` in one is no
macro. In a sweep's command

- a macro that stands alone gives its elements, several or none; amid other text they are joined by single spaces;
- an argument that names a parameter which does not exist at this point is left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import NamedTuple

from launchctl.addresses import Address
from launchctl.compiler.environment import with_inputs
from launchctl.compiler.macros import Token, escape, fill, fill_tree, tokens
from launchctl.compiler.merge import INPUTS, merge
from launchctl.compiler.node import EMPTY_MAP, ListNode, MapNode, Node, ScalarNode
from launchctl.compiler.program import ImageSource, LaunchSpec, SweepSpec
from launchctl.compiler.sweep.arguments import ARGUMENTS, Values, text_of, value_at
from launchctl.compiler.sweep.search import Trial
from launchctl.values import JSON, is_list, is_mapping

_INTERPRETER = "python"
_ENV = "/usr/bin/env"
_KEPT = 64
"""Sweeps times repetitions whose shared part is remembered."""


class _Shared(NamedTuple):
    """What all trials of one repetition share."""

    sweep: SweepSpec
    launch: LaunchSpec
    """Without macros of a trial, but for those of its parameters."""


_shared: dict[tuple[int, int], _Shared] = {}


def launch_of(sweep: SweepSpec, trial: Trial) -> LaunchSpec:
    """The run of one trial."""
    shared = _shared_part(sweep, trial.repeat)
    inputs = _inputs(shared.inputs, trial.values, sweep.merge)
    return replace(
        shared,
        address=Address(sweep.address.kind, sweep.address.name, trial.key),
        command=_expanded(shared.command, trial.values),
        args=_expanded(shared.args, trial.values),
        inputs=inputs,
        wandb=with_inputs(shared.wandb, inputs, EMPTY_MAP),
        trial=trial,
        parameters=trial.values,
    )


def run_name(name: str, key: str) -> str:
    """`${run_name}` of a trial: `lr-3f09a1c2`, or `lr-3f09a1c2-2` for a repetition."""
    point, _, repeat = key.partition(".")
    return "-".join(filter(None, (name, point[:8], repeat)))


def _shared_part(sweep: SweepSpec, repeat: int) -> LaunchSpec:
    key = (id(sweep), repeat)
    known = _shared.get(key)
    if known is None or known.sweep is not sweep:
        if len(_shared) >= _KEPT:
            _shared.clear()
        known = _shared[key] = _Shared(sweep, _prepare(sweep, {"sweep_name": sweep.title, "repeat": str(repeat)}))
    return known.launch


def _prepare(sweep: SweepSpec, values: Mapping[str, str]) -> LaunchSpec:
    """The launch of a sweep with everything filled in that its trials share."""
    launch = sweep.launch
    source = launch.source
    if isinstance(source, ImageSource):
        source = ImageSource(_scalar(fill_tree(source.image, values)))
    inputs, files = _map(fill_tree(launch.inputs, values)), _map(fill_tree(launch.files, values))
    of_command = {**values, "interpreter": _INTERPRETER, "program": sweep.program or ""}
    return replace(
        launch,
        source=source,
        command=_prepared(launch.command, of_command),
        args=_prepared(launch.args, of_command),
        env=_map(fill_tree(launch.env, values)),
        config=_map(fill_tree(launch.config, values)),
        inputs=inputs,
        files=files,
        wandb=with_inputs({**launch.wandb, **_place(sweep)}, inputs, files),
    )


def _place(sweep: SweepSpec) -> Mapping[str, str]:
    """The W&B project and entity of the trials, where the sweep names others than the project's."""
    if "WANDB_PROJECT" not in sweep.launch.wandb:
        return {}
    names = {"WANDB_PROJECT": sweep.project and sweep.project.lower(), "WANDB_ENTITY": sweep.entity}
    return {name: escape(text) for name, text in names.items() if text}


def _prepared(node: ListNode, values: Mapping[str, str]) -> ListNode:
    """A command with the macros filled in that are the same for all trials; `${envvar:X}` is `${env:X}`."""

    def value_of(token: Token) -> str | None:
        if token.name == "env":
            return _ENV if token.argument is None else None
        return values.get(token.name or "")

    return ListNode(
        tuple(
            ScalarNode(fill(_with_env(item.value), value_of), item.span)
            if isinstance(item, ScalarNode) and isinstance(item.value, str)
            else item
            for item in node.items
        ),
        node.span,
    )


def _with_env(text: str) -> str:
    return "".join(
        f"${{env:{token.argument}}}" if token.name == "envvar" else text[token.start : token.end]
        for token in tokens(text)
    )


def _expanded(node: ListNode, values: Values) -> ListNode:
    """A command for one trial."""
    if not any(isinstance(item, ScalarNode) and "${" in str(item.value) for item in node.items):
        return node
    return ListNode(tuple(found for item in node.items for found in _elements(item, values)), node.span)


def _elements(item: Node, values: Values) -> Iterator[Node]:
    if not (isinstance(item, ScalarNode) and isinstance(item.value, str) and "${" in item.value):
        yield item
        return
    found = tokens(item.value)
    spell = ARGUMENTS.get(found[0].name or "") if len(found) == 1 else None
    if spell is not None:
        yield from (ScalarNode(escape(text), item.span) for text in spell(values))
    elif all(value_at(values, token.argument or "") for token in found if token.name == "param"):
        yield ScalarNode(fill(item.value, partial(_value_of, values)), item.span)


def _value_of(values: Values, token: Token) -> str | None:
    """What a macro of the parameters stands for amid other text; None for any other macro."""
    name = token.name or ""
    if name in ARGUMENTS:
        return " ".join(ARGUMENTS[name](values))
    found = value_at(values, token.argument or "") if name == "param" else None
    return text_of(found[0]) if found else None


def _inputs(base: MapNode, values: Values, how: str) -> MapNode:
    """The job's inputs with the values of a trial over them."""
    over = {name: _node_of(value) for name, value in values.items()}
    if how == "replace":
        return MapNode({**base.entries, **over}, base.key_spans, base.span)
    return merge(base, MapNode(over, {}), INPUTS)


def _node_of(value: JSON) -> Node:
    """A tree for a value whose texts are texts."""
    if is_mapping(value):
        return MapNode({key: _node_of(item) for key, item in value.items()}, {})
    if is_list(value):
        return ListNode(tuple(_node_of(item) for item in value))
    return ScalarNode(escape(value) if isinstance(value, str) else value)


def _map(node: Node) -> MapNode:
    return node if isinstance(node, MapNode) else EMPTY_MAP


def _scalar(node: Node) -> ScalarNode:
    return node if isinstance(node, ScalarNode) else ScalarNode(None)
