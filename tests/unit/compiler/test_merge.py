"""A run's settings over its queue's: by key, by name of a container, and null."""

from __future__ import annotations

import pytest

from launchctl.compiler.merge import CONFIG, INPUTS, MergeRules, merge
from launchctl.compiler.node import EMPTY_MAP, MapNode, Node, node_of, plain
from launchctl.diagnostics import Span
from launchctl.values import JSON, Path


def tree(value: JSON, line: int | None = None) -> MapNode:
    node = node_of(value, Span("project.yaml", line, 1, line, 9) if line else None)
    assert isinstance(node, MapNode)
    return node


@pytest.mark.parametrize(
    ("base", "over", "merged"),
    [
        ({}, {}, {}),
        ({"a": 1}, {}, {"a": 1}),
        ({"a": 1}, {"b": 2}, {"a": 1, "b": 2}),
        ({"a": 1}, {"a": 2}, {"a": 2}),
        ({"a": [1, 2]}, {"a": [3]}, {"a": [3]}),
        ({"a": {"b": 1, "c": 2}}, {"a": {"b": 3}}, {"a": {"b": 3, "c": 2}}),
        ({"a": {"b": 1}}, {"a": 2}, {"a": 2}),
        ({"a": 2}, {"a": {"b": 1}}, {"a": {"b": 1}}),
        ({"a": 1, "b": 2}, {"a": None}, {"b": 2}),
        ({}, {"a": None}, {}),
        ({}, {"a": {"b": None}}, {"a": {}}),
        ({"a": {"b": 1}}, {"a": {"b": None, "c": 1}}, {"a": {"c": 1}}),
        ({"a": 1}, {"a": [None]}, {"a": [None]}),
        ({"a": {"b": 1}}, {"a": {}}, {"a": {"b": 1}}),
        (
            {"ResourceConfig": {"InstanceType": "ml.g5.xlarge", "InstanceCount": 1}},
            {"ResourceConfig": {"InstanceCount": 2}},
            {"ResourceConfig": {"InstanceType": "ml.g5.xlarge", "InstanceCount": 2}},
        ),
    ],
)
def test_mappings_merge_by_key_and_null_deletes(base: JSON, over: JSON, merged: JSON) -> None:
    assert plain(merge(tree(base), tree(over))) == merged


@pytest.mark.parametrize(
    ("base", "over", "merged"),
    [
        ([{"name": "a", "x": 1}], [{"name": "a", "y": 2}], [{"name": "a", "x": 1, "y": 2}]),
        ([{"name": "a"}, {"name": "b"}], [{"name": "b", "y": 2}], [{"name": "a"}, {"name": "b", "y": 2}]),
        ([{"name": "a"}], [{"name": "b"}], [{"name": "a"}, {"name": "b"}]),
        ([{"x": 1}], [{"y": 2}], [{"x": 1, "y": 2}]),
        ([{"name": "a", "x": 1}, {"name": "b"}], [{"y": 2}], [{"name": "a", "x": 1, "y": 2}, {"name": "b"}]),
        ([{"x": 1}], [{"name": "a"}], [{"x": 1, "name": "a"}]),
        ([{"x": 1}], [{"name": "a"}, {"name": "b"}], [{"x": 1}, {"name": "a"}, {"name": "b"}]),
        ([{"name": "a"}], [{"x": 1}, {"name": "b"}], [{"x": 1}, {"name": "b"}]),
        ([{"name": "a"}], [{"name": "b"}, {"name": "b"}], [{"name": "b"}, {"name": "b"}]),
        ([{"name": "a"}], [3], [3]),
        ([3], [{"name": "a"}], [{"name": "a"}]),
        ([], [{"x": 1}, {"x": 2}], [{"x": 1}, {"x": 2}]),
        ([], [{"name": "a", "x": None}], [{"name": "a"}]),
        ([{"name": "a"}], [], [{"name": "a"}]),
    ],
)
def test_containers_merge_by_name_and_a_single_unnamed_one_by_position(base: JSON, over: JSON, merged: JSON) -> None:
    assert plain(merge(tree({"containers": base}), tree({"containers": over}))) == {"containers": merged}


def test_other_lists_of_named_things_replace() -> None:
    base, over = {"volumes": [{"name": "a", "x": 1}]}, {"volumes": [{"name": "a"}]}
    assert plain(merge(tree(base), tree(over))) == {"volumes": [{"name": "a"}]}


@pytest.mark.parametrize(
    ("base", "over", "merged"),
    [
        ({"a": 1}, {"a": None}, {"a": None}),
        ({"containers": [{"name": "a", "x": 1}]}, {"containers": [{"name": "a"}]}, {"containers": [{"name": "a"}]}),
        ({"trainer": {"lr": 0.01, "seed": 1}}, {"trainer": {"lr": 0.003}}, {"trainer": {"lr": 0.003, "seed": 1}}),
    ],
)
def test_in_inputs_null_is_a_value_and_no_list_is_special(base: JSON, over: JSON, merged: JSON) -> None:
    assert plain(merge(tree(base), tree(over), INPUTS)) == merged


@pytest.mark.parametrize("rules", [CONFIG, INPUTS])
def test_what_does_not_change_is_shared(rules: MergeRules) -> None:
    base = tree({"a": {"b": 1}, "c": {"d": [1]}})
    assert merge(base, EMPTY_MAP, rules) is base
    assert merge(EMPTY_MAP, base, rules) is base
    merged = merge(base, tree({"a": {"b": 2}}), rules)
    assert merged.entries["c"] is base.entries["c"]
    assert plain(base) == {"a": {"b": 1}, "c": {"d": [1]}}


def test_every_value_keeps_the_position_of_the_layer_that_set_it() -> None:
    merged = merge(tree({"a": {"b": 1, "c": 2}}, line=3), tree({"a": {"b": 9}}, line=7))
    inner = merged.entries["a"]
    assert isinstance(inner, MapNode)
    assert [str(inner.entries[key].span) for key in "bc"] == ["project.yaml:7:1", "project.yaml:3:1"]


def test_a_recorder_hears_of_every_value_set_and_every_key_deleted() -> None:
    heard: list[tuple[Path, JSON]] = []

    def record(path: Path, node: Node | None) -> None:
        heard.append((path, plain(node) if node is not None else "deleted"))

    base = tree({"spec": {"containers": [{"name": "main", "cpu": 1}]}, "x": {"y": 1}})
    over = tree({"spec": {"containers": [{"name": "side"}, {"name": "main", "cpu": 2}]}, "x": {"y": None}, "z": {}})
    merge(base, over, record=record)
    assert heard == [
        (("spec", "containers", 1, "name"), "side"),
        (("spec", "containers", 0, "name"), "main"),
        (("spec", "containers", 0, "cpu"), 2),
        (("x", "y"), "deleted"),
        (("z",), {}),
    ]
