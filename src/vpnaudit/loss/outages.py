"""What outages can cause: bursts of loss longer than dead-peer detection waits (field guide 6.1, 6.3)."""

from __future__ import annotations

from typing import NamedTuple

DAY_S = 86_400.0


class Patience(NamedTuple):
    """How long an outage must last before DPD gives the peer up, in seconds.

    It depends on where in the interval the outage begins: one shorter than `shortest_s` never ends a tunnel, one
    longer than `longest_s` always does.
    """

    shortest_s: float
    longest_s: float


class _Probing(NamedTuple):
    """How a platform probes: `repeats` further probes, `retry` apart; `waits_interval` before the first one."""

    repeats: int
    waits_interval: bool


_PROBING = {
    # One probe and five repetitions, a probe each interval whether or not the peer was heard.
    "cisco_ios": _Probing(repeats=5, waits_interval=False),
    # The first probe after an interval of silence, then three repetitions; the peer is dead one retry after the last.
    "cisco_asa": _Probing(repeats=3, waits_interval=True),
}


def dpd_patience_s(interval_s: float, retry_s: float, platform: str) -> Patience | None:
    """How long periodic DPD waits, in seconds; null for a platform whose probing is not known.

    IOS, `interval retry periodic`: every probe and its five repetitions must fall in the outage, so between 5 retries
    and an interval more. ASA: an interval of silence and three retries, and one more retry until the verdict.

    >>> dpd_patience_s(10, 3, "cisco_ios")
    Patience(shortest_s=15, longest_s=25)
    """
    probing = _PROBING.get(platform)
    if probing is None:
        return None
    repeating = probing.repeats * retry_s
    if probing.waits_interval:
        return Patience(interval_s + repeating, interval_s + repeating + retry_s)
    return Patience(repeating, interval_s + repeating)


def dpd_round_failure(loss: float, tries: int) -> float:
    """Chance that all of a DPD round's `tries` fail under random loss of the share `loss` one way: (1-(1-p)²)^k."""
    return float((1.0 - (1.0 - loss) ** 2) ** tries)


def outages_per_day(average_loss: float, outage_s: float) -> float:
    """How many outages of `outage_s` seconds a day make up an average loss of the share `average_loss`."""
    return DAY_S * average_loss / outage_s


def false_teardowns_per_day(average_loss: float, outage_s: float, patience: Patience) -> float:
    """Tunnels given up by DPD a day, per tunnel, where the loss is outages of `outage_s` seconds each.

    An outage begins anywhere in the probing interval, so the share of outages that end the tunnel rises evenly from 0
    at the shortest patience to 1 at the longest.
    """
    spread = patience.longest_s - patience.shortest_s
    if spread <= 0:
        share = float(outage_s >= patience.shortest_s)
    else:
        share = min(1.0, max(0.0, (outage_s - patience.shortest_s) / spread))
    return outages_per_day(average_loss, outage_s) * share
