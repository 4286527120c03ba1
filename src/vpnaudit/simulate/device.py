"""One simulated router or firewall: its clock, log, memory and interfaces."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

from vpnaudit.simulate.clock import DeviceClock
from vpnaudit.simulate.membership import Membership
from vpnaudit.simulate.messages import Misfit, SaLine, Session, UnknownSpi
from vpnaudit.simulate.models import Hardware

SMALLEST_BLOCK = 65536
"""Bytes in one piece that installing an SA asks for."""


@dataclass
class Interface:
    """An interface with its address, and the IPv6 one that it may have as well (a /64). `mbit` is its nominal speed.

    `vlan`: of a subinterface.
    """

    name: str
    address: str
    prefix: int
    description: str = ""
    mbit: int = 1000
    up: bool = True
    flaps: int = 0
    input_packets: float = 0.0
    output_packets: float = 0.0
    input_bytes: float = 0.0
    output_bytes: float = 0.0
    input_errors: int = 0
    address6: str | None = None
    vlan: int | None = None


@dataclass
class Memory:
    """The processor pool. A leak takes `leak_per_s` bytes from `leak_from` on, down to `floor` bytes free."""

    total: int
    free_at_boot: int
    leak_from: float | None = None
    leak_per_s: float = 0.0
    floor: int = 20_000

    def free(self, when: float) -> int:
        """Bytes free at `when`."""
        if self.leak_from is None or when <= self.leak_from:
            return self.free_at_boot
        return max(self.floor, int(self.free_at_boot - (when - self.leak_from) * self.leak_per_s))

    def largest(self, when: float) -> int:
        """Bytes of the largest free block: most of a healthy pool, a small part of an exhausted one."""
        free = self.free(when)
        return int(free * 0.98) if free > self.total // 10 else int(free * 0.4)


@dataclass
class HsrpGroup:
    """A shared address: `interface`'s `standby 1 ip`."""

    interface: str
    address: str
    name: str
    priority: int
    state: str


@dataclass
class SimDevice:
    """A router. What it does not hold, its show commands cannot say.

    `ours`: it is collected. `vrfs`: the outside interface of each VRF; in all of them the address may be the same.
    """

    name: str
    hostname: str
    hardware: Hardware
    clock: DeviceClock
    rng: Random
    booted_at: float
    memory: Memory
    outside: Interface
    inside: Interface
    serial: str
    ntp_server: str = "192.0.2.60"
    log_bytes: int = 262144
    refused: tuple[str, ...] = ()
    hsrp: HsrpGroup | None = None
    shared: Interface | None = None
    group: Membership | None = None
    vrfs: dict[str, Interface] = field(default_factory=dict)
    up: bool = True
    ours: bool = True
    log: list[tuple[float, str]] = field(default_factory=list)
    logged: int = 0
    trace: list[tuple[float, str]] = field(default_factory=list)
    dpd_timeouts: int = 0
    retransmit_timeouts: int = 0
    reload_reason: str = "Reload Command"
    _lines: dict[tuple[str, str, int] | None, float] = field(default_factory=dict)
    _connections: int = 2000
    _phase1: int = 1000
    _malloc_logged: float = 0.0

    @property
    def platform(self) -> str:
        """The platform's name for inventories."""
        return self.hardware.platform

    def prompt(self, *, privileged: bool) -> str:
        """What it prints where it waits for a command."""
        return self.hostname + ("#" if privileged else ">") + self.hardware.prompt_blank

    @property
    def model(self) -> str:
        """The product number."""
        return self.hardware.product

    def interfaces(self) -> list[Interface]:
        """Physical interfaces in the order of the configuration."""
        return [i for i in (self.outside, *self.vrfs.values(), self.inside, self.shared) if i is not None]

    def interface_of(self, address: str, vrf: str | None = None) -> Interface:
        """The interface through which packets for `address` come in."""
        if vrf is not None:
            return self.vrfs[vrf]
        for interface in self.interfaces():
            if address in {interface.address, interface.address6}:
                return interface
        if self.hsrp and self.hsrp.address == address and self.shared:
            return self.shared
        return self.outside

    def next_connection(self) -> int:
        """A fresh IPsec conn id."""
        self._connections += 1
        return self._connections

    def next_phase1(self) -> int:
        """A fresh conn-id of an IKE SA."""
        self._phase1 += 1
        return self._phase1

    def write_log(self, when: float, text: str) -> None:
        """Append a message (`%FACILITY-N-NAME: …`, further lines allowed) where the device is up."""
        if self.up:
            self.log.append((when, text))
            self.logged += 1

    def write_trace(self, when: float, text: str) -> None:
        """Append an event-trace entry; IOS-XE keeps a bounded number."""
        self.trace.append((when, text))
        if len(self.trace) > 4000:
            del self.trace[:1000]

    def unknown_spi(
        self, when: float, source: str, destination: str, spi: int, *, sequence: int = 1, vrf: str | None = None
    ) -> bool:
        """A packet came for which there is no SA: log it unless the limit forbids. True where a line was written."""
        key, words = self._limited_by(source, destination, spi), self.hardware.messages
        if when - self._lines.get(key, float("-inf")) < words.line_every_s:
            return False
        self._lines[key] = when
        interface = self.interface_of(destination, vrf).name
        self.write_log(when, words.unknown_spi(UnknownSpi(source, destination, spi, sequence, interface)))
        return True

    def _limited_by(self, source: str, destination: str, spi: int) -> tuple[str, str, int] | None:
        return (source, destination, spi) if self.hardware.messages.limits_flows else None

    def next_line_at(self, source: str, destination: str, spi: int) -> float:
        """When the limit lets the next line of this flow through."""
        key = self._limited_by(source, destination, spi)
        return self._lines.get(key, float("-inf")) + self.hardware.messages.line_every_s

    def tell_misfit(self, when: float, packet: Misfit) -> None:
        """A packet came whose SA does not allow what is in it: log it unless the limit forbids."""
        key = ("misfit", packet.source, 0)
        if when - self._lines.get(key, float("-inf")) >= self.hardware.messages.line_every_s:
            self._lines[key] = when
            self.write_log(when, self.hardware.messages.misfit(packet))

    def tell_sa(self, when: float, line: SaLine) -> None:
        """A pair was installed or removed: log or trace it, as the system does."""
        for text in self.hardware.messages.sa_trace(line):
            self.write_trace(when, text)
        for text in self.hardware.messages.sa_log(line):
            self.write_log(when, text)

    def tell_session(self, when: float, session: Session) -> None:
        """A session came up or went down."""
        for text in self.hardware.messages.session(session):
            self.write_log(when, text)

    def tell_line(self, when: float, interface: str, *, up: bool) -> None:
        """The line protocol of an interface changed."""
        self.write_log(when, self.hardware.messages.line_protocol(interface, up=up))

    def turn_active(self, when: float, change: str, state: str) -> None:
        """The state of its HSRP group becomes `state`, as `change` words it."""
        if self.hsrp and self.hsrp.state != state:
            self.hsrp.state = state
            self.write_log(when, f"%HSRP-5-STATECHANGE: {self.hsrp.interface} Grp 1 state {change}")

    def tell_given_up(self, when: float, local: str, remote: str) -> None:
        """An IKEv2 request was repeated in vain."""
        self.retransmit_timeouts += 1
        self.write_log(when, self.hardware.messages.given_up(local, remote))

    def tell_no_ike_sa(self, when: float, source: str) -> None:
        """An IKE message came for an IKE SA that is not there."""
        text = self.hardware.messages.no_ike_sa(source)
        if text is not None:
            self.write_log(when, text)

    def allocate(self, when: float, process: str) -> bool:
        """Try to get the memory for an SA; failure is logged, as IOS does, not more often than every 30 s."""
        if self.memory.largest(when) >= SMALLEST_BLOCK:
            return True
        if when - self._malloc_logged >= 30:
            self._malloc_logged = when
            self._log_malloc_failure(when, process)
        return False

    def _log_malloc_failure(self, when: float, process: str) -> None:
        trace = " ".join(f"0x{self.rng.randrange(0x60000000, 0x67FFFFFF):X}" for _ in range(6))
        free = self.memory.free(when)
        self.write_log(when, self.hardware.messages.no_memory(SMALLEST_BLOCK, free, process, trace))

    def go_down(self, when: float) -> None:
        """A reload begins: what was in memory is gone."""
        self.up = False
        self.log.clear()
        self.trace.clear()
        self._lines.clear()
        self.logged = 0
        self.booted_at = when

    def come_up(self, when: float) -> None:
        """The reload is over; NTP takes some minutes."""
        self.up = True
        self.booted_at = when - 60
        self.clock.unset_until = when + 240
        names = [interface.name for interface in self.interfaces()]
        for after, text in self.hardware.messages.started(names, self.hardware.banner()):
            self.write_log(when + after, text)

    def line_protocol(self, when: float, interface: Interface, *, up: bool) -> None:
        """The line protocol of `interface` changes."""
        interface.up = up
        interface.flaps += not up
        self.tell_line(when, interface.name, up=up)
