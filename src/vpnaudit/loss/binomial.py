"""Exact intervals of a share, and whether losses stand together more than chance puts them. No table, no approximation.

The incomplete beta function is computed by its continued fraction (Lentz), which converges in a few dozen steps for
every count that a measurement can have.
"""

from __future__ import annotations

import math
from collections.abc import Callable

_STEPS = 200
_TINY = 1e-300
_FRACTION_STEPS = 100_000


def share_interval(hits: int, tries: int, confidence: float = 0.95) -> tuple[float, float]:
    """Exact (Clopper-Pearson) interval of the share behind `hits` of `tries`; (0, 1) where nothing was tried.

    Its ends are beta quantiles: I(p; hits, tries-hits+1) = alpha/2 below, I(p; hits+1, tries-hits) = 1-alpha/2 above.

    >>> [round(x, 4) for x in share_interval(0, 1000)]
    [0.0, 0.0037]
    """
    if tries <= 0:
        return 0.0, 1.0
    alpha = (1.0 - confidence) / 2.0
    low = 0.0 if hits <= 0 else _solve(lambda p: incomplete_beta(hits, tries - hits + 1, p), alpha)
    high = 1.0 if hits >= tries else _solve(lambda p: incomplete_beta(hits + 1, tries - hits, p), 1.0 - alpha)
    return low, high


def incomplete_beta(a: float, b: float, x: float) -> float:
    """The regularised incomplete beta function I(x; a, b), for a, b > 0 and x from 0 to 1.

    >>> round(incomplete_beta(2, 3, 0.5), 4)
    0.6875
    """
    if x <= 0.0:
        return 0.0
    if x >= 1.0:
        return 1.0
    front = math.exp(
        math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x),
    )
    if x < (a + 1.0) / (a + b + 2.0):
        return front * _fraction(a, b, x) / a
    return 1.0 - front * _fraction(b, a, 1.0 - x) / b


def fewer_runs(lost: int, received: int, runs: int) -> float:
    """Chance that so many losses fall into `runs` runs or fewer where each packet's fate is independent.

    Of all ways to place `lost` losses among `received` replies, C(lost-1, r-1) C(received+1, r) have r runs of losses
    (Wald and Wolfowitz). Small: the losses stand together, so they are outages rather than random loss.

    >>> round(fewer_runs(2, 2, 1), 4)
    0.5
    """
    if lost <= 0:
        return 1.0
    most = min(runs, lost, received + 1)
    all_ways = _log_choose(lost + received, lost)
    return min(
        1.0,
        math.fsum(
            math.exp(_log_choose(lost - 1, r - 1) + _log_choose(received + 1, r) - all_ways) for r in range(1, most + 1)
        ),
    )


def _log_choose(n: int, k: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)


def _solve(rising: Callable[[float], float], wanted: float) -> float:
    low, high = 0.0, 1.0
    for _ in range(_STEPS):
        middle = (low + high) / 2.0
        if middle in {low, high}:
            break
        if rising(middle) < wanted:
            low = middle
        else:
            high = middle
    return (low + high) / 2.0


def _fraction(a: float, b: float, x: float) -> float:
    """The continued fraction of the incomplete beta function, by Lentz's method."""
    c = 1.0
    d = 1.0 / _not_zero(1.0 - (a + b) * x / (a + 1.0))
    total = d
    for m in range(1, _FRACTION_STEPS):
        even = m * (b - m) * x / ((a + 2 * m - 1.0) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1.0))
        step = 1.0
        for part in (even, odd):
            d = 1.0 / _not_zero(1.0 + part * d)
            c = _not_zero(1.0 + part / c)
            step *= d * c
            total *= d * c
        if abs(step - 1.0) < 1e-15:
            break
    return total


def _not_zero(value: float) -> float:
    return value if abs(value) > _TINY else _TINY
