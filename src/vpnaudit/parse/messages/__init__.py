"""What single log messages say, by tag: SPIs, addresses, interfaces, states, reasons (field guide 1.2 to 1.6).

Anchored on `key=value` pairs and on the fixed words of each message, never on its prose: copies in mails and web pages
change quotes, blanks and colons. An address stays text, because an anonymised log has letters.
"""

from __future__ import annotations

from vpnaudit.model.logs import FIREWALLS
from vpnaudit.parse.messages import firewalls, system, vpn
from vpnaudit.parse.messages.debugs import read_debug
from vpnaudit.parse.messages.facts import MessageFacts, Reader, address, event_end
from vpnaudit.parse.messages.vpn import EVENT_NAME

__all__ = ["EVENT_NAME", "MessageFacts", "address", "event_end", "read_debug", "read_message"]


def read_message(tag: str, text: str) -> MessageFacts:
    """Read what the message `tag` says in `text` (without head and tag). Unknown messages give no facts."""
    facility, _, rest = tag.partition("-")
    name = rest.partition("-")[2]
    facts = MessageFacts()
    reader = _reader_of(facility, name)
    if reader is not None:
        reader(text, facts)
    return facts


def _reader_of(facility: str, name: str) -> Reader | None:
    if facility in FIREWALLS:
        return firewalls.reader_of(name)
    by_name = vpn.BY_NAME.get(name) or system.BY_NAME.get(name)
    return by_name or vpn.BY_FACILITY.get(facility) or system.BY_FACILITY.get(facility)
