"""What one tunnel holds: at each end an IKE SA, pairs of IPsec SAs and settings; between them traffic and a path."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from ipaddress import ip_network
from random import Random
from typing import Literal

from vpnaudit.simulate.device import Interface, SimDevice

IkeVersion = Literal[1, 2]
Style = Literal["map", "vti", "gre"]
"""A crypto map entry; a tunnel interface that is IPsec itself; a GRE tunnel that is protected (DMVPN)."""
DEFAULT_KB = 4_608_000
DEFAULT_S = 3600


@dataclass(frozen=True)
class Dpd:
    """`dpd INTERVAL RETRY MODE`, seconds. None in an end's settings is off."""

    interval_s: int = 10
    retry_s: int = 3
    mode: Literal["periodic", "on-demand"] = "periodic"


@dataclass(frozen=True)
class Settings:
    """What one end has configured for the tunnel. `kilobytes` None: volume rekey is disabled."""

    dpd: Dpd | None = field(default_factory=Dpd)
    seconds: int = DEFAULT_S
    kilobytes: int | None = DEFAULT_KB
    ike_seconds: int = 86400
    idle_s: int | None = None
    rekey_lead_s: float = 30.0
    deletes_old_at_once: bool = False


@dataclass
class IkeSa:
    """One end's view of an IKE SA; `number` is the same at both ends. `cookies`: initiator's and responder's."""

    number: int
    established: float
    lifetime_s: int
    initiator: bool
    connection: int
    cookies: tuple[int, int]


@dataclass
class Pair:
    """An inbound and an outbound SA as one end holds them. `inbound` 0: it is gone, the outbound SA is left."""

    inbound: int
    outbound: int
    installed: float
    lifetime_s: int
    lifetime_kb: int | None
    initiator: bool
    connections: tuple[int, int]
    enabled: bool
    volume_soft: float
    bytes_in: float = 0.0
    bytes_out: float = 0.0

    def remaining_s(self, when: float) -> int:
        """Seconds left, not below zero."""
        return max(0, int(self.installed + self.lifetime_s - when))

    def remaining_kb(self, used: float) -> int:
        """Kilobytes left after `used` bytes."""
        return max(0, int((self.lifetime_kb or 0) - used / 1000))


@dataclass
class End:
    """One end of a tunnel.

    `address`: the crypto address as the peer sees it. `forgotten`: inbound SPIs that the tables have and the data plane
    has not. `misfits`: packets that came with inner addresses that their SA does not allow. `behind_nat`: the address
    that the device itself has, where a NAT makes another of it. `dynamic`: a dynamic map takes whoever comes, and so
    does the multipoint tunnel of a hub; neither calls anybody.
    `extra_network`: a network of the peer's that only this end's access list protects. `vrf`: where both the crypto
    address and what the tunnel carries are.
    """

    device: SimDevice
    address: str
    network: str
    settings: Settings
    style: Style
    sequence: int
    ike: IkeSa | None = None
    pairs: list[Pair] = field(default_factory=list)
    up_since: float | None = None
    encaps: float = 0.0
    decaps: float = 0.0
    no_sa: float = 0.0
    misfits: int = 0
    dpd_pending: int = 0
    tunnel_interface: str | None = None
    forgotten: set[int] = field(default_factory=set)
    behind_nat: str | None = None
    dynamic: bool = False
    extra_network: str | None = None
    vrf: str | None = None

    @property
    def own(self) -> str:
        """The crypto address as the device itself has it."""
        return self.behind_nat or self.address

    @property
    def current(self) -> Pair | None:
        """The newest pair on which this end may send."""
        for pair in reversed(self.pairs):
            if pair.enabled:
                return pair
        return None

    @property
    def is_multipoint(self) -> bool:
        """Whether it is the hub's end of a multipoint tunnel."""
        return self.dynamic and self.style == "gre"

    @property
    def interface(self) -> Interface:
        """The interface that holds the crypto address."""
        return self.device.interface_of(self.own, self.vrf)

    def holds(self, spi: int) -> bool:
        """Whether this end can decrypt what comes on `spi`."""
        return spi not in self.forgotten and any(p.inbound == spi for p in self.pairs)

    def pair_of(self, spi: int) -> Pair | None:
        """The pair with this inbound SPI."""
        return next((p for p in self.pairs if p.inbound == spi), None)


def network_and_mask(network: str) -> tuple[str, str]:
    """`10.1.0.0/16` as address and mask."""
    parsed = ip_network(network)
    return str(parsed.network_address), str(parsed.netmask)


@dataclass
class Path:
    """What lies between the ends. Spans are (from, to)."""

    delay_s: float = 0.015
    outages: list[tuple[float, float]] = field(default_factory=list)
    drops_delete_from: set[int] = field(default_factory=set)

    def is_open(self, when: float) -> bool:
        """Whether packets pass at `when`."""
        return not any(a <= when < b for a, b in self.outages)


@dataclass
class Flow:
    """Traffic from end `source` (0 or 1) to the other, as a rate of packets a second.

    `answers`: only in reply to what the other flow delivers, so it never starts anything by itself. `wire`: the SPI of
    the packets that arrive at the moment (a path's delay behind what the sender uses).
    """

    source: int
    pps: float
    bytes_each: int = 420
    answers: bool = False
    pauses: list[tuple[float, float]] = field(default_factory=list)
    wire: int | None = None
    generation: int = 0
    watched: tuple[str, int] | None = None

    def runs(self, when: float) -> bool:
        """Whether the hosts behind the sender have something to send."""
        return self.pps > 0 and not any(a <= when < b for a, b in self.pauses)


@dataclass
class Tunnel:
    """Two ends, two flows, a path. ESP goes to `wrong_device` in the `misrouted` spans.

    `ike_ends`: when the IKE SA runs out and nobody renews it (None: it is renewed at its end). `ended`: when a device
    ended the SA of an inbound SPI. `carried`: bytes that an outbound SA had carried as it ended. `late_lines`: lines,
    by device, for a packet that was under way as its SA ended. `nat_port`: the UDP port by which end 0 knows end 1
    behind its NAT (None: no NAT). `knocks_out`: a new IKE SA ends those of others behind the same address.
    """

    name: str
    ike_version: IkeVersion
    ends: tuple[End, End]
    flows: tuple[Flow, Flow]
    rng: Random
    path: Path = field(default_factory=Path)
    misrouted: list[tuple[float, float]] = field(default_factory=list)
    wrong_device: SimDevice | None = None
    first_installed: float = 0.0
    ike_installed: float = 0.0
    ike_ends: float | None = None
    ended: dict[tuple[str, int], float] = field(default_factory=dict)
    carried: dict[int, float] = field(default_factory=dict)
    late_lines: Counter[str] = field(default_factory=Counter)
    negotiating: bool = False
    settled: float = 0.0
    transform: str = "esp-256-aes esp-sha-hmac"
    nat_port: int | None = None
    knocks_out: bool = False

    def peer(self, side: int) -> End:
        """The other end."""
        return self.ends[1 - side]

    def port(self, side: int) -> int:
        """The UDP port by which the peer of `side` knows it."""
        if self.nat_port is None:
            return 500
        return self.nat_port if side == 1 else 4500

    def target(self, flow: Flow, when: float) -> tuple[SimDevice, End | None]:
        """Which device the packets of `flow` reach, and the end that serves the tunnel there (None: no end of it)."""
        end = self.ends[1 - flow.source]
        shared = end.device.hsrp is not None and end.device.hsrp.address == end.address
        if shared and self.wrong_device and any(a <= when < b for a, b in self.misrouted):
            return self.wrong_device, None
        return end.device, end

    def sequence(self, flow: Flow, spi: int, when: float) -> int:
        """The ESP sequence number of a packet that `flow` sends on `spi` at `when`."""
        pair = next((p for p in self.ends[flow.source].pairs if p.outbound == spi), None)
        if pair is None:
            return 1 + int(self.carried.get(spi, 0.0) / flow.bytes_each)
        return 1 + int(pair.bytes_out / flow.bytes_each + flow.pps * (when - self.settled))

    def delivers(self, flow: Flow, when: float) -> bool:
        """Whether packets of `flow` are decrypted at the other end."""
        if flow.wire is None or not self.path.is_open(when) or not self.active(flow, when):
            return False
        device, end = self.target(flow, when)
        return device.up and end is not None and end.holds(flow.wire)

    def active(self, flow: Flow, when: float) -> bool:
        """Whether the hosts send: by themselves, or because the other flow reaches them."""
        if not flow.runs(when):
            return False
        if not flow.answers:
            return True
        other = self.flows[1 - flow.source]
        return not other.answers and self.delivers(other, when)
