"""Loss that comes in outages: Gilbert's two states, and what an outage does to rekeys and to DPD (closed forms).

The path is up or down; down it loses everything (Elliott's further loss while down, below 1, only lets more probes
through, so these figures are upper bounds for it). Time down has the mean L, time up L(1-p)/p, so that the average
loss is p and a day has 86,400 p / L outages.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import pairwise

from msgspec import Struct

from vpnaudit.loss.poisson import poisson_at_least
from vpnaudit.loss.schedules import DpdRound, Schedule

DAY_S = 86_400.0
_GRID = 400
_MOST_TUNNELS = 500
_MOST_OUTAGES = 500.0
_MOST_EPISODES = 2000
_REMEMBERED = 1024
"""Sets of arguments: a fleet's tunnels have the same few lifetimes and timers."""


class Bursts(Struct, frozen=True, kw_only=True, gc=False):
    """Outages of `mean_s` seconds on average that make up the share `average` of all time.

    `fixed`: each lasts exactly so long; else their lengths are exponential, as in Gilbert's and Elliott's chain.
    """

    average: float
    mean_s: float
    fixed: bool = False

    @property
    def per_day(self) -> float:
        """Outages a day."""
        return DAY_S * self.average / self.mean_s

    @property
    def mean_up_s(self) -> float:
        """Mean time between two outages."""
        return self.mean_s * (1.0 - self.average) / self.average if self.average > 0 else math.inf

    def mean_of(self, of_length: Callable[[float], float], breaks: Sequence[float]) -> float:
        """Mean of a function of the outage's length that is quadratic at most between `breaks`, constant after."""
        if self.fixed:
            return of_length(self.mean_s)
        return _under_exponential(of_length, breaks, self.mean_s)

    def lengths(self) -> tuple[float, ...]:
        """Equally likely lengths that stand for all: the one length, or the middles of equal slices."""
        if self.fixed:
            return (self.mean_s,)
        return tuple(-self.mean_s * math.log1p(-(i + 0.5) / _GRID) for i in range(_GRID))


def gives_up(length_s: float, dpd: DpdRound | None) -> float:
    """Chance that an outage of so many seconds makes an end give its peer up; 0 without DPD."""
    return _ramp(length_s, dpd.span_s, dpd.phase_s) if dpd is not None else 0.0


def gives_up_within(length_s: float, dpd: DpdRound | None) -> float:
    """Chance that the end has given its peer up before the outage is over."""
    return _ramp(length_s, dpd.verdict_s, dpd.phase_s) if dpd is not None else 0.0


def out_of_step(length_s: float, one: DpdRound | None, other: DpdRound | None) -> float:
    """Chance that an outage leaves one end sending on SAs that the other has dropped.

    One end at least gives up, and not both before the path is back: 1 - (1-F)(1-F') - G G', with F = `gives_up` and
    G = `gives_up_within` of each end, whose phases are independent.
    """
    neither = (1.0 - gives_up(length_s, one)) * (1.0 - gives_up(length_s, other))
    return max(0.0, 1.0 - neither - gives_up_within(length_s, one) * gives_up_within(length_s, other))


def any_gives_up(length_s: float, one: DpdRound | None, other: DpdRound | None) -> float:
    """Chance that an outage makes one end at least give its peer up: the bound of `out_of_step`."""
    return 1.0 - (1.0 - gives_up(length_s, one)) * (1.0 - gives_up(length_s, other))


@lru_cache(maxsize=_REMEMBERED)
def teardowns_a_day(bursts: Bursts, dpd: DpdRound | None) -> float:
    """Times a day that one end gives up its peer although the peer is alive."""
    return bursts.per_day * bursts.mean_of(lambda length: gives_up(length, dpd), _breaks(dpd))


@lru_cache(maxsize=_REMEMBERED)
def episodes_an_outage(bursts: Bursts, one: DpdRound | None, other: DpdRound | None) -> float:
    """Chance that an outage leaves a tunnel out of step through DPD."""
    return bursts.mean_of(lambda length: out_of_step(length, one, other), (*_breaks(one), *_breaks(other)))


@lru_cache(maxsize=_REMEMBERED)
def rekey_fails(bursts: Bursts, schedule: Schedule) -> float:
    """Chance that every sending of a rekey that begins at a random moment falls into an outage.

    Exponential lengths: the chain is down at the first sending with p, and after a gap g still or again with
    p + (1-p) exp(-g (1/L + 1/U)), U the mean time up; exact. Fixed lengths: p (1 - D/L) for one outage, and the chance
    that a second one takes the sendings that the first leaves; a third is left out. The chance that an outage begins
    between a request and its answer is smaller by round trip over L and left out too.
    """
    if bursts.average <= 0 or bursts.average >= 1:
        return bursts.average
    if bursts.fixed:
        return bursts.average * (max(0.0, 1.0 - schedule.span_s / bursts.mean_s) + _by_a_second(bursts, schedule))
    fade = 1.0 / bursts.mean_s + 1.0 / bursts.mean_up_s
    chance = bursts.average
    for earlier, later in pairwise(schedule.sendings_s):
        chance *= bursts.average + (1.0 - bursts.average) * math.exp(-fade * (later - earlier))
    return chance


def _by_a_second(bursts: Bursts, schedule: Schedule) -> float:
    """Given a first sending in an outage of fixed length: it takes some of them, one more outage all the others.

    The first ends r after the first sending, r even in 0 to L and between two sendings; the second must begin before
    the next sending, and late enough (`latest`) to last to the final one.
    """
    length, latest = bursts.mean_s, schedule.span_s - bursts.mean_s
    total = 0.0
    for earlier, later in pairwise(schedule.sendings_s):
        begin, end = earlier, min(later, length)
        if begin >= end:
            break
        middle = min(max(latest, begin), end)
        total += max(0.0, later - latest) * (middle - begin)
        total += ((later - middle) ** 2 - (later - end) ** 2) / 2.0
    return total / length / bursts.mean_up_s


def chance_of_at_least(
    count: int, outages: float, tunnels: int, chances: Sequence[float], singles: float = 0.0
) -> float:
    """Chance of `count` or more episodes where `outages` are expected and each hits all `tunnels` at the same time.

    Given its length an outage leaves each tunnel out of step with one of the equally likely `chances`, independently;
    `singles` further episodes are expected one by one. The sum is compound Poisson: p(k) = (m/k) sum of j f(j) p(k-j)
    (Panjer). Where that would be long to sum (more than 500 tunnels, 500 outages or 2000 episodes) the bound is
    returned in which every outage hits every tunnel.
    """
    if count <= 0:
        return 1.0
    mean = outages + singles
    if mean <= 0:
        return 0.0
    if tunnels > _MOST_TUNNELS or mean > _MOST_OUTAGES or count > _MOST_EPISODES:
        return poisson_at_least(math.ceil(count / max(1, tunnels)), mean)
    sizes = [outages * share / mean for share in _sizes(tunnels, chances)]
    sizes[1] += singles / mean
    if count == 1:
        return -math.expm1(-mean * (1.0 - sizes[0]))
    return _compound_tail(count, mean, sizes)


def _compound_tail(count: int, mean: float, sizes: Sequence[float]) -> float:
    """The upper tail itself where it is small, so that 1e-10 is 1e-10 and not a rounding error of 1 minus the rest."""
    most = len(sizes) - 1
    at = [math.exp(-mean * (1.0 - sizes[0]))]
    tail: list[float] = []
    expected = mean * math.fsum(j * share for j, share in enumerate(sizes))
    k = 0
    while True:
        k += 1
        at.append(mean / k * math.fsum(j * sizes[j] * at[k - j] for j in range(1, min(k, most) + 1)))
        if k >= count:
            tail.append(at[k])
            if k > expected + most and math.fsum(at[-most:]) <= math.fsum(tail) * 1e-15:
                return min(1.0, math.fsum(tail))
        elif k == count - 1 and count <= expected:
            return min(1.0, max(0.0, 1.0 - math.fsum(at)))


def _sizes(tunnels: int, chances: Sequence[float]) -> list[float]:
    """Of 0 … `tunnels` tunnels (at least 1), how likely an outage leaves so many out of step."""
    ways = [float(math.comb(tunnels, j)) for j in range(max(1, tunnels) + 1)]
    return [
        math.fsum(ways_of_j * c**j * (1.0 - c) ** (tunnels - j) for c in chances) / len(chances)
        for j, ways_of_j in enumerate(ways)
    ]


def _ramp(length: float, begin: float, spread: float) -> float:
    if spread <= 0:
        return float(length > begin)
    return min(1.0, max(0.0, (length - begin) / spread))


def _breaks(dpd: DpdRound | None) -> tuple[float, ...]:
    if dpd is None:
        return ()
    return (dpd.span_s, dpd.span_s + dpd.phase_s, dpd.verdict_s, dpd.verdict_s + dpd.phase_s)


def _under_exponential(of_length: Callable[[float], float], breaks: Sequence[float], mean: float) -> float:
    """Integral of f(x) exp(-x/mean)/mean over all x, exactly: f is a parabola at most from break to break."""
    edges = [0.0, *sorted({b for b in breaks if b > 0})]
    total = 0.0
    for begin, end in pairwise(edges):
        width = end - begin
        at = [of_length(begin + width * share) for share in (1e-9, 0.5, 1.0 - 1e-9)]
        slope = (4.0 * at[1] - 3.0 * at[0] - at[2]) / width
        bend = (2.0 * at[0] + 2.0 * at[2] - 4.0 * at[1]) / width**2
        fade = math.exp(-width / mean)
        flat = 1.0 - fade
        line = mean * flat - width * fade
        square = 2.0 * mean * line - width**2 * fade
        total += math.exp(-begin / mean) * (at[0] * flat + slope * line + bend * square)
    return total + math.exp(-edges[-1] / mean) * of_length(edges[-1] + mean)
