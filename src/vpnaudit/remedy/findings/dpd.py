"""DPD is off, on-demand where it cannot see, different at the two ends, or slow."""

from __future__ import annotations

from vpnaudit.remedy.offer import Remedies
from vpnaudit.remedy.settings import DPD_USUAL, set_dpd
from vpnaudit.remedy.situation import FindingSituation


def remedies(situation: FindingSituation) -> Remedies:
    """With the timers that the finding asks for, else the usual ones."""
    interval = situation.number("interval_s") or DPD_USUAL[0]
    retry = situation.number("retry_s") or DPD_USUAL[1]
    for place in situation.changed:
        yield set_dpd(
            place,
            (interval, retry),
            "Periodic DPD at both ends, with the same timers, ends a tunnel out of step within half a minute.",
        )
