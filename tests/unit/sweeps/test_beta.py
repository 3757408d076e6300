"""The beta distribution, where its parameters are large as well."""

from __future__ import annotations

import itertools
import math
import time

import pytest

from launchctl.sweeps import beta

SHARES = (2.0**-53, 1e-6, 1e-3, 0.1, 0.3, 0.5, 0.7, 0.9, 1 - 1e-3, 1 - 1e-6, 1 - 2.0**-53)


def _deviation(a: float, b: float) -> float:
    return math.sqrt(a * b / (a + b + 1)) / (a + b)


@pytest.mark.parametrize("ratio", [1.0, 3.0, 1e3])
def test_large_parameters_agree_with_those_just_below_the_switch(ratio: float) -> None:
    a, b = 1e6, 1e6 * ratio
    for share in SHARES:
        for one, other in ((a, b), (b, a)):
            exact, bent = beta.quantile(share, one, other), beta.quantile(share, one + 1e-6, other + 1e-6)
            assert abs(exact - bent) < 1e-3 * _deviation(a, b)


@pytest.mark.parametrize(("a", "b"), [(1e15, 1e15), (1e7, 2e6), (2e6, 1e9), (0.5, 1e15), (1e17, 2), (1, 1e6)])
def test_large_parameters_are_quick_monotone_and_inverted(a: float, b: float) -> None:
    began = time.perf_counter()
    found = [beta.quantile(share, a, b) for share in SHARES]
    assert all(one <= other for one, other in itertools.pairwise(found))
    assert all(0.0 <= value <= 1.0 for value in found)
    assert time.perf_counter() - began < 0.5
    assert [beta.cumulative(value, a, b) for value in found if 1e-300 < value < 0.9] == pytest.approx(
        [share for share, value in zip(SHARES, found, strict=True) if 1e-300 < value < 0.9], rel=1e-3, abs=1e-6
    )


def test_one_large_parameter_scales() -> None:
    assert beta.quantile(0.5, 1, 1e6) == pytest.approx(-math.expm1(-math.log(2) / 1e6), rel=1e-12)
    assert beta.quantile(0.5, 1, 1e20) == pytest.approx(math.log(2) * 1e-20, rel=1e-12)
    assert beta.cumulative(math.log(2) * 1e-20, 1, 1e20) == pytest.approx(0.5, rel=1e-12)


def test_the_extreme_parameters_have_a_finite_quantile() -> None:
    for a, b in itertools.product((5e-324, 1e-100, 1.0, 1e100, 1.7e308), repeat=2):
        assert all(0.0 <= beta.quantile(share, a, b) <= 1.0 for share in SHARES)
