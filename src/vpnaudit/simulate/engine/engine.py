"""The parts put together, and the beginning of a tunnel's life."""

from __future__ import annotations

from functools import partial

from vpnaudit.simulate.clock import Timeline
from vpnaudit.simulate.engine.arrivals import Arrivals
from vpnaudit.simulate.engine.counters import preload, settle
from vpnaudit.simulate.engine.deletes import Deletes
from vpnaudit.simulate.engine.expiry import Expiry
from vpnaudit.simulate.engine.incidents import Incidents
from vpnaudit.simulate.engine.liveness import Liveness
from vpnaudit.simulate.engine.negotiation import Negotiation
from vpnaudit.simulate.engine.pairs import Pairs
from vpnaudit.simulate.engine.world import World
from vpnaudit.simulate.tunnel import Tunnel


class Engine:
    """Runs tunnels on a timeline."""

    def __init__(self, timeline: Timeline) -> None:
        self.timeline = timeline
        self.world = World(timeline)
        self.pairs = Pairs(self.world)
        self.deletes = Deletes(self.pairs)
        self.negotiation = Negotiation(self.pairs)
        self.expiry = Expiry(self.negotiation, self.deletes)
        self.arrivals = Arrivals(self.deletes)
        self.liveness = Liveness(self.pairs)
        self.incidents = Incidents(self.deletes)
        self.pairs.on_install = [self.expiry.plan]
        self.world.of_flow = [self.arrivals.follow_wire, self.arrivals.watch, self.expiry.plan_volume]
        self.world.of_side = [self.liveness.plan_dpd, self.negotiation.want]

    @property
    def tunnels(self) -> list[Tunnel]:
        """Those that were begun."""
        return self.world.tunnels

    def settle(self, when: float) -> None:
        """Bring all counters up to `when`."""
        for tunnel in self.tunnels:
            settle(tunnel, when)

    def begin(self, tunnel: Tunnel) -> None:
        """Put a tunnel on the timeline with SAs as old as it says, and plan what its path and hosts will do."""
        start = self.timeline.now
        tunnel.settled = start
        self.tunnels.append(tunnel)
        self.pairs.new_ike(tunnel, 0, tunnel.ike_installed)
        if tunnel.ike_ends is not None:
            self.timeline.at(tunnel.ike_ends, partial(self._ike_runs_out, tunnel))
        spis = (self.world.new_spi(tunnel.rng), self.world.new_spi(tunnel.rng))
        for side in (1, 0):
            self.pairs.install(tunnel, side, spis, initiator=0, when=tunnel.first_installed)
        for pair in (p for end in tunnel.ends for p in end.pairs):
            pair.enabled = True
        for side in (0, 1):
            preload(tunnel, side, start)
            tunnel.flows[side].wire = spis[1 - side]
            tunnel.ends[side].up_since = tunnel.ike_installed
        spans = tunnel.path.outages + tunnel.misrouted + [p for f in tunnel.flows for p in f.pauses]
        for moment in sorted({t for span in spans for t in span}):
            if moment >= start:
                self.world.change_at(moment, tunnel)
        self.world.changed(tunnel)

    def begin_without(self, tunnel: Tunnel) -> None:
        """Put a tunnel on the timeline that has had no SAs so far."""
        tunnel.settled = self.timeline.now
        self.tunnels.append(tunnel)
        for moment in sorted({t for flow in tunnel.flows for pause in flow.pauses for t in pause}):
            self.world.change_at(moment, tunnel)
        self.world.changed(tunnel)

    def _ike_runs_out(self, tunnel: Tunnel) -> None:
        """Both ends' IKE SA ends with nothing to negotiate: IKEv1 makes a new one only when it is needed."""
        for end in tunnel.ends:
            end.ike = None
        self.world.changed(tunnel)
