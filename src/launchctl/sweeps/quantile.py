"""Quantile functions F⁻¹(u) and distribution functions F(value) of every distribution, from the standard library alone.

`statistics.NormalDist` and `beta` agree with scipy to ten digits, so nothing is imported for them. Some things
are stricter than W&B's: a quantised value is a multiple of q within the bounds, and carries no binary residue (0.3,
where a multiplication would give 0.30000000000000004). Any other value has twelve digits: the last ones of a logarithm
are another library's on another machine, and the same sweep shall draw the same everywhere. And every value is finite,
for a job gets it as JSON: what overflows is the largest float, and of a quantised one the largest multiple.
"""

from __future__ import annotations

import math
import sys
from bisect import bisect_right
from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import lru_cache
from itertools import accumulate
from statistics import NormalDist
from types import MappingProxyType

from launchctl.compiler.sweep.identity import identity
from launchctl.compiler.sweep.space import Distribution, Leaf
from launchctl.sweeps import beta
from launchctl.values import JSON

DIGITS = 12
"""Significant digits of a value that is drawn from a continuous distribution."""
_STANDARD = NormalDist()
_ROOT = math.sqrt(2.0)
_LARGEST = sys.float_info.max
_LARGEST_EXPONENT = math.log(_LARGEST)


def quantile(leaf: Leaf, u: float) -> JSON:
    """The leaf's value at `u`, which lies strictly between 0 and 1."""
    if leaf.is_constant:
        return leaf.values[0]
    if leaf.distribution in _POSITIONS:
        return leaf.values[position(leaf, u)]
    if leaf.distribution is Distribution.INT_UNIFORM:
        return int(leaf.low) + _cell(u, int(leaf.high) - int(leaf.low) + 1)
    value = min(max(_CONTINUOUS[leaf.distribution](leaf, u), -_LARGEST), _LARGEST)
    return _quantised(leaf, value) if leaf.distribution in _QUANTISED else _rounded(leaf, value)


def position(leaf: Leaf, u: float) -> int:
    """Which of a categorical leaf's values belongs to `u`."""
    return _POSITIONS[leaf.distribution](leaf, u)


def cdf(leaf: Leaf, value: JSON) -> float:
    """The probability of at most this value, of a quantised leaf before it is quantised; NaN for what it cannot be."""
    if leaf.distribution in _POSITIONS:
        return _share(leaf, identity(value))
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value:
        return math.nan
    if leaf.distribution is not Distribution.INT_UNIFORM and isinstance(value, int):
        value = min(max(value, -int(_LARGEST)), int(_LARGEST))
    return _DISTRIBUTIONS[leaf.distribution](leaf, value)


def multiple(q: float, times: int) -> float | int:
    """`times` steps of `q`, rounded once, from the number as it is written; an integer for an integer."""
    if isinstance(q, int):
        return times * q
    product = _exact(q) * times
    return float(product)


@lru_cache(maxsize=1024)
def _exact(number: float) -> Fraction:
    return Fraction(repr(number))


def _cell(u: float, count: int) -> int:
    """Of so many equal cells the one in which `u` lies, upper edges belonging to the cell below them."""
    share = u * count if count < _LARGEST else Fraction(u) * count
    cell = min(max(math.ceil(share) - 1, 0), count - 1)
    return cell - 1 if cell and cell / count >= u else cell


def _weighted(leaf: Leaf, u: float) -> int:
    return min(bisect_right(list(accumulate(leaf.probabilities)), u), len(leaf.values) - 1)


_POSITIONS: Mapping[Distribution, Callable[[Leaf, float], int]] = MappingProxyType(
    {
        Distribution.CATEGORICAL: lambda leaf, u: _cell(u, len(leaf.values)),
        Distribution.CATEGORICAL_W_PROBABILITIES: _weighted,
    }
)


def _uniform(leaf: Leaf, u: float) -> float:
    width = leaf.high - leaf.low
    return u * width + leaf.low if width <= _LARGEST else u * leaf.high + (1.0 - u) * leaf.low


def _log_uniform(leaf: Leaf, u: float) -> float:
    low, high = math.log(leaf.low), math.log(leaf.high)
    return min(max(math.exp(u * (high - low) + low), float(leaf.low)), float(leaf.high))


def _normal(leaf: Leaf, u: float) -> float:
    return leaf.mu + leaf.sigma * _STANDARD.inv_cdf(u)


def _log_normal(leaf: Leaf, u: float) -> float:
    exponent = _normal(leaf, u)
    return math.exp(exponent) if exponent < _LARGEST_EXPONENT else math.inf


def _beta(leaf: Leaf, u: float) -> float:
    return beta.quantile(u, leaf.a, leaf.b)


_CONTINUOUS: Mapping[Distribution, Callable[[Leaf, float], float]] = MappingProxyType(
    {
        Distribution.UNIFORM: _uniform,
        Distribution.Q_UNIFORM: _uniform,
        Distribution.LOG_UNIFORM_VALUES: _log_uniform,
        Distribution.INV_LOG_UNIFORM_VALUES: _log_uniform,
        Distribution.Q_LOG_UNIFORM_VALUES: _log_uniform,
        Distribution.NORMAL: _normal,
        Distribution.Q_NORMAL: _normal,
        Distribution.LOG_NORMAL: _log_normal,
        Distribution.Q_LOG_NORMAL: _log_normal,
        Distribution.BETA: _beta,
        Distribution.Q_BETA: _beta,
    }
)
_QUANTISED = frozenset(name for name in _CONTINUOUS if name.value.startswith("q_"))


_BOUNDED = frozenset({Distribution.UNIFORM, Distribution.LOG_UNIFORM_VALUES, Distribution.INV_LOG_UNIFORM_VALUES})


def _rounded(leaf: Leaf, value: float) -> float:
    rounded = float(f"{value:.{DIGITS}g}")
    return min(max(rounded, float(leaf.low)), float(leaf.high)) if leaf.distribution in _BOUNDED else rounded


def _quantised(leaf: Leaf, value: float) -> float | int:
    steps = value / leaf.q
    if not math.isfinite(steps):
        return value
    times = round(steps)
    if leaf.distribution in (Distribution.Q_UNIFORM, Distribution.Q_LOG_UNIFORM_VALUES):
        times = _within(times, leaf.low, leaf.high, leaf.q)
    elif leaf.distribution is Distribution.Q_BETA:
        times = _within(times, 0, 1, leaf.q)
    else:
        times = _within(times, -_LARGEST, _LARGEST, leaf.q)
    return multiple(leaf.q, times)


def _within(times: int, low: float, high: float, q: float) -> int:
    """The nearest number of steps that stays within bounds; as it is where no multiple of q lies between them."""
    first, last = math.ceil(_exact(low) / _exact(q)), math.floor(_exact(high) / _exact(q))
    return min(max(times, first), last) if first <= last else times


def _share(leaf: Leaf, wanted: str) -> float:
    places = [place for place, value in enumerate(leaf.values) if identity(value) == wanted]
    if not places:
        return math.nan
    if leaf.distribution is Distribution.CATEGORICAL:
        return (places[0] + 1) / len(leaf.values)
    return sum(leaf.probabilities[: places[0] + 1])


def _below(value: float, low: float, high: float) -> float:
    if not low < value < high:
        return 0.0 if value < high else 1.0
    if high - low > _LARGEST:
        value, low, high = value / 2, low / 2, high / 2
    return min(max((value - low) / (high - low), 0.0), 1.0)


def _below_integer(leaf: Leaf, value: float) -> float:
    if math.isinf(value):
        return 0.0 if value < 0 else 1.0
    return min(max((math.floor(value) - leaf.low + 1) / (leaf.high - leaf.low + 1), 0.0), 1.0)


def _below_log(leaf: Leaf, value: float) -> float:
    return _below(math.log(value), math.log(leaf.low), math.log(leaf.high)) if value > 0 else 0.0


def _below_normal(leaf: Leaf, value: float) -> float:
    distance = leaf.mu - value
    if abs(distance) <= _LARGEST:
        return 0.5 * math.erfc(distance / leaf.sigma / _ROOT)
    return 0.5 * math.erfc((leaf.mu / 2 - value / 2) / leaf.sigma * 2 / _ROOT)


def _below_log_normal(leaf: Leaf, value: float) -> float:
    return _below_normal(leaf, math.log(value)) if value > 0 else 0.0


def _below_uniform(leaf: Leaf, value: float) -> float:
    return _below(value, leaf.low, leaf.high)


def _below_beta(leaf: Leaf, value: float) -> float:
    return beta.cumulative(value, leaf.a, leaf.b)


_DISTRIBUTIONS: Mapping[Distribution, Callable[[Leaf, float], float]] = MappingProxyType(
    {
        Distribution.CONSTANT: lambda leaf, value: 0.0,
        Distribution.INT_UNIFORM: _below_integer,
        Distribution.UNIFORM: _below_uniform,
        Distribution.Q_UNIFORM: _below_uniform,
        Distribution.LOG_UNIFORM_VALUES: _below_log,
        Distribution.INV_LOG_UNIFORM_VALUES: _below_log,
        Distribution.Q_LOG_UNIFORM_VALUES: _below_log,
        Distribution.NORMAL: _below_normal,
        Distribution.Q_NORMAL: _below_normal,
        Distribution.LOG_NORMAL: _below_log_normal,
        Distribution.Q_LOG_NORMAL: _below_log_normal,
        Distribution.BETA: _below_beta,
        Distribution.Q_BETA: _below_beta,
    }
)
