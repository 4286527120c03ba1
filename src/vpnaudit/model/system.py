"""Memory, processes, interfaces, version, clock and NTP, as a device's show commands state them."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from msgspec import Struct


class MemoryPool(Struct, frozen=True, kw_only=True, gc=False):
    """One pool, in bytes."""

    line: int
    pool: str
    total: int | None = None
    used: int | None = None
    free: int | None = None
    lowest: int | None = None
    largest: int | None = None


class ProcessMemory(Struct, frozen=True, kw_only=True, gc=False):
    """One row of `show processes memory sorted`, in bytes."""

    line: int
    pid: int
    name: str
    allocated: int
    freed: int
    holding: int


class InterfaceState(Struct, frozen=True, kw_only=True, gc=False):
    """One interface of `show interfaces`. Counters are since `clear counters` or boot."""

    line: int
    name: str
    status: str | None = None
    line_protocol: str | None = None
    address: str | None = None
    prefix_length: int | None = None
    input_errors: int | None = None
    crc_errors: int | None = None
    output_errors: int | None = None
    input_drops: int | None = None
    output_drops: int | None = None
    interface_resets: int | None = None
    carrier_transitions: int | None = None
    input_rate_bps: int | None = None
    output_rate_bps: int | None = None
    input_packets: int | None = None
    output_packets: int | None = None
    nameif: str | None = None
    """The name by which an ASA's tables call it ("outside")."""


class VersionFacts(Struct, frozen=True, kw_only=True, gc=False):
    """The facts of `show version`. `spellings` has every way in which the text writes its release."""

    line: int
    version: str | None = None
    spellings: tuple[str, ...] = ()
    hostname: str | None = None
    uptime_s: int | None = None
    uptime_resolution_s: int | None = None
    uptime: str | None = None
    reload_reason: str | None = None
    restarted_at: str | None = None
    processor_uptime_s: int | None = None
    """The control processor's own, where it is printed beside the chassis' (IOS-XE)."""
    family: Literal["ios", "ios-xe", "asa", "nxos", "xr"] | None = None
    model: str | None = None
    image: str | None = None


class ClockReading(Struct, frozen=True, kw_only=True, gc=False):
    """`show clock`. The time is as printed, in the device's zone.

    `mark` is "" (authoritative), "." (was synchronised once) or "*" (never set or not authoritative).
    """

    line: int
    year: int
    month: int
    day: int
    hour: int
    minute: int
    second: int
    microsecond: int = 0
    zone: str | None = None
    mark: Literal["", ".", "*"] = ""
    source: str | None = None


ANY_ZONE_S = (-14 * 3600.0, 14 * 3600.0)
"""By how much later a clock's reading is, at least and at most, where nobody knows what its zone's name means."""
ZONE_STEP_S = 900.0
"""Zones lie multiples of this apart."""


class NtpStatus(Struct, frozen=True, kw_only=True, gc=False):
    """`show ntp status`."""

    line: int
    synchronized: bool
    stratum: int | None = None
    reference: str | None = None
    offset_ms: float | None = None


class FailoverState(Struct, frozen=True, kw_only=True, gc=False):
    """What a unit of a failover pair says of itself, or one context of it (ASA, `show failover`).

    `state` is in its own words ("Active", "Standby Ready"); `last` the latest takeover of the pair by the unit's clock,
    and `last_at` that time in UTC, set by `pipeline`. `keeps_sas` is whether its partner's SAs come along: true where
    the list of what is replicated has IKE or IPsec SAs, false where there is no state link or a list without them, null
    where that cannot be told. `sa_errors` is how many of its partner's updates of SAs came with errors, since boot or
    clear.
    """

    line: int
    on: bool | None = None
    state: str | None = None
    state_line: int | None = None
    last: ClockReading | None = None
    last_at: datetime | None = None
    keeps_sas: bool | None = None
    keeps_line: int | None = None
    sa_errors: int = 0
    errors_line: int | None = None

    @property
    def is_active(self) -> bool:
        """Whether it is the active one now."""
        return (self.state or "").lower() == "active"


class Counter(Struct, frozen=True, kw_only=True, gc=False):
    """One count since boot or clear: its name in the device's words, and what it counts under (a column, a heading)."""

    line: int
    name: str
    value: int
    scope: str | None = None


class PlatformResource(Struct, frozen=True, kw_only=True, gc=False):
    """One row of `show platform resources`: `used` and `size` in `unit` ("MB", "KB", "cells"; "%" where only a share).

    `where` is the board and the part above the row ("RP0", "ESP0 QFP"); the thresholds are percent of `size`; `state`
    is the device's own verdict: "H" healthy, "W" warning, "C" critical.
    """

    line: int
    where: str | None
    name: str
    used: float | None = None
    size: int | None = None
    unit: str | None = None
    used_percent: float | None = None
    warning_percent: int | None = None
    critical_percent: int | None = None
    state: str | None = None


class IpSlaResult(Struct, frozen=True, kw_only=True, gc=False):
    """One operation of `show ip sla statistics`: a probe that the device itself sends over the path.

    `successes` and `failures` count operations since the start; `sent` and `lost` count packets where an operation
    sends several (udp-jitter, icmp-jitter; both ways together), of its latest run alone; `lost_out` of them on the way
    to the target, `lost_back` on the way back, at most `longest_run` in a row. `return_code` is the latest operation's,
    as printed, and `started` when it began, by the device's clock; `started_at` is that time in UTC, set by `pipeline`.
    """

    line: int
    number: int
    kind: str | None = None
    target: str | None = None
    successes: int | None = None
    failures: int | None = None
    sent: int | None = None
    lost: int | None = None
    lost_out: int | None = None
    lost_back: int | None = None
    longest_run: int | None = None
    return_code: str | None = None
    started: ClockReading | None = None
    started_at: datetime | None = None
