"""One device of a fleet: everything that its captures say, with the way back to the line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, Literal, TypeVar

from msgspec import Struct

from vpnaudit.model.addresses import normal
from vpnaudit.model.config import ConfigFacts
from vpnaudit.model.evidence import Evidence
from vpnaudit.model.facts import ParsedCapture
from vpnaudit.model.logs import LogHeader, LogMessage
from vpnaudit.model.platform import Defaults, Words
from vpnaudit.model.sa import (
    CryptoMapEntry,
    IkeSa,
    IpsecFlow,
    IpsecSa,
    ListedSpi,
    NbmaPeer,
    SaTrace,
    Session,
)
from vpnaudit.model.snapshot import DeviceStatus
from vpnaudit.model.system import (
    ANY_ZONE_S,
    ZONE_STEP_S,
    ClockReading,
    FailoverState,
    InterfaceState,
    IpSlaResult,
    MemoryPool,
    NtpStatus,
    ProcessMemory,
    VersionFacts,
)

T = TypeVar("T")

SA_COMMANDS = ("show crypto ipsec sa", "show crypto ipsec sa detail")
IKE_V1_COMMANDS = (
    "show crypto isakmp sa",
    "show crypto isakmp sa detail",
    "show crypto ikev1 sa",
    "show crypto ikev1 sa detail",
)
IKE_V2_COMMANDS = ("show crypto ikev2 sa", "show crypto ikev2 sa detail")
IKE_COMMANDS = IKE_V1_COMMANDS + IKE_V2_COMMANDS
CONFIG_COMMAND = "show running-config"
BUFFER_COMMAND = "show logging"
RECORD_LINES = 60
"""How far below its first line a record's own lines are looked for: an interface has no more."""


def _place(capture: ParsedCapture) -> tuple[str, str, int]:
    return (capture.capture.command, capture.capture.file, capture.capture.first_line)


def _is_part(capture: ParsedCapture) -> bool:
    """Whether it is a configuration that lacks its beginning or its end: what it does not say may stand there."""
    config = capture.parsed.facts.config
    return config is not None and not config.whole


def _line(message: LogMessage) -> tuple[str, str, str]:
    """What is the same in every copy of a line: its time (or stamp), tag and text."""
    when = message.time.isoformat(timespec="milliseconds") if message.time else ""
    return (when or (message.stamp.text if message.stamp else ""), message.tag, message.text)


class Device(Struct, frozen=True, kw_only=True, dict=True):
    """One device. `captures` holds the newest capture of each command, in command order, unfiltered ones first.

    `clock_offset_s` is the device's clock minus true time (positive: the device is ahead), `clock_uncertainty_s` its
    bound; both null where unknown. `taken_at` is the true time of the device's newest capture, or the best guess at it.
    """

    name: str
    platform: str | None
    defaults: Defaults | None
    address: str | None = None
    assessable: bool = True
    status: DeviceStatus = "complete"
    error: str | None = None
    missing: tuple[str, ...] = ()
    captures: tuple[ParsedCapture, ...] = ()
    log_captures: tuple[ParsedCapture, ...] = ()
    not_asked: tuple[str, ...] = ()
    """Commands that the collection left out because their answers could not matter."""
    taken_at: datetime | None = None
    clock_offset_s: float | None = None
    clock_uncertainty_s: float | None = None
    clock_synchronized: bool | None = None
    clock_others_s: tuple[float, ...] = ()
    """By how much later the clock's reading is by what its zone's name may mean as well, where nothing tells which."""
    booted_at: datetime | None = None
    boot_uncertainty_s: float = 60.0

    @property
    def words(self) -> Words:
        """What a person types on the device; IOS's words where its platform is not known."""
        return self.defaults.words if self.defaults is not None else Words()

    def find(self, *commands: str) -> tuple[ParsedCapture, ...]:
        """Captures of the named commands that were answered (not refused), unfiltered or filtered."""
        if commands not in self._found:
            answered = (c for c in self.captures if c.capture.command in commands and not c.parsed.refused)
            self._found[commands] = tuple(answered)
        return self._found[commands]

    def read(self, *commands: str) -> bool:
        """Whether one of the commands was answered whole: without a filter, and a configuration to its end."""
        if commands not in self._whole:
            self._whole[commands] = any(not (c.capture.argument or _is_part(c)) for c in self.find(*commands))
        return self._whole[commands]

    def ike_read(self, version: Literal["v1", "v2"] | None) -> bool:
        """Whether the table was read in which an IKE SA of `version` would stand; of both where it is not known.

        An ASA's `show crypto isakmp sa` lists IKEv2 too: where one such record was seen, that table counts for both.
        A device that refuses to list IKEv2 while it lists IKEv1 has none, nor has one that was not asked because its
        release or its configuration has no IKEv2.
        """
        v1, v2 = self._ike_read
        return (v1 or version == "v2") and (v2 or version == "v1")

    @cached_property
    def _ike_read(self) -> tuple[bool, bool]:
        v1 = self.read(*IKE_V1_COMMANDS)
        both = any(s.version == "v2" for _, s in self.ike_sas)
        refused = any(c.capture.command in IKE_V2_COMMANDS and c.parsed.refused for c in self.captures)
        needless = any(c in IKE_V2_COMMANDS for c in self.not_asked)
        return v1, self.read(*IKE_V2_COMMANDS) or needless or (v1 and (both or refused))

    @property
    def clock_off_s(self) -> float | None:
        """By how much the clock itself is off, its zone's name taken as what it may mean that makes this least."""
        offset, others = self.clock_offset_s, self.clock_others_s
        if offset is None or not others:
            return offset
        if others == ANY_ZONE_S:
            return offset - ZONE_STEP_S * round(offset / ZONE_STEP_S)
        return min((offset + later_s for later_s in (0.0, *others)), key=abs)

    def on_common_clock(self, own: datetime) -> datetime:
        """A time by the device's clock, on the common clock."""
        return own - self._clock_offset if self.clock_offset_s else own

    @cached_property
    def _clock_offset(self) -> timedelta:
        return timedelta(seconds=self.clock_offset_s or 0.0)

    def logged_at(self, message: LogMessage) -> datetime | None:
        """When a line was logged, on the common clock; null where that cannot be told.

        The clock's offset is that of `show clock`: what the clock was set by after the line comes on top. Stamps that
        count from the boot are placed by the device's uptime. A syslog server's clock is taken for right.
        """
        shown = message.time or message.unset_time
        if message.by_relay:
            return shown
        if shown is not None and message.clock_moved_s is not None:
            moved = shown + timedelta(seconds=message.clock_moved_s) if message.clock_moved_s else shown
            return self.on_common_clock(moved)
        if self._counts_from_boot(message) and self.booted_at is not None and message.since_boot_s is not None:
            return self.booted_at + timedelta(seconds=message.since_boot_s)
        return None

    def logged_within_s(self, message: LogMessage) -> float:
        """By how much `logged_at` may be off because of the stamp: its resolution, what is not known of its clock.

        And the uptime's where that counts.
        """
        if message.by_relay:
            return message.relay_stamp.resolution_s if message.relay_stamp is not None else 1.0
        stamp = message.stamp.resolution_s if message.stamp is not None else 1.0
        return stamp + message.clock_within_s + (self.boot_uncertainty_s if self._counts_from_boot(message) else 0.0)

    def _counts_from_boot(self, message: LogMessage) -> bool:
        """Whether the line's only time is its distance from the boot, and from this one: no more than the uptime."""
        if message.since_boot_s is None or message.time is not None:
            return False
        up = self.version[1].uptime_s if self.version is not None else None
        if up is None:
            return False
        dated = message.unset_time is not None and message.clock_moved_s is not None
        return not dated and message.since_boot_s <= up + 2 * self.boot_uncertainty_s

    def cite(self, capture: ParsedCapture, line: int | None) -> Evidence:
        """The evidence for a record of `capture` that begins at `line` of its text."""
        answer = capture.capture
        if line is None:
            return Evidence(device=self.name, command=answer.words, file=answer.file)
        lines = self._lines(capture)
        text, number = lines[line - 1].strip() if 0 < line <= len(lines) else "", answer.number_of(line)
        return Evidence(device=self.name, command=answer.words, file=answer.file, line=number, text=text)

    def cite_message(self, capture: ParsedCapture, message: LogMessage) -> Evidence:
        """The evidence for a log message: all of its lines, as they came."""
        answer = capture.capture
        line = answer.number_of(message.line)
        return Evidence(device=self.name, command=answer.words, file=answer.file, line=line, text=message.raw)

    def cite_below(self, capture: ParsedCapture, line: int, words: str) -> Evidence:
        """The line of a record that begins at `line` which has these words; its first where none has them soon."""
        lines = self._lines(capture)[line - 1 : line + RECORD_LINES]
        return self.cite(capture, next((line + n for n, text in enumerate(lines) if words in text), line))

    def cite_uptime(self) -> tuple[Evidence, ...]:
        """The line of `show version` that says for how long the device is up."""
        if self.version is None:
            return ()
        capture, version = self.version
        said = " ".join((version.uptime or "").split())
        lines = enumerate(self._lines(capture), start=1)
        number = next((n for n, text in lines if (t := " ".join(text.split())) and said.startswith(t)), version.line)
        return (self.cite(capture, number),)

    def cite_whole(self, *commands: str) -> tuple[Evidence, ...]:
        """The evidence that a command's whole answer is: used to show an absence."""
        if commands not in self._cited:
            self._cited[commands] = tuple(self.cite(c, None) for c in self.find(*commands)[:1])
        return self._cited[commands]

    def once(self, compute: Callable[[Device], T]) -> T:
        """What `compute` says of the device, computed at the first call: many stories ask one device the same."""
        computed = self._computed
        if compute not in computed:
            computed[compute] = compute(self)
        found: T = computed[compute]
        return found

    @cached_property
    def _computed(self) -> dict[Callable[[Device], Any], Any]:
        return {}

    @cached_property
    def _found(self) -> dict[tuple[str, ...], tuple[ParsedCapture, ...]]:
        return {}

    @cached_property
    def _whole(self) -> dict[tuple[str, ...], bool]:
        return {}

    @cached_property
    def _cited(self) -> dict[tuple[str, ...], tuple[Evidence, ...]]:
        return {}

    @cached_property
    def _split(self) -> dict[int, list[str]]:
        return {}

    def _lines(self, capture: ParsedCapture) -> list[str]:
        split, key = self._split, id(capture)
        if key not in split:
            split[key] = capture.capture.text.split("\n")
        return split[key]

    def _records(self, name: str) -> tuple[tuple[ParsedCapture, T], ...]:
        return tuple((c, r) for c in self.captures for r in getattr(c.parsed.facts, name))

    def _first(self, name: str) -> tuple[ParsedCapture, T] | None:
        return next(((c, v) for c in self.captures if (v := getattr(c.parsed.facts, name)) is not None), None)

    @cached_property
    def own_addresses(self) -> frozenset[str]:
        """The addresses of its interfaces, those that it shares with a partner among them, in their one spelling."""
        configured = self.config[1].interfaces if self.config is not None else ()
        shown = {i.address for _, i in self.interfaces if i.address}
        written = {a.partition("/")[0] for i in configured for a in (*i.addresses, *i.standby_addresses)}
        return frozenset(map(normal, shown | written))

    @cached_property
    def standby_addresses(self) -> frozenset[str]:
        """Those that its configuration shares with a partner or leaves to it, in their one spelling."""
        configured = self.config[1].interfaces if self.config is not None else ()
        return frozenset(normal(a) for i in configured for a in i.standby_addresses)

    @cached_property
    def ipsec_sas(self) -> tuple[tuple[ParsedCapture, IpsecSa], ...]:
        """IPsec SAs of every SA table that was read, with the capture that shows each."""
        return self._records("ipsec_sas")

    @cached_property
    def ipsec_flows(self) -> tuple[tuple[ParsedCapture, IpsecFlow], ...]:
        """Identity blocks."""
        return self._records("ipsec_flows")

    @cached_property
    def ike_sas(self) -> tuple[tuple[ParsedCapture, IkeSa], ...]:
        """IKE SAs; one SA may stand in the plain and in the detail answer."""
        return self._records("ike_sas")

    @cached_property
    def sessions(self) -> tuple[tuple[ParsedCapture, Session], ...]:
        """Crypto sessions."""
        return self._records("sessions")

    @cached_property
    def traces(self) -> tuple[tuple[ParsedCapture, SaTrace], ...]:
        """Event trace entries."""
        return self._records("traces")

    @cached_property
    def nbma_peers(self) -> tuple[tuple[ParsedCapture, NbmaPeer], ...]:
        """DMVPN peers."""
        return self._records("nbma_peers")

    @cached_property
    def listed_spis(self) -> tuple[tuple[ParsedCapture, ListedSpi], ...]:
        """SPIs that it lists elsewhere than in its SA tables: a group's traffic keys, look-up tables."""
        return self._records("spis")

    @cached_property
    def crypto_maps(self) -> tuple[tuple[ParsedCapture, CryptoMapEntry], ...]:
        """Crypto map entries as the device holds them."""
        return self._records("crypto_maps")

    @cached_property
    def memory_pools(self) -> tuple[tuple[ParsedCapture, MemoryPool], ...]:
        """Memory pools."""
        return self._records("memory_pools")

    @cached_property
    def processes(self) -> tuple[tuple[ParsedCapture, ProcessMemory], ...]:
        """Processes by memory."""
        return self._records("processes")

    @cached_property
    def interfaces(self) -> tuple[tuple[ParsedCapture, InterfaceState], ...]:
        """Interfaces."""
        return self._records("interfaces")

    @cached_property
    def ip_sla(self) -> tuple[tuple[ParsedCapture, IpSlaResult], ...]:
        """Results of the device's own probes; each operation once, as the first capture that shows it has it."""
        found: dict[int, tuple[ParsedCapture, IpSlaResult]] = {}
        shown: tuple[tuple[ParsedCapture, IpSlaResult], ...] = self._records("ip_sla")
        for capture, result in shown:
            found.setdefault(result.number, (capture, result))
        return tuple(found.values())

    @cached_property
    def messages(self) -> tuple[tuple[ParsedCapture, LogMessage], ...]:
        """Log messages of the buffer and of log files, in the order of their captures and lines."""
        return tuple((c, m) for c in self.log_captures for m in c.parsed.facts.messages)

    @cached_property
    def log_span(self) -> tuple[datetime, datetime] | None:
        """The times of its first and last log message, by its own clock; null where none has a time."""
        moved = ((m.time, m.clock_moved_s) for _, m in self.messages)
        times = [time + timedelta(seconds=by or 0.0) for time, by in moved if time is not None]
        return (min(times), max(times)) if times else None

    @cached_property
    def logged_s(self) -> float | None:
        """For how long its log tells what was logged, seconds: from the first line to the last.

        A device's own buffer tells until it was read, as well as that can be told.
        """
        if self.log_span is None:
            return None
        begin, end = map(self.on_common_clock, self.log_span)
        of_buffer = any(c.capture.command == BUFFER_COMMAND for c in self.log_captures)
        until = max(end, self.taken_at) if of_buffer and self.taken_at is not None else end
        return (until - begin).total_seconds()

    @cached_property
    def messages_once(self) -> tuple[tuple[ParsedCapture, LogMessage], ...]:
        """Log messages, each logged line once: of several captures that hold it (buffer and syslog file) the first.

        Equal lines of one capture were logged more than once.
        """
        if len(self.log_captures) < 2:
            return self.messages
        known: Counter[tuple[str, str, str]] = Counter()
        found = []
        for capture in sorted(self.log_captures, key=_place):
            here: Counter[tuple[str, str, str]] = Counter()
            for message in capture.parsed.facts.messages:
                line = _line(message)
                here[line] += 1
                if here[line] > known[line]:
                    found.append((capture, message))
            known |= here
        return tuple(found)

    @cached_property
    def other_messages(self) -> tuple[tuple[ParsedCapture, LogMessage], ...]:
        """What it logs besides events, each line once: most logs are nothing but events, asked for everything else."""
        return tuple((c, m) for c, m in self.messages_once if not m.is_invalid_spi)

    @cached_property
    def config(self) -> tuple[ParsedCapture, ConfigFacts] | None:
        """The running configuration."""
        return self._first("config")

    @cached_property
    def version(self) -> tuple[ParsedCapture, VersionFacts] | None:
        """`show version`."""
        return self._first("version")

    @cached_property
    def clock(self) -> tuple[ParsedCapture, ClockReading] | None:
        """`show clock`."""
        return self._first("clock")

    @cached_property
    def ntp(self) -> tuple[ParsedCapture, NtpStatus] | None:
        """`show ntp status`."""
        return self._first("ntp")

    @cached_property
    def failover(self) -> tuple[ParsedCapture, FailoverState] | None:
        """`show failover`."""
        return self._first("failover")

    @cached_property
    def log_header(self) -> tuple[ParsedCapture, LogHeader] | None:
        """What `show logging` says about the log."""
        return next(((c, h) for c in self.log_captures if (h := c.parsed.facts.log_header) is not None), None)
