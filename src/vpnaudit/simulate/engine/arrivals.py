"""What packets meet where they arrive: an SA, or a hole and a line in the log."""

from __future__ import annotations

from functools import partial

from vpnaudit.simulate.device import SimDevice
from vpnaudit.simulate.engine.counters import settle
from vpnaudit.simulate.engine.deletes import Deletes
from vpnaudit.simulate.tunnel import Flow, Tunnel


class Arrivals:
    """Follows what each sender puts on the wire, and computes the packets that meet no SA."""

    def __init__(self, deletes: Deletes) -> None:
        self.deletes, self.world = deletes, deletes.world

    def follow_wire(self, tunnel: Tunnel, flow: Flow, when: float) -> None:
        """What the sender uses from now on arrives a path's delay later."""
        pair = tunnel.ends[flow.source].current
        spi = pair.outbound if pair else None
        if spi != flow.wire:
            self.world.timeline.at(when + tunnel.path.delay_s, partial(self._wire_becomes, tunnel, flow, spi))

    def _wire_becomes(self, tunnel: Tunnel, flow: Flow, spi: int | None) -> None:
        pair = tunnel.ends[flow.source].current
        if flow.wire == spi or (pair.outbound if pair else None) != spi:
            return
        settle(tunnel, self.world.now)
        flow.wire = spi
        self.world.changed(tunnel)

    def watch(self, tunnel: Tunnel, flow: Flow, when: float) -> None:
        """Where packets begin to meet no SA, plan the first of them."""
        hole = _hole(tunnel, flow, when)
        mark = (hole[0].name, hole[1]) if hole else None
        if mark == flow.watched:
            return
        flow.watched = mark
        flow.generation += 1
        if hole:
            first = when + tunnel.rng.random() / flow.pps
            self.world.timeline.at(first, partial(self._meets_nothing, tunnel, flow, flow.generation))

    def _meets_nothing(self, tunnel: Tunnel, flow: Flow, generation: int) -> None:
        when = self.world.now
        hole = _hole(tunnel, flow, when)
        if generation != flow.generation or hole is None:
            return
        device, spi = hole
        target = tunnel.ends[1 - flow.source]
        source, destination = tunnel.ends[flow.source].address, target.own
        sequence = tunnel.sequence(flow, spi, when)
        if device.unknown_spi(when, source, destination, spi, sequence=sequence, vrf=target.vrf):
            self.deletes.answer_unknown(tunnel, 1 - flow.source, device, spi)
            self._see_if_late(tunnel, flow, device, spi)
        following = device.next_line_at(source, destination, spi) + tunnel.rng.random() / flow.pps
        self.world.timeline.at(following, partial(self._meets_nothing, tunnel, flow, generation))

    def _see_if_late(self, tunnel: Tunnel, flow: Flow, device: SimDevice, spi: int) -> None:
        """A line for an SA that ended within a round trip, and on which nothing comes any more after it."""
        over_at = tunnel.ended.get((device.name, spi), float("-inf")) + 2 * tunnel.path.delay_s + 0.05
        if over_at >= self.world.now:
            self.world.timeline.at(over_at, partial(self._was_late, tunnel, flow, device, spi))

    def _was_late(self, tunnel: Tunnel, flow: Flow, device: SimDevice, spi: int) -> None:
        tunnel.late_lines[device.name] += flow.wire != spi


def _hole(tunnel: Tunnel, flow: Flow, when: float) -> tuple[SimDevice, int] | None:
    """The device and SPI of packets that arrive and meet no SA."""
    if flow.wire is None or not tunnel.active(flow, when) or not tunnel.path.is_open(when):
        return None
    device, end = tunnel.target(flow, when)
    if not device.up or (end is not None and end.holds(flow.wire)):
        return None
    return device, flow.wire
