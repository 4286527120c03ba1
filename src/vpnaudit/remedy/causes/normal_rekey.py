"""A rekey shows an unknown SPI for a moment: nothing is wrong, nothing is to be done (field guide C1)."""

from __future__ import annotations

from vpnaudit.remedy.offer import Remedies
from vpnaudit.remedy.situation import Situation


def remedies(_situation: Situation) -> Remedies:
    """None."""
    return ()
