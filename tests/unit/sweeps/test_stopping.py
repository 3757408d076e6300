"""Which trials a rule stops, and what it says."""

from __future__ import annotations

import math

import pytest

from launchctl.compiler.sweep.search import Hyperband, Median, Objective, Threshold
from launchctl.sweeps.stopping import to_stop

LOSS = Objective("loss")
SCORE = Objective("score", "maximize")


def test_hyperband_tells_iteration_value_limit_and_share() -> None:
    curves = {"a": (10.0, 10.0, 0.52), "b": (9.0, 9.0, 0.31), "c": (8.0, 8.0, 0.2)}
    assert to_stop(Hyperband((3, 9)), LOSS, curves, ["a"]) == {
        "a": "at iteration 3 its loss 0.52 is worse than 0.31, the best third of 3 trials"
    }


def test_only_running_trials_are_stopped_while_all_count() -> None:
    curves = {"a": (10.0,), "b": (9.0,), "c": (8.0,)}
    assert list(to_stop(Hyperband((1,)), LOSS, curves, ["c", "b"])) == []
    assert list(to_stop(Hyperband((1,)), LOSS, curves, ["a", "b"])) == ["a"]


@pytest.mark.parametrize(("strict", "stopped"), [(True, ["a"]), (False, [])])
def test_an_early_best_value_saves_a_trial_only_where_hyperband_is_not_strict(strict: bool, stopped: list[str]) -> None:
    curves = {"a": (1.0, 10.0, 10.0), "b": (9.0, 9.0, 9.0), "c": (8.0, 8.0, 8.0)}
    assert list(to_stop(Hyperband((3,), strict=strict), LOSS, curves, ["a", "b", "c"])) == stopped


def test_a_trial_is_judged_at_the_deepest_band_alone() -> None:
    curves = {"a": (9.0, 1.0), "b": (1.0, 5.0), "c": (2.0, 6.0)}
    reasons = to_stop(Hyperband((1, 2)), LOSS, curves, ["a", "b", "c"])
    assert reasons == {"c": "at iteration 2 its loss 6 is worse than 5, the best third of 3 trials"}


def test_a_lone_trial_is_never_stopped() -> None:
    assert to_stop(Hyperband((1,)), LOSS, {"a": (1e9,)}, ["a"]) == {}


def test_a_trial_that_has_logged_nothing_is_left_alone() -> None:
    assert to_stop(Hyperband((1,)), LOSS, {"a": (), "b": (math.nan,)}, ["a", "b", "c"]) == {}


def test_maximizing_stops_the_smallest() -> None:
    curves = {"a": (0.1,), "b": (0.5,), "c": (0.9,)}
    assert to_stop(Hyperband((1,), eta=2.0), SCORE, curves, ["a", "b", "c"]) == {
        "a": "at iteration 1 its score 0.1 is worse than 0.5, the best half of 3 trials"
    }


def test_numbers_that_differ_late_are_told_with_the_digits_that_differ() -> None:
    curves = {"a": (0.50000002,), "b": (0.50000001,), "c": (0.4,)}
    (reason,) = to_stop(Hyperband((1,), eta=2.5), LOSS, curves, ["a"]).values()
    assert reason == "at iteration 1 its loss 0.50000002 is worse than 0.50000001, the best 40 % of 3 trials"


def test_an_unstrict_reason_tells_the_best_value() -> None:
    curves = {"a": (8.0, 9.0), "b": (1.0,), "c": (2.0,)}
    assert to_stop(Hyperband((1,), strict=False), LOSS, curves, ["a"]) == {
        "a": "its best loss in 2 iterations, 8, is worse than 2, the best third of 3 trials at iteration 1"
    }


@pytest.mark.parametrize(
    ("curve", "reason"),
    [
        ((5.0,), None),
        ((5.0, 3.0), "at iteration 2 its loss 3 is worse than 2, the threshold"),
        ((5.0, 2.0), None),
        ((5.0, 3.0, 1.9), None),
        ((1.0, 1.0, 2.1), "at iteration 3 its loss 2.1 is worse than 2, the threshold"),
    ],
)
def test_a_threshold_stops_a_trial_whose_latest_value_is_worse(curve: tuple[float, ...], reason: str | None) -> None:
    assert to_stop(Threshold(2, 2.0), LOSS, {"a": curve}, ["a"]) == ({"a": reason} if reason else {})


def test_a_threshold_is_a_lower_bound_where_the_metric_is_maximized() -> None:
    assert list(to_stop(Threshold(1, 0.5), SCORE, {"a": (0.4,), "b": (0.5,)}, ["a", "b"])) == ["a"]


OTHERS = {"b": (4.0, 2.0, 1.0), "c": (6.0, 4.0), "d": (8.0, 8.0)}


def test_the_median_is_that_of_the_averages_of_others_up_to_the_iteration() -> None:
    assert to_stop(Median(2), LOSS, {"a": (9.0, 5.5), **OTHERS}, ["a"]) == {
        "a": "its best loss in 2 iterations, 5.5, is worse than 5, the median of what 3 other trials had on average"
    }
    assert to_stop(Median(2), LOSS, {"a": (9.0, 5.0), **OTHERS}, ["a"]) == {}


def test_the_median_rule_waits_for_iterations_and_for_trials() -> None:
    curves = {"a": (9.0, 9.0), **OTHERS}
    assert to_stop(Median(3), LOSS, curves, ["a"]) == {}
    assert to_stop(Median(2, min_trials=4), LOSS, curves, ["a"]) == {}
    assert list(to_stop(Median(2, min_trials=3), LOSS, curves, ["a"])) == ["a"]
