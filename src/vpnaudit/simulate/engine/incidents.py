"""What is done to a tunnel from outside: damage, a forgotten SA, a clear, packets that do not fit."""

from __future__ import annotations

from functools import partial

from vpnaudit.simulate.engine.counters import settle
from vpnaudit.simulate.engine.deletes import Deletes
from vpnaudit.simulate.engine.pairs import share_ike
from vpnaudit.simulate.messages import Misfit
from vpnaudit.simulate.tunnel import End, Flow, Tunnel, network_and_mask


class Incidents:
    """Plans them on the timeline."""

    def __init__(self, deletes: Deletes) -> None:
        self.deletes, self.pairs, self.world = deletes, deletes.pairs, deletes.world

    def damage(self, tunnel: Tunnel, source: int, when: float) -> None:
        """Plan that one packet from end `source` arrives with a bit of its SPI flipped, and is counted as an error."""
        self.world.timeline.at(when, partial(self._damaged, tunnel, tunnel.flows[source]))

    def _damaged(self, tunnel: Tunnel, flow: Flow) -> None:
        when, sender, receiver = self.world.now, tunnel.ends[flow.source], tunnel.ends[1 - flow.source]
        if flow.wire is None or not receiver.device.up:
            return
        receiver.interface.input_errors += tunnel.rng.randint(1, 4)
        spi = flow.wire ^ (1 << tunnel.rng.randrange(8, 32))
        sequence = tunnel.sequence(flow, flow.wire, when)
        receiver.device.unknown_spi(when, sender.address, receiver.own, spi, sequence=sequence, vrf=receiver.vrf)

    def forget(self, tunnel: Tunnel, side: int, when: float) -> None:
        """Plan that the data plane at `side` loses the inbound SA that the peer sends on; the tables keep it."""
        self.world.timeline.at(when, partial(self._forgets, tunnel, side))

    def _forgets(self, tunnel: Tunnel, side: int) -> None:
        current = tunnel.ends[side].current
        settle(tunnel, self.world.now)
        if current is not None:
            tunnel.ends[side].forgotten.add(current.inbound)
        self.world.changed(tunnel)

    def clear(self, tunnel: Tunnel, side: int, when: float) -> None:
        """Plan that somebody clears the session at `side`: both phases go, and the peer is told."""
        self.world.timeline.at(when, partial(self._cleared, tunnel, side))

    def _cleared(self, tunnel: Tunnel, side: int) -> None:
        when, end, peer = self.world.now, tunnel.ends[side], tunnel.peer(side)
        told = share_ike(end, peer) and tunnel.path.is_open(when) and peer.device.up
        self.pairs.drop_everything(tunnel, side, "cleared")
        if told:
            arrives = partial(self.pairs.drop_everything, tunnel, 1 - side, "peer")
            self.world.timeline.at(when + tunnel.path.delay_s, arrives)

    def misfit(self, tunnel: Tunnel, side: int, when: float, inner: tuple[str, str]) -> None:
        """Plan that a packet reaches `side` on an SA that does not allow its `inner` source and destination.

        The receiver drops it and ends the pair, as peers do whose policies differ (field guide C12).
        """
        self.world.timeline.at(when, partial(self._does_not_fit, tunnel, side, inner))

    def _does_not_fit(self, tunnel: Tunnel, side: int, inner: tuple[str, str]) -> None:
        when, end, flow = self.world.now, tunnel.ends[side], tunnel.flows[1 - side]
        pair = end.pair_of(flow.wire) if flow.wire is not None else None
        if pair is None or not end.device.up or not tunnel.path.is_open(when):
            return
        end.misfits += 1
        end.device.tell_misfit(when, self._as_misfit(tunnel, end, flow, inner))
        self.pairs.remove(tunnel, side, pair, "misfit")
        self.deletes.send(tunnel, side, pair.inbound)
        self.world.changed(tunnel)

    def _as_misfit(self, tunnel: Tunnel, end: End, flow: Flow, inner: tuple[str, str]) -> Misfit:
        sender, spi = tunnel.ends[flow.source], flow.wire or 0
        return Misfit(
            source=sender.address,
            destination=end.own,
            spi=spi,
            sequence=tunnel.sequence(flow, spi, self.world.now),
            inner_source=inner[0],
            inner_destination=inner[1],
            proxies=(network_and_mask(end.network), network_and_mask(sender.network)),
        )
