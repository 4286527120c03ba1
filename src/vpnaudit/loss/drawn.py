"""The calculator's figures again, with losses drawn message by message instead of computed (`vpnaudit loss --draw`)."""

from __future__ import annotations

from msgspec import Struct

from vpnaudit.loss.bursts import Bursts, episodes_an_outage, rekey_fails
from vpnaudit.loss.calculator import Calculation, rounds_of
from vpnaudit.loss.rekey import Handover, per_rekey
from vpnaudit.loss.schedules import Ike, retransmission
from vpnaudit.loss.words import percent

SEED = 20171218
"""Fixed: the same question draws the same losses."""


class DrawnFigure(Struct, frozen=True, kw_only=True, gc=False):
    """One chance computed, and drawn with its exact 99.9 % interval; `agrees`: the computed one lies in it."""

    what: str
    computed: float
    drawn: float
    low: float
    high: float
    agrees: bool


def draw(calculation: Calculation, draws: int) -> tuple[DrawnFigure, ...]:
    """Draw every chance of the calculation `draws` times. Loads numpy."""
    return (*_random(calculation, draws), *_outages(calculation, draws))


def _random(c: Calculation, draws: int) -> list[DrawnFigure]:
    from vpnaudit.loss.montecarlo import draw_rekeys  # noqa: PLC0415 - numpy, for this alone

    ike: Ike = c.question.ike or "v1"
    schedule = retransmission(c.question.platform, ike)
    ways = (
        ("answering end installs late", Handover(ike=ike)),
        ("it installs early, old SA deleted at once", Handover(ike=ike, installs="early", old_sa="deleted")),
    )
    found = []
    for each in c.at_random:
        back = c.question.rate_back if c.question.rate_back is not None else each.loss
        for words, how in ways if ike == "v1" else (("", Handover(ike=ike)),):
            computed = per_rekey(each.loss, back, how, schedule)
            drawn = draw_rekeys(each.loss, back, how, schedule, draws, SEED)
            what = f"{percent(each.loss)} at random, a rekey shows an SPI{f' ({words})' if words else ''}"
            found.append(_figure(what, computed.affected, *drawn.with_event))
    return found


def _outages(c: Calculation, draws: int) -> list[DrawnFigure]:
    from vpnaudit.loss.montecarlo import draw_outages, draw_rekeys_in_bursts  # noqa: PLC0415 - numpy

    schedule = retransmission(c.question.platform, c.question.ike or "v1")
    rounds = rounds_of(c.question)
    found = []
    for each in c.in_outages:
        if not 0 < each.loss < 1:
            continue
        bursts = Bursts(average=each.loss, mean_s=each.outage_s, fixed=each.lengths == "fixed")
        name = f"{percent(each.loss)} in outages of {'' if bursts.fixed else 'about '}{each.outage_s:g} s"
        fails = draw_rekeys_in_bursts(bursts, schedule, draws, SEED)
        found.append(_figure(f"{name}, a rekey fails", rekey_fails(bursts, schedule), *fails))
        if rounds:
            one, other = rounds
            astray = draw_outages(bursts, one, other, draws, SEED)["out of step"]
            found.append(
                _figure(f"{name}, one leaves a tunnel out of step", episodes_an_outage(bursts, *rounds), *astray)
            )
    return found


def _figure(what: str, computed: float, hits: int, tries: int) -> DrawnFigure:
    from vpnaudit.loss.montecarlo import Drawn  # noqa: PLC0415 - numpy

    drawn = Drawn(hits, tries)
    low, high = drawn.wide_interval
    return DrawnFigure(
        what=what, computed=computed, drawn=drawn.share, low=low, high=high, agrees=low <= computed <= high
    )
