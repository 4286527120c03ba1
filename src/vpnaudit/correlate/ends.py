"""One end of every tunnel, as one device sees it: what it has configured, what its tables show."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from msgspec import Struct, structs

from vpnaudit.correlate import settings_of
from vpnaudit.correlate.clocks import moment
from vpnaudit.correlate.peers import own_addresses
from vpnaudit.correlate.settings_of import Binding
from vpnaudit.model.addresses import is_name, meets, normal
from vpnaudit.model.config import ConfigFacts
from vpnaudit.model.device import CONFIG_COMMAND, SA_COMMANDS, Device
from vpnaudit.model.evidence import Evidence
from vpnaudit.model.facts import Facts, ParsedCapture
from vpnaudit.model.sa import IkeSa, IpsecFlow, IpsecSa, Session
from vpnaudit.model.sessions import last_refusals
from vpnaudit.model.tunnel import UNKNOWN_ADDRESS, LiveIke, LiveSa, Proxy, TunnelEnd

_REMOTE_ACCESS = re.compile(r"RA\b")
PLACES = ("interface", "ipv6", "vrf")
"""Filters of an SA table that leave nothing of a peer away which they show."""
_SA_TABLES = (*SA_COMMANDS, *(f"{command} interface" for command in SA_COMMANDS))
LIVE_STATES = ("QM_IDLE", "READY", "MM_ACTIVE", "AM_ACTIVE", "UP-ACTIVE", "ESTABLISHED")


Moment = tuple[str, int]
"""What of an SA, and its SPI."""


class View(Struct, frozen=True, kw_only=True, gc=False):
    """What one device sees of one peer: its own end, and the peer's address as the device has it."""

    end: TunnelEnd
    peer: str
    out_spis: frozenset[int]
    in_spis: frozenset[int]

    @property
    def device(self) -> str:
        """The device's name."""
        return self.end.device or ""


class _Draft:
    """An end while its records are gathered."""

    def __init__(self, peer: str, local: str | None, interface: str | None, vrf: str | None) -> None:
        self.peer = peer
        self.local = local
        self.interface = interface
        self.vrf = vrf
        self.binding: Binding | None = None
        self.further: list[Binding] = []
        """More entries of the same crypto map for this peer, each with networks and settings of its own."""
        self.sas: list[tuple[ParsedCapture, IpsecSa]] = []
        self.flows: list[tuple[ParsedCapture, IpsecFlow]] = []
        self.ikes: list[tuple[ParsedCapture, IkeSa]] = []
        self.sessions: list[tuple[ParsedCapture, Session]] = []

    @property
    def is_remote_access(self) -> bool:
        """Whether it is a person's client: a firewall prints `RA` first among the settings of such an SA (ASA).

        No tunnel between sites; its SPIs are in the ledger all the same, and its peer is one that is known.
        """
        clients = [_REMOTE_ACCESS.match(sa.settings or "") is not None for _, sa in self.sas]
        return self.binding is None and bool(clients) and all(clients)

    def add_place(self, local: str | None, vrf: str | None) -> None:
        """Take the address and VRF that a record shows, where the configuration did not tell."""
        self.local = self.local or local
        self.vrf = self.vrf or vrf


_Drafts = dict[str, list[_Draft]]
"""By the peer's address: a hub has thousands of peers, each with an end or two."""


def views(device: Device, readings: Mapping[str, datetime]) -> tuple[View, ...]:
    """Every end that the device holds, in the order of peers."""
    by_peer: _Drafts = {}
    if device.config is not None:
        for binding in settings_of.bindings(device.config[1]):
            _bind(by_peer, binding)
    _add_tables(device, by_peer)
    _add_ikes(device, by_peer)
    _under_their_addresses(device, by_peer)
    for capture, session in device.sessions:
        for peer in dict.fromkeys(map(normal, session.peers)):
            for draft in by_peer.get(peer, ()):
                if _same_interface(draft, session.interface):
                    draft.sessions.append((capture, session))
    reading = readings.get(device.name)
    drafts = [d for of_peer in by_peer.values() for d in of_peer if not d.is_remote_access]
    return tuple(_view(device, d, reading) for d in sorted(drafts, key=lambda d: (d.peer, d.local or "", d.vrf or "")))


def lost(device: Device, peer: str, local: str, readings: Mapping[str, datetime]) -> View:
    """An end of which neither configuration nor tables tell: the device takes any peer and lost the SAs of this one."""
    interface = settings_of.open_interface(device.config[1], local) if device.config else None
    return _view(device, _Draft(normal(peer), normal(local), interface, None), readings.get(device.name))


def _bind(by_peer: _Drafts, binding: Binding) -> None:
    mine = by_peer.setdefault(normal(binding.peer), [])
    for draft in mine:
        if (draft.local, draft.vrf) == (binding.local, binding.vrf):
            if draft.binding is not None and draft.binding.entry and binding.entry:
                draft.further.append(binding)
            return
    draft = _Draft(normal(binding.peer), binding.local, binding.interface.known_as, binding.vrf)
    draft.binding = binding
    mine.append(draft)


def _add_tables(device: Device, by_peer: _Drafts) -> None:
    for capture, flow in device.ipsec_flows:
        if flow.peer and not _is_nobody(flow.peer):
            place = flow.local_endpoint or flow.local_address
            draft = _draft_for(by_peer, normal(flow.peer), flow.interface, place, flow.vrf)
            draft.flows.append((capture, flow))
    for capture, sa in device.ipsec_sas:
        peer = sa.peer or sa.remote_endpoint
        if peer and not _is_nobody(peer):
            draft = _draft_for(by_peer, normal(peer), sa.interface, sa.local_endpoint, sa.vrf)
            draft.sas.append((capture, sa))


def _is_nobody(address: str) -> bool:
    return normal(address) in {"0.0.0.0", "::"} or normal(address).startswith("ff")  # noqa: S104


def _draft_for(by_peer: _Drafts, peer: str, interface: str | None, local: str | None, inner_vrf: str | None) -> _Draft:
    vrf = None if inner_vrf in {None, "", "(none)"} else inner_vrf
    mine = by_peer.setdefault(peer, [])
    exact = [d for d in mine if d.interface == interface and (d.binding or d.vrf == vrf)]
    by_place = [d for d in mine if local and d.local == local and (d.vrf == vrf or d.binding)]
    found = exact or by_place or [d for d in mine if d.interface is None or (d.binding and d.local is None)]
    if found:
        found[0].add_place(local, vrf)
        found[0].interface = found[0].interface or interface
        return found[0]
    draft = _Draft(peer, local, interface, vrf)
    mine.append(draft)
    return draft


def _under_their_addresses(device: Device, by_peer: _Drafts) -> None:
    """Peers that are configured by name, under the address that the SA table has for what their entry protects.

    A name is looked up when the tunnel is set up (`set peer NAME dynamic`), so the table alone knows the address.
    """
    for named in [d for peer, mine in by_peer.items() if is_name(peer) for d in mine]:
        if named.binding is None or device.config is None:
            continue
        proxies = settings_of.proxies(device.config[1], (named.binding, *named.further))
        without = (d for mine in by_peer.values() for d in mine if d.binding is None and d.flows)
        by_address = [d for d in without if _serves(d, named.binding, proxies)]
        if len(by_address) == 1:
            by_address[0].binding, by_address[0].further = named.binding, named.further
            by_peer[named.peer].remove(named)


def _serves(draft: _Draft, binding: Binding, proxies: tuple[Proxy, ...] | None) -> bool:
    """Whether the SA table's part for a peer is of the entry's interface, and each flow of what it protects."""
    if draft.interface not in {binding.interface.name, binding.interface.known_as}:
        return False
    if binding.entry is None:
        return True
    return proxies is not None and all(
        any(meets(flow.local_identity, p.local) and meets(flow.remote_identity, p.remote) for p in proxies)
        for _, flow in draft.flows
    )


def _same_interface(draft: _Draft, interface: str | None) -> bool:
    return draft.interface is None or interface is None or draft.interface == interface


def _add_ikes(device: Device, by_peer: _Drafts) -> None:
    own = own_addresses(device)
    for capture, ike in device.ike_sas:
        local, peer = _ends(ike, own, by_peer)
        if peer is None or _is_nobody(peer) or _is_of_a_group(ike):
            continue
        mine = by_peer.get(normal(peer), [])
        placed = [d for d in mine if local is None or d.local in {None, local}] or mine
        if ike.front_vrf is not None:
            placed = [d for d in placed if (d.vrf or "") == ike.front_vrf] or placed
        if not placed:
            placed = by_peer[normal(peer)] = [_Draft(normal(peer), local, None, None)]
        for draft in placed:
            draft.local = draft.local or local
            draft.ikes.append((capture, ike))


def _is_of_a_group(ike: IkeSa) -> bool:
    """A member's registration with its key server, or the key server's rekeys (GDOI_IDLE, GDOI_REKEY): no tunnel."""
    return (ike.state or "").upper().startswith("GDOI")


def _ends(ike: IkeSa, own: frozenset[str], by_peer: Mapping[str, object]) -> tuple[str | None, str | None]:
    """Which of an IKE SA's two addresses is the device's own: known, or the one that it has, or the one not a peer."""
    local, remote = ike.local, ike.remote
    if ike.ends_known or local is None or remote is None:
        return local, remote
    if normal(remote) in own or (normal(local) in by_peer and normal(local) not in own):
        return remote, local
    return local, remote


def _view(device: Device, draft: _Draft, reading: datetime | None) -> View:
    ikes = _live_ikes(device, draft, reading)
    config = device.config[1] if device.config else None
    entries = _places(config, draft)
    binding = draft.binding or (entries[0] if len(entries) == 1 else None)
    version = settings_of.ike_version(config, entries, ikes)
    sas = _live_sas(device, draft)
    session = draft.sessions[-1][1] if draft.sessions else None
    profile = settings_of.ike_profile(config, binding, version)
    end = TunnelEnd(
        address=draft.local or UNKNOWN_ADDRESS,
        device=device.name,
        interface=draft.interface,
        vrf=draft.vrf,
        ike=version,
        dpd=settings_of.common_dpd([settings_of.dpd(device, b, version, ikes) for b in entries or (None,)], ikes),
        lifetime=settings_of.common_lifetime(
            [settings_of.lifetime(device, b, version, draft.peer, ikes) for b in entries or (None,)]
        ),
        sas=sas,
        ike_sas=ikes,
        sa_table_read=_table_read(device, draft),
        sa_table_at=_table_at(device, reading),
        ike_table_read=device.ike_read(version),
        config_read=device.read(CONFIG_COMMAND) and config is not None and config.whole,
        configured=binding is not None,
        named=draft.binding is not None,
        refused_at=last_refusals(device).get(draft.peer),
        session_status=session.status if session else None,
        session_uptime_s=session.uptime_s if session else None,
        proxies=settings_of.proxies(config, entries) if config else None,
        transforms=settings_of.transforms(config, entries, version) if config else None,
        pfs=_pfs(binding),
        pfs_known=_pfs_known(entries),
        map_entry=_map_entry(binding),
        ipsec_profile=binding.profile.name if binding and binding.profile else None,
        ike_profile=profile.name if profile else None,
        vti=_is_tunnel_interface(draft, binding),
        encaps=_counter(draft, "encaps"),
        decaps=_counter(draft, "decaps"),
        evidence=_evidence(device, draft),
        words=device.words,
    )
    return View(
        end=end,
        peer=draft.peer,
        out_spis=frozenset(s.spi for s in sas if s.direction == "out"),
        in_spis=frozenset(s.spi for s in sas if s.direction == "in"),
    )


def _places(config: ConfigFacts | None, draft: _Draft) -> tuple[Binding, ...]:
    """Where the configuration names the peer, else where it may take it without a name."""
    if draft.binding is not None:
        return (draft.binding, *draft.further)
    return settings_of.open_bindings(config, draft.interface, draft.peer) if config is not None else ()


def _is_tunnel_interface(draft: _Draft, binding: Binding | None) -> bool:
    """By what the configuration says, since a tunnel interface may go by any name (ASA's `nameif`)."""
    by_name = (draft.interface or "").lower().startswith(("tunnel", "virtual-access"))
    return by_name or (binding is not None and binding.interface.ipsec_profile is not None)


def _map_entry(binding: Binding | None) -> str | None:
    """The static entry of the peer; a dynamic map's entry is not the peer's own to change."""
    entry = binding.entry if binding else None
    return f"{entry.name} {entry.sequence}" if entry is not None and not entry.template else None


def _pfs(binding: Binding | None) -> str | None:
    holder = (binding.entry or binding.profile) if binding else None
    return holder.pfs if holder else None


def _pfs_known(entries: Sequence[Binding]) -> bool:
    """Whether the configuration tells, and all entries for the peer alike."""
    told = [b for b in entries if (b.entry or b.profile) is not None]
    return bool(told) and len(told) == len(entries) and len({_pfs(b) for b in told}) == 1


def _evidence(device: Device, draft: _Draft) -> tuple[Evidence, ...]:
    if draft.binding is not None and device.config is not None:
        return (settings_of.binding_evidence(device, device.config[0], draft.binding),)
    shown = [(c, f.line) for c, f in draft.flows] + [(c, i.line) for c, i in draft.ikes]
    return tuple(device.cite(capture, line) for capture, line in shown[:1])


def _counter(draft: _Draft, name: str) -> int | None:
    if not draft.flows:
        return None
    newest = draft.flows[-1][0]
    values = [f.counters[name] for c, f in draft.flows if c is newest and name in f.counters]
    return sum(values) if values else None


def _table_read(device: Device, draft: _Draft) -> bool:
    """Whether an SA table that shows the peer was had, and did not end before the peer's part was over."""
    return any(_shows(c, draft) and _reaches(c.parsed.facts, draft.peer) for c in device.find(*_SA_TABLES))


def _shows(capture: ParsedCapture, draft: _Draft) -> bool:
    """Whether what was asked shows all SAs with the peer: all of the device's, the peer's, or those of its place."""
    words = capture.capture.argument.split()
    if not words or draft.peer in words:
        return True
    flows = capture.parsed.facts.ipsec_flows if words[0] in PLACES else ()
    return any(normal(f.peer or "") == draft.peer and _same_interface(draft, f.interface) for f in flows)


def _reaches(facts: Facts, peer: str) -> bool:
    if not facts.cut:
        return True
    shown = [normal(f.peer or "") for f in facts.ipsec_flows]
    return peer in shown and shown[-1] != peer


def _table_at(device: Device, reading: datetime | None) -> datetime | None:
    captures = device.find(*SA_COMMANDS)
    times = [t for c in captures if (t := moment(device, c, reading)) is not None]
    return max(times, default=None)


def _live_sas(device: Device, draft: _Draft) -> tuple[LiveSa, ...]:
    """The SAs of the newest table; of tables without a time (or taken at one time) all SAs."""
    newest = max((c.capture.asked_at for c, _ in draft.sas if c.capture.asked_at), default=None)
    found: dict[tuple[str, str, int], LiveSa] = {}
    for capture, sa in draft.sas:
        older = newest is not None and capture.capture.asked_at is not None and capture.capture.asked_at < newest
        if not sa.spi or (older and _tables_whole(device, capture, newest)):
            continue
        found[(sa.direction, sa.protocol, sa.spi)] = LiveSa(
            device=device.name,
            direction=sa.direction,
            protocol=sa.protocol,
            spi=sa.spi,
            evidence=device.cite(capture, sa.line),
            remaining_s=sa.remaining_s,
            remaining_kb=sa.remaining_kb,
            transform=sa.transform,
            local_identity=sa.local_identity,
            remote_identity=sa.remote_identity,
        )
    return tuple(found[key] for key in sorted(found))


def _tables_whole(device: Device, capture: ParsedCapture, newest: datetime | None) -> bool:
    """Whether a newer unfiltered table makes `capture` history."""
    return any(
        c is not capture and not c.capture.argument and c.capture.asked_at == newest for c in device.find(*SA_COMMANDS)
    )


def _live_ikes(device: Device, draft: _Draft, reading: datetime | None) -> tuple[LiveIke, ...]:
    return tuple(_live_ike(device, records, reading) for records in _told_once(draft.ikes))


def _told_once(records: Sequence[tuple[ParsedCapture, IkeSa]]) -> list[list[tuple[ParsedCapture, IkeSa]]]:
    """The records of each IKE SA: the plain and the detail answer list one SA twice, by one number.

    Where a platform prints no number (ASA), the n-th of one answer is the n-th of the other.
    """
    found: dict[tuple[str, str, int], list[tuple[ParsedCapture, IkeSa]]] = {}
    unnumbered: Counter[tuple[int, str]] = Counter()
    for capture, ike in records:
        if ike.conn_id is not None:
            key = (ike.version, "number", ike.conn_id)
        else:
            key = (ike.version, "place", unnumbered[id(capture), ike.version])
            unnumbered[id(capture), ike.version] += 1
        found.setdefault(key, []).append((capture, ike))
    return list(found.values())


def _live_ike(device: Device, records: Sequence[tuple[ParsedCapture, IkeSa]], reading: datetime | None) -> LiveIke:
    """One IKE SA: by the answer that dates it, with what only the others say."""
    capture, base = max(records, key=lambda pair: (_is_dated(pair[1]), pair[1].ends_known))
    others = [ike for _, ike in records if ike is not base]
    more = {name: value for ike in reversed(others) for name, value in _more(ike, base)}
    sa = structs.replace(base, **more) if more else base
    return LiveIke(
        sa=sa,
        live=is_live(sa),
        evidence=device.cite(capture, base.line),
        established_at=_established(device, capture, base, reading),
    )


def _is_dated(ike: IkeSa) -> bool:
    return ike.active_s is not None or ike.remaining_s is not None


def _more(ike: IkeSa, base: IkeSa) -> Iterator[tuple[str, object]]:
    """What `ike` says and `base` leaves out."""
    for name, value in structs.asdict(ike).items():
        if getattr(base, name) in {None, ()} and value not in {None, ()}:
            yield name, value


def is_live(ike: IkeSa) -> bool:
    """Whether an IKE SA is established and not being deleted."""
    words = " ".join(filter(None, (ike.state, ike.status, ike.remark))).upper()
    if "DELETED" in words or "DELETING" in words or "NO_STATE" in words or "DOWN" in words or "IN-NEG" in words:
        return False
    if any(state in words for state in LIVE_STATES):
        return True
    return ike.state is None and "ACTIVE" in words and "INACTIVE" not in words


def _established(device: Device, capture: ParsedCapture, ike: IkeSa, reading: datetime | None) -> datetime | None:
    at = moment(device, capture, reading)
    active = ike.active_s
    if active is None and ike.remaining_s is not None:
        total = ike.lifetime_s or _policy_lifetime(device)
        active = total - ike.remaining_s if total is not None and total >= ike.remaining_s else None
    return at - timedelta(seconds=active) if at is not None and active is not None else None


def _policy_lifetime(device: Device) -> int | None:
    """The IKEv1 lifetime where the device has only one; several policies leave it open."""
    if device.config is None or device.defaults is None:
        return None
    default = device.defaults.ike_s
    lifetimes = {p.lifetime_s or default for p in device.config[1].isakmp_policies}
    return lifetimes.pop() if len(lifetimes) == 1 else None


def shared_moments(ends: Sequence[View], reading: datetime | None) -> dict[Moment, datetime]:
    """By the device's own clock, a moment of each live SPI that both its ends share: for telling clocks apart.

    IKEv1 gives both ends one lifetime, so the SA ends at both at once, whatever each has configured; IKEv2 leaves each
    end its own, so what they share is the install.
    """
    if reading is None:
        return {}
    found: dict[Moment, datetime] = {}
    for view in ends:
        life = view.end.lifetime.ipsec_s if view.end.lifetime else None
        for sa in view.end.sas:
            if sa.remaining_s is None:
                continue
            if view.end.ike == "v1":
                found["ends", sa.spi] = reading + timedelta(seconds=sa.remaining_s)
            elif life is not None and sa.remaining_s <= life:
                found["installed", sa.spi] = reading - timedelta(seconds=life - sa.remaining_s)
    return found
