"""Who is where: names, addresses, models and clocks of a fleet. The usual one is fixed; others are drawn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from ipaddress import IPv4Network
from random import Random

from vpnaudit.simulate.clock import DeviceClock, Zone
from vpnaudit.simulate.models import ASA5516, ISR1941, ISR2911, ISR4331, ISR4431, Hardware

CENTRAL_SUMMER = Zone("CET", 60, "CEST", european=True)
ZONES: tuple[Callable[[], DeviceClock], ...] = (
    lambda: DeviceClock(zone=Zone()),
    lambda: DeviceClock(zone=CENTRAL_SUMMER, localtime=True, show_timezone=True),
    lambda: DeviceClock(zone=Zone("EST", -300, "EDT"), show_timezone=True, year=True),
    lambda: DeviceClock(zone=CENTRAL_SUMMER),
)
MORE_ZONES: tuple[Callable[[], DeviceClock], ...] = (
    *ZONES,
    lambda: DeviceClock(zone=Zone("IST", 330), localtime=True, show_timezone=True, year=True),
    lambda: DeviceClock(zone=Zone("PST", -480, "PDT"), localtime=True),
)
PLACES = (
    "ams",
    "bcn",
    "cph",
    "dub",
    "ein",
    "fra",
    "got",
    "hel",
    "ist",
    "kra",
    "lis",
    "mil",
    "nce",
    "osl",
    "prg",
    "rig",
)


@dataclass(frozen=True)
class Site:
    """Where a device stands. `inner_network` is what the tunnel protects there; addresses without prefix."""

    name: str
    hardware: Hardware
    outside: str
    outside_prefix: int
    inside: str
    inside_prefix: int
    inner_network: str
    clock: DeviceClock = field(default_factory=DeviceClock)
    shared: str | None = None


class Layout:
    """The usual fleet: two hubs, branches by number."""

    shared_address = "192.0.2.131"
    """The address that both hubs share on their third interface (a /26)."""
    pair_address = "192.0.2.195"
    """The address that the members of the pair share in the same way."""

    def hub(self, index: int) -> Site:
        """The hub 0 or 1."""
        return Site(
            name=f"hub-{'ab'[index]}",
            hardware=(ISR4431, ISR4331)[index],
            outside=f"192.0.2.{1 + index}",
            outside_prefix=26,
            inside=f"10.10.0.{2 + index}",
            inside_prefix=16,
            inner_network="10.10.0.0/16",
            shared=("192.0.2.129", "192.0.2.130")[index],
        )

    def branch(self, number: int, *, classic: bool) -> Site:
        """The branch `number`, from 1. `classic`: IOS, not IOS-XE."""
        net = ("198.51.100", "203.0.113")[number % 2]
        return Site(
            name=f"branch-{number:02d}",
            hardware=(ISR1941, ISR2911)[number % 2] if classic else ISR4331,
            outside=f"{net}.{10 + number}",
            outside_prefix=24,
            inside=f"10.{20 + number}.0.1",
            inside_prefix=24,
            inner_network=f"10.{20 + number}.0.0/24",
            clock=ZONES[number % len(ZONES)](),
        )

    def firewall_hub(self) -> Site:
        """The firewall that serves branches beside the two hubs."""
        return replace(
            self.hub(0), name="hub-fw", hardware=ASA5516, outside="192.0.2.3", inside="10.10.0.4", shared=None
        )

    def open_hub(self) -> Site:
        """The router that serves whoever comes."""
        return replace(self.hub(0), name="hub-open", outside="192.0.2.4", inside="10.10.0.5", shared=None)

    def cloud_hub(self, index: int) -> Site:
        """The hub of the multipoint tunnel `index`, from 0."""
        inside, outside = f"10.10.0.{8 + index}", f"192.0.2.{8 + index}"
        return replace(self.hub(index % 2), name=f"cloud-{index + 1}", outside=outside, inside=inside, shared=None)

    def partner(self, number: int) -> Site:
        """The hub of somebody else that branch `number` has a tunnel with."""
        return replace(
            self.hub(0), name=f"partner-{number}", outside=f"203.0.113.{120 + number}", inside="10.10.0.2", shared=None
        )

    def pair(self, index: int) -> Site:
        """A member of the pair of routers that shares `pair_address` and no state."""
        name, shared = f"pair-{index + 1}", f"192.0.2.{193 + index}"
        inside, outside = f"10.10.0.{6 + index}", f"192.0.2.{5 + index}"
        return replace(self.hub(index), name=name, outside=outside, inside=inside, shared=shared)

    def site6(self, number: int) -> str:
        """The outside IPv6 address of branch `number`, or of a hub (0 or below), as IOS writes it."""
        return f"2001:DB8:{number + 0xA0:X}::1"

    def nat(self, number: int) -> str:
        """The public address of the NAT in front of branch `number`."""
        return f"203.0.113.{180 + number}"

    def stranger(self, count: int) -> str:
        """The address of the stranger `count`, from 0."""
        return f"203.0.113.{240 + count}"

    def hub_of(self, number: int, *, usual: int) -> int:  # noqa: ARG002 - drawn layouts need it
        """Which hub the branch `number` has its tunnel with."""
        return usual


class Scattered(Layout):
    """A fleet with drawn names, addresses, models, zones and partners. Public addresses are those for documentation."""

    def __init__(self, seed: int) -> None:
        rng = Random(f"{seed}/layout")  # noqa: S311 - must repeat
        self._seed = seed
        blocks = ["192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24"]
        rng.shuffle(blocks)
        quarters = list(IPv4Network(blocks[0]).subnets(new_prefix=26))
        rng.shuffle(quarters)
        outer = rng.sample(range(1, 62), 2)
        shared = rng.sample(range(1, 62), 3)
        self._outer = [str(quarters[0][n]) for n in outer]
        self._shared = [str(quarters[1][n]) for n in shared[:2]]
        self.shared_address = str(quarters[1][shared[2]])
        taken = {*self._outer, *self._shared, self.shared_address}
        free = [str(quarters[0][n]) for n in range(1, 62) if str(quarters[0][n]) not in taken]
        self._free = self._random("free addresses").sample(free, 4)
        self._clouds = [a for a in free if a not in self._free]
        self._random("clouds").shuffle(self._clouds)
        self._paired = [str(quarters[2][n]) for n in self._random("pair").sample(range(1, 62), 3)]
        self.pair_address = self._paired[2]
        hosts = [f"{block[:-5]}.{n}" for block in blocks[1:] for n in range(1, 250)]
        rng.shuffle(hosts)
        self._hosts = hosts
        self._inner = rng.sample(range(1, 200), 60)
        self._names = [f"{p}-{kind}{n}" for p in PLACES for kind in ("r", "vpn", "ce") for n in (1, 2)]
        rng.shuffle(self._names)
        self._hardware = [rng.choice((ISR4431, ISR4331)) for _ in range(2)]
        self._clocks = [DeviceClock(year=rng.random() < 0.5, show_timezone=rng.random() < 0.5) for _ in range(2)]

    def _random(self, what: str) -> Random:
        return Random(f"{self._seed}/layout/{what}")  # noqa: S311 - must repeat

    def hub(self, index: int) -> Site:
        """The hub 0 or 1."""
        inner = self._inner[0]
        return Site(
            name=self._names[index],
            hardware=self._hardware[index],
            outside=self._outer[index],
            outside_prefix=26,
            inside=f"10.{inner}.0.{2 + index}",
            inside_prefix=16,
            inner_network=f"10.{inner}.0.0/16",
            clock=self._clocks[index],
            shared=self._shared[index],
        )

    def branch(self, number: int, *, classic: bool) -> Site:
        """The branch `number`, from 1. `classic`: IOS, not IOS-XE."""
        rng = self._random(f"branch {number}")
        inner = self._inner[number]
        return Site(
            name=self._names[1 + number],
            hardware=rng.choice((ISR1941, ISR2911) if classic else (ISR4331, ISR4431)),
            outside=self._hosts[number],
            outside_prefix=24,
            inside=f"10.{inner}.0.1",
            inside_prefix=24,
            inner_network=f"10.{inner}.0.0/24",
            clock=MORE_ZONES[rng.randrange(len(MORE_ZONES))](),
        )

    def firewall_hub(self) -> Site:
        """The firewall that serves branches beside the two hubs."""
        rng = self._random("firewall hub")
        return replace(
            self.hub(0),
            name=self._names[-1],
            hardware=ASA5516,
            outside=self._free[0],
            inside=f"10.{self._inner[0]}.0.4",
            clock=MORE_ZONES[rng.randrange(len(MORE_ZONES))](),
            shared=None,
        )

    def open_hub(self) -> Site:
        """The router that serves whoever comes."""
        inside = f"10.{self._inner[0]}.0.5"
        return replace(self.hub(0), name=self._names[-2], outside=self._free[1], inside=inside, shared=None)

    def cloud_hub(self, index: int) -> Site:
        """The hub of the multipoint tunnel `index`, from 0."""
        inside, hardware = (
            f"10.{self._inner[0]}.0.{8 + index}",
            self._random(f"cloud {index}").choice((ISR4431, ISR4331)),
        )
        site = replace(self.hub(index % 2), name=self._names[-5 - index], hardware=hardware, shared=None)
        return replace(site, outside=self._clouds[index], inside=inside)

    def partner(self, number: int) -> Site:
        """The hub of somebody else that branch `number` has a tunnel with."""
        site = replace(self.hub(0), name=f"{self._names[-9 - number]}-x", outside=self._hosts[-150 - number])
        return replace(site, shared=None)

    def pair(self, index: int) -> Site:
        """A member of the pair of routers that shares `pair_address` and no state."""
        site = self.hub(index)
        inside = f"10.{self._inner[0]}.0.{6 + index}"
        name, outside, shared = self._names[-3 - index], self._free[2 + index], self._paired[index]
        return replace(site, name=name, outside=outside, inside=inside, shared=shared)

    def site6(self, number: int) -> str:
        """The outside IPv6 address of branch `number`, or of a hub (0 or below), as IOS writes it."""
        rng = self._random(f"IPv6 of {number}")
        return f"2001:DB8:{rng.randrange(1, 0x1000):X}:{number + 16:X}::{rng.randrange(1, 0xFFFF):X}"

    def nat(self, number: int) -> str:
        """The public address of the NAT in front of branch `number`."""
        return self._hosts[-100 - number]

    def stranger(self, count: int) -> str:
        """The address of the stranger `count`, from 0."""
        return self._hosts[-1 - count]

    def hub_of(self, number: int, *, usual: int) -> int:  # noqa: ARG002
        """Which hub the branch `number` has its tunnel with."""
        return self._random(f"hub of {number}").randrange(2)
