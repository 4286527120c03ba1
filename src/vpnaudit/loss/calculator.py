"""The loss question for given figures: what such loss can cause on such tunnels, against what was seen."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Literal

from msgspec import Struct

from vpnaudit.loss.bursts import (
    DAY_S,
    Bursts,
    any_gives_up,
    chance_of_at_least,
    episodes_an_outage,
    rekey_fails,
    teardowns_a_day,
)
from vpnaudit.loss.outages import dpd_round_failure
from vpnaudit.loss.poisson import poisson_at_least, poisson_interval, poisson_upper_count
from vpnaudit.loss.random_loss import Bound, random_loss_per_rekey
from vpnaudit.loss.rekey import Handover, logged_lines, per_rekey
from vpnaudit.loss.schedules import DpdRound, Family, Ike, dpd_round, retransmission
from vpnaudit.loss.volume import volume_interval_s

DEFAULT_KB = 4_608_000
VOLUME_LEAD = 0.9
"""A volume rekey begins at about this share of the volume (field guide 2.4)."""
TAIL = 0.025
LEAST_PATIENCE_S = 10.0
"""Where DPD is not known: no shorter outage ends a tunnel. IOS takes no less than five repetitions 2 s apart; in the
lab none of 2 or 5 s did (field guide 11)."""
SPIS_AN_EPISODE = 2
"""A tunnel that falls out of step shows one or two SPIs (field guide 6.3)."""
LENGTHS_S = (2.0, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0)
"""Outages to tell of where their length was not given."""

Dpd = tuple[float, float]
Verdict = Literal["ruled-out", "only-in-outages", "not-ruled-out", "nothing-seen"]


class Question(Struct, frozen=True, kw_only=True, gc=False):
    """What is asked, in seconds, Mbit/s (of each tunnel, the heavier direction), kilobytes and shares.

    `rates` are average losses from the end that begins the rekeys to the other, `rate_back` the way back where it
    differs. `burst_s`: how long an outage lasts on average, where that is known. `longest_s`: the longest outage that
    was measured; longer ones come at most `longer_per_day` times a day. `dpd`: both ends', null inside where it is off,
    null where nothing is known. `observed` counts events (distinct SPIs out of step), not log lines.
    """

    rates: tuple[float, ...]
    rate_back: float | None = None
    burst_s: float | None = None
    longest_s: float | None = None
    longer_per_day: float = 0.0
    lifetime_s: float = 3600.0
    volume_mbit_s: float | None = None
    volume_kb: float = DEFAULT_KB
    tunnels: int = 1
    ike: Ike | None = None
    platform: Family = "ios"
    dpd: tuple[Dpd | None, Dpd | None] | None = None
    observed: int | None = None
    window_s: float | None = None


class Rekeys(Struct, frozen=True, kw_only=True, gc=False):
    """How often all tunnels together rekey, and what decides it."""

    period_s: float
    by: Literal["time", "volume"]
    per_day: float
    in_window: float | None


class Against(Struct, frozen=True, kw_only=True, gc=False):
    """What was expected in the window, and the chance of as many events as were seen, or more.

    `ruled_out`: that chance is at most 2.5 %, so the count lies beyond the 97.5 % bound.
    """

    expected: float
    probability: float
    ruled_out: bool
    bound: int | None = None


class AtRandom(Struct, frozen=True, kw_only=True, gc=False):
    """Loss that falls at random: events a day at most, and with each way to hand over; failed rekeys and teardowns.

    `dpd_teardowns_per_day` are those of all tunnels; null where DPD is not known.
    """

    loss: float
    events_per_day_at_most: float
    late_installer_per_day: float | None
    early_installer_per_day: float | None
    failed_rekeys_per_day: float
    dpd_teardowns_per_day: float | None
    against: Against | None


class InOutages(Struct, frozen=True, kw_only=True, gc=False):
    """The same average loss as outages of `outage_s` seconds, each so long ("fixed") or on average ("exponential").

    `out_of_step`: the chance that one leaves a tunnel out of step through DPD as the model has it; null where DPD is
    not known. The bound, which decides: an end gives up (where DPD is not known: after 10 s) and shows two SPIs.
    `lasts_s_at_most`, `lines_at_most`: how long such a stream can last, and the lines that it leaves.
    """

    loss: float
    outage_s: float
    lengths: Literal["fixed", "exponential"]
    outages_per_day: float
    out_of_step: float | None
    events_per_day: float | None
    events_per_day_at_most: float
    failed_rekeys_per_day: float
    dpd_teardowns_per_day: float | None
    lasts_s_at_most: float
    lines_at_most: int
    against: Against | None


class Calculation(Struct, frozen=True, kw_only=True, gc=False):
    """All figures. `patience_s`: an outage shorter than this ends no tunnel through DPD; null: not known, or off.

    `interval`: the exact 95 % interval of the mean behind the count seen. `outages_that_can_s`: the shortest and the
    longest of the outages computed that can explain the count.
    """

    question: Question
    rekeys: Rekeys
    at_random: tuple[AtRandom, ...]
    in_outages: tuple[InOutages, ...]
    patience_s: float | None
    interval: tuple[float, float] | None
    verdict: Verdict | None
    outages_that_can_s: tuple[float, float] | None


@lru_cache(maxsize=1024)
def calculate(question: Question) -> Calculation:
    """Answer the question.

    Upper bounds decide (field guide 11): random loss by rekeys x 2p for IKEv1 or an unknown version, two exchanges
    that fail for IKEv2; outages by what both ends' DPD makes of them, one-shot messages added.

    Raises:
        ValueError: no rate, a share outside 0 to 1, or a count, time or number of tunnels that cannot be.

    """
    _check(question)
    rekeys = _rekeys(question)
    at_random = tuple(_at_random(question, rekeys, rate) for rate in sorted(set(question.rates)))
    lengths = (question.burst_s,) if question.burst_s is not None else LENGTHS_S
    kinds = (True, False) if question.burst_s is not None else (True,)
    in_outages = tuple(
        _in_outages(question, rekeys, Bursts(average=rate, mean_s=length, fixed=fixed))
        for rate in sorted(set(question.rates))
        for length in lengths
        for fixed in kinds
    )
    rounds = [r for r in rounds_of(question) if r is not None]
    explains = [o for o in in_outages if o.against is not None and not o.against.ruled_out]
    lengths_s = [o.outage_s for o in explains]
    return Calculation(
        question=question,
        rekeys=rekeys,
        at_random=at_random,
        in_outages=in_outages,
        patience_s=min(r.span_s for r in rounds) if rounds else None,
        interval=poisson_interval(question.observed) if question.observed is not None else None,
        verdict=_verdict(question, at_random, explains),
        outages_that_can_s=(min(lengths_s), max(lengths_s)) if lengths_s else None,
    )


def rekey_period(lifetime_s: float, volume_mbit_s: float | None, volume_kb: float) -> tuple[float, bool]:
    """Seconds from rekey to rekey, and whether the volume decides it."""
    by_volume = volume_interval_s(volume_kb, volume_mbit_s, VOLUME_LEAD) if volume_mbit_s else None
    if by_volume is not None and by_volume < lifetime_s:
        return by_volume, True
    return lifetime_s, False


def _check(question: Question) -> None:
    if not question.rates:
        message = "at least one rate of loss is needed"
        raise ValueError(message)
    for rate in (*question.rates, question.rate_back or 0.0):
        if not 0.0 <= rate <= 1.0:
            message = f"loss is a share from 0 to 1, not {rate}"
            raise ValueError(message)
    if question.tunnels < 1 or question.lifetime_s <= 0 or (question.observed or 0) < 0:
        message = "tunnels and lifetime must be more than nothing, and a count cannot be negative"
        raise ValueError(message)
    if (question.observed is None) != (question.window_s is None):
        message = "what was seen needs both: how many events (observed) and in what time (window)"
        raise ValueError(message)


def _rekeys(question: Question) -> Rekeys:
    period, by_volume = rekey_period(question.lifetime_s, question.volume_mbit_s, question.volume_kb)
    window = question.window_s
    return Rekeys(
        period_s=period,
        by="volume" if by_volume else "time",
        per_day=question.tunnels * DAY_S / period,
        in_window=question.tunnels * window / period if window is not None else None,
    )


def rounds_of(question: Question) -> tuple[DpdRound | None, ...]:
    """Both ends' DPD; empty where it is not known."""
    if question.dpd is None:
        return ()
    return tuple(dpd_round(question.platform, *each) if each is not None else None for each in question.dpd)


def _bound(question: Question, rate: float) -> float:
    """Events a rekey at most; of two ways the worse rate holds."""
    bound: Bound = "v2" if question.ike == "v2" else "one-shot"
    worse = max(rate, question.rate_back if question.rate_back is not None else rate)
    return random_loss_per_rekey(worse, bound) * (2.0 if bound == "v2" else 1.0)


def _at_random(question: Question, rekeys: Rekeys, rate: float) -> AtRandom:
    back = question.rate_back if question.rate_back is not None else rate
    ike: Ike = question.ike or "v1"
    schedule = retransmission(question.platform, ike)
    late = per_rekey(rate, back, Handover(ike=ike, installs="late"), schedule)
    early = per_rekey(rate, back, Handover(ike=ike, installs="early", old_sa="deleted"), schedule)
    at_most = _bound(question, rate)
    rounds = rounds_of(question)
    return AtRandom(
        loss=rate,
        events_per_day_at_most=rekeys.per_day * at_most,
        late_installer_per_day=rekeys.per_day * late.events if ike == "v1" else None,
        early_installer_per_day=rekeys.per_day * early.events if ike == "v1" else None,
        failed_rekeys_per_day=rekeys.per_day * late.failed,
        dpd_teardowns_per_day=_random_teardowns(question, rounds, max(rate, back)) if rounds else None,
        against=_against_random(question, rekeys, at_most),
    )


def _random_teardowns(question: Question, rounds: Sequence[DpdRound | None], loss: float) -> float:
    """Rounds a day, one every `phase_s` (ASA: every interval of silence), times the chance that one fails whole."""
    known = [(r, d) for r, d in zip(rounds, question.dpd or (), strict=True) if r is not None and d is not None]
    return question.tunnels * sum(DAY_S / d[0] * dpd_round_failure(loss, r.tries) for r, d in known)


def _against_random(question: Question, rekeys: Rekeys, at_most: float) -> Against | None:
    if question.observed is None or rekeys.in_window is None:
        return None
    expected = rekeys.in_window * at_most
    bound = poisson_upper_count(expected)
    return Against(
        expected=expected,
        probability=poisson_at_least(question.observed, expected),
        ruled_out=question.observed > bound,
        bound=bound,
    )


def _in_outages(question: Question, rekeys: Rekeys, bursts: Bursts) -> InOutages:
    rounds = rounds_of(question)
    ike: Ike = question.ike or "v1"
    fails = rekey_fails(bursts, retransmission(question.platform, ike))
    astray = episodes_an_outage(bursts, *rounds) if rounds else None
    a_rekey = min(2.0, 2.0 * bursts.average if ike == "v1" else 2.0 * fails)
    chances = [
        any_gives_up(length, *rounds) if rounds else float(length > LEAST_PATIENCE_S) for length in bursts.lengths()
    ]
    per_day = _outages_a_day(question, bursts)
    outages = question.tunnels * per_day
    lasts = _lasts(question, rounds)
    return InOutages(
        loss=bursts.average,
        outage_s=bursts.mean_s,
        lengths="fixed" if bursts.fixed else "exponential",
        outages_per_day=per_day,
        out_of_step=astray,
        events_per_day=outages * astray if astray is not None else None,
        events_per_day_at_most=SPIS_AN_EPISODE * outages * sum(chances) / len(chances) + rekeys.per_day * a_rekey,
        failed_rekeys_per_day=rekeys.per_day * fails,
        dpd_teardowns_per_day=_teardowns(question, bursts, rounds, per_day) if rounds else None,
        lasts_s_at_most=lasts,
        lines_at_most=logged_lines(lasts, 5.0 if question.platform == "asa" else 60.0),
        against=_against_outages(question, per_day, chances, (rekeys.in_window or 0.0) * a_rekey),
    )


def _outages_a_day(question: Question, bursts: Bursts) -> float:
    """As many as make up the average, but longer ones than were measured no more often than the measurement allows."""
    if question.longest_s is not None and bursts.fixed and bursts.mean_s > question.longest_s:
        return min(bursts.per_day, question.longer_per_day)
    return bursts.per_day


def _teardowns(question: Question, bursts: Bursts, rounds: Sequence[DpdRound | None], per_day: float) -> float:
    if bursts.per_day <= 0:
        return 0.0
    return question.tunnels * sum(teardowns_a_day(bursts, r) for r in rounds) * per_day / bursts.per_day


def _lasts(question: Question, rounds: Sequence[DpdRound | None]) -> float:
    """The slower DPD ends a stream, or the SA's own end."""
    known = [r for r in rounds if r is not None]
    if len(known) < 2:
        return question.lifetime_s
    return min(question.lifetime_s, max(r.phase_s + r.verdict_s for r in known))


def _against_outages(question: Question, per_day: float, chances: Sequence[float], singles: float) -> Against | None:
    """By the bound: every tunnel of which an end gives up shows two SPIs."""
    if question.observed is None or question.window_s is None:
        return None
    outages = per_day * question.window_s / DAY_S
    episodes = math.ceil(question.observed / SPIS_AN_EPISODE)
    if max(chances) <= 0:
        chance = poisson_at_least(question.observed, singles)
    else:
        chance = chance_of_at_least(episodes, outages, question.tunnels, chances, singles)
    return Against(
        expected=SPIS_AN_EPISODE * question.tunnels * outages * sum(chances) / len(chances) + singles,
        probability=chance,
        ruled_out=chance <= TAIL and question.observed > 0,
    )


def _verdict(question: Question, at_random: Sequence[AtRandom], explains: Sequence[InOutages]) -> Verdict | None:
    if question.observed is None:
        return None
    if question.observed == 0:
        return "nothing-seen"
    if any(a.against is not None and not a.against.ruled_out for a in at_random):
        return "not-ruled-out"
    return "only-in-outages" if explains else "ruled-out"
