"""Whatever the compiler accepts of a distribution: each value is JSON, and has a share that a model can take."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Mapping

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from launchctl.compiler.node import MapNode, ScalarNode
from launchctl.compiler.sweep.leaves import KEYS, Place, number_of, read_leaf
from launchctl.compiler.sweep.space import Distribution, Leaf, Space
from launchctl.diagnostics import Diagnostic
from launchctl.sweeps.cube import Cube
from launchctl.sweeps.quantile import cdf, quantile

LARGEST = sys.float_info.max
SHARES = st.sampled_from([2.0**-53, 1 - 2.0**-53, 0.5, 1e-3, 1 - 1e-3]) | st.integers(0, 2**52 - 1).map(
    lambda cell: (2 * cell + 1) / 2**53
)
NUMBERS = (
    st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from([LARGEST, -LARGEST, 5e-324, 690, 1000, 1, 10, 0.1, 1e15, 10**308, -(10**308), 2**53 + 1])
    | st.integers(-(10**20), 10**20)
    | st.floats(0.01, 100.0)
)
DRAWN = [name for name in Distribution if not {"value", "values"} & {*KEYS[name]}]


def _leaf(numbers: Mapping[str, float], name: Distribution) -> Leaf | None:
    """The parameter as the compiler reads it; None where it refuses it."""
    entries = {"distribution": ScalarNode(name.value), **{key: ScalarNode(value) for key, value in numbers.items()}}
    return read_leaf(MapNode(entries, {}, None), Place(("p",), None, "s"), [])


@st.composite
def _leaves(draw: st.DrawFn) -> Leaf:
    name = draw(st.sampled_from(DRAWN))
    keys = KEYS[name]
    numbers: Mapping[str, float] = {key: draw(NUMBERS) for key in keys}
    if "min" in keys:
        if name is Distribution.INT_UNIFORM:
            numbers = {key: int(value) for key, value in numbers.items()}
        elif "log" in name.value:
            numbers = {key: abs(value) for key, value in numbers.items()}
        low, high = sorted((numbers["min"], numbers["max"]))
        numbers = {**numbers, "min": low, "max": high}
    numbers = {key: abs(value) if key in {"sigma", "a", "b", "q"} else value for key, value in numbers.items()}
    leaf = _leaf(numbers, name)
    assume(leaf is not None)
    assert leaf is not None
    return leaf


def _is_finite(value: object) -> bool:
    return isinstance(value, int | float) and abs(value) <= LARGEST and json.loads(json.dumps(value)) == value


@given(_leaves(), SHARES)
def test_every_value_is_finite_and_so_is_its_share(leaf: Leaf, share: float) -> None:
    value = quantile(leaf, share)
    assert _is_finite(value)
    assert 0.0 <= cdf(leaf, value) <= 1.0


@given(_leaves(), NUMBERS)
def test_any_number_has_a_share(leaf: Leaf, value: float) -> None:
    assert 0.0 <= cdf(leaf, value) <= 1.0


@given(_leaves(), st.floats(0.0, 1.0))
def test_every_place_of_a_cube_has_finite_coordinates(leaf: Leaf, place: float) -> None:
    cube = Cube(Space((leaf,)))
    point = cube.point((place,))
    assert point is not None
    assert all(map(math.isfinite, point.coordinates))
    assert all(map(_is_finite, point.values.values()))
    found = cube.find(cube.nested(point))
    assert found is None or all(map(math.isfinite, found.place))


@given(_leaves(), SHARES, SHARES)
def test_a_larger_share_gives_no_smaller_value(leaf: Leaf, one: float, other: float) -> None:
    lower, upper = sorted((one, other))
    small, large = quantile(leaf, lower), quantile(leaf, upper)
    assert small <= large or math.isclose(small, large, rel_tol=1e-11)


@pytest.mark.parametrize("number", [10**400, -(10**309), math.inf, math.nan], ids=range(4))
def test_a_number_that_no_float_holds_is_refused(number: float) -> None:
    found: list[Diagnostic] = []
    assert number_of(ScalarNode(number), found) is None
    assert len(found) == 1


@pytest.mark.parametrize(
    ("numbers", "name", "expected"),
    [
        ({"mu": 690, "sigma": 10}, Distribution.LOG_NORMAL, 1.79769313486e308),
        ({"mu": 1e308, "sigma": 1e308}, Distribution.NORMAL, 1.79769313486e308),
        ({"mu": 1e308, "sigma": 1e308, "q": 1e308}, Distribution.Q_NORMAL, 1e308),
        ({"mu": 1000, "sigma": 1000, "q": 10}, Distribution.Q_LOG_NORMAL, 17976931348623157 * 10**292),
        ({"min": -LARGEST, "max": LARGEST}, Distribution.UNIFORM, 1.79769313486e308),
    ],
)
def test_what_would_overflow_is_the_largest_value(
    numbers: Mapping[str, float], name: Distribution, expected: float
) -> None:
    leaf = _leaf(numbers, name)
    assert leaf is not None
    assert quantile(leaf, 1 - 2.0**-53) == expected
