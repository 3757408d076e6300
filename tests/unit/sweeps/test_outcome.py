"""What a search learns from trials that succeeded, failed, run or logged nothing."""

from __future__ import annotations

import math

import pytest

from launchctl.compiler.sweep.search import Impute, Objective, Trial
from launchctl.status import Status
from launchctl.sweeps.outcome import Result, finite, is_target_reached, observations, ranked, value_of

LOSS = Objective("loss")
SCORE = Objective("score", "maximize")


def _result(index: int, status: Status, *values: float) -> Result:
    return Result(Trial(str(index), index, 1, {}), status, values)


def test_only_finite_numbers_count() -> None:
    assert finite([1, True, math.nan, math.inf, "2", None, 0.5, -math.inf]) == (1.0, 0.5)


def test_an_integer_too_large_for_a_float_does_not_count() -> None:
    assert finite([10**400, 1]) == (1.0,)


@pytest.mark.parametrize(("objective", "best"), [(LOSS, 0.2), (SCORE, 0.9)])
def test_the_objective_of_a_trial_is_its_best_value(objective: Objective, best: float) -> None:
    assert value_of(_result(0, Status.FAILED, 0.5, 0.2, 0.9, math.nan), objective) == best


def test_a_trial_without_values_has_no_objective() -> None:
    assert value_of(_result(0, Status.SUCCEEDED, math.nan), LOSS) is None


@pytest.mark.parametrize("status", [Status.SUCCEEDED, Status.PRUNED])
def test_a_trial_that_succeeded_or_was_pruned_is_learned_by_its_best_value(status: Status) -> None:
    (found,) = observations([_result(0, status, 0.5, 0.3, 0.4)], LOSS)
    assert found.value == 0.3


@pytest.mark.parametrize("status", [Status.FAILED, Status.CANCELLED, Status.TIMED_OUT, Status.LOST])
@pytest.mark.parametrize(("impute", "value"), [("worst", 50.0), ("best", 0.1), ("latest", 0.2)])
def test_a_trial_that_ended_badly_is_learned_as_impute_says(status: Status, impute: Impute, value: float) -> None:
    history = [_result(0, Status.SUCCEEDED, 50.0, 0.5), _result(1, status, 0.1, 0.2)]
    assert observations(history, LOSS._replace(impute=impute))[1].value == value


def test_the_worst_value_of_a_failed_trial_counts_among_the_worst() -> None:
    history = [_result(0, Status.SUCCEEDED, 0.5), _result(1, Status.FAILED, 70.0, 0.2), _result(2, Status.FAILED)]
    assert [found.value for found in observations(history, LOSS)] == [0.5, 70.0, 70.0]


@pytest.mark.parametrize("impute", ["worst", "best", "latest"])
@pytest.mark.parametrize("status", [Status.SUCCEEDED, Status.FAILED])
def test_a_trial_without_a_metric_is_never_taken_for_the_best(status: Status, impute: Impute) -> None:
    history = [_result(0, Status.SUCCEEDED, 0.5), _result(1, status)]
    assert observations(history, LOSS._replace(impute=impute))[1].value == 0.5


@pytest.mark.parametrize("status", [Status.SUCCEEDED, Status.FAILED])
def test_a_trial_without_a_metric_is_open_while_nothing_is_known(status: Status) -> None:
    assert observations([_result(0, status)], LOSS)[0].value is None


def test_the_worst_is_the_smallest_where_the_metric_is_maximized() -> None:
    history = [_result(0, Status.SUCCEEDED, 0.2, 0.9), _result(1, Status.LOST, 0.95)]
    assert [found.value for found in observations(history, SCORE)] == [0.9, 0.2]


@pytest.mark.parametrize(
    "status", [Status.PENDING, Status.INTENT, Status.SUBMITTED, Status.PREEMPTED, Status.RUNNING, Status.SUSPENDED]
)
def test_a_trial_that_has_not_ended_is_open(status: Status) -> None:
    history = [_result(0, Status.SUCCEEDED, 0.5), _result(1, status, 0.4)]
    assert observations(history, LOSS)[1].value is None


@pytest.mark.parametrize(("values", "value"), [((0.4, 0.45), 0.4), ((), 0.5)])
def test_a_running_trial_is_learned_where_the_metric_says_so(values: tuple[float, ...], value: float) -> None:
    objective = LOSS._replace(impute_while_running="worst")
    history = [_result(0, Status.SUCCEEDED, 0.5), _result(1, Status.RUNNING, *values)]
    assert observations(history, objective)[1].value == value


@pytest.mark.parametrize(
    ("objective", "value", "is_reached"),
    [
        (LOSS._replace(target=0.3), 0.3, True),
        (LOSS._replace(target=0.3), 0.31, False),
        (SCORE._replace(target=0.9), 0.9, True),
        (SCORE._replace(target=0.9), 0.89, False),
        (LOSS, -1e9, False),
    ],
)
def test_a_target_is_reached_by_a_value_as_good(objective: Objective, value: float, *, is_reached: bool) -> None:
    assert is_target_reached([_result(0, Status.RUNNING, value)], objective) is is_reached


def test_trials_are_ranked_best_first_and_equal_ones_as_they_were_drawn() -> None:
    history = [
        _result(3, Status.SUCCEEDED, 0.2),
        _result(0, Status.SUCCEEDED, 0.5),
        _result(2, Status.FAILED),
        _result(1, Status.PRUNED, 0.2),
    ]
    assert [result.trial.index for result, _ in ranked(history, LOSS)] == [1, 3, 0]
    assert [result.trial.index for result, _ in ranked(history, LOSS._replace(goal="maximize"))] == [0, 1, 3]
