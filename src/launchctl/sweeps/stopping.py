"""Which running trials of a sweep are to be stopped early, and why, in words for the user.

A curve is what one trial logged of the metric, invalid values left out: iteration n is the n-th value.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Mapping, Sequence
from statistics import fmean, median
from typing import assert_never

from launchctl.compiler.sweep.search import Hyperband, Median, Objective, StoppingRule, Threshold
from launchctl.sweeps.outcome import best_of, finite, is_better

_SHARES = {2.0: "half", 3.0: "third", 4.0: "quarter", 5.0: "fifth", 10.0: "tenth"}


def to_stop(
    rule: StoppingRule, objective: Objective, curves: Mapping[str, Sequence[float]], running: Collection[str]
) -> dict[str, str]:
    """The running trials that the rule ends, by id, with the reason.

    `curves` holds every trial of the epoch, whatever became of it: a trial is compared with all of them.
    """
    valid = {name: values for name, curve in curves.items() if (values := finite(curve))}
    candidates = [name for name in running if name in valid]
    match rule:
        case Hyperband():
            reasons = _hyperband(rule, objective, valid, candidates)
        case Threshold():
            reasons = {name: _past_threshold(rule, objective, valid[name]) for name in candidates}
        case Median():
            reasons = {name: _below_median(rule, objective, valid, name) for name in candidates}
        case _:
            assert_never(rule)
    return {name: reason for name, reason in reasons.items() if reason}


def _hyperband(
    rule: Hyperband, objective: Objective, curves: Mapping[str, tuple[float, ...]], candidates: Sequence[str]
) -> dict[str, str]:
    """Each trial is held against the deepest band that it has reached, and against no other."""
    reached = {name: bisect_right(rule.bands, len(curves[name])) for name in candidates}
    bands = {rule.bands[count - 1] for count in reached.values() if count}
    limits = {
        band: _limit(rule, objective, [curve for curve in curves.values() if len(curve) >= band], band)
        for band in bands
    }
    return {
        name: _behind_band(rule, objective, curves[name], rule.bands[count - 1], limits[rule.bands[count - 1]])
        for name, count in reached.items()
        if count
    }


def _limit(rule: Hyperband, objective: Objective, curves: Sequence[Sequence[float]], band: int) -> tuple[float, int]:
    """The worst value that goes on at a band, and how many trials have come so far."""
    values = sorted((curve[band - 1] for curve in curves), reverse=objective.goal == "maximize")
    # The reference's arithmetic: 1 / eta is rounded before it is multiplied.
    return values[int((1.0 / rule.eta) * len(values))], len(values)


def _behind_band(
    rule: Hyperband, objective: Objective, curve: tuple[float, ...], band: int, limit: tuple[float, int]
) -> str:
    worst, trials = limit
    value = curve[band - 1] if rule.strict else best_of(curve, objective)
    if value is None or not is_better(worst, value, objective):
        return ""
    ours, theirs = _numbers(value, worst)
    others = f"the best {_share(rule.eta)} of {trials} trials"
    if rule.strict:
        return f"at iteration {band} its {objective.name} {ours} is worse than {theirs}, {others}"
    return (
        f"its best {objective.name} in {len(curve)} iterations, {ours}, is worse than {theirs}, "
        f"{others} at iteration {band}"
    )


def _past_threshold(rule: Threshold, objective: Objective, curve: tuple[float, ...]) -> str:
    """The latest value counts: a trial that has recovered goes on."""
    if len(curve) < rule.min_iter or not is_better(rule.value, curve[-1], objective):
        return ""
    ours, theirs = _numbers(curve[-1], rule.value)
    return f"at iteration {len(curve)} its {objective.name} {ours} is worse than {theirs}, the threshold"


def _below_median(rule: Median, objective: Objective, curves: Mapping[str, tuple[float, ...]], name: str) -> str:
    """The median stopping rule of Vizier, over all others that have come as far."""
    iteration = len(curves[name])
    others = [curve[:iteration] for other, curve in curves.items() if other != name and len(curve) >= iteration]
    own = best_of(curves[name], objective)
    if iteration < rule.min_iter or own is None or len(others) < max(rule.min_trials, 1):
        return ""
    middle = median(fmean(curve) for curve in others)
    if not is_better(middle, own, objective):
        return ""
    ours, theirs = _numbers(own, middle)
    return (
        f"its best {objective.name} in {iteration} iterations, {ours}, is worse than {theirs}, "
        f"the median of what {len(others)} other trials had on average"
    )


def _share(eta: float) -> str:
    return _SHARES.get(eta) or f"{100 / eta:.3g} %"


def _numbers(first: float, second: float) -> tuple[str, str]:
    """Two different numbers as short as they stay different."""
    for digits in (4, 6, 9, 12):
        pair = f"{first:.{digits}g}", f"{second:.{digits}g}"
        if pair[0] != pair[1]:
            return pair
    return repr(first), repr(second)
