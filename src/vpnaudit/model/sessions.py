"""Messages that a session with a peer came up or went down."""

from __future__ import annotations

from vpnaudit.model.logs import LogMessage, of_firewalls

SESSION_TAGS = frozenset({"CRYPTO-5-SESSION_STATUS", "CRYPTO-5-IKEV2_SESSION_STATUS"})
SESSION_STATES = dict.fromkeys(of_firewalls("5-713119", "5-750006"), "up") | dict.fromkeys(
    of_firewalls("4-113019", "5-713259", "5-750007"), "down"
)
"""Messages that say by their number whether a session came up or went down (field guide 1.6)."""
SESSION_CHANGES = SESSION_TAGS | SESSION_STATES.keys()


def session_state(message: LogMessage) -> str:
    """Whether it says "up" or "down", by its number or by its text."""
    return SESSION_STATES.get(message.tag) or message.details.get("state", "").lower()


def peer_of(message: LogMessage) -> str | None:
    """The other end that a message names, as it writes it."""
    return message.details.get("peer") or message.source
