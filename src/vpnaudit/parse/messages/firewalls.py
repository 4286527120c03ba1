"""Firewalls' messages, by number (field guide 1.6)."""

from __future__ import annotations

import re

from vpnaudit.parse.messages.facts import (
    EQ,
    HEX,
    MessageFacts,
    Reader,
    address,
    read_pairs,
    reason_of,
    spi_of,
    value_of,
)
from vpnaudit.parse.messages.system import read_link

_EXECUTED = re.compile(
    r"User '(?P<user>[^']{0,120})'.{0,200}?executed (?:the )?'(?P<command>[^'\r\n]{1,400})'",
)
_TOOK_OVER = re.compile(r"Switching to (?P<value>ACTIVE|STANDBY)\b")
_SWITCH_CAUSE = re.compile(r"\((?:reason|cause):\s*(?P<value>[^)\r\n]{1,200})\)", re.IGNORECASE)


def _command(text: str, facts: MessageFacts) -> None:
    """111008: `User 'U' executed the 'C' command.`; 111010: `User 'U', running 'CLI' from IP A, executed 'C'`."""
    found = _EXECUTED.search(text)
    if found is not None:
        facts.note(user=found["user"], command=found["command"].strip())


def _failover(text: str, facts: MessageFacts) -> None:
    """104001 and 104002: `(Secondary) Switching to ACTIVE - Service card in other unit has failed`, `(cause: …)`."""
    state = value_of(_TOOK_OVER, text)
    facts.note(state=state.lower() if state else None, reason=value_of(_SWITCH_CAUSE, text))


_CLUSTER = re.compile(r"changed from state (?P<old>\w{1,40}) to (?:state )?(?P<new>\w{1,40})")
_IN_CONTROL = ("MASTER", "CONTROL")


def _cluster(text: str, facts: MessageFacts) -> None:
    """747004: `Clustering: state machine changed from state SLAVE to MASTER`; later CONTROL (ASA syslog messages)."""
    found = _CLUSTER.search(text)
    if found is not None:
        old, new = ("active" if found[n].startswith(_IN_CONTROL) else found[n].lower() for n in ("old", "new"))
        facts.note(state=new, state_before=old)


_FROM_TO = re.compile(
    r"\bfrom\s+(?P<source>[^\s(]{1,255})(?:\s*\(user\s*=\s*(?P<user>[^)]{0,120})\))?\s+to\s+(?P<destination>\S{1,255})"
)
_INNER = re.compile(r"destination as (?P<destination>\S{1,64}), its source as (?P<source>\S{1,64}),")
_PROXIES = re.compile(r"local proxy as (?P<local>\S{1,100}) and its remote[_ ]proxy as (?P<remote>\S{1,100})")


def _packet(text: str, facts: MessageFacts) -> None:
    """402114 to 402120: `Received an ESP packet (SPI= …, sequence number= …) from R (user= U) to L …`."""
    read_pairs(text, facts)
    found = _FROM_TO.search(text)
    if found is not None:
        facts.source, facts.destination = address(found["source"]), address(found["destination"])
        facts.note(user=found["user"].strip() if found["user"] else None)
    facts.protocol = 51 if " AH packet" in text else 50 if " ESP packet" in text else facts.protocol
    inner, proxies = _INNER.search(text), _PROXIES.search(text)
    if inner is not None:
        facts.note(inner_source=inner["source"], inner_destination=inner["destination"])
    if proxies is not None:
        facts.note(local_identity=proxies["local"].rstrip("."), remote_identity=proxies["remote"].rstrip("."))


_SA_CHANGE = re.compile(r"\bAn (?P<direction>inbound|outbound) (?P<kind>[\w -]{1,40}?) SA \(SPI", re.IGNORECASE)
_BETWEEN = re.compile(
    r"\bbetween (?P<one>[^\s(]{1,255}) and (?P<other>[^\s(]{1,255})(?:\s*\(user\s*=\s*(?P<user>[^)]{0,120})\))?"
)
_SA_FATE = re.compile(r"\b(?:has been|is) (?P<value>created|deleted|rekeying)")


def _sa(text: str, facts: MessageFacts) -> None:
    """602303, 602304, 702305, 702307: the order of the two addresses follows the direction, so they stay a pair."""
    spi_of(text, facts)
    between, change = _BETWEEN.search(text), _SA_CHANGE.search(text)
    if between is not None:
        ends = (address(between["one"]), address(between["other"]))
        facts.between = tuple(e for e in ends if e)
        facts.note(user=between["user"].strip() if between["user"] else None)
    if change is not None:
        facts.note(direction="in" if change["direction"].lower() == "inbound" else "out", kind=change["kind"])
    facts.note(state=value_of(_SA_FATE, text))


_INBOUND_SPI = re.compile(rf"\bInbound SPI{EQ}{HEX}")
_OUTBOUND_SPI = re.compile(rf"\bOutbound SPI{EQ}{HEX}")
_GROUP = re.compile(rf"\bGroup{EQ}(?P<value>[^\s,]{{1,255}})")
_IP = re.compile(rf"\bIP{EQ}(?P<value>[^\s,]{{1,64}})")
_USER = re.compile(rf"\bUsername{EQ}(?P<value>[^\s,]{{1,120}})")
_ENDS = re.compile(
    r"\bLocal: ?(?P<local>\S{1,255}):(?P<local_port>\d{1,5}) "
    r"Remote: ?(?P<remote>\S{1,255}):(?P<port>\d{1,5})(?: Username: ?(?P<user>\S{1,120}))?"
)
_ROLE = re.compile(r"\b(?P<value>Initiator|Responder)\b")
_DURATIONS = re.compile(
    r"(?P<unit>rekeying duration) from (?P<old>\d{1,12}) to (?P<new>\d{1,12}) (?P<what>seconds|Kbs)", re.IGNORECASE
)


def _vpn(text: str, facts: MessageFacts) -> None:
    """71xxxx, 75xxxx, 113019: `Group = …, Username = …, IP = …, …` and IKEv2's `Local:… Remote:… Username:…`."""
    facts.note(group=value_of(_GROUP, text), user=value_of(_USER, text), peer=address(value_of(_IP, text)))
    ends = _ENDS.search(text)
    if ends is not None:
        facts.note(local=address(ends["local"]), peer=address(ends["remote"]), port=ends["port"], user=ends["user"])
    durations = _DURATIONS.search(text)
    if durations is not None:
        facts.note(duration_before=durations["old"], duration=durations["new"], unit=durations["what"].lower())
    facts.note(reason=reason_of(text))


def _negotiated(text: str, facts: MessageFacts) -> None:
    """713049: both SPIs of the pair; `spi` is the inbound one."""
    _vpn(text, facts)
    inbound, outbound, role = _INBOUND_SPI.search(text), _OUTBOUND_SPI.search(text), _ROLE.search(text)
    facts.note(role=role["value"].lower() if role else None)
    for name, found in (("inbound_spi", inbound), ("outbound_spi", outbound)):
        value = int(found["hex"], 16) if found else None
        if value is not None and value < 2**32:
            facts.note(**{name: f"0x{value:08X}"})
            facts.spi = value if name == "inbound_spi" else facts.spi


def reader_of(number: str) -> Reader | None:
    """Who reads a firewall's message of that number; null: nobody, it says nothing that is asked for."""
    return _BY_NUMBER.get(number) or (_vpn if number[:3] in _VPN else None)


_VPN = frozenset({"113", "713", "714", "715", "750", "751", "752"})
_BY_NUMBER: dict[str, Reader] = {
    **dict.fromkeys(("402101", "402114", "402115", "402116", "402117", "402118", "402119", "402120"), _packet),
    **dict.fromkeys(("402121", "402122"), _packet),
    **dict.fromkeys(("602303", "602304", "602305", "702305", "702307"), _sa),
    "713049": _negotiated,
    **dict.fromkeys(("111008", "111010"), _command),
    **dict.fromkeys(("104001", "104002"), _failover),
    "747004": _cluster,
    **dict.fromkeys(("411001", "411002"), read_link),
}
