"""Dead peers and reloads: who loses all SAs at once, and who notices."""

from __future__ import annotations

from functools import partial

from vpnaudit.simulate.device import SimDevice
from vpnaudit.simulate.engine.counters import settle
from vpnaudit.simulate.engine.pairs import Pairs, share_ike
from vpnaudit.simulate.tunnel import Tunnel


class Liveness:
    """DPD at each end, and devices that go down."""

    def __init__(self, pairs: Pairs) -> None:
        self.pairs, self.world = pairs, pairs.world

    def plan_dpd(self, tunnel: Tunnel, side: int, when: float) -> None:
        """Start or stop the wait after which this end holds the peer for dead."""
        end = tunnel.ends[side]
        dpd = end.settings.dpd
        doubtful = end.ike is not None and dpd is not None and end.device.up and not _peer_answers(tunnel, side, when)
        if doubtful and dpd is not None and dpd.mode == "on-demand":
            doubtful = tunnel.active(tunnel.flows[side], when) and not tunnel.delivers(tunnel.flows[1 - side], when)
        if not doubtful or dpd is None:
            end.dpd_pending = 0
        elif not end.dpd_pending:
            end.dpd_pending = tunnel.rng.getrandbits(40) + 1
            patience = tunnel.rng.uniform(0, dpd.interval_s) + end.device.hardware.dpd_misses * dpd.retry_s
            self.world.timeline.at(when + patience, partial(self._dead, tunnel, side, end.dpd_pending))

    def _dead(self, tunnel: Tunnel, side: int, pending: int) -> None:
        end = tunnel.ends[side]
        if end.dpd_pending != pending:
            return
        end.dpd_pending = 0
        end.device.dpd_timeouts += tunnel.ike_version == 2
        self.pairs.drop_everything(tunnel, side, "lost")

    def reload(self, device: SimDevice, when: float, downtime_s: float) -> None:
        """Plan a reload of `device`: all its SAs and its log are gone, and nobody is told."""
        self.world.timeline.at(when, partial(self._goes_down, device))
        self.world.timeline.at(when + downtime_s, partial(self._comes_up, device))

    def _goes_down(self, device: SimDevice) -> None:
        when = self.world.now
        mine = [(t, s) for t in self.world.tunnels for s in (0, 1) if t.ends[s].device is device]
        for tunnel, _ in mine:
            settle(tunnel, when)
        device.go_down(when)
        for tunnel, side in mine:
            end = tunnel.ends[side]
            end.ike, end.up_since = None, None
            end.pairs.clear()
            end.encaps = end.decaps = end.no_sa = 0.0
            self.world.changed(tunnel)

    def fail_over(
        self, tunnel: Tunnel, partner: SimDevice, died_at: float, taken_at: float, *, keeps_state: bool
    ) -> None:
        """Plan that end 0's device dies for good and `partner` takes its address over, with its SAs or without."""
        if keeps_state:
            self.world.timeline.at(died_at, partial(self._takes_over, tunnel, partner, died_at))
        self.world.timeline.at(died_at + 0.001 * keeps_state, partial(self._goes_down, tunnel.ends[0].device))
        if not keeps_state:
            self.world.timeline.at(taken_at, partial(self._takes_over, tunnel, partner, taken_at))

    def _takes_over(self, tunnel: Tunnel, partner: SimDevice, when: float) -> None:
        settle(tunnel, when)
        old, tunnel.ends[0].device = tunnel.ends[0].device, partner
        tunnel.wrong_device = old
        partner.turn_active(when, "Standby -> Active", "Active")
        self.world.changed(tunnel)

    def _comes_up(self, device: SimDevice) -> None:
        device.come_up(self.world.now)
        for tunnel in self.world.tunnels:
            if any(e.device is device for e in tunnel.ends):
                self.world.changed(tunnel)


def _peer_answers(tunnel: Tunnel, side: int, when: float) -> bool:
    end, peer = tunnel.ends[side], tunnel.peer(side)
    return share_ike(end, peer) and peer.device.up and tunnel.path.is_open(when)
