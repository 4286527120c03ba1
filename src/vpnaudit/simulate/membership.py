"""What a member of a GETVPN group holds (field guide C14)."""

from __future__ import annotations

from dataclasses import dataclass, field

NAME, IDENTITY, MAP = "GETVPN", 3201, "GETVPN-MAP"
KEY_LIFE_S = 7200
OVERLAP_S = 720
"""The new key comes so long before the old one's end."""


@dataclass(frozen=True)
class GroupKey:
    """A traffic key (TEK)."""

    spi: int
    ends: float

    def remaining_s(self, when: float) -> int:
        """Seconds left, not below zero."""
        return max(0, int(self.ends - when))


@dataclass
class Membership:
    """What one member holds. `keys`: the newest last. `host`: an address behind it."""

    server: str
    host: str
    keys: list[GroupKey] = field(default_factory=list)
    rekeys: int = 0
    last_rekey: float = 0.0
    connection: int = 0
