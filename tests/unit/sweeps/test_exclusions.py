"""What is excluded is looked up, however much there is of it."""

from __future__ import annotations

import time

import pytest
from fakes.spaces import random_of, space_of

from launchctl.errors import LaunchctlError
from launchctl.sweeps.draws import Draws
from launchctl.sweeps.point import Shape

LETTERS = {"a": {"values": [*range(40)]}, "b": {"values": [*range(40)]}, "c": {"min": 0.0, "max": 1.0}}


def test_a_combination_is_excluded_by_equal_values_of_all_that_it_names() -> None:
    shape = Shape(space_of(LETTERS, exclude=({"b": 1, "a": 1.0}, {"a": 3}, {"b": 4, "a": 2})))
    points: tuple[dict[str, float], ...] = (
        {"a": 1, "b": 1},
        {"a": 2, "b": 4},
        {"a": 3},
        {"a": 1, "b": 4},
        {"b": 1},
        {},
    )
    found = [shape.is_excluded({(name,): value for name, value in point.items()}) for point in points]
    assert found == [True, True, True, False, False, False]


def test_very_many_exclusions_cost_a_draw_no_more_than_one() -> None:
    pairs = [(a, b) for a in range(40) for b in range(40) if a != b]
    draws = Draws(random_of(space_of(LETTERS, exclude=tuple({"a": a, "b": b} for a, b in pairs))))
    began = time.perf_counter()
    trials = [draws.trial(index, 1) for index in range(200)]
    assert time.perf_counter() - began < 2.0
    assert all(trial.values["a"] == trial.values["b"] for trial in trials)


def test_what_is_said_where_nothing_is_left() -> None:
    draws = Draws(random_of(space_of({"a": {"values": [1]}, "b": {"values": [2]}}, exclude=({"a": 1},))))
    with pytest.raises(LaunchctlError, match="10,000 points were drawn at random, and all of them are excluded"):
        draws.trial(0, 1)


@pytest.mark.parametrize("exclude", [(), ({"a": 3},)])
def test_a_constant_may_exist_by_a_drawn_value(exclude: tuple[dict[str, int], ...]) -> None:
    parameters = {"a": {"values": [1, 2, 3]}, "k": {"value": "x"}}
    draws = Draws(random_of(space_of(parameters, exclude=exclude, when={"k": {"a": 1}})))
    found = [draws.trial(index, 1).values for index in range(30)]
    assert all(("k" in values) is (values["a"] == 1) for values in found)
    assert {values["a"] for values in found} == ({1, 2} if exclude else {1, 2, 3})
