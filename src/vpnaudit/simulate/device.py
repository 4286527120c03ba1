"""One simulated router: its clock, log, memory and interfaces."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

from vpnaudit.simulate.clock import DeviceClock
from vpnaudit.simulate.models import Hardware

LINE_EVERY_S = 60.0
"""IOS logs one invalid-SPI line a minute (field guide 1.3; here for a flow of source, destination, SPI)."""
SMALLEST_BLOCK = 65536
"""Bytes in one piece that installing an SA asks for."""


@dataclass
class Interface:
    """An interface with its address. `mbit` is its nominal speed."""

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
    """A router. What it does not hold, its show commands cannot say."""

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
    isakmp_keepalive: tuple[int, int, str] | None = (10, 3, "periodic")
    up: bool = True
    log: list[tuple[float, str]] = field(default_factory=list)
    logged: int = 0
    trace: list[tuple[float, str]] = field(default_factory=list)
    dpd_timeouts: int = 0
    retransmit_timeouts: int = 0
    reload_reason: str = "Reload Command"
    _lines: dict[tuple[str, str, int], float] = field(default_factory=dict)
    _connections: int = 2000
    _phase1: int = 1000
    _malloc_logged: float = 0.0

    @property
    def platform(self) -> str:
        """The platform's name for inventories."""
        return "cisco_ios"

    @property
    def model(self) -> str:
        """The product number."""
        return self.hardware.product

    def interfaces(self) -> list[Interface]:
        """Physical interfaces in the order of the configuration."""
        return [i for i in (self.outside, self.inside, self.shared) if i is not None]

    def interface_of(self, address: str) -> Interface:
        """The interface through which packets for `address` come in."""
        for interface in self.interfaces():
            if interface.address == address:
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

    def unknown_spi(self, when: float, source: str, destination: str, spi: int) -> bool:
        """A packet came for which there is no SA: log it unless the limit forbids. True where a line was written."""
        key = (source, destination, spi)
        if when - self._lines.get(key, float("-inf")) < LINE_EVERY_S:
            return False
        self._lines[key] = when
        tail = f", input interface={self.interface_of(destination).name}" if self.hardware.names_input_interface else ""
        self.write_log(
            when,
            "%CRYPTO-4-RECVD_PKT_INV_SPI: decaps: rec'd IPSEC packet has invalid spi for "
            f"destaddr={destination}, prot=50, spi=0x{spi:X}({spi}), srcaddr={source}{tail}",
        )
        return True

    def next_line_at(self, source: str, destination: str, spi: int) -> float:
        """When the limit lets the next line of this flow through."""
        return self._lines.get((source, destination, spi), float("-inf")) + LINE_EVERY_S

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
        self.write_log(
            when,
            f"%SYS-2-MALLOCFAIL: Memory allocation of {SMALLEST_BLOCK} bytes failed from 0x60A1B2C8, alignment 0 \n"
            f"Pool: Processor  Free: {self.memory.free(when)}  Cause: Memory fragmentation \n"
            "Alternate Pool: None  Free: 0  Cause: No Alternate pool \n"
            f' -Process= "{process}", ipl= 0, pid= {200 + len(process)}, -Traceback= {trace}',
        )

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
        for interface in self.interfaces():
            self.write_log(when - 8, f"%LINK-3-UPDOWN: Interface {interface.name}, changed state to up")
            self.write_log(
                when - 7, f"%LINEPROTO-5-UPDOWN: Line protocol on Interface {interface.name}, changed state to up"
            )
        self.write_log(when, "%SYS-5-RESTART: System restarted --\n" + "\n".join(self.hardware.banner()))
        self.write_log(when + 0.4, "%CRYPTO-6-ISAKMP_ON_OFF: ISAKMP is ON")

    def line_protocol(self, when: float, interface: Interface, *, up: bool) -> None:
        """The line protocol of `interface` changes."""
        interface.up = up
        interface.flaps += not up
        word = "up" if up else "down"
        self.write_log(
            when, f"%LINEPROTO-5-UPDOWN: Line protocol on Interface {interface.name}, changed state to {word}"
        )
