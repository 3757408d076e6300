"""The regularised incomplete beta function and its inverse, to ten digits and better.

Written here rather than taken from scipy, whose import costs more than a whole plan: Lentz's continued fraction
gives the function, and Newton's method between two bounds, on logarithms, its inverse.

Where both parameters are beyond a million the fraction has too many terms. The distribution is then the normal one with
its mean and variance, bent by its skewness (the first correction of Cornish and Fisher), which keeps within a
thousandth of a standard deviation of it; quantile and probability stay each other's inverse. Where one alone is beyond
1e15, only the scale depends on it, as it does of the gamma distribution. Parameters beyond 1e100, or below 1e-100,
count as these.
"""

from __future__ import annotations

import math
from statistics import NormalDist

_STANDARD = NormalDist()
_ROOT = math.sqrt(2.0)
_MANY = 1e6
"""Beyond this, of both parameters, the distribution is as good as a bent normal one."""
_STIRLING = 1e4
"""Beyond this a difference of log-gammas is computed as one, since the two have their first digits in common."""
_SCALE = 1e15
"""Beyond this one parameter alone only shrinks the distribution."""
_LEAST, _MOST = 1e-100, 1e100
_TINY = 1e-300
_CLOSE = 1e-15
_TERMS = 100_000
_STEPS = 200
_SMALLEST = math.log(5e-324)


def cumulative(x: float, a: float, b: float) -> float:
    """The probability of at most `x` under Beta(a, b)."""
    if x <= 0.0:
        return 0.0
    if x >= 1.0:
        return 1.0
    a, b = _held(a), _held(b)
    if min(a, b) > _MANY:
        return _bent_below(x, a, b) if a <= b else 1.0 - _bent_below(1.0 - x, b, a)
    if b > _SCALE:
        return cumulative(x * (b / _SCALE), a, _SCALE)
    if a > _SCALE:
        return 1.0 - cumulative((1.0 - x) * (a / _SCALE), b, _SCALE)
    return min(max(_sides(math.log(x), math.log1p(-x), a, b)[0], 0.0), 1.0)


def quantile(u: float, a: float, b: float) -> float:
    """The `x` whose cumulative probability is `u`, for 0 < u < 1."""
    a, b = _held(a), _held(b)
    if min(a, b) > _MANY:
        return _bent(u, a, b) if a <= b else 1.0 - _bent(1.0 - u, b, a)
    if b > _SCALE:
        return quantile(u, a, _SCALE) * (_SCALE / b)
    if a > _SCALE:
        return 1.0 - quantile(1.0 - u, b, _SCALE) * (_SCALE / a)
    if u <= cumulative(0.5, a, b):
        return _lower(u, 1.0 - u, a, b)
    return 1.0 - _lower(1.0 - u, u, b, a)


def _held(parameter: float) -> float:
    return min(max(float(parameter), _LEAST), _MOST)


def _moments(a: float, b: float) -> tuple[float, float, float]:
    """Mean, standard deviation, and a sixth of the skewness."""
    total = a + b
    mean, rest = a / total, b / total
    skewness = 2 * (rest - mean) / math.sqrt(mean * rest * (total + 1)) * ((total + 1) / (total + 2))
    return mean, math.sqrt(mean * rest / (total + 1)), skewness / 6


def _bent(u: float, a: float, b: float) -> float:
    """The quantile where both parameters are large, and the first is not the larger one."""
    mean, deviation, bend = _moments(a, b)
    z = _STANDARD.inv_cdf(u)
    return mean + deviation * (z + bend * (z * z - 1))


def _bent_below(x: float, a: float, b: float) -> float:
    """The inverse of `_bent`."""
    mean, deviation, bend = _moments(a, b)
    bent = (x - mean) / deviation + bend
    z = 2 * bent / (1 + math.sqrt(max(1 + 4 * bend * bent, 0.0)))
    return 0.5 * math.erfc(-z / _ROOT)


def _lower(below: float, above: float, a: float, b: float) -> float:
    """The quantile where it is at most one half.

    Its logarithm `s` solves ln I(e^s) = ln u, or the same of the other side where that is the smaller one, so that
    neither side is a difference of two numbers that are nearly equal.
    """
    is_below = below <= above
    goal = math.log(below if is_below else above)
    low, high = _SMALLEST, math.log(0.5)
    s = min(high, (math.log(below) + math.log(a) + _log_beta(a, b)) / a)
    for _ in range(_STEPS):
        if s <= low:
            s = (low + high) / 2
        rest = math.log1p(-math.exp(s))
        sides = _sides(s, rest, a, b)
        side = sides[0] if is_below else sides[1]
        error = (math.log(side) if side > 0 else -math.inf) - goal
        low, high = (s, high) if (error < 0) is is_below else (low, s)
        slope = math.exp(a * s + (b - 1) * rest - _log_beta(a, b)) / side if side > 0 else 0.0
        following = s - (error / slope if is_below else -error / slope) if slope else math.inf
        if not low <= following <= high:
            following = (low + high) / 2
        if abs(following - s) <= _CLOSE * max(1.0, abs(s)):
            return math.exp(following)
        s = following
    return math.exp(s)


def _sides(log_x: float, log_rest: float, a: float, b: float) -> tuple[float, float]:
    """I(x) and 1 - I(x), told by ln x and ln (1 - x); of these the one whose fraction is quick is computed."""
    if math.exp(log_x) > (a + 1) / (a + b + 2):
        above = _tail(log_rest, log_x, b, a)
        return 1.0 - above, above
    below = _tail(log_x, log_rest, a, b)
    return below, 1.0 - below


def _tail(log_x: float, log_rest: float, a: float, b: float) -> float:
    front = math.exp(a * log_x + b * log_rest - _log_beta(a, b)) / a
    return front * _fraction(math.exp(log_x), a, b)


def _fraction(x: float, a: float, b: float) -> float:
    """The continued fraction of the incomplete beta function, by Lentz's method."""
    c, d = 1.0, 1.0 / _not_zero(1.0 - (a + b) * x / (a + 1.0))
    value = d
    for m in range(1, _TERMS):
        even = m * (b - m) * x / ((a + 2 * m - 1.0) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1.0))
        for term in (even, odd):
            d = 1.0 / _not_zero(1.0 + term * d)
            c = _not_zero(1.0 + term / c)
            value *= c * d
        if abs(c * d - 1.0) < _CLOSE:
            break
    return value


def _not_zero(value: float) -> float:
    return value if abs(value) > _TINY else _TINY


def _log_beta(a: float, b: float) -> float:
    small, large = min(a, b), max(a, b)
    if large <= _STIRLING:
        return math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)
    total = small + large
    shift = (large - 0.5) * math.log1p(small / large) + small * (math.log(total) - 1)
    return math.lgamma(small) - shift + (_correction(large) - _correction(total))


def _correction(z: float) -> float:
    """What Stirling's formula lacks to the log-gamma of a large number."""
    return (1 / 12 - 1 / (360 * z * z)) / z
