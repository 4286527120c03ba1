"""How often a tunnel shows an unknown SPI, against the rekeys that it has: "a couple a day is normal", computed.

Each rekey can show two SPIs, the old and the new one. One rekey in ten is where handing over is poor; two a day and
peer are what people call normal. Source: field guide 3.3, appendix D, R1.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from vpnaudit.loss.outages import DAY_S
from vpnaudit.loss.poisson import poisson_interval
from vpnaudit.loss.words import duration, number
from vpnaudit.model.printable import counted

COUPLE = 2.0
"""SPIs a day."""
POOR_SHARE = 0.1
MOST_PER_REKEY = 2.0


class Rate(Struct, frozen=True, kw_only=True, gc=False):
    """SPIs a day with the exact 95 % interval of their mean; `rekeys_a_day` null where the tunnel's are not known."""

    spis: int
    window_s: float
    a_day: float
    interval: tuple[float, float]
    rekeys_a_day: float | None

    @property
    def verdict(self) -> Literal["more-than-rekeys", "poor", "normal", "open"] | None:
        """Against the rekeys: only what the whole interval bears out. Null without them.

        However short the window, one rekey may lie in it and show two SPIs: as few say nothing, whatever they are a
        day.
        """
        if self.rekeys_a_day is None:
            return None
        low, high = (end / self.rekeys_a_day for end in self.interval)
        most = MOST_PER_REKEY * (self.rekeys_a_day * self.window_s / DAY_S + 1)
        if low > MOST_PER_REKEY and self.spis > most:
            return "more-than-rekeys"
        if low > POOR_SHARE and self.spis > MOST_PER_REKEY:
            return "poor"
        return "normal" if high <= POOR_SHARE else "open"


Of = Literal["races", "stale", "unknown"]
"""What the lines are of: packets that met a rekey, SAs that their sender kept, or nothing that is known."""
_OPEN = "too few lines or too short a log to tell whether that is more than one rekey in ten"
_MORE = "more than its rekeys alone can show, two each"
_VERDICTS: dict[Of, dict[str, str]] = {
    "races": {
        "more-than-rekeys": _MORE,
        "poor": "more than one rekey in ten, so the ends hand over poorly",
        "normal": "fewer than one rekey in ten, which is normal",
        "open": _OPEN,
    },
    "stale": {
        "more-than-rekeys": _MORE,
        "poor": "a stale SA at more than one rekey in ten",
        "normal": "a stale SA at fewer than one rekey in ten",
        "open": _OPEN,
    },
    "unknown": {
        "more-than-rekeys": _MORE,
        "poor": "more than one rekey in ten, if they are of rekeys",
        "normal": "fewer than one rekey in ten, if they are of rekeys",
        "open": _OPEN,
    },
}


def rate(spis: int, window_s: float, period_s: float | None) -> Rate:
    """The rate of `spis` distinct SPIs in `window_s` seconds, for a tunnel with a rekey every `period_s` seconds.

    Raises:
        ValueError: the window is not longer than 0 s.

    """
    if window_s <= 0:
        message = "a rate needs a window longer than 0 s"
        raise ValueError(message)
    days = window_s / DAY_S
    low, high = poisson_interval(spis)
    return Rate(
        spis=spis,
        window_s=window_s,
        a_day=spis / days,
        interval=(low / days, high / days),
        rekeys_a_day=DAY_S / period_s if period_s else None,
    )


def rate_words(found: Rate, of: Of = "unknown") -> str:
    """The rate in a sentence or two.

    >>> rate_words(rate(3, 990.0, None))
    '3 SPIs in 16.5 minutes is 262 a day (95 % interval 54 to 765), more than a couple a day.'
    """
    low, high = found.interval
    couple = "fewer than" if high < COUPLE else "more than" if low > COUPLE < found.spis else "which may be"
    sentence = (
        f"{counted(found.spis, 'SPI')} in {duration(found.window_s)} is {number(found.a_day)} a day "
        f"(95 % interval {number(low)} to {number(high)}), {couple} a couple a day."
    )
    if found.rekeys_a_day is None or found.verdict is None:
        return sentence
    each = " to ".join(number(end / found.rekeys_a_day) for end in found.interval)
    return (
        f"{sentence} This tunnel has {number(found.rekeys_a_day)} rekeys a day, so {each} SPIs a rekey: "
        f"{_VERDICTS[of][found.verdict]}."
    )
