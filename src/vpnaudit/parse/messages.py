"""What single log messages say, by tag: SPIs, addresses, interfaces, states, reasons (field guide 1.2 to 1.6).

Anchored on `key=value` pairs and on the fixed words of each message, never on its prose: copies in mails and web pages
change quotes, blanks and colons. An address stays text, because an anonymised log has letters.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from msgspec import Struct
from netutils.interface import canonical_interface_name

from vpnaudit.model.logs import FIREWALLS

EVENT_NAME = "RECVD_PKT_INV_SPI"
_EQ = r"\s*=(?:3D)?\s*"
_HEX = r"0x(?P<hex>[0-9A-Fa-f]{1,16})(?![0-9A-Za-z])"
# A first letter lets `re` skip to where a key can begin; a `\b` in front of the word would keep it from that.
_DESTINATION = re.compile(
    rf"(?:d(?<!\w\w)(?:estadd?r|est_addr|st_addr)|s(?<!\w\w)a_dest)(?:{_EQ}|[ \t]+)(?P<value>[^\s,]*)"
)
_SOURCE = re.compile(rf"s(?<!\w\w)rc_?addr(?:{_EQ}|[ \t]+)(?P<value>[^\s,]*)")
_SPI = re.compile(rf"\b(?:sa_)?spi(?:{_EQ}|[ \t]+){_HEX}(?:\s*\((?P<decimal>\d{{1,20}})\))?", re.IGNORECASE)
_SPI_DECIMAL = re.compile(rf"\b(?:sa_)?spi(?:{_EQ}|[ \t]+)(?P<decimal>\d{{1,10}})(?![0-9A-Za-z])", re.IGNORECASE)
_PROTOCOL = re.compile(rf"p(?<!\w\w)rot{_EQ}(?P<value>\d{{1,3}}|esp\b|ah\b)")
_PROTOCOL_WORDS = {"esp": 50, "ah": 51}
_INPUT = re.compile(rf"i(?<!\w\w)nput\s+interface{_EQ}(?P<value>[\w/.:-]+)")
_EVENT_KEYS = (_DESTINATION, _SOURCE, _SPI, _PROTOCOL, _INPUT)
_PACKET_SEQUENCE = re.compile(rf"s(?<!\w\w)eq(?:uence number|no){_EQ}(?P<value>0x[0-9A-Fa-f]{{1,16}}|\d{{1,20}})")


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
        return _FIREWALL.get(name) or (_firewall_vpn if name[:3] in _FIREWALL_VPN else None)
    return _BY_NAME.get(name) or _BY_FACILITY.get(facility)


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


def _spi_of(text: str, facts: MessageFacts) -> None:
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


def _value(pattern: re.Pattern[str], text: str) -> str | None:
    found = pattern.search(text)
    return found["value"] if found else None


def _pairs(text: str, facts: MessageFacts) -> None:
    """`destaddr= prot= spi= srcaddr= input interface=`, and the data plane's `src_addr X, dest_addr Y, SPI Z`."""
    _spi_of(text, facts)
    destination = _value(_DESTINATION, text)
    if destination is not None and "/" in destination:
        vrf, _, destination = destination.rpartition("/")
        facts.note(vrf=vrf)
    facts.destination = address(destination)
    facts.source = address(_value(_SOURCE, text))
    protocol = _value(_PROTOCOL, text)
    facts.protocol = _PROTOCOL_WORDS.get(protocol) or int(protocol) if protocol else None
    interface = _value(_INPUT, text)
    facts.interface = interface.rstrip(".:-") if interface else None
    sequence = _value(_PACKET_SEQUENCE, text)
    facts.packet_sequence = int(sequence, 0 if sequence.startswith("0x") else 10) if sequence else None


_USUAL_EVENT = re.compile(
    r"\s?(?:[a-z]{1,8}: ?)?rec'd IPSEC packet has invalid spi for destaddr=(?P<destination>[0-9.]{7,15}), "
    r"prot=(?P<protocol>\d{1,3}), spi=0x(?P<spi>[0-9A-Fa-f]{1,8})\((?P<decimal>\d{1,10})\), "
    r"srcaddr=(?P<source>[0-9.]{6,14}[0-9])(?:, input interface=(?P<interface>[A-Za-z][\w/.-]{0,62}\w))?",
    re.ASCII,
)
"""The line as routers print it that nothing spoilt: nine of ten."""


def _event(text: str, facts: MessageFacts) -> None:
    """RECVD_PKT_INV_SPI, the usual form in one step (a quarter of the time of looking for each pair)."""
    usual = _USUAL_EVENT.fullmatch(text)
    if usual is None:
        _pairs(text, facts)
        return
    facts.spi = int(usual["spi"], 16)
    facts.corrupt_text = int(usual["decimal"]) != facts.spi
    facts.destination = address(usual["destination"])
    facts.source = usual["source"]
    facts.protocol = int(usual["protocol"])
    facts.interface = usual["interface"]
    facts.pairs_end = len(text)


_LOCAL = re.compile(rf"\blocal{_EQ}(?P<value>[^\s,\]]+)")
_REMOTE = re.compile(rf"\bremote{_EQ}(?P<value>[^\s,\]]+)")
_LOCAL_PROXY = re.compile(rf"\blocal_proxy{_EQ}(?P<value>[^\s,]+)")
_REMOTE_PROXY = re.compile(rf"\bremote_proxy{_EQ}(?P<value>[^\s,]+)")


def _identity(text: str, facts: MessageFacts) -> None:
    """RECVD_PKT_INV_IDENTITY: dest_addr and src_addr are the inner packet's; `(ident) local= remote=` the SA's ends."""
    _pairs(text, facts)
    local, remote = address(_value(_LOCAL, text)), address(_value(_REMOTE, text))
    if local or remote:
        facts.note(inner_source=facts.source, inner_destination=facts.destination)
        facts.source, facts.destination = remote, local
    facts.note(local_identity=_value(_LOCAL_PROXY, text), remote_identity=_value(_REMOTE_PROXY, text))


_BARE_HEX = re.compile(
    rf"\bspi{_EQ}(?:0x)?(?P<spi>[0-9A-Fa-f]{{8}})\s+seqno{_EQ}(?:0x)?(?P<sequence>[0-9A-Fa-f]{{8}})(?![0-9A-Za-z])"
)
"""The one message that prints hexadecimal without saying so: eight digits each."""


def _verify(text: str, facts: MessageFacts) -> None:
    """RECVD_PKT_MAC_ERR, PKT_REPLAY_ERR: `connection id=`, in newer releases with `local= remote= spi= seqno=`."""
    _pairs(text, facts)
    bare = _BARE_HEX.search(text)
    if bare is not None:
        facts.spi, facts.packet_sequence = int(bare["spi"], 16), int(bare["sequence"], 16)
    facts.destination = facts.destination or address(_value(_LOCAL, text))
    facts.source = facts.source or address(_value(_REMOTE, text))
    facts.note(connection=_value(re.compile(rf"connection id{_EQ}(?P<value>\d{{1,10}})"), text))


_IKE_FROM = re.compile(
    r"\b(?:message from |peer at |with peer |remote:|peer:? |from )\s*(?P<value>[^\s,]{0,255}[.:][^\s,]{1,255})",
    re.IGNORECASE,
)
_REASON = re.compile(r"\b(?:fail_reason|reason|ERROR)\s*:\s*(?P<value>[^\r\n]{1,300})", re.IGNORECASE)
_AFTER_REASON = re.compile(r"\s(?:Remote Proxy |fail_class_cnt:)")
"""What stands behind a reason and is none: a firewall's proxies, a router's count of failures of that class."""


def _ike(text: str, facts: MessageFacts) -> None:
    """IKMP_*, NEG_ABORT and other words about an IKE peer."""
    peer = _value(_IKE_FROM, text)
    name, port = _port_off(peer)
    facts.note(peer=name, port=port, reason=_reason(text))


def _reason(text: str) -> str | None:
    value = _value(_REASON, text)
    return _AFTER_REASON.split(value, maxsplit=1)[0].strip() if value else None


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
    facts.note(identity=_value(_SESSION_ID, text))


_SWITCHED = re.compile(r"\bISAKMP is (?P<value>ON|OFF)\b")


def _switched(text: str, facts: MessageFacts) -> None:
    """ISAKMP_ON_OFF: IKE is off while no interface has a crypto map or protection."""
    facts.note(state=(_value(_SWITCHED, text) or "").lower() or None)


_LINK = re.compile(
    r"\bInterface (?P<interface>\S{0,80}?),? changed state to (?P<state>(?:administratively )?(?:up|down))",
    re.IGNORECASE,
)


def _link(text: str, facts: MessageFacts) -> None:
    """LINK and LINEPROTO."""
    found = _LINK.search(text)
    if found is None:
        return
    facts.interface = found["interface"] or None
    facts.note(state=found["state"].rpartition(" ")[2].lower())
    if " " in found["state"]:
        facts.note(reason="administratively down")


_TRACKED = re.compile(
    r"\b(?P<track>\d{1,5}) (?:(?:ip sla|rtr) (?P<sla>\d{1,10}) (?P<what>reachability|state)"
    r"|interface (?P<interface>\S{1,80}) (?P<of>line-protocol|ip routing|ipv6 routing)|(?P<other>\S.{0,120}?))"
    r"\s{1,9}(?P<old>\w{1,20}) ?-> ?(?P<new>\w{1,20})"
)


def _track(text: str, facts: MessageFacts) -> None:
    """TRACKING-5-STATE, later TRACK-6-STATE: `1 ip sla 10 reachability Up->Down`; an interface, a list, a route."""
    found = _TRACKED.search(text)
    if found is None:
        return
    if found["interface"] is not None:
        facts.interface = str(canonical_interface_name(found["interface"]))
    facts.note(track=found["track"], operation=found["sla"], tracked=found["what"] or found["of"] or found["other"])
    facts.note(state=found["new"].lower(), state_before=found["old"].lower())


_OPERATION = re.compile(r"\bIP SLAs?\s?\((?P<value>\d{1,10})\)|\bentry number = (?P<old>\d{1,10})")
_REACTION = re.compile(
    r"\b[Tt]hreshold (?P<change>[Oo]ccurred|[Ee]xceeded|[Cc]leared|[Bb]elow) for (?P<what>\w{1,40})"
    r"|\bcondition (?P<was>occurred|cleared)"
)
_GONE = frozenset({"timeout", "connectionLoss"})
"""What a reaction watches that tells of a target out of reach; the others tell of delay, or of single packets."""


def _ip_sla(text: str, facts: MessageFacts) -> None:
    """RTT-3-IPSLATHRESHOLD: `IP SLAs(1): Threshold Occurred for timeout`; RTT-4-OPER_TIMEOUT: `condition occurred`."""
    operation, reaction = _OPERATION.search(text), _REACTION.search(text)
    if operation is not None:
        facts.note(operation=operation["value"] or operation["old"])
    if reaction is None:
        return
    begun = (reaction["change"] or reaction["was"]).lower() in {"occurred", "exceeded"}
    facts.note(tracked=reaction["what"])
    if reaction["what"] is None or reaction["what"] in _GONE:
        facts.note(state="down" if begun else "up")
    else:
        facts.note(state="exceeded" if begun else "normal")


_HSRP = re.compile(r"(?P<interface>\S{1,80}) Grp (?P<group>\d{1,5}) state (?P<old>\w{1,20}) -> (?P<new>\w{1,20})")


def _hsrp(text: str, facts: MessageFacts) -> None:
    found = _HSRP.search(text)
    if found is not None:
        facts.interface = found["interface"]
        facts.note(group=found["group"], state=found["new"].lower(), state_before=found["old"].lower())


_POOL = re.compile(
    r"(?<!Alternate )\bPool:\s{0,40}(?P<pool>[\w/-][\w/ -]{0,39}?)\s{1,40}Free:\s{0,40}(?P<free>\d{1,15})"
    r"(?:\s{1,40}Cause:\s{0,40}(?P<cause>[A-Za-z][A-Za-z ]{0,59}?)(?=\s{0,40}(?:\n|$|Alternate|-Process)))?"
)
_FAILED_BYTES = re.compile(r"Memory allocation of (?P<value>\d{1,15}) bytes failed")
_PROCESS = re.compile(r'-Process\s*=\s*"(?P<value>[^"\r\n]{1,80})"')


def _allocation(text: str, facts: MessageFacts) -> None:
    """SYS-2-MALLOCFAIL with the lines that follow it."""
    facts.note(bytes=_value(_FAILED_BYTES, text), process=_value(_PROCESS, text))
    pool = _POOL.search(text)
    if pool is not None:
        facts.note(pool=pool["pool"], free=pool["free"], cause=pool["cause"])


_BY_USER = re.compile(
    r"\b(?:from (?P<origin>\w{1,30}) by|requested by) (?P<value>\S{1,80})(?: on (?P<where>\S{1,40}))?"
)
_LOGGED = re.compile(r"User:\s{0,40}(?P<user>(?:\S.{0,79}?)??)\s{1,40}logged command:\s*(?P<command>[^\r\n]{1,1000})")
_RELOAD_REASON = re.compile(r"Reload [Rr]eason:\s*(?P<value>[^\r\n]{1,200}?)\.?\s*$")
_VERSION = re.compile(r"\bVersion (?P<value>[^\s,]{1,40})")


def _config(text: str, facts: MessageFacts) -> None:
    found = _BY_USER.search(text)
    if found is not None:
        facts.note(user=found["value"].rstrip(".,"), where=found["where"].rstrip(".,") if found["where"] else None)


def _reload(text: str, facts: MessageFacts) -> None:
    _config(text, facts)
    facts.note(reason=_value(_RELOAD_REASON, text))


def _restart(text: str, facts: MessageFacts) -> None:
    facts.note(version=_value(_VERSION, text))


def _command(text: str, facts: MessageFacts) -> None:
    found = _LOGGED.search(text)
    if found is not None:
        facts.note(user=found["user"], command=found["command"].strip())


_EXECUTED = re.compile(
    r"User '(?P<user>[^']{0,120})'.{0,200}?executed (?:the )?'(?P<command>[^'\r\n]{1,400})'",
)
_TOOK_OVER = re.compile(r"Switching to (?P<value>ACTIVE|STANDBY)\b")
_SWITCH_CAUSE = re.compile(r"\((?:reason|cause):\s*(?P<value>[^)\r\n]{1,200})\)", re.IGNORECASE)


def _firewall_command(text: str, facts: MessageFacts) -> None:
    """111008: `User 'U' executed the 'C' command.`; 111010: `User 'U', running 'CLI' from IP A, executed 'C'`."""
    found = _EXECUTED.search(text)
    if found is not None:
        facts.note(user=found["user"], command=found["command"].strip())


def _firewall_failover(text: str, facts: MessageFacts) -> None:
    """104001 and 104002: `(Secondary) Switching to ACTIVE - Service card in other unit has failed`, `(cause: …)`."""
    state = _value(_TOOK_OVER, text)
    facts.note(state=state.lower() if state else None, reason=_value(_SWITCH_CAUSE, text))


_TUNNEL_SOCKET = re.compile(
    r"local address : (?P<local>\S{1,64}) remote address : (?P<remote>\S{1,64}) socket is (?P<state>UP|DOWN)"
)
_TUNNEL = re.compile(r"(?P<value>Tunnel\d{1,9})\b")
_NEXT_HOP = re.compile(r"\bNH[SCP]\s+(?P<value>[0-9A-Fa-f.:]{3,45})")


def _nhrp(text: str, facts: MessageFacts) -> None:
    """DMVPN and NHRP."""
    facts.interface = _value(_TUNNEL, text)
    socket = _TUNNEL_SOCKET.search(text)
    if socket is not None:
        facts.note(state=socket["state"].lower(), local=socket["local"], peer=socket["remote"])
    facts.note(peer=_value(_NEXT_HOP, text), reason=_reason(text))


_GROUP_SOURCE = re.compile(r"\bin group (?P<group>\S{1,80})\s+from source (?P<source>\S{1,64})")


def _group_replay(text: str, facts: MessageFacts) -> None:
    """GDOI's time-based anti-replay: `… failed in group G from source A …`, where A is inside the tunnel."""
    found = _GROUP_SOURCE.search(text)
    if found is not None:
        facts.note(group=found["group"], inner_source=address(found["source"]))


_FROM_TO = re.compile(
    r"\bfrom\s+(?P<source>[^\s(]{1,255})(?:\s*\(user\s*=\s*(?P<user>[^)]{0,120})\))?\s+to\s+(?P<destination>\S{1,255})"
)
_INNER = re.compile(r"destination as (?P<destination>\S{1,64}), its source as (?P<source>\S{1,64}),")
_PROXIES = re.compile(r"local proxy as (?P<local>\S{1,100}) and its remote[_ ]proxy as (?P<remote>\S{1,100})")


def _firewall_packet(text: str, facts: MessageFacts) -> None:
    """402114 to 402120: `Received an ESP packet (SPI= …, sequence number= …) from R (user= U) to L …`."""
    _pairs(text, facts)
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


def _firewall_sa(text: str, facts: MessageFacts) -> None:
    """602303, 602304, 702305, 702307: the order of the two addresses follows the direction, so they stay a pair."""
    _spi_of(text, facts)
    between, change = _BETWEEN.search(text), _SA_CHANGE.search(text)
    if between is not None:
        ends = (address(between["one"]), address(between["other"]))
        facts.between = tuple(e for e in ends if e)
        facts.note(user=between["user"].strip() if between["user"] else None)
    if change is not None:
        facts.note(direction="in" if change["direction"].lower() == "inbound" else "out", kind=change["kind"])
    facts.note(state=_value(_SA_FATE, text))


_INBOUND_SPI = re.compile(rf"\bInbound SPI{_EQ}{_HEX}")
_OUTBOUND_SPI = re.compile(rf"\bOutbound SPI{_EQ}{_HEX}")
_GROUP = re.compile(rf"\bGroup{_EQ}(?P<value>[^\s,]{{1,255}})")
_IP = re.compile(rf"\bIP{_EQ}(?P<value>[^\s,]{{1,64}})")
_USER = re.compile(rf"\bUsername{_EQ}(?P<value>[^\s,]{{1,120}})")
_ENDS = re.compile(
    r"\bLocal: ?(?P<local>\S{1,255}):(?P<local_port>\d{1,5}) "
    r"Remote: ?(?P<remote>\S{1,255}):(?P<port>\d{1,5})(?: Username: ?(?P<user>\S{1,120}))?"
)
_ROLE = re.compile(r"\b(?P<value>Initiator|Responder)\b")
_DURATIONS = re.compile(
    r"(?P<unit>rekeying duration) from (?P<old>\d{1,12}) to (?P<new>\d{1,12}) (?P<what>seconds|Kbs)", re.IGNORECASE
)


def _firewall_vpn(text: str, facts: MessageFacts) -> None:
    """71xxxx, 75xxxx, 113019: `Group = …, Username = …, IP = …, …` and IKEv2's `Local:… Remote:… Username:…`."""
    facts.note(group=_value(_GROUP, text), user=_value(_USER, text), peer=address(_value(_IP, text)))
    ends = _ENDS.search(text)
    if ends is not None:
        facts.note(local=address(ends["local"]), peer=address(ends["remote"]), port=ends["port"], user=ends["user"])
    durations = _DURATIONS.search(text)
    if durations is not None:
        facts.note(duration_before=durations["old"], duration=durations["new"], unit=durations["what"].lower())
    facts.note(reason=_reason(text))


def _firewall_negotiated(text: str, facts: MessageFacts) -> None:
    """713049: both SPIs of the pair; `spi` is the inbound one."""
    _firewall_vpn(text, facts)
    inbound, outbound, role = _INBOUND_SPI.search(text), _OUTBOUND_SPI.search(text), _ROLE.search(text)
    facts.note(role=role["value"].lower() if role else None)
    for name, found in (("inbound_spi", inbound), ("outbound_spi", outbound)):
        value = int(found["hex"], 16) if found else None
        if value is not None and value < 2**32:
            facts.note(**{name: f"0x{value:08X}"})
            facts.spi = value if name == "inbound_spi" else facts.spi


_SA_DEST = re.compile(rf"\bsa_dest{_EQ}(?P<value>[^\s,]{{1,64}})")
_SA_CONNECTION = re.compile(rf"\bsa_conn_id{_EQ}(?P<value>\d{{1,10}})")
_SA_PROTOCOL = re.compile(rf"\bsa_proto{_EQ}(?P<value>\d{{1,3}})")
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
    _DEBUG[name](text, facts)
    return facts


def _debug_sa(text: str, facts: MessageFacts) -> None:
    """`IPSEC(create_sa): sa created,` and `IPSEC(delete_sa): deleting SA,` with `(sa) sa_dest= …, sa_spi= 0x…(dec)`."""
    _spi_of(text, facts)
    facts.destination = address(_value(_SA_DEST, text))
    protocol = _value(_SA_PROTOCOL, text)
    facts.protocol = int(protocol) if protocol else None
    facts.note(connection=_value(_SA_CONNECTION, text))


def _debug_spi_response(text: str, facts: MessageFacts) -> None:
    """`IPSEC(spi_response): getting spi N for SA from A to B`: an SPI that was handed out, not yet installed."""
    asked, ends = _SPI_ASKED.search(text), _SPI_FOR.search(text)
    if asked is not None:
        value = int(asked["hex"], 16) if asked["hex"] else int(asked["decimal"])
        facts.spi = value if value < 2**32 else None
    if ends is not None:
        facts.between = (ends["one"], ends["other"])


def _debug_delete(text: str, facts: MessageFacts) -> None:
    """`IPSEC(key_engine_delete_sas): delete SA with spi 0x… proto 50 for 192.0.2.1`."""
    found = _DELETE_FOR.search(text)
    if found is not None:
        value = int(found["spi"], 16 if found["spi"].startswith("0x") else 10)
        facts.spi = value if value < 2**32 else None
        facts.destination = address(found["value"])


def _debug_outbound(text: str, facts: MessageFacts) -> None:
    """`IPSEC(update_current_outbound_sa): updated peer 192.0.2.1 current outbound sa to SPI 1A2B3C4D`."""
    found = _OUTBOUND_SA.search(text)
    if found is not None:
        facts.spi, facts.destination = int(found["spi"], 16), address(found["peer"])


def _debug_ike_delete(text: str, facts: MessageFacts) -> None:
    facts.note(peer=_value(_IKE_PEER, text), reason=_value(_QUOTED, text))


def _debug_no_delete(text: str, facts: MessageFacts) -> None:
    """`ignoring request to send delete notify (no ISAKMP sa) src D dst P for SPI 0x…`: no IKE SA to say so over."""
    found = _SRC_DST.search(text)
    if found is None:
        return
    facts.spi = int(found["hex"], 16) if found["hex"] else None
    facts.note(local=found["source"], peer=found["destination"])


Reader = Callable[[str, MessageFacts], None]

_BY_NAME: dict[str, Reader] = {
    EVENT_NAME: _event,
    "RECVD_PKT_NOT_IPSEC": _pairs,
    "RECVD_PKT_INV_PROT": _pairs,
    "RECVD_PKT_MSG_LEN_ERR": _pairs,
    "RECVD_PKT_INV_IDENTITY": _identity,
    "RECVD_PKT_INV_IDENTITY_ACL": _identity,
    "RECVD_PKT_MAC_ERR": _verify,
    "PKT_REPLAY_ERR": _verify,
    "SESSION_STATUS": _session,
    "IKEV2_SESSION_STATUS": _session,
    "ISAKMP_ON_OFF": _switched,
    "UPDOWN": _link,
    "CHANGED": _link,
    "STATECHANGE": _hsrp,
    "TIMEBASED_REPLAY_FAILED": _group_replay,
    "MALLOCFAIL": _allocation,
    "CONFIG_I": _config,
    "RELOAD": _reload,
    "RESTART": _restart,
    "CFGLOG_LOGGEDCMD": _command,
}
_BY_FACILITY: dict[str, Reader] = {
    "CRYPTO": _ike,
    "IKEV2": _ike,
    "IPSEC": _pairs,
    "DMVPN": _nhrp,
    "NHRP": _nhrp,
    "TRACK": _track,
    "TRACKING": _track,
    "RTT": _ip_sla,
    "SLA_SENDER": _ip_sla,
}
_FIREWALL_VPN = frozenset({"113", "713", "714", "715", "750", "751", "752"})
_FIREWALL: dict[str, Reader] = {
    **dict.fromkeys(("402101", "402114", "402115", "402116", "402117", "402118", "402119", "402120"), _firewall_packet),
    **dict.fromkeys(("402121", "402122"), _firewall_packet),
    **dict.fromkeys(("602303", "602304", "602305", "702305", "702307"), _firewall_sa),
    "713049": _firewall_negotiated,
    **dict.fromkeys(("111008", "111010"), _firewall_command),
    **dict.fromkeys(("104001", "104002"), _firewall_failover),
    **dict.fromkeys(("411001", "411002"), _link),
}
_DEBUG: dict[str, Reader] = {
    "IPSEC_CREATE_SA": _debug_sa,
    "IPSEC_DELETE_SA": _debug_sa,
    "IPSEC_SPI_RESPONSE": _debug_spi_response,
    "IPSEC_DELETE_SAS": _debug_delete,
    "IPSEC_OUTBOUND_SA": _debug_outbound,
    "ISAKMP_DELETE_SA": _debug_ike_delete,
    "ISAKMP_NO_SA_FOR_DELETE": _debug_no_delete,
}
