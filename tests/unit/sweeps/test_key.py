"""Which values are the same, and the KEY that a point has for good."""

from __future__ import annotations

import math

import pytest

from launchctl.compiler.sweep.identity import identity
from launchctl.sweeps.key import fragment, key_of, with_repeat
from launchctl.values import JSON


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (1, 1.0),
        (0, -0.0),
        (3000000, 3e6),
        ([1], [1.0]),
        ({"x": 1, "y": 2.5}, {"y": 2.5, "x": 1.0}),
        (math.nan, float("nan")),
        ([math.nan], [math.nan]),
    ],
)
def test_equal_values_are_one(one: JSON, other: JSON) -> None:
    assert identity(one) == identity(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (True, 1),
        (False, 0),
        ("1", 1),
        ("true", True),
        (None, "null"),
        (None, 0),
        ("", None),
        ([True], [1]),
        ([1, 2], [2, 1]),
        (math.inf, -math.inf),
        (math.nan, None),
        (0.1, 0.1 + 1e-17 * 4),
        (2**53, 2**53 + 1),
    ],
)
def test_other_values_are_two(one: JSON, other: JSON) -> None:
    assert identity(one) != identity(other)


def test_a_key_is_the_hash_of_the_points_text() -> None:
    parts = [fragment(("a",), 1.0), fragment(("g", "b"), "x")]
    assert parts == ['[["a"],1]', '[["g","b"],"x"]']
    assert key_of(parts) == "e5b3007dbdfd7851"


def test_a_lone_surrogate_has_a_key() -> None:
    assert len(key_of([fragment(("a",), "\ud800")])) == 16


def test_the_first_repetition_has_the_points_key() -> None:
    assert [with_repeat("3f09", repeat) for repeat in (1, 2)] == ["3f09", "3f09.2"]
