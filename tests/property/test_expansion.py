"""What holds for every project that expands: nothing is left to fill in, and nothing else decides what comes out."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from fakes.expansion import expand_text
from hypothesis import given
from hypothesis import strategies as st

from launchctl.compiler.bind import bind
from launchctl.compiler.bounds import Guard, value_fault
from launchctl.compiler.environment import chunks, joined
from launchctl.compiler.macros import escape, substitute, tokens
from launchctl.compiler.merge import CONFIG, INPUTS, MergeRules, merge
from launchctl.compiler.node import EMPTY_MAP, MapNode, Node, ScalarNode, node_of, plain
from launchctl.compiler.program import BoundLaunch, Identity, Program
from launchctl.compiler.templates import Renderer, Slot
from launchctl.values import JSON, canonical, is_list, is_mapping

KEYS = st.text(st.sampled_from("abc_-."), min_size=1, max_size=3)
TEXTS = st.text(st.sampled_from("${}ab \\\"'é\n:"), max_size=12)
SCALARS = st.one_of(TEXTS, st.integers(-5, 5), st.booleans(), st.floats(allow_nan=False, allow_infinity=False))
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3), max_leaves=8
)
TREES = st.dictionaries(KEYS, VALUES, max_size=4)
SHAPED = st.fixed_dictionaries(
    {},
    optional={
        "leaf": SCALARS,
        "list": st.lists(SCALARS, max_size=2),
        "map": st.dictionaries(st.sampled_from("xy"), SCALARS, max_size=2),
    },
)
"""Trees in which a key is always of the same form."""


def tree(value: JSON) -> MapNode:
    node = node_of(value)
    assert isinstance(node, MapNode)
    return node


def without_nulls(value: JSON) -> JSON:
    if is_mapping(value):
        return {key: without_nulls(item) for key, item in value.items() if item is not None}
    return [without_nulls(item) for item in value] if is_list(value) else value


def texts_of(node: Node) -> list[str]:
    if isinstance(node, ScalarNode):
        return [node.value] if isinstance(node.value, str) else []
    items = node.entries.values() if isinstance(node, MapNode) else node.items
    return [text for item in items for text in texts_of(item)]


# --- merging ---


@given(TREES)
def test_merging_nothing_changes_nothing(value: JSON) -> None:
    node = tree(value)
    assert merge(node, EMPTY_MAP) is node
    assert plain(merge(EMPTY_MAP, node)) == without_nulls(value)


@given(TREES)
@pytest.mark.parametrize("rules", [CONFIG, INPUTS])
def test_merging_the_same_again_changes_nothing(rules: MergeRules, value: JSON) -> None:
    once = merge(EMPTY_MAP, tree(value), rules)
    assert plain(merge(once, tree(value), rules)) == plain(once)


@given(SHAPED, SHAPED, SHAPED)
@pytest.mark.parametrize("rules", [CONFIG, INPUTS])
def test_layers_of_one_form_may_be_merged_in_any_grouping(rules: MergeRules, a: JSON, b: JSON, c: JSON) -> None:
    one, two, three = tree(a), tree(b), tree(c)
    left = merge(merge(one, two, rules), three, rules)
    right = merge(one, merge(two, three, rules), rules)
    assert plain(left) == plain(right)


@given(TREES, KEYS)
def test_null_takes_a_key_away(value: JSON, key: str) -> None:
    assert key not in merge(tree(value), tree({key: None})).entries


@given(TREES, TREES)
def test_merging_changes_neither_layer(a: JSON, b: JSON) -> None:
    one, two = tree(a), tree(b)
    before = canonical([plain(one), plain(two)])
    merge(one, two)
    assert canonical([plain(one), plain(two)]) == before


# --- values put in are text ---


@given(TEXTS)
def test_an_escaped_text_stands_for_itself(text: str) -> None:
    assert substitute(escape(text), {}) == text


@given(st.lists(TEXTS.filter(lambda text: "${" not in text and "}" not in text), max_size=3), TEXTS)
def test_a_value_put_in_is_text_whatever_stands_around_it(around: list[str], value: str) -> None:
    literals = [text.replace("{", "(") for text in around]
    source = "{{ x }}".join(literals)
    renderer = Renderer({"x": Slot(Guard.of("x", EMPTY_MAP), ScalarNode(value))})
    rendered = plain(renderer.render(ScalarNode(source)))
    assert renderer.found == []
    assert substitute(str(rendered), {}) == value.join(literals)


# --- guard rails ---

NUMBERS = st.integers(-20, 20)


@given(NUMBERS, NUMBERS, st.one_of(NUMBERS, TEXTS, st.booleans(), st.none()))
def test_a_value_outside_of_its_guard_rails_is_always_found(low: int, high: int, value: JSON) -> None:
    guard = Guard.of("n", tree({"type": "integer", "minimum": min(low, high), "maximum": max(low, high)}))
    is_inside = isinstance(value, int) and not isinstance(value, bool) and min(low, high) <= value <= max(low, high)
    assert (value_fault(guard, ScalarNode(value)) is None) == is_inside


@given(st.integers(-20, 20))
def test_a_run_with_a_value_outside_is_never_expanded(value: int) -> None:
    result = expand_text(PROJECT.replace("gpus: 2", f"gpus: {value}"))
    assert bool(result.program.launches) == (1 <= value <= 8)
    assert (result.codes == ["value-out-of-bounds"]) == (not 1 <= value <= 8)


# --- chunks ---


@given(st.text(max_size=200), st.integers(1, 50))
def test_pieces_of_a_variable_are_read_back_to_the_same_text(text: str, limit: int) -> None:
    pieces = dict(chunks("WANDB_CONFIG", text, limit))
    assert joined("WANDB_CONFIG", pieces) == text
    assert all(len(piece) <= limit for piece in pieces.values())
    assert ("WANDB_CONFIG" in pieces) == (len(text) <= limit)


@given(TREES, st.integers(1, 40))
def test_a_job_reads_its_inputs_as_they_were_written(value: JSON, limit: int) -> None:
    escaped = _escaped(value)
    text = PROJECT.replace("{lr: 0.1}", json.dumps({"v": escaped}))
    launch = bound(text, limit)
    pieces = {name: str(plain(node)) for name, node in launch.env.entries.items()}
    assert json.loads(joined("WANDB_CONFIG", pieces) or "") == {"v": value, "out": "/out/runs-a-0123456789"}


def _escaped(value: JSON) -> JSON:
    """A value as a project file writes it, so that neither a template nor a macro is seen in its texts."""
    if isinstance(value, str):
        return re.sub(r"\$\{(?!\{)", "$${", value).replace("{{", "{{{{")
    if is_mapping(value):
        return {key: _escaped(item) for key, item in value.items()}
    return [_escaped(item) for item in value] if is_list(value) else value


# --- expansion ---

PROJECT = """
version: 1
project: Churn
entity: acme
author: ada
environment: [HOME]
variables:
  tag: {default: v1}
queues:
  gpu:
    resource: docker
    config:
      gpus: "{{ gpus }}"
      name: "{{ gpus }}-${run_id}-{{ var.tag }}"
      env: ["OUT=${env:HOME}/${queue_name}"]
    templates:
      gpus: {type: integer, minimum: 1, maximum: 8, default: 1}
jobs:
  train:
    source: {image: "reg/${project_name}:{{ var.tag }}"}
    command: [python, "${image_uri}", "$${LITERAL}"]
    env: {WHO: "${author}@${entity_name}", JOB: "${job_name}/${run_name}"}
    inputs: {config: {lr: 0.1}}
runs:
  a: {job: train, queue: gpu, templates: {gpus: 2}, config: {out: "/out/${run_id}"}, args: ["${sweep_name:-none}"]}
"""


def bound(text: str, chunk: int = 32_670) -> BoundLaunch:
    result = expand_text(text)
    assert result.said == []
    (spec,) = result.program.launches
    return bind(spec, Identity("runs-a-0123456789", "runs-a-0123456789"), result.program, "default", chunk)


def test_nothing_is_left_to_fill_in_but_what_apply_knows() -> None:
    launch = bound(PROJECT)
    texts = [text for part in (launch.command, launch.args, launch.env, launch.config) for text in texts_of(part)]
    assert [text for text in texts if "{{" in text] == []
    assert [text for text in texts if "${" in text] == ["${LITERAL}"]
    assert plain(launch.config) == {
        "gpus": 2,
        "name": "2-runs-a-0123456789-v1",
        "env": ["OUT=${env:HOME}/gpu"],
    }


def test_expansion_of_what_is_expanded_changes_nothing() -> None:
    (spec,) = expand_text(PROJECT).program.launches
    renderer = Renderer({})
    for part in (spec.command, spec.args, spec.env, spec.inputs, spec.config):
        assert renderer.render(part) is part
        names = {token.name for text in texts_of(part) for token in tokens(text)}
        assert names <= {None, "run_id", "image_uri", "author", "entity_name", "job_name", "run_name", "env",
                         "queue_name", "sweep_name"}  # fmt: skip


def spelled(program: Program, chunk: int = 64) -> str:
    """Everything of a program that its text decides, places apart."""
    launches = [bind(spec, Identity("x", "x"), program, "default", chunk) for spec in program.launches]
    parts = [
        [
            launch.image,
            [plain(part) for part in (launch.command, launch.args, launch.env, launch.config)],
            launch.spec.wandb,
        ]
        for launch in launches
    ]
    return canonical([parts, {name: queue.form for name, queue in program.queues.items()}])


def test_the_order_of_keys_does_not_matter() -> None:
    lines = PROJECT.replace('      gpus: "{{ gpus }}"\n', "").replace(
        "    templates:\n", '      gpus: "{{ gpus }}"\n    templates:\n'
    )
    lines = lines.replace(
        "{job: train, queue: gpu, templates: {gpus: 2},", "{templates: {gpus: 2}, queue: gpu, job: train,"
    )
    lines = lines.replace("version: 1\nproject: Churn\n", "project: Churn\nversion: 1\n")
    assert lines != PROJECT
    assert spelled(expand_text(lines).program) == spelled(expand_text(PROJECT).program)


def test_the_hash_seed_does_not_matter() -> None:
    script = (
        "import importlib.util, sys\n"
        "spec = importlib.util.spec_from_file_location('given', sys.argv[1])\n"
        "module = importlib.util.module_from_spec(spec)\n"
        "spec.loader.exec_module(module)\n"
        "result = module.expand_text(module.PROJECT)\n"
        "print(module.spelled(result.program), [str(one) for one in result.program.launches])\n"
    )
    folder = Path(__file__).parents[1]
    outputs = {
        subprocess.run(
            [sys.executable, "-c", script, __file__],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(folder)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("0", "1", "4242")
    }
    assert len(outputs) == 1


def test_places_do_not_decide_anything() -> None:
    program = expand_text(PROJECT).program
    moved = expand_text("# a comment\n\n" + PROJECT.lstrip().replace("\njobs:", "\n\n# another\njobs:")).program
    assert spelled(moved) == spelled(program)
    assert replace(moved.launches[0], span=None).span is None
