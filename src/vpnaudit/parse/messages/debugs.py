"""Debug lines about SAs, as a log with `debug crypto ipsec` has them."""

from __future__ import annotations

import re

from vpnaudit.parse.messages.facts import EQ, MessageFacts, Reader, address, spi_of, value_of

_SA_DEST = re.compile(rf"\bsa_dest{EQ}(?P<value>[^\s,]{{1,64}})")
_SA_CONNECTION = re.compile(rf"\bsa_conn_id{EQ}(?P<value>\d{{1,10}})")
_SA_PROTOCOL = re.compile(rf"\bsa_proto{EQ}(?P<value>\d{{1,3}})")
_SPI_ASKED = re.compile(r"getting spi (?:0x(?P<hex>[0-9A-Fa-f]{1,8})|(?P<decimal>\d{1,10}))\b")
_SPI_FOR = re.compile(r"\bfor SA\s+from (?P<one>[^\s,]{1,64}) to (?P<other>[^\s,]{1,64})")
_DELETE_FOR = re.compile(
    r"delete SA with spi (?P<spi>0x[0-9A-Fa-f]{1,8}|\d{1,10})\b.{0,40}? for (?P<value>[^\s,]{1,64})"
)
_SRC_DST = re.compile(
    r"\bsrc (?P<source>[^\s,]{1,64}) dst (?P<destination>[^\s,]{1,64})(?: for SPI 0x(?P<hex>[0-9A-Fa-f]{1,8})\b)?"
)
_OUTBOUND_SA = re.compile(
    r"\bpeer (?P<peer>[^\s,]{1,64}) current outbound sa to SPI (?:0x)?(?P<spi>[0-9A-Fa-f]{1,8})\b"
)
_IKE_PEER = re.compile(r"\(peer (?P<value>[^)\s]{1,64})\)")
_QUOTED = re.compile(r'reason "(?P<value>[^"\r\n]{0,200})"')


def read_debug(name: str, text: str) -> MessageFacts:
    """Read a debug line about SAs; `name` is the last part of its tag (IPSEC_CREATE_SA …)."""
    facts = MessageFacts()
    _BY_NAME[name](text, facts)
    return facts


def _sa(text: str, facts: MessageFacts) -> None:
    """`IPSEC(create_sa): sa created,` and `IPSEC(delete_sa): deleting SA,` with `(sa) sa_dest= …, sa_spi= 0x…(dec)`."""
    spi_of(text, facts)
    facts.destination = address(value_of(_SA_DEST, text))
    protocol = value_of(_SA_PROTOCOL, text)
    facts.protocol = int(protocol) if protocol else None
    facts.note(connection=value_of(_SA_CONNECTION, text))


def _spi_response(text: str, facts: MessageFacts) -> None:
    """`IPSEC(spi_response): getting spi N for SA from A to B`: an SPI that was handed out, not yet installed."""
    asked, ends = _SPI_ASKED.search(text), _SPI_FOR.search(text)
    if asked is not None:
        value = int(asked["hex"], 16) if asked["hex"] else int(asked["decimal"])
        facts.spi = value if value < 2**32 else None
    if ends is not None:
        facts.between = (ends["one"], ends["other"])


def _delete(text: str, facts: MessageFacts) -> None:
    """`IPSEC(key_engine_delete_sas): delete SA with spi 0x… proto 50 for 192.0.2.1`."""
    found = _DELETE_FOR.search(text)
    if found is not None:
        value = int(found["spi"], 16 if found["spi"].startswith("0x") else 10)
        facts.spi = value if value < 2**32 else None
        facts.destination = address(found["value"])


def _outbound(text: str, facts: MessageFacts) -> None:
    """`IPSEC(update_current_outbound_sa): updated peer 192.0.2.1 current outbound sa to SPI 1A2B3C4D`."""
    found = _OUTBOUND_SA.search(text)
    if found is not None:
        facts.spi, facts.destination = int(found["spi"], 16), address(found["peer"])


def _ike_delete(text: str, facts: MessageFacts) -> None:
    facts.note(peer=value_of(_IKE_PEER, text), reason=value_of(_QUOTED, text))


def _no_delete(text: str, facts: MessageFacts) -> None:
    """`ignoring request to send delete notify (no ISAKMP sa) src D dst P for SPI 0x…`: no IKE SA to say so over."""
    found = _SRC_DST.search(text)
    if found is None:
        return
    facts.spi = int(found["hex"], 16) if found["hex"] else None
    facts.note(local=found["source"], peer=found["destination"])


_BY_NAME: dict[str, Reader] = {
    "IPSEC_CREATE_SA": _sa,
    "IPSEC_DELETE_SA": _sa,
    "IPSEC_SPI_RESPONSE": _spi_response,
    "IPSEC_DELETE_SAS": _delete,
    "IPSEC_OUTBOUND_SA": _outbound,
    "ISAKMP_DELETE_SA": _ike_delete,
    "ISAKMP_NO_SA_FOR_DELETE": _no_delete,
}
