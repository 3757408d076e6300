"""What a parameter's value is at a share, and the share of a value."""

from __future__ import annotations

import math

import pytest
from fakes.spaces import leaf_of

from launchctl.sweeps.quantile import cdf, quantile
from launchctl.values import JSON

SHARES = (0.1, 0.25, 0.5, 0.75, 0.9)


@pytest.mark.parametrize(
    ("parameter", "expected"),
    [
        ({"value": "x"}, ["x"] * 5),
        ({"min": 1, "max": 4}, [1, 1, 2, 3, 4]),
        ({"values": ["a", "b", "c"]}, ["a", "a", "b", "c", "c"]),
        ({"values": ["a", "b", "c"], "probabilities": [0.2, 0.3, 0.5]}, ["a", "b", "c", "c", "c"]),
        ({"distribution": "q_log_uniform_values", "min": 32, "max": 256, "q": 8}, [40, 56, 88, 152, 208]),
        ({"distribution": "q_normal", "mu": 5, "sigma": 2, "q": 1}, [2, 4, 5, 6, 8]),
        ({"distribution": "q_uniform", "min": 0.0, "max": 1.0, "q": 0.1}, [0.1, 0.2, 0.5, 0.8, 0.9]),
    ],
)
def test_values_are_the_expected_ones_and_integers_are_pythons(
    parameter: dict[str, JSON], expected: list[JSON]
) -> None:
    found = [quantile(leaf_of(("p",), parameter), share) for share in SHARES]
    assert found == expected
    assert [type(value) for value in found] == [type(value) for value in expected]


@pytest.mark.parametrize(
    ("parameter", "expected"),
    [
        ({"min": 1.0, "max": 3.0}, [1.2, 1.5, 2.0, 2.5, 2.8]),
        ({"distribution": "log_uniform_values", "min": 1e-4, "max": 1}, [0.000251, 0.001, 0.01, 0.1, 0.398]),
        ({"distribution": "inv_log_uniform_values", "min": 1e-4, "max": 1}, [0.000251, 0.001, 0.01, 0.1, 0.398]),
        ({"distribution": "normal"}, [-1.2816, -0.6745, 0.0, 0.6745, 1.2816]),
        ({"distribution": "log_normal", "mu": 1}, [0.7546, 1.3848, math.e, 5.336, 9.792]),
        ({"distribution": "beta", "a": 2, "b": 5}, [0.0926, 0.1612, 0.2644, 0.3895, 0.5103]),
    ],
)
def test_values_of_a_continuum_are_the_expected_ones(parameter: dict[str, JSON], expected: list[float]) -> None:
    assert [quantile(leaf_of(("p",), parameter), share) for share in SHARES] == pytest.approx(expected, rel=2e-3)


@pytest.mark.parametrize("share", [2.0**-53, 1 - 2.0**-53])
@pytest.mark.parametrize(
    "parameter",
    [
        {"min": 1, "max": 4},
        {"values": ["a", "b", "c"]},
        {"values": ["a", "b", "c"], "probabilities": [0.2, 0.3, 0.5]},
        {"distribution": "normal"},
        {"distribution": "q_log_normal", "sigma": 300, "q": 2},
        {"distribution": "q_uniform", "min": 1, "max": 10, "q": 4},
        {"distribution": "log_uniform_values", "min": 1e-4, "max": 1},
        {"distribution": "beta", "a": 0.001, "b": 0.001},
    ],
)
def test_the_ends_of_the_open_interval_give_ordinary_values(parameter: dict[str, JSON], share: float) -> None:
    leaf = leaf_of(("p",), parameter)
    value = quantile(leaf, share)
    if leaf.values:
        assert value == leaf.values[0 if share < 0.5 else -1]
    elif "max" in parameter:
        assert leaf.low <= value <= leaf.high
    else:
        assert not math.isnan(value)


def test_multiples_stay_within_bounds_and_carry_no_residue() -> None:
    leaf = leaf_of(("p",), {"distribution": "q_uniform", "min": 0.25, "max": 0.95, "q": 0.1})
    found = {quantile(leaf, share / 1000) for share in range(1, 1000)}
    assert sorted(found) == [0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]


def test_where_no_multiple_lies_within_bounds_the_nearest_is_taken() -> None:
    leaf = leaf_of(("p",), {"distribution": "q_uniform", "min": 1, "max": 3, "q": 10})
    assert quantile(leaf, 0.5) == 0


@pytest.mark.parametrize(
    ("parameter", "value", "expected"),
    [
        ({"value": 3}, 3, 0.0),
        ({"values": ["a", "b", "c", "d"]}, "b", 0.5),
        ({"values": [1, True]}, True, 1.0),
        ({"values": ["a", "b"], "probabilities": [0.2, 0.8]}, "a", 0.2),
        ({"min": 1, "max": 4}, 3, 0.75),
        ({"min": 1, "max": 4}, 0, 0.0),
        ({"min": 1, "max": 4}, math.inf, 1.0),
        ({"min": 1.0, "max": 5.0}, 9, 1.0),
        ({"distribution": "log_uniform_values", "min": 1e-4, "max": 1}, 0.01, 0.5),
        ({"distribution": "log_uniform_values", "min": 1e-4, "max": 1}, -1, 0.0),
        ({"distribution": "q_uniform", "min": 0, "max": 10, "q": 5}, 2.5, 0.25),
        ({"distribution": "log_normal"}, 0, 0.0),
        ({"distribution": "beta", "a": 1, "b": 1}, 0.3, 0.3),
    ],
)
def test_the_share_of_a_value(parameter: dict[str, JSON], value: JSON, expected: float) -> None:
    assert cdf(leaf_of(("p",), parameter), value) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(
    ("parameter", "value"),
    [({"values": ["a"]}, "b"), ({"values": [1]}, "1"), ({"min": 1, "max": 4}, "x"), ({"min": 0.0, "max": 1.0}, True)],
)
def test_what_a_parameter_cannot_be_has_no_share(parameter: dict[str, JSON], value: JSON) -> None:
    assert math.isnan(cdf(leaf_of(("p",), parameter), value))
