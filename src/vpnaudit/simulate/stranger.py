"""A host that is nobody's peer and sends ESP."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from random import Random

from vpnaudit.simulate.clock import Timeline
from vpnaudit.simulate.device import SimDevice


@dataclass
class Stranger:
    """ESP from `address` to `destination`, `pps` packets a second in bursts of (from, to, SPI)."""

    address: str
    destination: str
    target: SimDevice
    rng: Random
    pps: float = 2.0
    bursts: list[tuple[float, float, int]] = field(default_factory=list)
    sent: int = 0

    def begin(self, timeline: Timeline) -> None:
        """Plan the first packet of each burst."""
        for start, end, spi in self.bursts:
            timeline.at(start + self.rng.random() / self.pps, partial(self._packet, timeline, end, spi))

    def _packet(self, timeline: Timeline, end: float, spi: int) -> None:
        when = timeline.now
        if when >= end:
            return
        self.sent += 1
        if self.target.up:
            self.target.unknown_spi(when, self.address, self.destination, spi, sequence=self.sent)
        following = self.target.next_line_at(self.address, self.destination, spi)
        timeline.at(max(following, when + 1) + self.rng.random() / self.pps, partial(self._packet, timeline, end, spi))
