"""Our quantile and distribution functions beside the reference library's, to nine digits."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence

import pytest
from fakes.spaces import leaf_of

from launchctl.sweeps.quantile import cdf, quantile
from launchctl.values import JSON

Ask = Callable[[Sequence[dict[str, JSON]]], list[JSON]]

CLOSE = 1e-9
_chance = random.Random(3)
SHARES = [
    *(number / 64 for number in range(1, 64)),
    *(_chance.random() for _ in range(100)),
    *(10.0**-power for power in range(2, 13)),
    *(1 - 10.0**-power for power in range(2, 13)),
]
PLAIN: list[dict[str, JSON]] = [
    {"values": ["a", "b", "c"]},
    {"values": [True, 1, "1", None, 0.5, [1], {"x": 1}]},
    {"values": list(range(97))},
    {"values": ["a", "b", "c"], "probabilities": [0.2, 0.3, 0.5]},
    {"values": [1, 2, 3, 4], "probabilities": [0.0, 0.7, 0.0, 0.3]},
    {"values": list(range(10)), "probabilities": [0.1] * 10},
    {"min": 1, "max": 4},
    {"min": -7, "max": 1000},
    {"min": 0, "max": 1},
    {"min": 1.5, "max": 2.5},
    {"min": -1e6, "max": 1e9},
    {"distribution": "uniform", "min": 1, "max": 4},
    {"distribution": "log_uniform_values", "min": 1e-4, "max": 1},
    {"distribution": "log_uniform_values", "min": 1e-30, "max": 1e30},
    {"distribution": "inv_log_uniform_values", "min": 1e-4, "max": 10.0},
    {"distribution": "normal"},
    {"distribution": "normal", "mu": -3.5, "sigma": 0.01},
    {"distribution": "normal", "mu": 100, "sigma": 20},
    {"distribution": "log_normal"},
    {"distribution": "log_normal", "mu": 2, "sigma": 3.5},
    {"distribution": "beta"},
    *(
        {"distribution": "beta", "a": a, "b": b}
        for a in (0.05, 0.3, 1, 2, 7.5, 60, 1500)
        for b in (0.08, 0.5, 1, 3.2, 25, 400)
    ),
]
QUANTISED: list[dict[str, JSON]] = [
    {"distribution": "q_uniform", "min": 0, "max": 10, "q": 1},
    {"distribution": "q_uniform", "min": 1, "max": 10, "q": 4},
    {"distribution": "q_uniform", "min": 0.0, "max": 1.0, "q": 0.1},
    {"distribution": "q_uniform", "min": 0.05, "max": 0.95, "q": 0.1},
    {"distribution": "q_uniform", "min": -3.3, "max": 8.1},
    {"distribution": "q_log_uniform_values", "min": 32, "max": 256, "q": 8},
    {"distribution": "q_log_uniform_values", "min": 30, "max": 100, "q": 16},
    {"distribution": "q_log_uniform_values", "min": 0.001, "max": 0.1, "q": 0.001},
    {"distribution": "q_normal", "mu": 5, "sigma": 2, "q": 1},
    {"distribution": "q_normal", "q": 0.05},
    {"distribution": "q_log_normal", "mu": 1, "sigma": 0.5, "q": 2},
    {"distribution": "q_log_normal", "q": 0.3},
    {"distribution": "q_beta", "a": 2, "b": 5, "q": 0.05},
    {"distribution": "q_beta", "a": 0.5, "b": 0.5, "q": 0.4},
]


def _is_same(ours: JSON, theirs: JSON) -> bool:
    if isinstance(theirs, float) and isinstance(ours, float):
        return math.isclose(ours, theirs, rel_tol=CLOSE, abs_tol=1e-300)
    return type(ours) is type(theirs) and ours == theirs


def test_quantiles_are_those_of_the_reference(ask_reference: Ask) -> None:
    answers = ask_reference([{"call": "quantile", "parameter": each, "shares": SHARES} for each in PLAIN])
    differing = [
        (parameter, share, ours, theirs)
        for parameter, answer in zip(PLAIN, answers, strict=True)
        for share, theirs in zip(SHARES, answer["value"], strict=True)
        if not _is_same(ours := quantile(leaf_of(("p",), parameter), share), theirs)
    ]
    assert differing == []


def test_quantised_values_are_those_of_the_reference_where_these_are_within_bounds(ask_reference: Ask) -> None:
    answers = ask_reference([{"call": "quantile", "parameter": each, "shares": SHARES} for each in QUANTISED])
    differing = [
        (parameter, share, ours, theirs)
        for parameter, answer in zip(QUANTISED, answers, strict=True)
        for share, theirs in zip(SHARES, answer["value"], strict=True)
        if parameter.get("min", -math.inf) <= theirs <= parameter.get("max", math.inf) + 1e-12
        and not _is_same(ours := quantile(leaf_of(("p",), parameter), share), theirs)
    ]
    assert differing == []


@pytest.mark.parametrize(
    ("parameter", "theirs", "ours"),
    [
        ({"distribution": "q_uniform", "min": 1, "max": 10, "q": 4}, {0, 4, 8}, {4, 8}),
        ({"distribution": "q_log_uniform_values", "min": 30, "max": 100, "q": 16}, {32, 48, 64, 80, 96}, None),
        ({"distribution": "q_uniform", "min": 0.2, "max": 0.4, "q": 0.1}, {0.2, 0.1 * 3, 0.4}, {0.2, 0.3, 0.4}),
        ({"distribution": "q_beta", "q": 0.6}, {0.0, 0.6, 1.2}, {0.0, 0.6}),
    ],
)  # fmt: skip
def test_multiples_of_q_stay_within_bounds_and_have_no_residue(
    ask_reference: Ask, parameter: dict[str, JSON], theirs: set[float], ours: set[float] | None
) -> None:
    (answer,) = ask_reference([{"call": "quantile", "parameter": parameter, "shares": SHARES}])
    assert set(answer["value"]) == theirs
    assert {quantile(leaf_of(("p",), parameter), share) for share in SHARES} == (ours or theirs)


def test_distribution_functions_are_those_of_the_reference(ask_reference: Ask) -> None:
    continuous = [each for each in PLAIN + QUANTISED if "values" not in each]
    values = [
        [quantile(leaf_of(("p",), each), share) for share in SHARES[::3]] + [-1e9, -1, 0, 0.5, 1, 7, 1e9]
        for each in continuous
    ]
    answers = ask_reference(
        [{"call": "cdf", "parameter": each, "values": at} for each, at in zip(continuous, values, strict=True)]
    )
    differing = [
        (parameter, value, ours, theirs)
        for parameter, at, answer in zip(continuous, values, answers, strict=True)
        for value, theirs in zip(at, answer["value"], strict=True)
        if not math.isnan(theirs)
        and not math.isclose(ours := cdf(leaf_of(("p",), parameter), value), theirs, rel_tol=CLOSE, abs_tol=1e-13)
    ]
    assert differing == []


def test_categories_have_the_shares_of_the_reference(ask_reference: Ask) -> None:
    values = ["a", "b", "c"]
    (answer,) = ask_reference([{"call": "cdf", "parameter": {"values": values}, "values": [0, 1, 2]}])
    shares = [cdf(leaf_of(("p",), {"values": values}), value) for value in values]
    assert shares == pytest.approx(answer["value"], rel=CLOSE)
