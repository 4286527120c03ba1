"""The source is nobody's peer: a scanner, a stray or a forged address (field guide C2)."""

from __future__ import annotations

from vpnaudit.remedy.filters import peers_only
from vpnaudit.remedy.offer import Remedies
from vpnaudit.remedy.situation import Situation


def remedies(situation: Situation) -> Remedies:
    """An outside filter where the list of peers is complete; else a look at the edge. Nobody is asked."""
    yield peers_only(
        situation.receiver,
        "The packets come from an address that is no peer and are dropped as they are; a filter in front keeps them "
        "from the crypto engine and the log. Sources of such packets are often forged.",
    )
