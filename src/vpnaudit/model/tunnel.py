"""A tunnel: the SAs and settings between two addresses, seen from one end or both."""

from __future__ import annotations

from datetime import datetime
from functools import cached_property
from typing import Literal

from msgspec import Struct

from vpnaudit.model.addresses import meets
from vpnaudit.model.config import DpdMode
from vpnaudit.model.evidence import Evidence
from vpnaudit.model.platform import Words
from vpnaudit.model.sa import Direction, IkeSa, Protocol

UNKNOWN_ADDRESS = "unknown"
"""What stands for the address of an end that no capture names."""
TunnelState = Literal["up", "one-sided", "idle", "down", "unknown"]


class Dpd(Struct, frozen=True, kw_only=True, gc=False):
    """An end's DPD in force. `mode` null: not known."""

    interval_s: int | None = None
    retry_s: int | None = None
    mode: DpdMode | None = None
    evidence: tuple[Evidence, ...] = ()


class Lifetime(Struct, frozen=True, kw_only=True, gc=False):
    """An end's lifetimes in force. `ipsec_kb` null with `volume_disabled`: no volume lifetime; else not known."""

    ike_s: int | None = None
    ipsec_s: int | None = None
    ipsec_kb: int | None = None
    volume_disabled: bool = False
    evidence: tuple[Evidence, ...] = ()
    rekey_s: int | None = None
    """After how many seconds of `ipsec_s` the platform starts a rekey; null: shortly before the end."""


class LiveSa(Struct, frozen=True, kw_only=True, gc=False):
    """An IPsec SA that is in the newest table of `device`.

    `installed_at` is on the common clock, from remaining and negotiated lifetime, good to `uncertainty_s`.
    """

    device: str
    direction: Direction
    protocol: Protocol
    spi: int
    evidence: Evidence
    remaining_s: int | None = None
    remaining_kb: int | None = None
    transform: str | None = None
    local_identity: str | None = None
    remote_identity: str | None = None
    installed_at: datetime | None = None
    uncertainty_s: float = 0.0


class LiveIke(Struct, frozen=True, kw_only=True, gc=False):
    """An IKE SA of an end with the other end. `live`: established, not being deleted (QM_IDLE ACTIVE, READY …)."""

    sa: IkeSa
    live: bool
    evidence: Evidence
    established_at: datetime | None = None


class Proxy(Struct, frozen=True, kw_only=True, gc=False, order=True):
    """A configured proxy identity: local and remote network as `address/prefix length`, and protocol."""

    local: str
    remote: str
    protocol: str = "ip"


class TunnelEnd(Struct, frozen=True, kw_only=True, dict=True):
    """One end. `device` null: not ours, or not collected; then only `address` is known.

    `address` is the end's own crypto address as it knows it; `seen_as` is what the other end sees (they differ behind
    a NAT). `configured`: this end's configuration names the other end (or takes any peer). The `*_read` flags say
    which tables were had, so that absence can be told from silence.
    """

    address: str
    device: str | None = None
    seen_as: str | None = None
    interface: str | None = None
    vrf: str | None = None
    ike: Literal["v1", "v2"] | None = None
    dpd: Dpd | None = None
    lifetime: Lifetime | None = None
    sas: tuple[LiveSa, ...] = ()
    ike_sas: tuple[LiveIke, ...] = ()
    sa_table_read: bool = False
    sa_table_at: datetime | None = None
    ike_table_read: bool = False
    config_read: bool = False
    configured: bool = False
    named: bool = False
    """Whether the configuration names this peer, where it may also take any."""
    refused_at: datetime | None = None
    """When a negotiation with the other end failed for the last time, by the log."""
    session_status: str | None = None
    session_uptime_s: int | None = None
    proxies: tuple[Proxy, ...] | None = None
    transforms: tuple[str, ...] | None = None
    pfs: str | None = None
    pfs_known: bool = False
    map_entry: str | None = None
    ipsec_profile: str | None = None
    ike_profile: str | None = None
    vti: bool = False
    encaps: int | None = None
    decaps: int | None = None
    evidence: tuple[Evidence, ...] = ()
    words: Words = Words()

    @property
    def seen(self) -> str:
        """The address by which the other end knows this one."""
        return self.seen_as or self.address

    def protects_nothing_of(self, sent: LiveSa) -> bool:
        """Whether what the other end sends on an SA is of networks of which this end's configuration has none."""
        return bool(self.proxies) and not any(
            meets(sent.remote_identity, p.local) and meets(sent.local_identity, p.remote) for p in self.proxies or ()
        )

    @cached_property
    def inbound(self) -> tuple[LiveSa, ...]:
        """SAs on which this end receives."""
        return tuple(s for s in self.sas if s.direction == "in")

    @cached_property
    def outbound(self) -> tuple[LiveSa, ...]:
        """SAs on which this end sends."""
        return tuple(s for s in self.sas if s.direction == "out")

    @cached_property
    def live_ike(self) -> tuple[LiveIke, ...]:
        """Established IKE SAs."""
        return tuple(i for i in self.ike_sas if i.live)


class StaleOutbound(Struct, frozen=True, kw_only=True, gc=False):
    """An SA on which one end sends now and which the other end, whose table was read, does not have."""

    sender: str
    receiver: str
    spi: int
    evidence: tuple[Evidence, ...]


class Tunnel(Struct, frozen=True, kw_only=True, gc=False):
    """Both ends. `local` is always a device of ours. `joined_by`: how the two ends were told to be one tunnel.

    `stale`: what one end sends on now and the other does not have. `undecided`: the same as far as the tables show, but
    they were read at moments between which a rekey may lie.
    """

    id: str
    local: TunnelEnd
    remote: TunnelEnd
    state: TunnelState = "unknown"
    joined_by: Literal["addresses", "spis", "one end"] = "one end"
    stale: tuple[StaleOutbound, ...] = ()
    undecided: tuple[StaleOutbound, ...] = ()
    rekey_period_s: float | None = None
    """Seconds between rekeys as lifetimes and the live SAs' traffic make them; null where neither is known."""
    rekey_by_volume: bool = False
    rekeys_seen: tuple[Evidence, ...] = ()
    """What shows that period, where it is that of rekeys that were recorded."""
    period_then_s: float | None = None
    """The same when the last lines came, where records show that rekeys came oftener then, by volume."""
    rekeys_then: tuple[Evidence, ...] = ()

    @property
    def period_of_lines_s(self) -> float | None:
        """Seconds between rekeys when the tunnel's lines came, as far as it is known."""
        return self.period_then_s or self.rekey_period_s

    @property
    def ends(self) -> tuple[TunnelEnd, ...]:
        """The ends that are ours."""
        return (self.local,) if self.remote.device is None else (self.local, self.remote)

    @property
    def both_ends(self) -> bool:
        """Whether both ends were collected."""
        return self.remote.device is not None

    @property
    def ike(self) -> Literal["v1", "v2"] | None:
        """The IKE version in use, or configured."""
        return self.local.ike or self.remote.ike

    def end_of(self, device: str) -> TunnelEnd | None:
        """The end on `device`."""
        if self.local.device == device:
            return self.local
        return self.remote if self.remote.device == device else None

    def other_end(self, device: str) -> TunnelEnd:
        """The end that faces `device`."""
        return self.remote if self.local.device == device else self.local
