"""A message while its lines are read: which further lines belong to it, how they are joined, what it says."""

from __future__ import annotations

import re

from vpnaudit.model.logs import INVALID_SPI_TAGS, LogMessage
from vpnaudit.parse.messages import MessageFacts, event_end, read_debug, read_message
from vpnaudit.parse.stamps import Head

_LINES_MAX = 24
_HARD_WIDTHS = frozenset({80, 132})
"""Columns at which a terminal breaks a line inside a word."""

KEYED_LINE = re.compile(
    r"\s{0,80}(?:\(sa\)|sa_\w{1,20}\s{0,20}[=(]|\(identity\)|Pool:|Alternate Pool:|-Process|-Traceback|-Stack)"
)
"""A line that belongs to a MALLOCFAIL or an SA debug in front of it, whatever stands between."""
_KEYED_NAMES = frozenset({"MALLOCFAIL", "IPSEC_CREATE_SA", "IPSEC_DELETE_SA", "CPUHOG"})
_BANNER = re.compile(r"(?:Cisco |IOS \(tm\)|Technical Support|Copyright|Compiled )")
_EVENT_KEY = re.compile(r"\b(?:destaddr|prot|spi|srcaddr|input\s+interface|interface)\s*=")
_EVENT_PROSE = re.compile(r"\b(?:spi|IPSEC|packet)\b", re.IGNORECASE)
_EVENT_SOURCE = re.compile(r"\bsrcaddr\s*=(?:3D)?\s*[^\s,]")
_INPUT_INTERFACE = re.compile(r"input\s+interface\s*=\s*\S")
_INTERFACE_PIECE = re.compile(r"[A-Za-z.:_-]{0,30}\d[\w/.:-]{0,30}\s*$")

_COMPLETE: dict[str, re.Pattern[str]] = {
    "RECVD_PKT_NOT_IPSEC": re.compile(r"\bprot\s*=\s*\d"),
    "RECVD_PKT_INV_IDENTITY": re.compile(r"\bremote_proxy\s*=\s*\S"),
    "PKT_REPLAY_ERR": re.compile(r"\bconnection id\s*=\s*\d"),
    "RECVD_PKT_MAC_ERR": re.compile(r"\bconnection id\s*=\s*\d"),
    "IKMP_NO_SA": re.compile(r"initialization\s+offer"),
    "IKMP_BAD_MESSAGE": re.compile(r"malformed"),
    "SESSION_STATUS": re.compile(r"\bPeer\s+\S+:\d"),
    "IKEV2_SESSION_STATUS": re.compile(r"\bPeer\s+\S+:\d"),
    "UPDOWN": re.compile(r"changed state to\s+\w"),
    "STATECHANGE": re.compile(r"->\s*\w"),
    "MALLOCFAIL": re.compile(r"\bbytes failed"),
    "402114": re.compile(r"invalid\s+SPI"),
    "402116": re.compile(r"remote[_ ]proxy\s+as\s+\S+"),
    "602303": re.compile(r"has\s+been\s+created"),
    "602304": re.compile(r"has\s+been\s+deleted"),
    "713049": re.compile(r"Outbound\s+SPI\s*=\s*0x"),
}
"""By name: the words with which a message is whole. Until they are there, a mail's next line belongs to it."""


class OpenMessage:
    """One message whose lines may not all have been read."""

    def __init__(self, *, line: int, tag: str, sub: str, head: Head, lead: str, text: str, width: int) -> None:
        """`lead` is the raw text in front of `text`; `width` the length of the physical line."""
        self.line = line
        self.tag = tag
        self.name = tag.rpartition("-")[2]
        self.head = head
        self.count = max(1, head.repeated)
        self.open = True
        self._sub = sub
        self._lead = lead
        self._pieces = [text]
        self._widths = [width]

    @property
    def host(self) -> str | None:
        """Who logged it, as the head says."""
        return self.head.host

    @property
    def debug(self) -> bool:
        """Whether it is a debug line, which carries no tag of its own."""
        return self.tag.startswith("DEBUG-")

    @property
    def is_event(self) -> bool:
        """Whether it is an invalid-SPI line of `key=value` pairs."""
        return self.tag in INVALID_SPI_TAGS and not self.name.isdigit()

    def wants(self, line: str, *, after_blank: bool, stamped: bool) -> bool:
        """Whether `line`, which begins no message, belongs to this one."""
        if not self.open or len(self._pieces) >= _LINES_MAX:
            return False
        if KEYED_LINE.match(line):
            return self.name in _KEYED_NAMES
        if stamped:
            return False
        if self.is_event:
            return self._event_wants(line, after_blank=after_blank)
        if after_blank:
            return False
        if line[:1].isspace():
            return True
        if self.name == "RESTART":
            return _BANNER.match(line) is not None
        complete = _COMPLETE.get(self.name)
        return complete is not None and len(self._pieces) < 5 and complete.search(" ".join(self._pieces)) is None

    def _event_wants(self, line: str, *, after_blank: bool) -> bool:
        text = " ".join(self._pieces).rstrip()
        stripped = line.strip().lstrip(", ")
        if _EVENT_SOURCE.search(text) and "spi" in text:
            if self._hard() and not after_blank and self._pairs_go_on(line):
                return True
            return (
                stripped.startswith("input interface")
                or (text.endswith("input") and stripped.startswith("interface"))
                or text.endswith(("interface=", "interface"))
            )
        if _EVENT_KEY.search(line):
            return True
        if after_blank:
            return False
        return text.endswith("=") or self._hard() or ("=" not in text and _EVENT_PROSE.search(line) is not None)

    def _pairs_go_on(self, line: str) -> bool:
        """Whether `key=value` pairs run over the end of a line that a terminal broke."""
        tight = "".join(self._pieces)
        if _INPUT_INTERFACE.search(tight):
            return _INTERFACE_PIECE.match(line) is not None
        return event_end(tight + line) > len(tight.rstrip(", "))

    def _hard(self) -> bool:
        """Whether a terminal broke the lines: all the same width, and a terminal's or twice the same."""
        first = self._widths[0]
        return all(w == first for w in self._widths) and (
            first in _HARD_WIDTHS or (len(self._widths) > 1 and first >= 40)
        )

    def add(self, piece: str, width: int) -> None:
        """Take another line."""
        self._pieces.append(piece)
        self._widths.append(width)

    def close(self) -> LogMessage:
        """The message, as far as its lines were read."""
        body, facts = self._read()
        if self.is_event:
            body = body[: facts.pairs_end or event_end(body)]
        if self._sub:
            facts.details["subfacility"] = self._sub
        return LogMessage(
            line=self.line,
            tag=self.tag,
            text=body.strip(),
            raw=(self._lead + body).strip(),
            lines=len(self._pieces),
            count=self.count,
            stamp=self.head.stamp,
            relay_stamp=self.head.relay_stamp,
            host=self.head.host,
            sequence=self.head.sequence,
            spi=facts.spi,
            source=facts.source,
            destination=facts.destination,
            between=facts.between,
            interface=facts.interface,
            protocol=facts.protocol,
            packet_sequence=facts.packet_sequence,
            corrupt_text=facts.corrupt_text,
            details=facts.details,
        )

    def _read(self) -> tuple[str, MessageFacts]:
        loose = self._loose()
        if len(self._pieces) == 1:
            return loose, self._facts(loose)
        readings = [(loose, self._facts(loose))]
        if self._broken_inside_words():
            tight = "".join(self._pieces)
            readings.insert(0, (tight, self._facts(tight)))
        return max(readings, key=lambda reading: _known(reading[1]))

    def _loose(self) -> str:
        pieces = [self._pieces[0].rstrip(), *(p.strip() for p in self._pieces[1:])]
        return " ".join(pieces) if len(pieces) > 1 else self._pieces[0]

    def _broken_inside_words(self) -> bool:
        full = self._widths[:-1]
        return all(w == full[0] for w in full) and (full[0] in _HARD_WIDTHS or (len(full) > 1 and full[0] >= 40))

    def _facts(self, text: str) -> MessageFacts:
        return read_debug(self.name, text) if self.debug else read_message(self.tag, text)


def _known(facts: MessageFacts) -> int:
    return sum(value is not None for value in (facts.spi, facts.source, facts.destination, facts.interface))
