"""Messages that a session with a peer came up or went down."""

from __future__ import annotations

from vpnaudit.model.logs import LogMessage

SESSION_TAGS = frozenset({"CRYPTO-5-SESSION_STATUS", "CRYPTO-5-IKEV2_SESSION_STATUS"})
SESSION_STATES = {
    f"{firewall}-{number}": state
    for firewall in ("ASA", "FTD", "PIX")
    for number, state in (
        ("5-713119", "up"),
        ("5-750006", "up"),
        ("4-113019", "down"),
        ("5-713259", "down"),
        ("5-750007", "down"),
    )
}
"""Messages that say by their number whether a session came up or went down (field guide 1.6)."""


def session_state(message: LogMessage) -> str:
    """Whether it says "up" or "down", by its number or by its text."""
    return SESSION_STATES.get(message.tag) or message.details.get("state", "").lower()
