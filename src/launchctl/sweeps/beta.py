"""The regularised incomplete beta function and its inverse, to ten digits and better.

Written here rather than taken from scipy, whose import costs more than a whole plan: Lentz's continued fraction
gives the function, and Newton's method between two bounds, on logarithms, its inverse.
"""

from __future__ import annotations

import math

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
    return _sides(math.log(x), math.log1p(-x), a, b)[0]


def quantile(u: float, a: float, b: float) -> float:
    """The `x` whose cumulative probability is `u`, for 0 < u < 1."""
    if u <= cumulative(0.5, a, b):
        return _lower(u, 1.0 - u, a, b)
    return 1.0 - _lower(1.0 - u, u, b, a)


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
    return math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)
