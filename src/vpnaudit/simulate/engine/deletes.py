"""DELETE: how an end tells its peer that an SA is gone. IKEv1's is not acknowledged; IKEv2 repeats its own."""

from __future__ import annotations

from functools import partial

from vpnaudit.simulate.device import SimDevice
from vpnaudit.simulate.engine.pairs import Pairs, process, share_ike
from vpnaudit.simulate.tunnel import Tunnel

RETRY_V2_S = (2, 4, 8, 16, 32)
"""Seconds between an IKEv2 request and its repetitions (field guide 6.1)."""


class Deletes:
    """Sends DELETEs and obeys them."""

    def __init__(self, pairs: Pairs) -> None:
        self.pairs, self.world = pairs, pairs.world

    def send(self, tunnel: Tunnel, side: int, inbound: int) -> None:
        """Tell the peer that the SA with this inbound SPI is gone, if there is an IKE SA to say so over."""
        end, peer, when = tunnel.ends[side], tunnel.peer(side), self.world.now
        if end.ike is None or not end.device.up:
            return
        reaches = tunnel.path.is_open(when) and peer.device.up and share_ike(end, peer)
        lost = side in tunnel.path.drops_delete_from or not reaches
        if not lost:
            self.world.timeline.at(when + tunnel.path.delay_s, partial(self._arrives, tunnel, 1 - side, inbound))
        elif tunnel.ike_version == 2:  # acknowledged: repeated, then the IKE SA is given up (RFC 7296 2.1)
            self.world.timeline.at(when + sum(RETRY_V2_S), partial(self._unanswered, tunnel, side, end.ike.number))

    def _arrives(self, tunnel: Tunnel, side: int, outbound: int) -> None:
        pairs = [p for p in tunnel.ends[side].pairs if p.outbound == outbound]
        self.pairs.retire(tunnel, side, pairs, "peer")

    def _unanswered(self, tunnel: Tunnel, side: int, number: int) -> None:
        end = tunnel.ends[side]
        if end.ike is None or end.ike.number != number:
            return
        end.device.tell_given_up(self.world.now, end.own, tunnel.peer(side).address)
        end.ike = None
        self.pairs.retire(tunnel, side, list(end.pairs), "lost")
        self.world.changed(tunnel)

    def answer_unknown(self, tunnel: Tunnel, side: int, device: SimDevice, spi: int) -> None:
        """IOS sends a DELETE for an SPI it does not know if it has an IKE SA with the sender (field guide 4.A)."""
        end = tunnel.ends[side]
        known = end.pair_of(spi) is not None
        if end.device is not device or not end.ike or known or not device.hardware.deletes_unknown:
            return
        if device.allocate(self.world.now, process(tunnel)):
            self.send(tunnel, side, spi)
