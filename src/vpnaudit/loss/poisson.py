"""The exact Poisson interval, by inverting the distribution's own sum: no table, no approximation."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache

_LARGE = 1e7
_STEPS = 200
"""Halvings of a bracket: more than a double has bits, so the result is exact to rounding."""


def poisson_at_least(count: int, mean: float) -> float:
    """Probability of `count` or more events where `mean` are expected.

    The upper tail is summed itself, not taken as 1 - CDF, so that 1e-10 is 1e-10 and not 0. Terms are made from
    logarithms: exp(k ln m - m - ln k!), and the sum ends when the next term no longer changes it. From a mean of ten
    million on the normal distribution stands in: the sum would have tens of thousands of terms, and differs by less
    than a thousandth where a verdict turns.

    >>> round(poisson_at_least(1, 0.1), 6)
    0.095163
    """
    if count <= 0:
        return 1.0
    if mean <= 0:
        return 0.0
    if mean > _LARGE:
        return 0.5 * math.erfc((count - 0.5 - mean) / math.sqrt(2.0 * mean))
    if count < mean:
        return max(0.0, 1.0 - _below(count, mean))
    return min(1.0, _sum_upwards(count, mean))


def poisson_upper_count(mean: float, tail: float = 0.025) -> int:
    """Smallest k with P(more than k) <= `tail`: a count above it does not come from so small a mean.

    This is the 97.5 % bound of field guide 11 ("random loss is ruled out when the count exceeds …"). Found by
    doubling and halving, so that a mean of a million costs no more than one of ten.
    """
    high = 1
    while poisson_at_least(high + 1, mean) > tail:
        high *= 2
    low = -1
    while high - low > 1:
        middle = (low + high) // 2
        if poisson_at_least(middle + 1, mean) <= tail:
            high = middle
        else:
            low = middle
    return high


@lru_cache(maxsize=1024)
def poisson_interval(count: int, confidence: float = 0.95) -> tuple[float, float]:
    """Exact (Garwood) interval of the mean behind `count` events.

    Its ends are half a chi-square quantile, q(alpha/2; 2n)/2 and q(1-alpha/2; 2n+2)/2. Because the chi-square and the
    Poisson distribution are one function seen from two sides, the same ends solve P(X >= n; low) = alpha/2 and
    P(X <= n; high) = alpha/2; both are monotonous in the mean and are solved by halving.

    >>> [round(x, 3) for x in poisson_interval(3)]
    [0.619, 8.767]
    """
    alpha = (1.0 - confidence) / 2.0
    ceiling = count + 20.0 * math.sqrt(count + 1.0) + 100.0
    low = 0.0 if count <= 0 else _halve(0.0, ceiling, lambda mean: poisson_at_least(count, mean) < alpha)
    high = _halve(0.0, ceiling, lambda mean: 1.0 - poisson_at_least(count + 1, mean) > alpha)
    return low, high


def _halve(low: float, high: float, is_below: Callable[[float], bool]) -> float:
    for _ in range(_STEPS):
        middle = (low + high) / 2.0
        if is_below(middle):
            low = middle
        else:
            high = middle
    return (low + high) / 2.0


def _term(k: int, mean: float) -> float:
    return math.exp(k * math.log(mean) - mean - math.lgamma(k + 1))


def _sum_upwards(first: int, mean: float) -> float:
    term = total = _term(first, mean)
    k = first
    while term > total * 1e-17:
        k += 1
        term *= mean / k
        total += term
    return total


def _below(count: int, mean: float) -> float:
    """P(X < count) for count < mean: summed downwards from the largest term, which is the last."""
    term = total = _term(count - 1, mean)
    for k in range(count - 1, 0, -1):
        term *= k / mean
        total += term
        if term <= total * 1e-17:
            break
    return total
