"""How long sessions lasted, against the lifetime of their SAs."""

from __future__ import annotations

from collections.abc import Sequence

from vpnaudit.diagnose.signs import Sign
from vpnaudit.model.tunnel import TunnelEnd

ONE_SETUP_S = 5.0
"""Both ends log a set-up within its round trips and what their clocks differ by."""
LIVED_SHARE, LIVED_S = 0.7, 60.0
"""An SA that lived its lifetime may end by this share, and not by more than this, earlier (field guide 2.4)."""


def life_s(*ends: TunnelEnd | None) -> int | None:
    """The shorter of both ends' IPsec lifetimes, seconds."""
    lives = [e.lifetime.ipsec_s for e in ends if e is not None and e.lifetime is not None and e.lifetime.ipsec_s]
    return min(lives, default=None)


def lived_their_life(changes: Sequence[tuple[str, Sign]], life_s: int) -> bool:
    """Whether at least half of the sessions that a device saw come and go lasted as long as one SA does."""
    lasted, up = [], None
    dated = [(sign.at, state) for state, sign in changes if sign.at is not None]  # a cut line has no time
    for at, state in sorted(dated):
        if state == "down" and up is not None:
            lasted.append((at - up).total_seconds())
        up = at if state == "up" else None
    shortest = max(LIVED_SHARE * life_s, life_s - LIVED_S)
    lived = [s for s in lasted if shortest <= s <= life_s + ONE_SETUP_S]
    return bool(lasted) and 2 * len(lived) >= len(lasted)
