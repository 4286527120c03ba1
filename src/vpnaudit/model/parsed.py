"""The parse document, `vpnaudit.parse/1` (DESIGN 6): what a capture says, before anyone thinks about it."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from vpnaudit.model.config import ConfigFacts
from vpnaudit.model.facts import UnparsedLine
from vpnaudit.model.logs import LogHeader
from vpnaudit.model.sa import (
    CryptoMapEntry,
    Direction,
    DpdTimers,
    IkeTimeout,
    NbmaPeer,
    Protocol,
    Session,
)
from vpnaudit.model.spi import SpiText
from vpnaudit.model.system import (
    ClockReading,
    InterfaceState,
    MemoryPool,
    NtpStatus,
    ProcessMemory,
    VersionFacts,
)


class ParsedIpsecSa(Struct, frozen=True, kw_only=True, gc=False):
    """One IPsec SA. SPIs are text; addresses have no port."""

    line: int
    direction: Direction
    protocol: Protocol
    spi: SpiText | None
    interface: str | None
    peer: str | None
    local_endpoint: str | None
    remote_endpoint: str | None
    local_identity: str | None
    remote_identity: str | None
    remaining_kb: int | None
    remaining_s: int | None
    transform: str | None
    status: str | None
    vrf: str | None = None
    map_tag: str | None = None
    peer_port: int | None = None
    settings: str | None = None
    initiator: bool | None = None


class ParsedFlow(Struct, frozen=True, kw_only=True, gc=False):
    """One identity block, with its counters by the device's own words."""

    line: int
    interface: str | None
    peer: str | None
    local_endpoint: str | None
    remote_endpoint: str | None
    local_identity: str | None
    remote_identity: str | None
    current_outbound_spi: SpiText | None
    counters: dict[str, int]


class ParsedChild(Struct, frozen=True, kw_only=True, gc=False):
    """An IPsec SA as an IKE SA names it."""

    direction: Direction
    spi: SpiText


class ParsedIkeSa(Struct, frozen=True, kw_only=True, gc=False):
    """One IKE SA. `ends_known` false: the listing does not say which address is local (local is src, remote dst)."""

    line: int
    version: Literal["v1", "v2"]
    local: str | None
    remote: str | None
    ends_known: bool
    local_port: int | None
    remote_port: int | None
    status: str | None
    state: str | None
    lifetime_s: int | None
    active_s: int | None
    remaining_s: int | None
    capabilities: str | None
    dpd: DpdTimers | None
    child_sas: tuple[ParsedChild, ...]


class ParsedEvent(Struct, frozen=True, kw_only=True, gc=False):
    """One log message. `time` is UTC, null where the stamp has none; `spi` null where the message has none."""

    line: int
    tag: str
    time: str | None
    spi: SpiText | None
    source: str | None
    destination: str | None
    between: tuple[str, ...]
    interface: str | None
    count: int = 1
    time_from: str = ""
    details: dict[str, str] = {}


class ParsedTrace(Struct, frozen=True, kw_only=True, gc=False):
    """One create or delete of an SA in an event trace."""

    line: int
    action: Literal["create", "delete"]
    spi: SpiText
    destination: str | None
    stamp: str | None


class ParseDocument(Struct, frozen=True, kw_only=True, gc=False, rename={"schema_": "schema"}):
    """What one capture says. `lines` counts those that are not blank; `messages` are log lines that are not crypto."""

    schema_: Literal["vpnaudit.parse/1"]
    file: str
    platform: str | None
    command: str | None
    refused: bool
    lines: int
    understood: int
    unparsed: tuple[UnparsedLine, ...]
    ipsec_sas: tuple[ParsedIpsecSa, ...] = ()
    ipsec_flows: tuple[ParsedFlow, ...] = ()
    ike_sas: tuple[ParsedIkeSa, ...] = ()
    sessions: tuple[Session, ...] = ()
    memory_pools: tuple[MemoryPool, ...] = ()
    events: tuple[ParsedEvent, ...] = ()
    messages: tuple[ParsedEvent, ...] = ()
    traces: tuple[ParsedTrace, ...] = ()
    crypto_maps: tuple[CryptoMapEntry, ...] = ()
    ike_timeouts: tuple[IkeTimeout, ...] = ()
    nbma_peers: tuple[NbmaPeer, ...] = ()
    processes: tuple[ProcessMemory, ...] = ()
    interfaces: tuple[InterfaceState, ...] = ()
    log_header: LogHeader | None = None
    clock: ClockReading | None = None
    ntp: NtpStatus | None = None
    version: VersionFacts | None = None
    config: ConfigFacts | None = None
