"""What there is to say, and the form of those who say it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

Reason = Literal["new", "idle", "expired", "replaced", "peer", "lost", "cleared", "misfit"]
"""Why a session changed. `peer`: the peer said so. `lost`: it did not answer. `cleared`: someone cleared it here."""


@dataclass(frozen=True)
class UnknownSpi:
    """A packet without an SA. `sequence` is its ESP sequence number, `interface` where it came in."""

    source: str
    destination: str
    spi: int
    sequence: int
    interface: str


@dataclass(frozen=True)
class Misfit:
    """A packet whose inner addresses its SA does not allow. Proxies are (network, mask): own, peer's."""

    source: str
    destination: str
    spi: int
    sequence: int
    inner_source: str
    inner_destination: str
    proxies: tuple[tuple[str, str], tuple[str, str]]


@dataclass(frozen=True)
class SaLine:
    """A pair that was installed or removed. `proxies`: own and the peer's network, without mask."""

    local: str
    remote: str
    inbound: int
    outbound: int
    connections: tuple[int, int]
    transform: str
    lifetime_kb: int
    lifetime_s: int
    proxies: tuple[str, str]
    created: bool


@dataclass(frozen=True)
class Session:
    """A session that came up or went down. `port` and `identity` are the peer's. `lasted_s`: how long it was up."""

    ike_version: int
    local: str
    remote: str
    port: int
    identity: str
    up: bool
    why: Reason
    lasted_s: float


class Messages(Protocol):
    """One operating system's words. A text begins with its tag; None or nothing: this system does not say that."""

    line_every_s: float
    """Seconds between two lines of one unknown SPI."""
    limits_flows: bool
    """Whether that limit holds for each flow by itself, or for the message."""

    def unknown_spi(self, packet: UnknownSpi) -> str:
        """A packet came for which there is no SA."""

    def misfit(self, packet: Misfit) -> str:
        """A packet came on an SA that does not allow what is in it."""

    def sa_trace(self, line: SaLine) -> list[str]:
        """Event-trace entries for a pair."""

    def sa_log(self, line: SaLine) -> list[str]:
        """Log messages for a pair."""

    def session(self, session: Session) -> list[str]:
        """A session came up or went down."""

    def line_protocol(self, interface: str, *, up: bool) -> str:
        """An interface's line protocol changed."""

    def given_up(self, local: str, remote: str) -> str:
        """An IKEv2 request was repeated in vain."""

    def no_ike_sa(self, source: str) -> str | None:
        """An IKE message came for an IKE SA that is not there."""

    def no_memory(self, size: int, free: int, process: str, traceback: str) -> str:
        """An allocation failed."""

    def started(self, interfaces: list[str], banner: list[str]) -> list[tuple[float, str]]:
        """What a boot writes: (seconds after it is up, text)."""
