"""Routers' messages about IPsec, IKE, groups and DMVPN."""

from __future__ import annotations

import re

from vpnaudit.parse.messages.facts import EQ, MessageFacts, Reader, address, read_pairs, reason_of, value_of

_USUAL_EVENT = re.compile(
    r"\s?(?:[a-z]{1,8}: ?)?rec'd IPSEC packet has invalid spi for destaddr=(?P<destination>[0-9.]{7,15}), "
    r"prot=(?P<protocol>\d{1,3}), spi=0x(?P<spi>[0-9A-Fa-f]{1,8})\((?P<decimal>\d{1,10})\), "
    r"srcaddr=(?P<source>[0-9.]{6,14}[0-9])(?:, input interface=(?P<interface>[A-Za-z][\w/.-]{0,62}\w))?",
    re.ASCII,
)
"""The line as routers print it that nothing spoilt: nine of ten."""


def read_event(text: str, facts: MessageFacts) -> None:
    """RECVD_PKT_INV_SPI, the usual form in one step (a quarter of the time of looking for each pair)."""
    usual = _USUAL_EVENT.fullmatch(text)
    if usual is None:
        read_pairs(text, facts)
        return
    facts.spi = int(usual["spi"], 16)
    facts.corrupt_text = int(usual["decimal"]) != facts.spi
    facts.destination = address(usual["destination"])
    facts.source = usual["source"]
    facts.protocol = int(usual["protocol"])
    facts.interface = usual["interface"]
    facts.pairs_end = len(text)


_LOCAL = re.compile(rf"\blocal{EQ}(?P<value>[^\s,\]]+)")
_REMOTE = re.compile(rf"\bremote{EQ}(?P<value>[^\s,\]]+)")
_LOCAL_PROXY = re.compile(rf"\blocal_proxy{EQ}(?P<value>[^\s,]+)")
_REMOTE_PROXY = re.compile(rf"\bremote_proxy{EQ}(?P<value>[^\s,]+)")


def _identity(text: str, facts: MessageFacts) -> None:
    """RECVD_PKT_INV_IDENTITY: dest_addr and src_addr are the inner packet's; `(ident) local= remote=` the SA's ends."""
    read_pairs(text, facts)
    local, remote = address(value_of(_LOCAL, text)), address(value_of(_REMOTE, text))
    if local or remote:
        facts.note(inner_source=facts.source, inner_destination=facts.destination)
        facts.source, facts.destination = remote, local
    facts.note(local_identity=value_of(_LOCAL_PROXY, text), remote_identity=value_of(_REMOTE_PROXY, text))


_BARE_HEX = re.compile(
    rf"\bspi{EQ}(?:0x)?(?P<spi>[0-9A-Fa-f]{{8}})\s+seqno{EQ}(?:0x)?(?P<sequence>[0-9A-Fa-f]{{8}})(?![0-9A-Za-z])"
)
"""The one message that prints hexadecimal without saying so: eight digits each."""


def _verify(text: str, facts: MessageFacts) -> None:
    """RECVD_PKT_MAC_ERR, PKT_REPLAY_ERR: `connection id=`, in newer releases with `local= remote= spi= seqno=`."""
    read_pairs(text, facts)
    bare = _BARE_HEX.search(text)
    if bare is not None:
        facts.spi, facts.packet_sequence = int(bare["spi"], 16), int(bare["sequence"], 16)
    facts.destination = facts.destination or address(value_of(_LOCAL, text))
    facts.source = facts.source or address(value_of(_REMOTE, text))
    facts.note(connection=value_of(re.compile(rf"connection id{EQ}(?P<value>\d{{1,10}})"), text))


_IKE_FROM = re.compile(
    r"\b(?:message from |peer at |with peer |remote:|peer:? |from )\s*(?P<value>[^\s,]{0,255}[.:][^\s,]{1,255})",
    re.IGNORECASE,
)


def _ike(text: str, facts: MessageFacts) -> None:
    """IKMP_*, NEG_ABORT and other words about an IKE peer."""
    peer = value_of(_IKE_FROM, text)
    name, port = _port_off(peer)
    facts.note(peer=name, port=port, reason=reason_of(text))


def _port_off(peer: str | None) -> tuple[str | None, str | None]:
    """Split `192.0.2.1:500`, `[2001:db8::1]:500`, `192.0.2.1/500`; a bare IPv6 address keeps its colons."""
    if peer is None:
        return None, None
    bracketed = re.match(r"\[(?P<host>[^\]]{1,60})\]:(?P<port>\d{1,5})", peer)
    plain = re.match(r"(?P<host>[^:/\s]{1,255})[:/](?P<port>\d{1,5})(?![\d:.])", peer)
    found = bracketed or plain
    return (found["host"], found["port"]) if found else (address(peer), None)


_SESSION = re.compile(
    r"tunnel(?: v2)? is\s+(?P<state>UP|DOWN)\b(?:\s*\.)?"
    r"(?:\s*Peer\s*:?\s*(?P<peer>\S{1,64})[:/](?P<port>\d{1,5})(?![\d:]))?",
    re.IGNORECASE,
)
_SESSION_ID = re.compile(r"\bId:\s*(?P<value>\S{1,255})")


def _session(text: str, facts: MessageFacts) -> None:
    """SESSION_STATUS (`crypto logging session`) and its IKEv2 twin."""
    found = _SESSION.search(text)
    if found is not None:
        peer = address(found["peer"])
        facts.note(state=found["state"].lower(), peer=peer, port=found["port"])
    facts.note(identity=value_of(_SESSION_ID, text))


_SWITCHED = re.compile(r"\bISAKMP is (?P<value>ON|OFF)\b")


def _switched(text: str, facts: MessageFacts) -> None:
    """ISAKMP_ON_OFF: IKE is off while no interface has a crypto map or protection."""
    facts.note(state=(value_of(_SWITCHED, text) or "").lower() or None)


_TUNNEL_SOCKET = re.compile(
    r"local address : (?P<local>\S{1,64}) remote address : (?P<remote>\S{1,64}) socket is (?P<state>UP|DOWN)"
)
_TUNNEL = re.compile(r"(?P<value>Tunnel\d{1,9})\b")
_NEXT_HOP = re.compile(r"\bNH[SCP]\s+(?P<value>[0-9A-Fa-f.:]{3,45})")


def _nhrp(text: str, facts: MessageFacts) -> None:
    """DMVPN and NHRP."""
    facts.interface = value_of(_TUNNEL, text)
    socket = _TUNNEL_SOCKET.search(text)
    if socket is not None:
        facts.note(state=socket["state"].lower(), local=socket["local"], peer=socket["remote"])
    facts.note(peer=value_of(_NEXT_HOP, text), reason=reason_of(text))


_GROUP_SOURCE = re.compile(r"\bin group (?P<group>\S{1,80})\s+from source (?P<source>\S{1,64})")


def _group_replay(text: str, facts: MessageFacts) -> None:
    """GDOI's time-based anti-replay: `… failed in group G from source A …`, where A is inside the tunnel."""
    found = _GROUP_SOURCE.search(text)
    if found is not None:
        facts.note(group=found["group"], inner_source=address(found["source"]))


EVENT_NAME = "RECVD_PKT_INV_SPI"
BY_NAME: dict[str, Reader] = {
    EVENT_NAME: read_event,
    "RECVD_PKT_NOT_IPSEC": read_pairs,
    "RECVD_PKT_INV_PROT": read_pairs,
    "RECVD_PKT_MSG_LEN_ERR": read_pairs,
    "RECVD_PKT_INV_IDENTITY": _identity,
    "RECVD_PKT_INV_IDENTITY_ACL": _identity,
    "RECVD_PKT_MAC_ERR": _verify,
    "PKT_REPLAY_ERR": _verify,
    "SESSION_STATUS": _session,
    "IKEV2_SESSION_STATUS": _session,
    "ISAKMP_ON_OFF": _switched,
    "TIMEBASED_REPLAY_FAILED": _group_replay,
}
BY_FACILITY: dict[str, Reader] = {
    "CRYPTO": _ike,
    "IKEV2": _ike,
    "IPSEC": read_pairs,
    "DMVPN": _nhrp,
    "NHRP": _nhrp,
}
