"""The points of a grid: their order, what is one and what is none, and that a large one costs nothing."""

from __future__ import annotations

import time
from itertools import islice

import pytest
from fakes.spaces import grid_of, space_of

from launchctl.compiler.sweep.search import Order
from launchctl.compiler.sweep.space import Space
from launchctl.errors import LaunchctlError
from launchctl.sweeps.grid import Grid
from launchctl.values import JSON

OPTIMIZER = {"momentum": {"values": [0.0, 0.9]}, "optimizer": {"values": ["sgd", "adam"]}}


def _points(space: Space, order: Order = "sorted") -> list[JSON]:
    return [trial.values for trial in Grid(grid_of(space, order)).trials()]


def test_leaves_are_sorted_and_the_last_varies_fastest() -> None:
    space = space_of({"b": {"values": [1, 2]}, "a": {"values": ["y", "x"]}})
    assert _points(space) == [{"a": "y", "b": 1}, {"a": "y", "b": 2}, {"a": "x", "b": 1}, {"a": "x", "b": 2}]


def test_the_order_of_the_file_is_kept_on_demand() -> None:
    space = space_of({"b": {"values": [1, 2]}, "a": {"values": ["y", "x"]}})
    assert _points(space, "declared") == [
        {"a": "y", "b": 1},
        {"a": "x", "b": 1},
        {"a": "y", "b": 2},
        {"a": "x", "b": 2},
    ]


def test_a_shuffle_follows_from_the_seed() -> None:
    assert [value["a"] for value in _points(space_of({"a": {"min": 0, "max": 11}}), "shuffled")] == [
        *(11, 5, 9, 7, 10, 1, 8, 2, 4, 3, 6, 0),
    ]


def test_parameters_come_as_the_reference_lists_them_groups_last() -> None:
    space = space_of(
        {
            "g": {"parameters": {"y": {"value": 1}, "x": {"values": [2]}}},
            "g-h": {"parameters": {"z": {"value": 3}}},
            "z": {"values": [4]},
            "B": {"value": 5},
        }
    )
    (point,) = _points(space)
    assert list(point) == ["B", "z", "g-h", "g"]
    assert list(point["g"]) == ["x", "y"]


def test_of_equal_spellings_the_last_is_used_at_the_place_of_the_first() -> None:
    assert repr(_points(space_of({"a": {"values": [1, 2, 1.0]}}))) == "[{'a': 1.0}, {'a': 2}]"
    assert _points(space_of({"a": {"values": [True, 1]}})) == [{"a": True}, {"a": 1}]


def test_steps_do_not_drift_and_end_before_the_maximum() -> None:
    parameter = {"distribution": "q_uniform", "min": 1.0, "max": 1.3, "q": 0.1}
    assert _points(space_of({"a": parameter})) == [{"a": 1.0}, {"a": 1.1}, {"a": 1.2}]
    whole = {"distribution": "q_uniform", "min": 1, "max": 10, "q": 4}
    assert repr(_points(space_of({"a": whole}))) == "[{'a': 1}, {'a': 5}, {'a': 9}]"
    usual = {"distribution": "q_uniform", "min": 1, "max": 3}
    assert repr(_points(space_of({"a": usual}))) == "[{'a': 1.0}, {'a': 2.0}]"


def test_constants_alone_are_one_point_with_a_key_that_they_do_not_move() -> None:
    keys = [trial.key for value in (1, 2) for trial in Grid(grid_of(space_of({"a": {"value": value}}))).trials()]
    assert keys == ["4f53cda18c2baa0c"] * 2


def test_what_is_zipped_varies_together() -> None:
    space = space_of(
        {"size": {"values": [64, 256]}, "encoder": {"values": ["small", "large"]}, "lr": {"values": [1, 2]}},
        zips=(("encoder", "size"),),
    )
    assert _points(space) == [
        {"encoder": encoder, "lr": lr, "size": size}
        for encoder, size in (("small", 64), ("large", 256))
        for lr in (1, 2)
    ]


def test_what_is_excluded_is_left_out() -> None:
    space = space_of(
        {"a": {"values": [1, 2]}, "b": {"values": [1, 2]}, "c": {"value": 0}},
        exclude=({"a": 1, "b": 2.0}, {"a": 2, "c": 1}, {"b": 7}),
    )
    assert _points(space) == [{"a": 1, "b": 1, "c": 0}, {"a": 2, "b": 1, "c": 0}, {"a": 2, "b": 2, "c": 0}]


def test_everything_may_be_excluded() -> None:
    grid = Grid(grid_of(space_of({"a": {"values": [1, 2]}, "c": {"value": 0}}, exclude=({"c": 0},))))
    assert grid.size == 0
    assert list(grid.trials()) == []


def test_a_leaf_exists_where_another_has_a_value_and_points_that_become_equal_are_one() -> None:
    space = space_of(OPTIMIZER, when={"momentum": {"optimizer": "sgd"}})
    assert _points(space) == [
        {"momentum": 0.0, "optimizer": "sgd"},
        {"optimizer": "adam"},
        {"momentum": 0.9, "optimizer": "sgd"},
    ]


def test_a_group_exists_as_a_whole_and_what_needs_a_missing_leaf_is_missing_too() -> None:
    space = space_of(
        {
            "kind": {"values": ["deep", "flat"]},
            "deep": {"parameters": {"layers": {"values": [2, 3]}, "name": {"value": "d"}}},
            "skip": {"values": [True, False]},
        },
        when={"deep": {"kind": "deep"}, "skip": {"deep/layers": 3}},
    )
    assert _points(space, "declared") == [
        {"kind": "deep", "deep": {"layers": 2, "name": "d"}},
        {"kind": "deep", "skip": True, "deep": {"layers": 3, "name": "d"}},
        {"kind": "deep", "skip": False, "deep": {"layers": 3, "name": "d"}},
        {"kind": "flat"},
    ]


def test_a_value_that_does_not_exist_is_not_excluded() -> None:
    space = space_of(OPTIMIZER, when={"momentum": {"optimizer": "sgd"}}, exclude=({"momentum": 0},))
    assert _points(space) == [{"optimizer": "adam"}, {"momentum": 0.9, "optimizer": "sgd"}]


def test_repetitions_follow_their_point_and_the_cap_cuts_the_list() -> None:
    grid = Grid(grid_of(space_of({"a": {"values": ["x", "y", "z"]}}), repeats=2, run_cap=5))
    trials = list(grid.trials())
    assert grid.size == 5
    assert [(trial.values["a"], trial.index, trial.repeat) for trial in trials] == [
        *(("x", 0, 1), ("x", 0, 2), ("y", 1, 1), ("y", 1, 2), ("z", 2, 1)),
    ]
    assert trials[1].key == f"{trials[0].key}.2"


@pytest.mark.parametrize(
    ("values", "repeat"),
    [
        ({"optimizer": "adam", "momentum": 0.9}, 1),
        ({"optimizer": "sgd"}, 1),
        ({"optimizer": "lion", "momentum": 0.9}, 1),
        ({"optimizer": "sgd", "momentum": "0.9"}, 1),
        ({"optimizer": "sgd", "momentum": 0.9}, 2),
        ({"optimizer": "sgd", "momentum": 0.9}, 0),
        ({}, 1),
    ],
)
def test_other_values_are_no_trial(values: dict[str, JSON], repeat: int) -> None:
    grid = Grid(grid_of(space_of(OPTIMIZER, when={"momentum": {"optimizer": "sgd"}})))
    assert grid.find(values, repeat) is None


def test_a_trial_beyond_the_cap_still_belongs() -> None:
    grid = Grid(grid_of(space_of({"a": {"values": [1, 2, 3]}}), run_cap=1))
    found = grid.find({"a": 3.0, "a-constant": 9}, 1)
    assert found is not None
    assert found.index == 2


@pytest.mark.parametrize("order", ["sorted", "declared", "shuffled"])
def test_a_million_points_cost_what_is_looked_at(order: Order) -> None:
    space = space_of(
        {"a": {"min": 1, "max": 1000}, "b": {"distribution": "q_uniform", "min": 0.0, "max": 100.0, "q": 0.1}},
        exclude=({"a": 500, "b": 50.0}, {"a": 1}),
    )
    started = time.perf_counter()
    grid = Grid(grid_of(space, order))
    page = list(islice(grid.trials(700_000), 20))
    assert grid.size == 1_000_000 - 1_001
    assert [grid.find(trial.values, 1) for trial in page] == page
    assert time.perf_counter() - started < 0.5


def test_what_entangles_too_much_is_refused_in_words() -> None:
    names = [f"{side}{number}" for side in "ab" for number in range(30)]
    space = space_of(
        {name: {"values": [0, 1]} for name in names},
        exclude=tuple({f"a{number}": 1, f"b{number}": 1} for number in range(30)),
    )
    with pytest.raises(LaunchctlError, match="entangles too many of its parameters"):
        Grid(grid_of(space))
