"""Log messages, their stamps, and what a device says about its log."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from msgspec import Struct

FIREWALLS = frozenset({"ASA", "FTD", "PIX"})
"""The names that a firewall's messages go by."""


def of_firewalls(*messages: str) -> frozenset[str]:
    """Tags of a firewall's messages, each given by its number, under each name that its family goes by.

    At every severity: `logging message 113019 level errors` changes it, and the number says what happened (field guide
    1.6).

    >>> tags = of_firewalls("113019")
    >>> len(tags), sorted(tags)[:2]
    (24, ['ASA-0-113019', 'ASA-1-113019'])
    """
    severities = range(8)
    return frozenset(f"{name}-{level}-{message}" for name in FIREWALLS for level in severities for message in messages)


INVALID_SPI_TAGS = frozenset({"CRYPTO-4-RECVD_PKT_INV_SPI", "IPSEC-3-RECVD_PKT_INV_SPI"}) | of_firewalls(
    "402114", "402101"
)
"""Tags of the lines that are events (field guide 1.2, 1.4, 1.6), without any sub-facility or class token."""


RESTART_TAG = "SYS-5-RESTART"
"""A router's first word after it came up."""
REPEATED_MARK = b"repeated"
"""In a syslog server's "last message repeated N times", which stands for lines that were not written."""

NEEDED_MARKS = (
    "CRYPTO", "IKEV2-", "IPSEC", "ISAKMP", "GDOI-", "has invalid spi", "an invalid SPI",
    "MALLOCFAIL", "CHUNKEXPANDFAIL", "CHUNKMALLOCFAIL", "CFORKMEM", "-RESTART", "-RELOAD",
    "CLOCKUPDATE", "-77100", "UPDOWN", "LINK-5-CHANGED", "STATECHANGE", "REDUNDANCY-", "%RF-", "CONFIG_I", "LOGGEDCMD",
    "HA_EM-",
    "DMVPN-", "NHRP-", "TRACK-", "TRACKING-", "RTT-", "IPSLA", "Syslog logging:", "repeated",
    "-4021", "-6023", "-7023", "-713", "-714", "-715", "-750", "-751", "-752", "-113019",
    "-211001", "-104001", "-104002", "-19900", "-411001", "-411002", "-111008", "-111010",
)  # fmt: skip
"""What every line has that an audit needs, in whatever form it was copied: events, SA and IKE changes, what takes state
or memory away, lines that go down, commands that were entered. In a large log only lines with one of these are read;
a line of another kind may have one by chance. The numbers are those of firewall messages (field guide 1.6), without the
severity, which an operator may have changed."""


class Stamp(Struct, frozen=True, kw_only=True, gc=False):
    """A time stamp as it stands in the text.

    `kind` "datetime" has month to second (year null where not printed); "uptime" has `uptime_s` (seconds since boot)
    and `resolution_s` (1, 3600 or 86400). `mark` is the clock's: "" authoritative, "." synchronisation lost, "*" not
    set. `zone` is a name as printed; `utc_offset_min` is known only where the text itself gives a number (ISO,
    UTC+hh:mm, epoch).
    """

    text: str
    kind: Literal["datetime", "uptime"]
    year: int | None = None
    month: int = 1
    day: int = 1
    hour: int = 0
    minute: int = 0
    second: int = 0
    microsecond: int = 0
    resolution_s: float = 1.0
    zone: str | None = None
    utc_offset_min: int | None = None
    mark: Literal["", ".", "*"] = ""
    uptime_s: int | None = None


class LogMessage(Struct, frozen=True, kw_only=True, gc=False):
    """One message. `tag` is FACILITY-SEVERITY-NAME without sub-facility ("CRYPTO-4-RECVD_PKT_INV_SPI", "ASA-4-402114").

    `line` is the first of its `lines` physical lines; `raw` is their text, joined as it came. `count` is 1 plus what
    "last message repeated N times" added. `stamp` is the device's own; `relay_stamp` a syslog server's in front of it;
    `host` is whoever a relay's head or an origin-id names. `time` and `time_from` are set by `parse.times`.
    `details` holds a message's own facts by name: "state" ("up"/"down"), "process", "pool", "cause", "free", "bytes",
    "peer", "port", "user", "command", "reason", "inner_source", "inner_destination", "identity" …
    """

    line: int
    tag: str
    text: str
    raw: str
    lines: int = 1
    count: int = 1
    stamp: Stamp | None = None
    relay_stamp: Stamp | None = None
    host: str | None = None
    sequence: int | None = None
    spi: int | None = None
    source: str | None = None
    destination: str | None = None
    between: tuple[str, ...] = ()
    interface: str | None = None
    protocol: int | None = None
    packet_sequence: int | None = None
    corrupt_text: bool = False
    details: dict[str, str] = {}
    time: datetime | None = None
    time_from: str = ""
    clock_moved_s: float | None = 0.0
    """By how much the device's clock was set forward after the line was logged; null: it was, and nobody says how far.
    """
    clock_within_s: float = 0.0
    """By how much that may be off."""
    zone_within_s: float = 0.0
    """By how much the time may be off beside the clock's because its zone is a guess: the same for a whole log."""
    by_relay: bool = False
    """`time` is by the syslog server's clock: the line has no stamp of the device, and no other tells how they differ.
    """
    unset_time: datetime | None = None
    """What a clock that was never set showed, in the year that it counted from; known where it was set later."""
    since_boot_s: float | None = None
    """Seconds from the boot to the line, where its stamp counts them and the boot is the latest that the log shows."""

    @property
    def is_invalid_spi(self) -> bool:
        """Whether the line is an event: a packet with an SPI that the device does not have."""
        return self.tag in INVALID_SPI_TAGS

    @property
    def is_crypto(self) -> bool:
        """Whether the message is about IPsec or IKE (the `events` of the parse document)."""
        facility = self.tag.partition("-")[0]
        return facility in _CRYPTO_FACILITIES or (
            facility in FIREWALLS and self.tag.rpartition("-")[2][:3] in _FIREWALL_CRYPTO
        )


_CRYPTO_FACILITIES = frozenset(
    {"CRYPTO", "CRYPTO_ENGINE", "IKEV2", "IPSEC", "GDOI", "CRYPTO_HA_IKE", "CRYPTO_HA_IPSEC"}
)
_FIREWALL_CRYPTO = frozenset({"402", "602", "702", "713", "714", "715", "750", "751", "752"})


class LogHeader(Struct, frozen=True, kw_only=True, gc=False):
    """What `show logging` says about itself. `buffer_level` is a name ("debugging"); null where disabled or unsaid."""

    line: int
    buffer_enabled: bool | None = None
    buffer_level: str | None = None
    buffer_bytes: int | None = None
    messages_logged: int | None = None
    dropped: int | None = None
    rate_limited: int | None = None
    hosts: tuple[str, ...] = ()
    buffer_by_class: bool = False
    """Messages of some classes have a level of their own, which only the configuration tells (ASA)."""
    standby_logging: bool | None = None
    """Whether the standby unit of a pair logs too (ASA, `logging standby`); null where unsaid."""
