"""What a measurement says about loss: rate, how losses stand together, the longest outage, each with its confidence."""

from __future__ import annotations

import math
from collections import Counter

from msgspec import Struct

from vpnaudit.loss.binomial import fewer_runs, share_interval
from vpnaudit.loss.probes.tally import Tally
from vpnaudit.loss.words import duration, number, percent
from vpnaudit.model.printable import counted

DAY_S = 86_400.0
_CHANCE = 0.01
_NOTHING_CAME_BACK = (
    "nothing came back at all: the target may drop probes and pass the rest, and then this measures nothing"
)
_RULE_OF_THREE = -math.log(0.05)


class BurstLength(Struct, frozen=True, kw_only=True, gc=False):
    """How often so many probes in a row were lost."""

    probes: int
    times: int


class Measured(Struct, frozen=True, kw_only=True, gc=False):
    """A measurement of one target.

    `loss_interval`: exact 95 % interval of the share, as if each packet's fate were independent; null without counts.
    `bursts`, `mean_burst`: runs of lost probes; null where the form does not show the order. `chance_if_random`: that
    so many losses would fall into so few runs if each fell at random. `longest_s`: the longest outage, at least and at
    most, in seconds. `watched_s`: how long was measured; `longer_per_day`: with 95 % confidence outages longer than the
    longest seen come less often (3 / watched time); null where the time is not known.
    """

    form: str
    target: str
    sent: int | None
    lost: int | None
    loss: float
    loss_interval: tuple[float, float] | None
    bursts: tuple[BurstLength, ...] | None
    mean_burst: float | None
    chance_if_random: float | None
    longest_s: tuple[float, float] | None
    watched_s: float | None
    longer_per_day: float | None
    notes: tuple[str, ...]

    @property
    def comes_in_bursts(self) -> bool | None:
        """Whether losses stand together more than chance puts them (1 in 100); null where the order is not known."""
        return self.chance_if_random < _CHANCE if self.chance_if_random is not None else None


def measured(tally: Tally) -> Measured:
    """Judge what was counted."""
    sent, lost, runs = tally.sent, tally.lost, tally.runs
    watched = tally.watched_s if tally.watched_s is not None else _watched_s(tally)
    known = sent is not None and lost is not None
    return Measured(
        form=tally.form,
        target=tally.target,
        sent=sent,
        lost=lost,
        loss=tally.loss,
        loss_interval=share_interval(lost, sent) if sent is not None and lost is not None else None,
        bursts=_lengths(runs) if runs is not None else None,
        mean_burst=sum(runs) / len(runs) if runs else None,
        chance_if_random=fewer_runs(lost or 0, (sent or 0) - (lost or 0), len(runs)) if runs and known else None,
        longest_s=tally.longest_s if tally.longest_s is not None else _longest_s(tally),
        watched_s=watched,
        longer_per_day=_RULE_OF_THREE * DAY_S / watched if watched else None,
        notes=(*tally.notes, *((_NOTHING_CAME_BACK,) if tally.loss >= 1 else ())),
    )


def _lengths(runs: list[int]) -> tuple[BurstLength, ...]:
    return tuple(BurstLength(probes=n, times=times) for n, times in sorted(Counter(runs).items()))


def _watched_s(tally: Tally) -> float | None:
    if tally.sent is None or tally.lost is None or tally.answered_s is None or tally.lost_s is None:
        return None
    return (tally.sent - tally.lost) * tally.answered_s + tally.lost * tally.lost_s


def _longest_s(tally: Tally) -> tuple[float, float] | None:
    """A run of n losses is an outage of n-1 gaps at least, and of all gaps up to the answers around it at most."""
    if tally.runs is None or tally.answered_s is None or tally.lost_s is None:
        return None
    if not tally.runs:
        return (0.0, tally.answered_s)
    n = max(tally.runs)
    return ((n - 1) * tally.lost_s, n * tally.lost_s + tally.answered_s)


def in_words(m: Measured) -> tuple[str, ...]:
    """The measurement in sentences."""
    return (_rate_words(m), *_burst_words(m), *_longest_words(m), *(f"Note: {n}." for n in m.notes))


def _rate_words(m: Measured) -> str:
    if m.sent is None or m.lost is None or m.loss_interval is None:
        return f"Measured with {m.form}: {percent(m.loss)} lost on average."
    low, high = m.loss_interval
    took = f" in {duration(m.watched_s)}" if m.watched_s else ""
    return (
        f"Measured with {m.form}: {m.lost} of {m.sent} probes lost{took}, {percent(m.loss)} "
        f"(95 %: {percent(low)} to {percent(high)})."
    )


def _burst_words(m: Measured) -> tuple[str, ...]:
    if not m.bursts or m.mean_burst is None or m.chance_if_random is None:
        return ()
    shown = m.bursts if len(m.bursts) <= 8 else (*m.bursts[:4], *m.bursts[-4:])
    lengths = ", ".join(f"{b.times} x {b.probes}" for b in shown)
    if m.comes_in_bursts:
        how = f"they come in bursts: at random the chance of so few runs is {number(m.chance_if_random)}"
    else:
        how = f"as far as they tell, they fall at random (chance of so few runs: {number(m.chance_if_random)})"
    total = sum(b.times for b in m.bursts)
    return (f"Losses in a row: {lengths} ({counted(total, 'run')}, {m.mean_burst:.3g} on average); {how}.",)


def _longest_words(m: Measured) -> tuple[str, ...]:
    if m.longest_s is None:
        return ("The longest outage is not in it: measure with a probe a second, answer by answer.",)
    low, high = m.longest_s
    seen = (
        f"The longest outage lasted {duration(low)} to {duration(high)}" if low else f"No outage over {duration(high)}"
    )
    rare = (
        f"; with 95 % confidence longer ones come less than {number(m.longer_per_day)} times a day"
        if m.longer_per_day
        else ""
    )
    return (f"{seen}{rare}.",)
