"""The facts of a running configuration that an audit needs (field guide 5.4 and appendix E).

Every struct has `line`. None means that the configuration does not say; the platform's default then holds.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

DpdMode = Literal["periodic", "on-demand", "off"]


class DpdSetting(Struct, frozen=True, kw_only=True, gc=False):
    """A DPD or keepalive setting. Seconds."""

    line: int
    interval_s: int | None = None
    retry_s: int | None = None
    mode: DpdMode | None = None


class LifetimeSetting(Struct, frozen=True, kw_only=True, gc=False):
    """An IPsec lifetime. `volume_disabled` is `kilobytes disable` (or unlimited)."""

    line: int
    seconds: int | None = None
    kilobytes: int | None = None
    volume_disabled: bool = False


class SummerTime(Struct, frozen=True, kw_only=True, gc=False):
    """`clock summer-time ZONE …`. `rule` is the rest of the statement ("recurring", "recurring last Sun …")."""

    line: int
    zone: str
    rule: str


class PeerMatch(Struct, frozen=True, kw_only=True, gc=False):
    """Whom a key, keyring or profile applies to. `address` null and `any_peer` true: everybody (0.0.0.0, any)."""

    line: int
    address: str | None = None
    mask: str | None = None
    identity: str | None = None
    any_peer: bool = False


class IsakmpPolicy(Struct, frozen=True, kw_only=True, gc=False):
    """`crypto isakmp policy N` (ASA: `crypto ikev1 policy N`)."""

    line: int
    priority: int
    lifetime_s: int | None = None
    lifetime_open: bool = False
    """It has no end of its own (`lifetime none`): the peer's counts."""
    encryption: str | None = None
    hash: str | None = None
    authentication: str | None = None
    group: str | None = None


class IkeProfile(Struct, frozen=True, kw_only=True, gc=False):
    """`crypto isakmp profile` ("v1") or `crypto ikev2 profile` ("v2")."""

    line: int
    name: str
    version: Literal["v1", "v2"]
    matches: tuple[PeerMatch, ...] = ()
    keyring: str | None = None
    dpd: DpdSetting | None = None
    lifetime_s: int | None = None
    lifetime_open: bool = False
    """Several policies have different ones, and the peer's offer decides; or it has none of its own."""
    virtual_template: str | None = None
    vrf: str | None = None
    by_peer: bool = False
    """Holds for the peers that it matches without being named by a map entry: an ASA's tunnel group."""


class TransformSet(Struct, frozen=True, kw_only=True, gc=False):
    """`crypto ipsec transform-set` or an IKEv2 IPsec proposal. `transforms` in the configuration's own words."""

    line: int
    name: str
    transforms: tuple[str, ...] = ()
    mode: str | None = None
    offers: tuple[str, ...] = ()
    """Of an IKEv2 proposal, which allows several algorithms of a kind: each combination, in a transform set's words."""


class IpsecProfile(Struct, frozen=True, kw_only=True, gc=False):
    """`crypto ipsec profile NAME`."""

    line: int
    name: str
    transform_sets: tuple[str, ...] = ()
    lifetime: LifetimeSetting | None = None
    pfs: str | None = None
    isakmp_profile: str | None = None
    ikev2_profile: str | None = None
    idle_s: int | None = None
    ipsec_proposals: tuple[str, ...] = ()
    ike_version: Literal["v1", "v2"] | None = None


class MapEntry(Struct, frozen=True, kw_only=True, gc=False):
    """One entry of a crypto map or dynamic map.

    `kind`: "static", "dynamic" (the entry points to `dynamic_map`, or stands in a dynamic map itself when `template`),
    "gdoi" or "manual".
    """

    line: int
    name: str
    sequence: int
    kind: Literal["static", "dynamic", "gdoi", "manual"] = "static"
    template: bool = False
    peers: tuple[str, ...] = ()
    acl: str | None = None
    transform_sets: tuple[str, ...] = ()
    lifetime: LifetimeSetting | None = None
    pfs: str | None = None
    isakmp_profile: str | None = None
    ikev2_profile: str | None = None
    dynamic_map: str | None = None
    ike_version: Literal["v1", "v2"] | None = None
    idle_s: int | None = None
    reverse_route: bool = False
    ipsec_proposals: tuple[str, ...] = ()


class AclEntry(Struct, frozen=True, kw_only=True, gc=False):
    """One entry. Source and destination are networks as `address/prefix length` ("any" is 0.0.0.0/0), or null."""

    line: int
    acl: str
    action: Literal["permit", "deny"]
    protocol: str
    source: str | None = None
    destination: str | None = None
    text: str = ""


class ConfigInterface(Struct, frozen=True, kw_only=True, gc=False):
    """One interface section."""

    line: int
    name: str
    addresses: tuple[str, ...] = ()
    standby_addresses: tuple[str, ...] = ()
    vrf: str | None = None
    crypto_map: str | None = None
    crypto_map_redundancy: str | None = None
    shutdown: bool = False
    tunnel_source: str | None = None
    tunnel_destination: str | None = None
    tunnel_mode: str | None = None
    tunnel_vrf: str | None = None
    ipsec_profile: str | None = None
    protection_shared: bool = False
    protection_line: int | None = None
    isakmp_profile: str | None = None
    """Behind the protection's IPsec profile: it holds for this tunnel instead of the one that the profile names."""
    ikev2_profile: str | None = None
    nhrp_nbma: tuple[str, ...] = ()
    nhrp: bool = False
    virtual_template: bool = False
    acl_in: str | None = None
    """The inbound filter that packets to the device itself meet (ASA: `access-group … control-plane`)."""
    acl_in_passes_rest: bool = False
    """Whether that filter lets pass what it does not name; otherwise it drops that."""
    zone_member: str | None = None
    nameif: str | None = None
    """An ASA's own word for the interface, which its crypto commands print instead of `name`."""

    @property
    def known_as(self) -> str:
        """The name under which the device's crypto commands show the interface."""
        return self.nameif or self.name


class TimeStamps(Struct, frozen=True, kw_only=True, gc=False):
    """`service timestamps log …` (ASA: `logging timestamp`). `kind` "none" where switched off."""

    line: int
    kind: Literal["datetime", "uptime", "none"]
    msec: bool = False
    localtime: bool = False
    show_timezone: bool = False
    year: bool = False


class Failover(Struct, frozen=True, kw_only=True, gc=False):
    """`failover …` of an ASA pair. `link` is the interface that carries the state (with it the SAs); null: none."""

    line: int
    on: bool = False
    unit: Literal["primary", "secondary"] | None = None
    link: str | None = None


class IpSlaOperation(Struct, frozen=True, kw_only=True, gc=False):
    """`ip sla N` (`ip sla monitor N`, `rtr N`): a probe. `target` is an address or a name, as written."""

    line: int
    number: int
    kind: str | None = None
    target: str | None = None
    source: str | None = None
    source_interface: str | None = None
    vrf: str | None = None
    frequency_s: int | None = None
    threshold_ms: int | None = None
    """From which time on an answer counts as slow; null: as long as the time-out."""


class AppletCommand(Struct, frozen=True, kw_only=True, gc=False):
    """`action N cli command "…"` of an applet: what it types, and the statement as it stands."""

    line: int
    text: str
    statement: str


class EventApplet(Struct, frozen=True, kw_only=True, gc=False):
    """`event manager applet NAME`. `event` is what starts it ("syslog", "track", "timer"), `pattern` of which message.

    What it logs itself has its name in front (`HA_EM-6-LOG`).
    """

    line: int
    name: str
    event: str | None = None
    pattern: str | None = None
    commands: tuple[AppletCommand, ...] = ()


class ConfigFacts(Struct, frozen=True, kw_only=True, gc=False):
    """A running configuration. `whole` is true where it was read from its first statement to its `end`."""

    line: int
    whole: bool = False
    hostname: str | None = None
    clock_zone: str | None = None
    clock_offset_min: int | None = None
    summer_time: SummerTime | None = None
    timestamps: TimeStamps | None = None
    trace_timestamps: TimeStamps | None = None
    """`monitor event-trace timestamps …`: the event traces' own."""
    sequence_numbers: bool = False
    logging_buffered_bytes: int | None = None
    logging_buffered_level: str | None = None
    logging_buffered_off: bool = False
    logging_buffered_vpn_level: str | None = None
    """The level of the buffer for messages of the VPN, where they have one of their own (ASA)."""
    logging_hosts: tuple[str, ...] = ()
    logging_session: bool = False
    """Sessions that come and go are logged, of both versions of IKE (ASA), or of IKEv1 (IOS)."""
    logging_session_v2: bool = False
    """Those of IKEv2 are (IOS, `crypto logging ikev2`)."""
    ntp_servers: tuple[str, ...] = ()
    isakmp_policies: tuple[IsakmpPolicy, ...] = ()
    isakmp_keys: tuple[PeerMatch, ...] = ()
    isakmp_keepalive: DpdSetting | None = None
    ikev2_dpd: DpdSetting | None = None
    ike_profiles: tuple[IkeProfile, ...] = ()
    ikev2_keyrings: dict[str, tuple[PeerMatch, ...]] = {}
    ikev2_policies: tuple[str, ...] = ()
    ikev2_proposals: tuple[str, ...] = ()
    invalid_spi_recovery: bool = False
    invalid_spi_recovery_line: int | None = None
    ipsec_lifetime: LifetimeSetting | None = None
    transform_sets: tuple[TransformSet, ...] = ()
    ipsec_profiles: tuple[IpsecProfile, ...] = ()
    map_entries: tuple[MapEntry, ...] = ()
    map_local_address: dict[str, str] = {}
    acls: dict[str, tuple[AclEntry, ...]] = {}
    interfaces: tuple[ConfigInterface, ...] = ()
    group_peers: tuple[PeerMatch, ...] = ()
    gdoi_groups: tuple[str, ...] = ()
    ip_sla: tuple[IpSlaOperation, ...] = ()
    ipsec_proposals: tuple[TransformSet, ...] = ()
    """`crypto ipsec ikev2 ipsec-proposal` (ASA): a name may stand here and among the transform sets."""
    failover: Failover | None = None
    applets: tuple[EventApplet, ...] = ()
