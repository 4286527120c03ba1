"""Who asks for an SA, what the exchange costs, and when each end installs, enables and retires.

Message orders are the field guide's (2.2, 2.3): an IKEv1 responder installs before QM2 and sends on the new SA from QM3
on; an IKEv2 responder sends on it from the DELETE of the old one on.
"""

from __future__ import annotations

from functools import partial

from vpnaudit.simulate.engine.counters import settle
from vpnaudit.simulate.engine.deletes import RETRY_V2_S
from vpnaudit.simulate.engine.pairs import Pairs, process, share_ike
from vpnaudit.simulate.tunnel import Pair, Tunnel

RETRY_V1_S = (10, 10, 10, 10, 10)
AGAIN_S = 30.0
"""Seconds from a negotiation that failed to the next one that traffic asks for."""
NO_MEMORY_AGAIN_S = 900.0
"""Seconds until an end that could not install an SA for want of memory asks again."""


class Negotiation:
    """Runs exchanges, first ones and rekeys."""

    def __init__(self, pairs: Pairs) -> None:
        self.pairs, self.world = pairs, pairs.world

    def want(self, tunnel: Tunnel, side: int, when: float) -> None:
        """Without an SA, traffic (or a tunnel interface by itself) asks for one."""
        end, flow = tunnel.ends[side], tunnel.flows[side]
        if end.pairs or tunnel.negotiating or not end.device.up or end.is_multipoint:
            return
        if end.style != "map" or (not flow.answers and flow.runs(when)):
            tunnel.negotiating = True
            gap = 1.0 if end.style != "map" else tunnel.rng.random() / flow.pps
            self.world.timeline.at(when + gap, partial(self._attempt, tunnel, side, 0, by_volume=False))

    def start(self, tunnel: Tunnel, side: int, *, by_volume: bool) -> None:
        """Begin an exchange now."""
        tunnel.negotiating = True
        self._attempt(tunnel, side, 0, by_volume=by_volume)

    def _attempt(self, tunnel: Tunnel, side: int, attempt: int, *, by_volume: bool) -> None:
        """Send the first message of an exchange, or repeat it."""
        when, initiator, responder = self.world.now, tunnel.ends[side], tunnel.peer(side)
        if not initiator.device.up:
            tunnel.negotiating = False
            return
        reached = tunnel.path.is_open(when) and responder.device.up
        fresh = initiator.ike is None
        stale_ike = not fresh and not share_ike(initiator, responder)
        if reached and stale_ike and tunnel.ike_version == 1 and attempt == 0:
            responder.device.tell_no_ike_sa(when + tunnel.path.delay_s, initiator.address)
        if reached and not stale_ike and responder.device.allocate(when, process(tunnel)):
            self._answered(tunnel, side, fresh=fresh, by_volume=by_volume)
            return
        retries = RETRY_V1_S if tunnel.ike_version == 1 else RETRY_V2_S
        if attempt < len(retries):
            again = partial(self._attempt, tunnel, side, attempt + 1, by_volume=by_volume)
            self.world.timeline.at(when + retries[attempt], again)
        else:
            self._given_up(tunnel, side)

    def _given_up(self, tunnel: Tunnel, side: int) -> None:
        when, end = self.world.now, tunnel.ends[side]
        tunnel.negotiating = False
        if end.ike is not None and tunnel.ike_version == 2:
            end.device.tell_given_up(when, end.own, tunnel.peer(side).address)
        end.ike = None
        self.world.change_at(when + AGAIN_S, tunnel)
        self.world.changed(tunnel)

    def _answered(self, tunnel: Tunnel, side: int, *, fresh: bool, by_volume: bool) -> None:
        when, hop = self.world.now, tunnel.path.delay_s
        if fresh:
            when += 4 * hop
        spis = (self.world.new_spi(tunnel.rng), self.world.new_spi(tunnel.rng))
        olds = tuple(list(e.pairs) for e in tunnel.ends)
        plan = self.world.timeline.at
        if fresh:
            plan(when, partial(self._ike_up, tunnel, side))
        plan(when + hop, partial(self._responder_installs, tunnel, side, spis))
        plan(when + 2 * hop, partial(self._initiator_installs, tunnel, side, spis))
        plan(when + 3 * hop, partial(self._responder_enables, tunnel, side, spis))
        self._plan_end_of_old(tunnel, side, olds, when=when, by_volume=by_volume)
        plan(when + 4 * hop + 0.001, partial(self._negotiated, tunnel))

    def _plan_end_of_old(
        self, tunnel: Tunnel, side: int, olds: tuple[list[Pair], ...], *, when: float, by_volume: bool
    ) -> None:
        hop, plan = tunnel.path.delay_s, self.world.timeline.at
        other = 1 - side
        mine = partial(self.pairs.retire, tunnel, side, olds[side], "replaced")
        theirs = partial(self.pairs.retire, tunnel, other, olds[other], "replaced")
        if tunnel.ike_version == 2:  # its DELETE is request and answer: nothing is sent on the old pair any more
            plan(when + 3 * hop + 0.0001, theirs)
            plan(when + 4 * hop + 0.0005, mine)
        elif by_volume or tunnel.ends[side].settings.deletes_old_at_once:  # the old pair may carry no more
            plan(when + 2 * hop + 0.002, mine)
            plan(when + 3 * hop + 0.002, theirs)
        # otherwise the old pair stays until its own end

    def _ike_up(self, tunnel: Tunnel, side: int) -> None:
        """A new IKE SA. INITIAL_CONTACT ends what the responder still had with this peer."""
        responder = tunnel.peer(side)
        for pair in list(responder.pairs):
            self.pairs.remove(tunnel, 1 - side, pair, "peer")
        for other in self._knocked_out(tunnel, side):
            self.pairs.drop_everything(other, 1 - side, "peer")
        self.pairs.new_ike(tunnel, side, self.world.now)
        self.world.changed(tunnel)

    def _knocked_out(self, tunnel: Tunnel, side: int) -> list[Tunnel]:
        """Whose SAs INITIAL_CONTACT ends too: the responder takes others behind the same address for this peer."""
        if not tunnel.knocks_out:
            return []
        mine, peer = tunnel.ends[side], tunnel.peer(side)
        return [
            other
            for other in self.world.tunnels
            if other is not tunnel
            and other.ends[side].address == mine.address
            and other.peer(side).device is peer.device
        ]

    def _responder_installs(self, tunnel: Tunnel, side: int, spis: tuple[int, int]) -> None:
        if tunnel.peer(side).device.up:
            settle(tunnel, self.world.now)
            self.pairs.install(tunnel, 1 - side, spis, initiator=side, when=self.world.now)
            self.world.changed(tunnel)

    def _initiator_installs(self, tunnel: Tunnel, side: int, spis: tuple[int, int]) -> None:
        """The answer came. Where memory is short the SA is not installed, though the responder has it already."""
        end = tunnel.ends[side]
        if end.device.up and end.device.allocate(self.world.now, process(tunnel)):
            settle(tunnel, self.world.now)
            self.pairs.install(tunnel, side, spis, initiator=side, when=self.world.now)
            self.pairs.session(tunnel, side, up=True, why="new")
            self.world.changed(tunnel)

    def _responder_enables(self, tunnel: Tunnel, side: int, spis: tuple[int, int]) -> None:
        end = tunnel.peer(side)
        pair = end.pair_of(spis[1 - side])
        if pair is not None:
            settle(tunnel, self.world.now)
            pair.enabled = True
            self.pairs.session(tunnel, 1 - side, up=True, why="new")
            self.world.changed(tunnel)

    def _negotiated(self, tunnel: Tunnel) -> None:
        tunnel.negotiating = False
        starving = [side for side in (0, 1) if not tunnel.ends[side].pairs and tunnel.peer(side).pairs]
        if not starving:
            self.world.changed(tunnel)
            return
        tunnel.negotiating = True  # one end could not install: it asks again after a while
        again = partial(self._attempt, tunnel, starving[0], 0, by_volume=False)
        self.world.timeline.at(self.world.now + NO_MEMORY_AGAIN_S, again)
