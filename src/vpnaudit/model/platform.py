"""What one platform does differently, handed to the stages as a value."""

from __future__ import annotations

import re
from typing import Protocol

from msgspec import Struct

from vpnaudit.model.config import DpdMode
from vpnaudit.model.facts import Parser


class CommandSpec(Struct, frozen=True, kw_only=True):
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


class Defaults(Struct, frozen=True, kw_only=True):
    """What holds where a configuration says nothing (field guide 2.1, 5.4)."""

    ipsec_s: int
    ipsec_kb: int
    ike_s: int
    dpd_mode: DpdMode
    dpd_interval_s: int | None = None
    dpd_retry_s: int | None = None
    log_interval_s: int = 60
    """The device logs at most one invalid-SPI line for a flow in so many seconds (field guide 1.3)."""


class Change(Struct, frozen=True, kw_only=True):
    """Lines of one platform's syntax that do one thing, and how to see and undo it."""

    commands: tuple[str, ...]
    verify: tuple[str, ...] = ()
    rollback: tuple[str, ...] = ()


class RemedySyntax(Protocol):
    """How a platform writes the changes that `remedy` proposes. Commands are for a person; vpnaudit never sends them."""

    def clear_peer(self, peer: str) -> Change:
        """Tear down and re-establish everything with one peer."""

    def clear_spi(self, peer: str, spi: int) -> Change | None:
        """Tear down one SA; null where the platform has no such command."""

    def dpd(self, version: str, profile: str | None, interval_s: int, retry_s: int) -> Change:
        """Periodic DPD: `version` "v1" or "v2"; globally, or in the named IKE profile."""

    def lifetime(self, where: str | None, seconds: int, kilobytes: int | None) -> Change:
        """An IPsec lifetime; `where` is "map NAME SEQ", "profile NAME" or null for the global one. kB null: off."""

    def permit_peers_only(self, interface: str, local: str, peers: tuple[str, ...], deny: str) -> Change:
        """An inbound filter that lets IKE and ESP in from `peers` and drops ESP from the rest."""


class Platform(Struct, frozen=True, kw_only=True):
    """One platform. `secret_patterns` have one group named `secret` each: what is masked, the line stays."""

    name: str
    aliases: tuple[str, ...] = ()
    title: str = ""
    assessable: bool = True
    commands: tuple[CommandSpec, ...] = ()
    defaults: Defaults
    secret_patterns: tuple[re.Pattern[str], ...] = ()
    remedies: RemedySyntax | None = None
    tells: tuple[re.Pattern[str], ...] = ()
    """Patterns of which one in any capture (best `show version`) says that the text is of this platform."""
