"""Memory, processes, interfaces, version, clock and NTP, as a device's show commands state them."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct


class MemoryPool(Struct, frozen=True, kw_only=True):
    """One pool, in bytes."""

    line: int
    pool: str
    total: int | None = None
    used: int | None = None
    free: int | None = None
    lowest: int | None = None
    largest: int | None = None


class ProcessMemory(Struct, frozen=True, kw_only=True):
    """One row of `show processes memory sorted`, in bytes."""

    line: int
    pid: int
    name: str
    allocated: int
    freed: int
    holding: int


class InterfaceState(Struct, frozen=True, kw_only=True):
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


class VersionFacts(Struct, frozen=True, kw_only=True):
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
    family: Literal["ios", "ios-xe", "asa", "nxos", "xr"] | None = None
    model: str | None = None
    image: str | None = None


class ClockReading(Struct, frozen=True, kw_only=True):
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


class NtpStatus(Struct, frozen=True, kw_only=True):
    """`show ntp status`."""

    line: int
    synchronized: bool
    stratum: int | None = None
    reference: str | None = None
    offset_ms: float | None = None
