"""What a message says, and what all readers share: pairs, addresses, SPIs, reasons."""

from __future__ import annotations

import re
from collections.abc import Callable

from msgspec import Struct

EQ = r"\s*=(?:3D)?\s*"
HEX = r"0x(?P<hex>[0-9A-Fa-f]{1,16})(?![0-9A-Za-z])"
# A first letter lets `re` skip to where a key can begin; a `\b` in front of the word would keep it from that.
_DESTINATION = re.compile(
    rf"(?:d(?<!\w\w)(?:estadd?r|est_addr|st_addr)|s(?<!\w\w)a_dest)(?:{EQ}|[ \t]+)(?P<value>[^\s,]*)"
)
_SOURCE = re.compile(rf"s(?<!\w\w)rc_?addr(?:{EQ}|[ \t]+)(?P<value>[^\s,]*)")
_SPI = re.compile(rf"\b(?:sa_)?spi(?:{EQ}|[ \t]+){HEX}(?:\s*\((?P<decimal>\d{{1,20}})\))?", re.IGNORECASE)
_SPI_DECIMAL = re.compile(rf"\b(?:sa_)?spi(?:{EQ}|[ \t]+)(?P<decimal>\d{{1,10}})(?![0-9A-Za-z])", re.IGNORECASE)
_PROTOCOL = re.compile(rf"p(?<!\w\w)rot{EQ}(?P<value>\d{{1,3}}|esp\b|ah\b)")
_PROTOCOL_WORDS = {"esp": 50, "ah": 51}
_INPUT = re.compile(rf"i(?<!\w\w)nput\s+interface{EQ}(?P<value>[\w/.:-]+)")
_EVENT_KEYS = (_DESTINATION, _SOURCE, _SPI, _PROTOCOL, _INPUT)
_PACKET_SEQUENCE = re.compile(rf"s(?<!\w\w)eq(?:uence number|no){EQ}(?P<value>0x[0-9A-Fa-f]{{1,16}}|\d{{1,20}})")


class MessageFacts(Struct, kw_only=True):
    """The fields of `LogMessage` that come from the message's own words."""

    spi: int | None = None
    source: str | None = None
    destination: str | None = None
    between: tuple[str, ...] = ()
    interface: str | None = None
    protocol: int | None = None
    packet_sequence: int | None = None
    corrupt_text: bool = False
    details: dict[str, str] = {}
    pairs_end: int | None = None
    """Where the pairs of an invalid-SPI line end, where that is known already."""

    def note(self, **details: str | None) -> None:
        """Add facts by name; those that are None or empty are not there."""
        self.details.update({name: value for name, value in details.items() if value})


Reader = Callable[[str, MessageFacts], None]
"""Puts what a message's text says into its facts."""


def event_end(text: str) -> int:
    """Where the `key=value` pairs of an invalid-SPI line end in `text`: what follows is a mail's own words."""
    end = 0
    for key in _EVENT_KEYS:
        for match in key.finditer(text):
            end = max(end, match.end())
            break
    return end or len(text)


_BEHIND = re.compile(r"(?<=[0-9A-Fa-f:])(?:[\\\"'`|}<\]].*|\*{2})$")
"""What stands right behind an address and is the end of what a log line was wrapped in, or a page's mark-up."""


def address(value: str | None) -> str | None:
    """Clean what stands where an address is printed: brackets and a sentence's end go; nothing left gives None.

    >>> address("192.0.2.1.")
    '192.0.2.1'
    """
    if value is None:
        return None
    cleaned = _BEHIND.sub("", value).strip("<>()[]{}\"'`,;!?").rstrip(".")
    if cleaned.endswith(":") and not cleaned.endswith("::"):
        cleaned = cleaned[:-1]
    return cleaned if cleaned and "=" not in cleaned else None


def spi_of(text: str, facts: MessageFacts) -> None:
    """The SPI; the hexadecimal is the authority, and a decimal that contradicts it marks the text as corrupt."""
    found = _SPI.search(text)
    if found is None:
        number = _SPI_DECIMAL.search(text)
        value = int(number["decimal"]) if number else None
        facts.spi = value if value is not None and value < 2**32 else None
        return
    value = int(found["hex"], 16)
    if value >= 2**32:
        return
    facts.spi = value
    facts.corrupt_text = found["decimal"] is not None and int(found["decimal"]) != value


def value_of(pattern: re.Pattern[str], text: str) -> str | None:
    """What the pattern's group `value` finds first."""
    found = pattern.search(text)
    return found["value"] if found else None


def read_pairs(text: str, facts: MessageFacts) -> None:
    """`destaddr= prot= spi= srcaddr= input interface=`, and the data plane's `src_addr X, dest_addr Y, SPI Z`."""
    spi_of(text, facts)
    destination = value_of(_DESTINATION, text)
    if destination is not None and "/" in destination:
        vrf, _, destination = destination.rpartition("/")
        facts.note(vrf=vrf)
    facts.destination = address(destination)
    facts.source = address(value_of(_SOURCE, text))
    protocol = value_of(_PROTOCOL, text)
    facts.protocol = _PROTOCOL_WORDS.get(protocol) or int(protocol) if protocol else None
    interface = value_of(_INPUT, text)
    facts.interface = interface.rstrip(".:-") if interface else None
    sequence = value_of(_PACKET_SEQUENCE, text)
    facts.packet_sequence = int(sequence, 0 if sequence.startswith("0x") else 10) if sequence else None


_REASON = re.compile(r"\b(?:fail_reason|reason|ERROR)\s*:\s*(?P<value>[^\r\n]{1,300})", re.IGNORECASE)
_AFTER_REASON = re.compile(r"\s(?:Remote Proxy |fail_class_cnt:)")
"""What stands behind a reason and is none: a firewall's proxies, a router's count of failures of that class."""


def reason_of(text: str) -> str | None:
    """What stands behind `reason:`, `fail_reason:` or `ERROR:`, to the end of the line or to what is no reason."""
    value = value_of(_REASON, text)
    return _AFTER_REASON.split(value, maxsplit=1)[0].strip() if value else None
