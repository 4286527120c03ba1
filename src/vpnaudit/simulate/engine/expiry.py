"""When a pair has had its time, its volume or its use: the rekey before, and the end."""

from __future__ import annotations

from functools import partial

from vpnaudit.simulate.engine.counters import settle
from vpnaudit.simulate.engine.deletes import Deletes
from vpnaudit.simulate.engine.negotiation import Negotiation
from vpnaudit.simulate.tunnel import Flow, Pair, Tunnel


class Expiry:
    """Plans the end of every pair as it is installed."""

    def __init__(self, negotiation: Negotiation, deletes: Deletes) -> None:
        self.negotiation, self.deletes = negotiation, deletes
        self.pairs, self.world = negotiation.pairs, negotiation.world

    def plan(self, tunnel: Tunnel, side: int, pair: Pair) -> None:
        """Plan what time and disuse will do to a pair that was just installed."""
        settings, at = tunnel.ends[side].settings, self.world.timeline.at
        share = tunnel.ends[side].device.hardware.rekey_share
        lead = settings.rekey_lead_s if share is None else (1 - share) * pair.lifetime_s
        soft = lead + tunnel.rng.uniform(0, 3)
        at(pair.installed + pair.lifetime_s - soft, partial(self._soft, tunnel, side, pair))
        at(pair.installed + pair.lifetime_s, partial(self._hard, tunnel, side, pair))
        if settings.idle_s:
            look = partial(self._idle, tunnel, side, pair, -1.0)
            at(max(pair.installed, self.world.now) + settings.idle_s, look)

    def _soft(self, tunnel: Tunnel, side: int, pair: Pair) -> None:
        end = tunnel.ends[side]
        if pair is not end.current or pair is not end.pairs[-1] or tunnel.negotiating:
            return
        settle(tunnel, self.world.now)
        if pair.bytes_out > 0 or end.style != "map":  # no traffic, no rekey (field guide 2.4)
            self.negotiation.start(tunnel, side, by_volume=False)

    def _hard(self, tunnel: Tunnel, side: int, pair: Pair) -> None:
        if self.pairs.remove(tunnel, side, pair, "expired"):
            self.deletes.send(tunnel, side, pair.inbound)
            self.world.changed(tunnel)

    def _idle(self, tunnel: Tunnel, side: int, pair: Pair, before: float) -> None:
        """`security-association idle-time`: nothing came or went on the pair since the last look."""
        end = tunnel.ends[side]
        if pair not in end.pairs or end.settings.idle_s is None:
            return
        settle(tunnel, self.world.now)
        used = pair.bytes_in + pair.bytes_out
        if used == before and pair is end.pairs[-1]:
            self.pairs.remove(tunnel, side, pair, "idle")
            self.deletes.send(tunnel, side, pair.inbound)
            self.world.changed(tunnel)
            return
        self.world.timeline.at(self.world.now + end.settings.idle_s, partial(self._idle, tunnel, side, pair, used))

    def plan_volume(self, tunnel: Tunnel, flow: Flow, when: float) -> None:
        """Find out when the current outbound SA will have carried what it may."""
        side = flow.source
        pair = tunnel.ends[side].current
        if pair is None or pair.lifetime_kb is None or not tunnel.active(flow, when) or tunnel.negotiating:
            return
        left_s = (pair.volume_soft - pair.bytes_out) / (flow.pps * flow.bytes_each)
        if left_s < pair.lifetime_s:
            self.world.timeline.at(when + max(0.0, left_s), partial(self._volume_used, tunnel, side, pair))

    def _volume_used(self, tunnel: Tunnel, side: int, pair: Pair) -> None:
        end = tunnel.ends[side]
        if pair is not end.current or tunnel.negotiating:
            return
        settle(tunnel, self.world.now)
        if pair.bytes_out >= pair.volume_soft * 0.9999:
            self.negotiation.start(tunnel, side, by_volume=True)
