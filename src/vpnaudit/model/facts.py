"""What one capture says, and how much of it was understood."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct

from vpnaudit.model.config import ConfigFacts
from vpnaudit.model.logs import LogHeader, LogMessage
from vpnaudit.model.sa import (
    CryptoMapEntry,
    CryptoPeer,
    GroupRekeySa,
    IkeSa,
    IkeTimeout,
    IpsecFlow,
    IpsecSa,
    IsakmpSuite,
    ListedSpi,
    NbmaPeer,
    SaTrace,
    Session,
)
from vpnaudit.model.snapshot import Capture
from vpnaudit.model.system import (
    ClockReading,
    Counter,
    FailoverState,
    InterfaceState,
    IpSlaResult,
    MemoryPool,
    NtpStatus,
    PlatformResource,
    ProcessMemory,
    VersionFacts,
)


class UnparsedLine(Struct, frozen=True, kw_only=True, gc=False):
    """A line that no rule knows."""

    line: int
    text: str


class Coverage(Struct, frozen=True, kw_only=True, gc=False):
    """How much of a text was understood. Blank lines count in neither number."""

    lines: int = 0
    understood: int = 0
    unparsed: tuple[UnparsedLine, ...] = ()


class Facts(Struct, frozen=True, kw_only=True, gc=False):
    """The records of one capture. What a command does not speak of is empty or null."""

    ipsec_sas: tuple[IpsecSa, ...] = ()
    ipsec_flows: tuple[IpsecFlow, ...] = ()
    ike_sas: tuple[IkeSa, ...] = ()
    sessions: tuple[Session, ...] = ()
    traces: tuple[SaTrace, ...] = ()
    ike_timeouts: tuple[IkeTimeout, ...] = ()
    nbma_peers: tuple[NbmaPeer, ...] = ()
    crypto_maps: tuple[CryptoMapEntry, ...] = ()
    memory_pools: tuple[MemoryPool, ...] = ()
    processes: tuple[ProcessMemory, ...] = ()
    interfaces: tuple[InterfaceState, ...] = ()
    counters: tuple[Counter, ...] = ()
    resources: tuple[PlatformResource, ...] = ()
    ip_sla: tuple[IpSlaResult, ...] = ()
    spis: tuple[ListedSpi, ...] = ()
    isakmp_suites: tuple[IsakmpSuite, ...] = ()
    crypto_peers: tuple[CryptoPeer, ...] = ()
    group_rekey_sas: tuple[GroupRekeySa, ...] = ()
    messages: tuple[LogMessage, ...] = ()
    log_header: LogHeader | None = None
    version: VersionFacts | None = None
    config: ConfigFacts | None = None
    clock: ClockReading | None = None
    ntp: NtpStatus | None = None
    failover: FailoverState | None = None
    cut: bool = False
    """The answer ends inside its last record: what does not stand in it says nothing."""


class Parsed(Struct, frozen=True, kw_only=True, gc=False):
    """What a parser returns for one text."""

    facts: Facts = Facts()
    coverage: Coverage = Coverage()
    refused: bool = False


Parser = Callable[[str], Parsed]
"""Text of one answer in, records and coverage out. Never raises on any text."""


class ParsedCapture(Struct, frozen=True, kw_only=True, gc=False):
    """A capture with what it says."""

    capture: Capture
    parsed: Parsed
