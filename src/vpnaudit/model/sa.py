"""Security associations and what surrounds them, as a device's show commands state them.

Every record has `line`: the number of its first line in its capture, from 1. None means that the device did not say.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from msgspec import Struct

Direction = Literal["in", "out"]
Protocol = Literal["esp", "ah", "pcp"]


class IpsecSa(Struct, frozen=True, kw_only=True, gc=False):
    """One IPsec SA, one direction. Identities are `address/mask/protocol/port`; addresses have no port."""

    line: int
    direction: Direction
    protocol: Protocol
    spi: int | None
    interface: str | None = None
    peer: str | None = None
    local_endpoint: str | None = None
    remote_endpoint: str | None = None
    local_identity: str | None = None
    remote_identity: str | None = None
    remaining_kb: int | None = None
    remaining_s: int | None = None
    transform: str | None = None
    status: str | None = None
    vrf: str | None = None
    map_tag: str | None = None
    peer_port: int | None = None
    settings: str | None = None
    initiator: bool | None = None
    volume_rekey: bool | None = None


class IpsecFlow(Struct, frozen=True, kw_only=True, gc=False):
    """One identity block (`protected vrf:` … ) of `show crypto ipsec sa`, also where it holds no SA.

    `counters` has the block's counters by the device's own words, lower case, without `#` and `pkts`:
    "encaps", "decaps", "send errors", "recv errors", "invalid sa (rcv)", "no sa (send)", "replay failed (rcv)" …
    """

    line: int
    interface: str | None = None
    map_tag: str | None = None
    vrf: str | None = None
    local_address: str | None = None
    peer: str | None = None
    peer_port: int | None = None
    local_endpoint: str | None = None
    remote_endpoint: str | None = None
    local_identity: str | None = None
    remote_identity: str | None = None
    current_outbound_spi: int | None = None
    pfs: str | None = None
    counters: dict[str, int] = {}


class ChildSa(Struct, frozen=True, kw_only=True, gc=False):
    """An IPsec SA as an IKE SA's listing names it."""

    direction: Direction
    spi: int


class DpdTimers(Struct, frozen=True, kw_only=True, gc=False):
    """Seconds between probes and between repetitions, as a show command states them."""

    interval_s: int | None = None
    retry_s: int | None = None


class IkeSa(Struct, frozen=True, kw_only=True, gc=False):
    """One IKE SA. For `show crypto isakmp sa` local is src, remote is dst and `ends_known` is false.

    `remark` is what stands in brackets behind the status ("deleted").
    """

    line: int
    version: Literal["v1", "v2"]
    local: str | None = None
    remote: str | None = None
    ends_known: bool = True
    local_port: int | None = None
    remote_port: int | None = None
    status: str | None = None
    state: str | None = None
    lifetime_s: int | None = None
    active_s: int | None = None
    remaining_s: int | None = None
    capabilities: str | None = None
    dpd: DpdTimers | None = None
    child_sas: tuple[ChildSa, ...] = ()
    initiator: bool | None = None
    nat_t: bool | None = None
    vrf: str | None = None
    front_vrf: str | None = None
    """In which its packets travel; "" the global one, None where the device does not say."""
    conn_id: int | None = None
    remark: str | None = None


class Session(Struct, frozen=True, kw_only=True, gc=False):
    """One entry of `show crypto session`. `flows` is their number."""

    line: int
    interface: str | None = None
    status: str | None = None
    peers: tuple[str, ...] = ()
    uptime_s: int | None = None
    flows: int = 0
    ike_sas: int = 0
    profile: str | None = None
    capabilities: str | None = None
    peer_port: int | None = None
    life: tuple[tuple[str, str], ...] = ()


class SaTrace(Struct, frozen=True, kw_only=True, gc=False):
    """One create or delete of an SA in `show monitor event-trace crypto ipsec event all`.

    `stamp` is the trace's own time text ("Nov 24 01:02:03.456"), `at` that time in UTC by the device's clock of then,
    which was set forward by `moved_s` since, good to `within_s`, and `other_s` by how much later it is if the trace is
    in the other zone of the two that it may be in: all set by `pipeline`; `destination` is `sa_dest`.
    """

    line: int
    action: Literal["create", "delete"]
    spi: int
    destination: str | None
    stamp: str | None
    at: datetime | None = None
    moved_s: float = 0.0
    within_s: float = 0.0
    other_s: float = 0.0


class IkeTimeout(Struct, frozen=True, kw_only=True, gc=False):
    """One timer row of `show crypto ikev2 stats timeout`: its name in the device's words, and its count."""

    line: int
    name: str
    count: int


class NbmaPeer(Struct, frozen=True, kw_only=True, gc=False):
    """A DMVPN peer that the device learned or was given (`show ip nhrp`, `show dmvpn`)."""

    line: int
    nbma: str
    tunnel: str | None = None
    interface: str | None = None
    state: str | None = None


class CryptoMapEntry(Struct, frozen=True, kw_only=True, gc=False):
    """One entry of `show crypto map`: the values in force for it.

    `lifetime_kb` null means not printed; `volume_disabled` true where the device says so.
    """

    line: int
    name: str
    sequence: int | None = None
    kind: str | None = None
    peers: tuple[str, ...] = ()
    acl: str | None = None
    transform_sets: tuple[str, ...] = ()
    lifetime_s: int | None = None
    lifetime_kb: int | None = None
    volume_disabled: bool = False
    pfs: str | None = None
    interfaces: tuple[str, ...] = ()


SpiTable = Literal["group-member", "key-server", "active", "transient", "sd-wan"]


class ListedSpi(Struct, frozen=True, kw_only=True, gc=False):
    """An SPI that a device lists elsewhere than in its IPsec SAs (field guide 3.1: L6 to L8).

    `table` says where: a GETVPN group's traffic keys at a member or at the key server, the look-up tables of `show
    crypto ipsec spi-lookup`, or SD-WAN. `directions` are those in which this device uses it: both for a group's key,
    none where it only hands it out (key server) or where the listing does not say.
    """

    line: int
    table: SpiTable
    spi: int
    directions: tuple[Direction, ...] = ()
    group: str | None = None
    interface: str | None = None
    local: str | None = None
    remote: str | None = None
    remaining_s: int | None = None
    lifetime_s: int | None = None
    transform: str | None = None


class IsakmpSuite(Struct, frozen=True, kw_only=True, gc=False):
    """One protection suite of `show crypto isakmp policy`, in the device's words. `default`: the system's own.

    Older releases print the default suite without its priority.
    """

    line: int
    default: bool
    priority: int | None = None
    encryption: str | None = None
    hash: str | None = None
    authentication: str | None = None
    group: str | None = None
    lifetime_s: int | None = None


class CryptoPeer(Struct, frozen=True, kw_only=True, gc=False):
    """A peer that a device names outside its SA tables (`show crypto isakmp peers`, `show crypto sockets`)."""

    line: int
    address: str
    port: int | None = None
    local: str | None = None
    identity: str | None = None
    interface: str | None = None
    profile: str | None = None
    state: str | None = None


class GroupRekeySa(Struct, frozen=True, kw_only=True, gc=False):
    """One SA over which a GETVPN key server sends new keys (`show crypto gdoi rekey sa`). Its SPI is none of ESP.

    The listing does not say which end is this device: it may be the server (source) or a member (destination).
    """

    line: int
    destination: str
    source: str
    conn_id: int | None = None
    status: str | None = None
