"""What one platform does differently, handed to the stages as a value."""

from __future__ import annotations

import re
from functools import cache
from typing import Literal, NamedTuple, Protocol

from msgspec import Struct

from vpnaudit.model.config import DpdMode
from vpnaudit.model.facts import Parser


class Needless(Struct, frozen=True, kw_only=True, gc=False):
    """When a command cannot matter, told from what the same session has answered already.

    That is so where `answer` was had whole and not refused, each pattern of `sure` is found in a line of it (so that
    what it does not show is not there), and `shown_by` in none. Lines are as they were written: secrets are masked.
    """

    answer: str
    because: str
    sure: tuple[re.Pattern[str], ...] = ()
    shown_by: re.Pattern[str] | None = None


class PeerForm(Struct, frozen=True, kw_only=True, gc=False):
    """How a command is asked about one peer: `text` has `{peer}` for its IPv4 address. `needless`: when not so."""

    text: str
    needless: tuple[Needless, ...] = ()


class CommandSpec(Struct, frozen=True, kw_only=True, gc=False):
    """One command: its canonical text, whether an audit needs it, and who reads its answer.

    `timeout_s` is how long the device may take to answer, in seconds. `collected` is false for commands that are read
    when found in a source and not sent (variants). `other_forms` are further canonical commands with the same parser.
    """

    command: str
    parse: Parser
    needed: bool = False
    collected: bool = True
    timeout_s: float = 60.0
    other_forms: tuple[str, ...] = ()
    sent: str | None = None
    """What the device is asked, where its own word for it is another ("detailed"); null: the canonical command."""
    needless: tuple[Needless, ...] = ()
    """It is left out where one of these holds; where none can be told, it is sent: a refusal harms nothing."""
    for_peer: PeerForm | None = None
    of_tunnel: bool = True
    """Whether the story of one tunnel needs it; other commands are about the whole device."""
    left_out: str | None = None
    """Why this collection does not ask it at all."""


class Words(Struct, frozen=True, kw_only=True, gc=False):
    """What a person types on the platform to settle a question that is open."""

    sessions_shown_by: str = "show crypto session detail"
    """The command that lists the sessions with their age."""
    sessions_logged_by: str = "crypto logging session"
    """What is configured so that the log tells when a session comes and goes."""
    ikev2_sessions_logged_by: str = "crypto logging ikev2"
    """The same for sessions of IKEv2."""
    interfaces_shown_by: str = "show interfaces"
    policy_shown_by: str = "show crypto map"
    """What lists lifetimes, transform sets and networks in force, where the configuration does not tell."""
    dpd_shown_by: str = "show crypto session detail"
    ike_shown_by: str = "show crypto isakmp sa detail; show crypto ikev2 sa detailed"
    memory_shown_by: str = "show memory statistics"
    sas_recorded_by: str = "show monitor event-trace crypto ipsec event all"
    """What tells when SAs came and went, and their SPIs."""
    route_shown_by: str = "show ip cef"
    """With an address behind it: over which interface packets to it leave."""


class Defaults(Struct, frozen=True, kw_only=True, gc=False):
    """What holds where a configuration says nothing (field guide 2.1, 5.4)."""

    ipsec_s: int
    ipsec_kb: int
    ike_s: int
    dpd_mode: DpdMode
    dpd_interval_s: int | None = None
    dpd_retry_s: int | None = None
    dpd_waits: tuple[tuple[int, int], tuple[int, int]] = ((0, 5), (1, 5))
    """The shortest and the longest outage in which a periodic DPD gives its peer up, each as so many intervals and so
    many retries (field guide 6.1)."""
    log_interval_s: int = 60
    """The device logs at most one invalid-SPI line for a flow in so many seconds (field guide 1.3)."""
    rekey_share: float | None = None
    """After which share of a time lifetime a rekey begins; null: shortly before its end (field guide 2.4)."""
    buffer_level: str | None = None
    """What the log buffer keeps where the configuration gives it a size and no level."""
    log_is_local: bool = False
    """Whether the platform stamps its log in the clock's own zone, unless its configuration says otherwise."""
    log_milliseconds: bool = True
    """Whether the platform can stamp its log with milliseconds at all."""
    counts_queue_drops: bool = True
    """Whether it counts what the queues of an interface dropped, and nothing else with it."""
    counts_ike_timeouts: bool = True
    """Whether it can count the IKEv2 messages that it gave up."""
    words: Words = Words()


class Change(Struct, frozen=True, kw_only=True, gc=False):
    """Lines of one platform's syntax that do one thing, and how to see and undo it."""

    commands: tuple[str, ...]
    verify: tuple[str, ...] = ()
    rollback: tuple[str, ...] = ()


Topic = Literal[
    "sa", "ike", "session", "dpd", "lifetime", "memory", "interface", "reload", "failover", "nat", "routing", "filter",
    "group", "log", "config", "counters", "processor", "release", "clock",
]  # fmt: skip
"""What a person may be asked to look at; each platform knows the read-only commands for it."""


class RemedySyntax(Protocol):
    """How a platform writes the changes that `remedy` proposes. They are for a person: vpnaudit never sends them."""

    def managed_by(self, running: str) -> str | None:
        """What gives the device its configuration, where that cannot be entered on the device itself."""

    def clear_peer(self, peer: str) -> Change:
        """Tear down and re-establish everything with one peer."""

    def clear_spi(self, peer: str, spi: int) -> Change | None:
        """Tear down one SA; null where the platform has no such command."""

    def dpd(self, version: str, profile: str | None, interval_s: int, retry_s: int) -> Change:
        """Periodic DPD: `version` "v1" or "v2"; globally, or in the named IKE profile."""

    def lifetime(self, where: str | None, seconds: int, kilobytes: int | None) -> Change:
        """An IPsec lifetime; `where` is "map NAME SEQ", "profile NAME" or null for the global one. kB null: off."""

    def permit_peers_only(self, interface: str, local: str, peers: tuple[str, ...], deny: str) -> Change:
        """An inbound filter that lets IKE and ESP in from `peers` and drops ESP from the rest.

        `deny` is the source whose ESP is dropped: an address, or "any". Everything else passes.
        """

    def extend_filter(self, name: str, below: int, local: str, peers: tuple[str, ...], deny: str) -> Change | None:
        """The same as lines put in front of the existing inbound filter `name`, numbered below its first entry.

        `below` is that entry's number; null where there is no room in front of it.
        """

    def lifetime_seconds(self, where: str | None, seconds: int) -> Change:
        """The time part of an IPsec lifetime alone; `where` as in `lifetime`."""

    def lifetime_volume(self, where: str | None, kilobytes: int | None) -> Change:
        """The volume part alone; null: off."""

    def invalid_spi_recovery(self, *, on: bool) -> Change | None:
        """Whether the device starts IKE towards the sender of an unknown SPI; null where it has no such command."""

    def nat_keepalive(self, seconds: int) -> Change | None:
        """Keep a NAT's mapping of the tunnel alive."""

    def group_recovery_check(self, group: str, interval_s: int) -> Change | None:
        """A GETVPN member that registers anew when it meets an SPI of its group that it missed."""

    def log_stamps(self) -> Change:
        """Log stamps with milliseconds, zone and year."""

    def log_buffer(self, size_bytes: int) -> Change:
        """A log buffer of this size that keeps the messages an audit reads."""

    def log_sessions(self, ike: Literal["v1", "v2"] | None = None) -> Change | None:
        """Log lines for tunnels of that version of IKE that come up and go down."""

    def drop_actions(self, applet: str, statements: tuple[str, ...]) -> Change | None:
        """Take actions of an event manager applet away; null where the platform's are not read."""

    def look(self, topic: Topic, about: str | None = None, family: str | None = None) -> tuple[str, ...]:
        """Read-only commands that show a topic; `about` is a peer, interface or filter where the topic has one.

        `family` is the software's, as `show version` tells it: commands that it is known not to have are left out.
        """

    def fit(self, running: str, wanted: tuple[str, ...]) -> Change | None:
        """What of `wanted` does not stand in the configuration `running` yet, and the lines that take it back.

        Null where nothing is left to do, or where a section that `wanted` changes is not there to be changed.
        """


class SecretRule(NamedTuple):
    r"""A secret of one line: `source` is an expression with a group `secret`, which is masked; the line stays.

    It is tried only on lines that hold `trigger` when they are in lower case and their tabs are blanks. Upper and lower
    case are one in it, and `\w`, `\d`, `\s` are those of ASCII.
    """

    trigger: str
    source: str

    @property
    def pattern(self) -> re.Pattern[str]:
        """The expression compiled, once it is needed: most of several hundred never are."""
        return _compiled(self.source)


@cache
def _compiled(source: str) -> re.Pattern[str]:
    return re.compile(source, re.IGNORECASE | re.ASCII)


class Platform(Struct, frozen=True, kw_only=True, gc=False):
    """One platform. `secrets` are those in words of its own; `redact` knows the others."""

    name: str
    aliases: tuple[str, ...] = ()
    title: str = ""
    assessable: bool = True
    commands: tuple[CommandSpec, ...] = ()
    defaults: Defaults
    secrets: tuple[SecretRule, ...] = ()
    remedies: RemedySyntax | None = None
    tells: tuple[re.Pattern[str], ...] = ()
    """Patterns of which one in any capture (best `show version`) says that the text is of this platform."""
    for_device: dict[str, tuple[CommandSpec, ...]] = {}
    """The commands of devices, by name, that are not asked the platform's usual ones; in the order of asking."""
