"""What all parts of the engine share: the timeline, the tunnels, the SPIs in use, and who is told of a change."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from random import Random

from vpnaudit.simulate.clock import Timeline
from vpnaudit.simulate.engine.counters import settle
from vpnaudit.simulate.tunnel import Flow, Tunnel

OfFlow = Callable[[Tunnel, Flow, float], None]
OfSide = Callable[[Tunnel, int, float], None]


class World:
    """Tunnels on a timeline. `spis` are those in use, fleet-wide, so that no two SAs share one.

    `of_flow` and `of_side` are called in their order, for every flow and then for every end of a tunnel that changed.
    """

    def __init__(self, timeline: Timeline) -> None:
        self.timeline = timeline
        self.tunnels: list[Tunnel] = []
        self.spis: set[int] = set()
        self.of_flow: list[OfFlow] = []
        self.of_side: list[OfSide] = []

    @property
    def now(self) -> float:
        """The moment that the timeline has reached."""
        return self.timeline.now

    def new_spi(self, rng: Random) -> int:
        """An SPI that no SA had so far."""
        while True:
            spi = rng.randrange(0x1000, 0x1_0000_0000)
            if spi not in self.spis:
                self.spis.add(spi)
                return spi

    def changed(self, tunnel: Tunnel) -> None:
        """Something about the tunnel changed now: bring its counters up, and tell those who plan what follows."""
        when = self.now
        settle(tunnel, when)
        for flow in tunnel.flows:
            for plan in self.of_flow:
                plan(tunnel, flow, when)
        for side in (0, 1):
            for look in self.of_side:
                look(tunnel, side, when)

    def change_at(self, when: float, tunnel: Tunnel) -> None:
        """Plan that the tunnel is looked at anew at `when`."""
        self.timeline.at(when, partial(self.changed, tunnel))
