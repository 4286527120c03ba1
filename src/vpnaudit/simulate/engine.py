"""How tunnels live: negotiation, rekeys, expiry, DPD, DELETE, and what the packets meet.

Traffic is a rate. Only the first packet after a change of state is computed, then one a minute while it falls into a
hole: the cost of a day is the number of changes, not of packets.

Message orders are the field guide's (2.2, 2.3): an IKEv1 responder installs before QM2 and sends on the new SA from QM3
on; an IKEv2 responder sends on it from the DELETE of the old one on. IKEv1's DELETE is not acknowledged.
"""

from __future__ import annotations

from functools import partial

from vpnaudit.simulate.clock import Timeline
from vpnaudit.simulate.device import SimDevice
from vpnaudit.simulate.tunnel import End, Flow, IkeSa, Pair, Tunnel

RETRY_V1_S = (10, 10, 10, 10, 10)
RETRY_V2_S = (2, 4, 8, 16, 32)
AGAIN_S = 30.0
"""Seconds from a negotiation that failed to the next one that traffic asks for."""
NO_MEMORY_AGAIN_S = 900.0
"""Seconds until an end that could not install an SA for want of memory asks again."""
DPD_MISSES = 5
"""IOS: dead after five retries (field guide 4, C4)."""


class Engine:
    """Runs tunnels on a timeline. `spis` are those in use, fleet-wide, so that no two SAs share one."""

    def __init__(self, timeline: Timeline) -> None:
        self.timeline = timeline
        self.tunnels: list[Tunnel] = []
        self.spis: set[int] = set()
        self._ike_number = 0

    # ------------------------------------------------------------------ start

    def begin(self, tunnel: Tunnel) -> None:
        """Put a tunnel on the timeline with SAs as old as it says, and plan what its path and hosts will do."""
        start = self.timeline.now
        tunnel.settled = start
        self.tunnels.append(tunnel)
        self._new_ike(tunnel, 0, tunnel.ike_installed)
        if tunnel.ike_ends is not None:
            self.timeline.at(tunnel.ike_ends, partial(self._ike_runs_out, tunnel))
        spis = (self._new_spi(tunnel), self._new_spi(tunnel))
        for side in (1, 0):
            self._install(tunnel, side, spis, initiator=0, when=tunnel.first_installed)
        for pair in (p for end in tunnel.ends for p in end.pairs):
            pair.enabled = True
        for side in (0, 1):
            self._preload_volume(tunnel, side, start)
            tunnel.flows[side].wire = spis[1 - side]
            tunnel.ends[side].up_since = tunnel.ike_installed
        spans = tunnel.path.outages + tunnel.misrouted + [p for f in tunnel.flows for p in f.pauses]
        for moment in sorted({t for span in spans for t in span}):
            if moment >= start:
                self.timeline.at(moment, partial(self._changed_now, tunnel))
        self._changed(tunnel, start)

    def _preload_volume(self, tunnel: Tunnel, side: int, start: float) -> None:
        pair = tunnel.ends[side].pairs[-1]
        age = start - pair.installed
        out, back = tunnel.flows[side], tunnel.flows[1 - side]
        pair.bytes_out = out.pps * out.bytes_each * age
        pair.bytes_in = back.pps * back.bytes_each * age
        tunnel.ends[side].encaps = out.pps * (start - tunnel.ike_installed)
        tunnel.ends[side].decaps = back.pps * (start - tunnel.ike_installed)

    def _new_spi(self, tunnel: Tunnel) -> int:
        while True:
            spi = tunnel.rng.randrange(0x1000, 0x1_0000_0000)
            if spi not in self.spis:
                self.spis.add(spi)
                return spi

    def _new_ike(self, tunnel: Tunnel, initiator: int, when: float) -> None:
        self._ike_number += 1
        cookies = (tunnel.rng.getrandbits(64), tunnel.rng.getrandbits(64))
        for side, end in enumerate(tunnel.ends):
            life = end.settings.ike_seconds
            if tunnel.ike_version == 1:
                life = min(e.settings.ike_seconds for e in tunnel.ends)
            number = self._ike_number
            end.ike = IkeSa(number, when, life, side == initiator, end.device.next_phase1(), cookies)
            self.timeline.at(when + life, partial(self._ike_expires, tunnel, number))

    def _ike_expires(self, tunnel: Tunnel, number: int) -> None:
        holders = [e for e in tunnel.ends if e.ike and e.ike.number == number]
        when = self.timeline.now
        if len(holders) == 2 and tunnel.path.is_open(when):
            self._new_ike(tunnel, 0 if tunnel.ends[0].ike and tunnel.ends[0].ike.initiator else 1, when)
        else:
            for end in holders:
                end.ike = None
        self._changed(tunnel, when)

    def _ike_runs_out(self, tunnel: Tunnel) -> None:
        """Both ends' IKE SA ends with nothing to negotiate: IKEv1 makes a new one only when it is needed."""
        for end in tunnel.ends:
            end.ike = None
        self._changed(tunnel, self.timeline.now)

    # ------------------------------------------------------------------ packets

    def settle(self, when: float) -> None:
        """Bring all counters up to `when`."""
        for tunnel in self.tunnels:
            self._settle(tunnel, when)

    def _settle(self, tunnel: Tunnel, when: float) -> None:
        span = when - tunnel.settled
        if span <= 0:
            return
        middle = tunnel.settled
        tunnel.settled = when
        for flow in tunnel.flows:
            if tunnel.active(flow, middle):
                self._count(tunnel, flow, span, middle)

    def _count(self, tunnel: Tunnel, flow: Flow, span: float, when: float) -> None:
        packets, size = flow.pps * span, flow.pps * span * flow.bytes_each
        sender = tunnel.ends[flow.source]
        pair = sender.current
        if pair is None:
            sender.no_sa += packets
            return
        sender.encaps += packets
        pair.bytes_out += size
        sender.interface.output_packets += packets
        sender.interface.output_bytes += size
        if flow.wire is None or not tunnel.path.is_open(when):
            return
        device, end = tunnel.target(flow, when)
        interface = device.interface_of(tunnel.ends[1 - flow.source].address)
        interface.input_packets += packets
        interface.input_bytes += size
        received = end.pair_of(flow.wire) if end and device.up and end.holds(flow.wire) else None
        if received is not None and end is not None:
            end.decaps += packets
            received.bytes_in += size

    def _changed_now(self, tunnel: Tunnel) -> None:
        self._changed(tunnel, self.timeline.now)

    def _changed(self, tunnel: Tunnel, when: float) -> None:
        """Something about the tunnel changed at `when`: see what the next packets meet, and what DPD makes of it."""
        self._settle(tunnel, when)
        for flow in tunnel.flows:
            self._follow_wire(tunnel, flow, when)
            self._watch(tunnel, flow, when)
            self._plan_volume(tunnel, flow.source, when)
        for side in (0, 1):
            self._plan_dpd(tunnel, side, when)
            self._want_sa(tunnel, side, when)

    def _follow_wire(self, tunnel: Tunnel, flow: Flow, when: float) -> None:
        pair = tunnel.ends[flow.source].current
        spi = pair.outbound if pair else None
        if spi != flow.wire:
            self.timeline.at(when + tunnel.path.delay_s, partial(self._wire_becomes, tunnel, flow, spi))

    def _wire_becomes(self, tunnel: Tunnel, flow: Flow, spi: int | None) -> None:
        pair = tunnel.ends[flow.source].current
        if flow.wire == spi or (pair.outbound if pair else None) != spi:
            return
        self._settle(tunnel, self.timeline.now)
        flow.wire = spi
        self._changed(tunnel, self.timeline.now)

    def _hole(self, tunnel: Tunnel, flow: Flow, when: float) -> tuple[SimDevice, int] | None:
        """The device and SPI of packets that arrive and meet no SA."""
        if flow.wire is None or not tunnel.active(flow, when) or not tunnel.path.is_open(when):
            return None
        device, end = tunnel.target(flow, when)
        if not device.up or (end is not None and end.holds(flow.wire)):
            return None
        return device, flow.wire

    def _watch(self, tunnel: Tunnel, flow: Flow, when: float) -> None:
        hole = self._hole(tunnel, flow, when)
        mark = (hole[0].name, hole[1]) if hole else None
        if mark == flow.watched:
            return
        flow.watched = mark
        flow.generation += 1
        if hole:
            first = when + tunnel.rng.random() / flow.pps
            self.timeline.at(first, partial(self._packet_meets_nothing, tunnel, flow, flow.generation))

    def _packet_meets_nothing(self, tunnel: Tunnel, flow: Flow, generation: int) -> None:
        when = self.timeline.now
        hole = self._hole(tunnel, flow, when)
        if generation != flow.generation or hole is None:
            return
        device, spi = hole
        source, destination = tunnel.ends[flow.source].address, tunnel.ends[1 - flow.source].address
        if device.unknown_spi(when, source, destination, spi):
            self._answer_unknown_spi(tunnel, 1 - flow.source, device, spi)
            self._see_if_late(tunnel, flow, device, spi)
        following = device.next_line_at(source, destination, spi) + tunnel.rng.random() / flow.pps
        self.timeline.at(following, partial(self._packet_meets_nothing, tunnel, flow, generation))

    def _see_if_late(self, tunnel: Tunnel, flow: Flow, device: SimDevice, spi: int) -> None:
        """A line for an SA that ended within a round trip, and on which nothing comes any more after it."""
        over_at = tunnel.ended.get((device.name, spi), float("-inf")) + 2 * tunnel.path.delay_s + 0.05
        if over_at >= self.timeline.now:
            self.timeline.at(over_at, partial(self._was_late, tunnel, flow, device, spi))

    def _was_late(self, tunnel: Tunnel, flow: Flow, device: SimDevice, spi: int) -> None:
        tunnel.late_lines[device.name] += flow.wire != spi

    def damage(self, tunnel: Tunnel, source: int, when: float) -> None:
        """Plan that one packet from end `source` arrives with a bit of its SPI flipped, and is counted as an error."""
        self.timeline.at(when, partial(self._damaged_packet, tunnel, tunnel.flows[source]))

    def _damaged_packet(self, tunnel: Tunnel, flow: Flow) -> None:
        when, sender, receiver = self.timeline.now, tunnel.ends[flow.source], tunnel.ends[1 - flow.source]
        if flow.wire is None or not receiver.device.up:
            return
        receiver.interface.input_errors += tunnel.rng.randint(1, 4)
        spi = flow.wire ^ (1 << tunnel.rng.randrange(8, 32))
        receiver.device.unknown_spi(when, sender.address, receiver.address, spi)

    def forget(self, tunnel: Tunnel, side: int, when: float) -> None:
        """Plan that the data plane at `side` loses the inbound SA that the peer sends on; the tables keep it."""
        self.timeline.at(when, partial(self._forgets, tunnel, side))

    def _forgets(self, tunnel: Tunnel, side: int) -> None:
        current = tunnel.ends[side].current
        self._settle(tunnel, self.timeline.now)
        if current is not None:
            tunnel.ends[side].forgotten.add(current.inbound)
        self._changed(tunnel, self.timeline.now)

    def _answer_unknown_spi(self, tunnel: Tunnel, side: int, device: SimDevice, spi: int) -> None:
        """IOS sends a DELETE for an SPI it does not know if it has an IKE SA with the sender (field guide 4.A)."""
        end = tunnel.ends[side]
        known = end.pair_of(spi) is not None
        if end.device is device and end.ike and not known and device.allocate(self.timeline.now, _process(tunnel)):
            self._send_delete(tunnel, side, spi)

    # ------------------------------------------------------------------ SAs

    def _install(self, tunnel: Tunnel, side: int, spis: tuple[int, int], *, initiator: int, when: float) -> Pair:
        """Install a pair at `side`; `spis` are the inbound SPIs of ends 0 and 1."""
        end = tunnel.ends[side]
        settings = end.settings
        seconds, kilobytes = settings.seconds, settings.kilobytes
        if tunnel.ike_version == 1:  # the lower of the two proposals holds at both ends (field guide 2.1)
            seconds = min(e.settings.seconds for e in tunnel.ends)
            volumes = [e.settings.kilobytes for e in tunnel.ends if e.settings.kilobytes is not None]
            kilobytes = min(volumes) if volumes else None
        device = end.device
        pair = Pair(
            inbound=spis[side],
            outbound=spis[1 - side],
            installed=when,
            lifetime_s=seconds,
            lifetime_kb=kilobytes,
            initiator=side == initiator,
            connections=(device.next_connection(), device.next_connection()),
            enabled=side == initiator,
            volume_soft=(kilobytes or 0) * 1000 * tunnel.rng.uniform(0.90, 0.96),
        )
        end.pairs.append(pair)
        self._trace(tunnel, side, pair, "create")
        soft = settings.rekey_lead_s + tunnel.rng.uniform(0, 3)
        self.timeline.at(when + seconds - soft, partial(self._soft_expiry, tunnel, side, pair))
        self.timeline.at(when + seconds, partial(self._hard_expiry, tunnel, side, pair))
        if settings.idle_s:
            self.timeline.at(
                max(when, self.timeline.now) + settings.idle_s, partial(self._idle, tunnel, side, pair, -1.0)
            )
        return pair

    def _trace(self, tunnel: Tunnel, side: int, pair: Pair, what: str) -> None:
        end, peer = tunnel.ends[side], tunnel.peer(side)
        when = max(pair.installed, 0.0) if what == "create" else self.timeline.now
        equals = "= " if what == "create" else " = "
        for dest, spi, conn in ((end.address, pair.inbound, 0), (peer.address, pair.outbound, 1)):
            head = f"IPSEC-EVENT:IPSEC-{what.upper()}-SA:  SESSION ID:0, sa {what} : (sa)"
            end.device.write_trace(
                when,
                f"{head} sa_dest{equals}{dest}, sa_proto{equals}50, sa_spi{equals}0x{spi:X}({spi}), "
                f"sa_trans{equals}{tunnel.transform} , sa_conn_id{equals}{pair.connections[conn]}, "
                f"sa_lifetime(k/sec){equals}({pair.lifetime_kb or 0}/{pair.lifetime_s})",
            )
            end.device.write_trace(
                when,
                f"{head},  loc: {end.address}, rem: {peer.address}, "
                f"l_proxy: {_network(end)}/0/256, r_proxy: {_network(peer)}/0/256",
            )

    def _remove(self, tunnel: Tunnel, side: int, pair: Pair) -> bool:
        end = tunnel.ends[side]
        if pair not in end.pairs:
            return False
        self._settle(tunnel, self.timeline.now)
        self._trace(tunnel, side, pair, "delete")
        end.pairs.remove(pair)
        tunnel.ended[(end.device.name, pair.inbound)] = self.timeline.now
        if not end.pairs:
            self._session(tunnel, side, up=False)
        return True

    def _session(self, tunnel: Tunnel, side: int, *, up: bool) -> None:
        """`crypto logging session` and the line protocol of a VTI."""
        end, when, peer = tunnel.ends[side], self.timeline.now, tunnel.peer(side)
        if up == (end.up_since is not None):
            return
        end.up_since = when if up else None
        word = "UP" if up else "DOWN"
        tail = f"Peer {peer.address}:500       Id: {peer.address}"
        kind = "SESSION_STATUS: Crypto tunnel" if tunnel.ike_version == 1 else "IKEV2_SESSION_STATUS: Crypto tunnel v2"
        end.device.write_log(when, f"%CRYPTO-5-{kind} is {word}.  {tail}")
        if end.tunnel_interface:
            state = word.lower()
            text = f"%LINEPROTO-5-UPDOWN: Line protocol on Interface {end.tunnel_interface}, changed state to {state}"
            end.device.write_log(when + 0.01, text)

    def _soft_expiry(self, tunnel: Tunnel, side: int, pair: Pair) -> None:
        end = tunnel.ends[side]
        if pair is not end.current or pair is not end.pairs[-1] or tunnel.negotiating:
            return
        self._settle(tunnel, self.timeline.now)
        if pair.bytes_out > 0 or end.style == "vti":  # no traffic, no rekey (field guide 2.4)
            self._negotiate(tunnel, side, by_volume=False)

    def _hard_expiry(self, tunnel: Tunnel, side: int, pair: Pair) -> None:
        if self._remove(tunnel, side, pair):
            self._send_delete(tunnel, side, pair.inbound)
            self._changed(tunnel, self.timeline.now)

    def _idle(self, tunnel: Tunnel, side: int, pair: Pair, before: float) -> None:
        """`security-association idle-time`: nothing came or went on the pair since the last look."""
        end = tunnel.ends[side]
        if pair not in end.pairs or end.settings.idle_s is None:
            return
        self._settle(tunnel, self.timeline.now)
        used = pair.bytes_in + pair.bytes_out
        if used == before and pair is end.pairs[-1]:
            self._remove(tunnel, side, pair)
            self._send_delete(tunnel, side, pair.inbound)
            self._changed(tunnel, self.timeline.now)
            return
        self.timeline.at(self.timeline.now + end.settings.idle_s, partial(self._idle, tunnel, side, pair, used))

    def _plan_volume(self, tunnel: Tunnel, side: int, when: float) -> None:
        """Find out when the current outbound SA will have carried what it may."""
        end, flow = tunnel.ends[side], tunnel.flows[side]
        pair = end.current
        if pair is None or pair.lifetime_kb is None or not tunnel.active(flow, when) or tunnel.negotiating:
            return
        left_s = (pair.volume_soft - pair.bytes_out) / (flow.pps * flow.bytes_each)
        if left_s < pair.lifetime_s:
            self.timeline.at(when + max(0.0, left_s), partial(self._volume_used, tunnel, side, pair))

    def _volume_used(self, tunnel: Tunnel, side: int, pair: Pair) -> None:
        end = tunnel.ends[side]
        if pair is not end.current or tunnel.negotiating:
            return
        self._settle(tunnel, self.timeline.now)
        if pair.bytes_out >= pair.volume_soft * 0.9999:
            self._negotiate(tunnel, side, by_volume=True)

    # ------------------------------------------------------------------ negotiation

    def _want_sa(self, tunnel: Tunnel, side: int, when: float) -> None:
        """Without an SA, traffic (or a VTI by itself) asks for one."""
        end, flow = tunnel.ends[side], tunnel.flows[side]
        if end.pairs or tunnel.negotiating or not end.device.up:
            return
        if end.style == "vti" or (not flow.answers and flow.runs(when)):
            tunnel.negotiating = True
            gap = 1.0 if end.style == "vti" else tunnel.rng.random() / flow.pps
            self.timeline.at(when + gap, partial(self._start, tunnel, side, by_volume=False))

    def _negotiate(self, tunnel: Tunnel, side: int, *, by_volume: bool) -> None:
        tunnel.negotiating = True
        self._start(tunnel, side, by_volume=by_volume)

    def _start(self, tunnel: Tunnel, side: int, *, by_volume: bool) -> None:
        self._attempt(tunnel, side, 0, by_volume=by_volume)

    def _attempt(self, tunnel: Tunnel, side: int, attempt: int, *, by_volume: bool) -> None:
        """Send the first message of an exchange, or repeat it."""
        when, initiator, responder = self.timeline.now, tunnel.ends[side], tunnel.peer(side)
        if not initiator.device.up:
            tunnel.negotiating = False
            return
        reached = tunnel.path.is_open(when) and responder.device.up
        fresh = initiator.ike is None
        stale_ike = not fresh and not _share_ike(initiator, responder)
        if reached and stale_ike and tunnel.ike_version == 1 and attempt == 0:
            text = f"IKE message from {initiator.address} has no SA and is not an initialization offer"
            responder.device.write_log(when + tunnel.path.delay_s, f"%CRYPTO-4-IKMP_NO_SA: {text}")
        if reached and not stale_ike and responder.device.allocate(when, _process(tunnel)):
            self._answered(tunnel, side, fresh=fresh, by_volume=by_volume)
            return
        retries = RETRY_V1_S if tunnel.ike_version == 1 else RETRY_V2_S
        if attempt < len(retries):
            again = partial(self._attempt, tunnel, side, attempt + 1, by_volume=by_volume)
            self.timeline.at(when + retries[attempt], again)
        else:
            self._given_up(tunnel, side)

    def _given_up(self, tunnel: Tunnel, side: int) -> None:
        when, end = self.timeline.now, tunnel.ends[side]
        tunnel.negotiating = False
        if end.ike is not None and tunnel.ike_version == 2:
            end.device.retransmit_timeouts += 1
            text = "Negotiation aborted due to ERROR: Maximum number of retransmissions reached"
            end.device.write_log(when, f"%IKEV2-3-NEG_ABORT: {text}")
        end.ike = None
        self.timeline.at(when + AGAIN_S, partial(self._changed_now, tunnel))
        self._changed(tunnel, when)

    def _answered(self, tunnel: Tunnel, side: int, *, fresh: bool, by_volume: bool) -> None:
        when, hop = self.timeline.now, tunnel.path.delay_s
        if fresh:
            when += 4 * hop
        spis = (self._new_spi(tunnel), self._new_spi(tunnel))
        olds = tuple(list(e.pairs) for e in tunnel.ends)
        plan = self.timeline.at
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
        hop = tunnel.path.delay_s
        retire = partial(self._retire, tunnel)
        if (
            tunnel.ike_version == 2
        ):  # the initiator's DELETE is request and answer: nothing is sent on the old pair any more
            self.timeline.at(when + 3 * hop + 0.0001, partial(retire, 1 - side, olds[1 - side]))
            self.timeline.at(when + 4 * hop + 0.0005, partial(retire, side, olds[side]))
        elif (
            by_volume or tunnel.ends[side].settings.deletes_old_at_once
        ):  # the old pair may carry no more: gone at once
            self.timeline.at(when + 2 * hop + 0.002, partial(retire, side, olds[side]))
            self.timeline.at(when + 3 * hop + 0.002, partial(retire, 1 - side, olds[1 - side]))
        # otherwise the old pair stays until its own end

    def _ike_up(self, tunnel: Tunnel, side: int) -> None:
        """A new IKE SA. INITIAL_CONTACT ends what the responder still had with this peer."""
        responder = tunnel.peer(side)
        for pair in list(responder.pairs):
            self._remove(tunnel, 1 - side, pair)
        self._new_ike(tunnel, side, self.timeline.now)
        self._changed(tunnel, self.timeline.now)

    def _responder_installs(self, tunnel: Tunnel, side: int, spis: tuple[int, int]) -> None:
        if tunnel.peer(side).device.up:
            self._settle(tunnel, self.timeline.now)
            self._install(tunnel, 1 - side, spis, initiator=side, when=self.timeline.now)
            self._changed(tunnel, self.timeline.now)

    def _initiator_installs(self, tunnel: Tunnel, side: int, spis: tuple[int, int]) -> None:
        """The answer came. Where memory is short the SA is not installed, though the responder has it already."""
        end = tunnel.ends[side]
        if end.device.up and end.device.allocate(self.timeline.now, _process(tunnel)):
            self._settle(tunnel, self.timeline.now)
            self._install(tunnel, side, spis, initiator=side, when=self.timeline.now)
            self._session(tunnel, side, up=True)
            self._changed(tunnel, self.timeline.now)

    def _responder_enables(self, tunnel: Tunnel, side: int, spis: tuple[int, int]) -> None:
        end = tunnel.peer(side)
        pair = end.pair_of(spis[1 - side])
        if pair is not None:
            self._settle(tunnel, self.timeline.now)
            pair.enabled = True
            self._session(tunnel, 1 - side, up=True)
            self._changed(tunnel, self.timeline.now)

    def _retire(self, tunnel: Tunnel, side: int, pairs: list[Pair]) -> None:
        removed = [self._remove(tunnel, side, pair) for pair in pairs]
        if any(removed):
            self._changed(tunnel, self.timeline.now)

    def _negotiated(self, tunnel: Tunnel) -> None:
        tunnel.negotiating = False
        starving = [side for side in (0, 1) if not tunnel.ends[side].pairs and tunnel.peer(side).pairs]
        if not starving:
            self._changed(tunnel, self.timeline.now)
            return
        tunnel.negotiating = True  # one end could not install: it asks again after a while
        again = self.timeline.now + NO_MEMORY_AGAIN_S
        self.timeline.at(again, partial(self._start, tunnel, starving[0], by_volume=False))

    # ------------------------------------------------------------------ teardown

    def _send_delete(self, tunnel: Tunnel, side: int, inbound: int) -> None:
        """Tell the peer that the SA with this inbound SPI is gone, if there is an IKE SA to say so over."""
        end, peer, when = tunnel.ends[side], tunnel.peer(side), self.timeline.now
        if end.ike is None or not end.device.up:
            return
        reaches = tunnel.path.is_open(when) and peer.device.up and _share_ike(end, peer)
        lost = side in tunnel.path.drops_delete_from or not reaches
        if not lost:
            self.timeline.at(when + tunnel.path.delay_s, partial(self._delete_arrives, tunnel, 1 - side, inbound))
        elif tunnel.ike_version == 2:  # acknowledged: repeated, then the IKE SA is given up (RFC 7296 2.1)
            self.timeline.at(when + sum(RETRY_V2_S), partial(self._delete_unanswered, tunnel, side, end.ike.number))

    def _delete_arrives(self, tunnel: Tunnel, side: int, outbound: int) -> None:
        pairs = [p for p in tunnel.ends[side].pairs if p.outbound == outbound]
        self._retire(tunnel, side, pairs)

    def _delete_unanswered(self, tunnel: Tunnel, side: int, number: int) -> None:
        end = tunnel.ends[side]
        if end.ike is None or end.ike.number != number:
            return
        end.device.retransmit_timeouts += 1
        text = "Negotiation aborted due to ERROR: Maximum number of retransmissions reached"
        end.device.write_log(self.timeline.now, f"%IKEV2-3-NEG_ABORT: {text}")
        end.ike = None
        self._retire(tunnel, side, list(end.pairs))
        self._changed(tunnel, self.timeline.now)

    def _plan_dpd(self, tunnel: Tunnel, side: int, when: float) -> None:
        """Start or stop the wait after which this end holds the peer for dead."""
        end = tunnel.ends[side]
        dpd = end.settings.dpd
        doubtful = (
            end.ike is not None and dpd is not None and end.device.up and not self._peer_answers(tunnel, side, when)
        )
        if doubtful and dpd is not None and dpd.mode == "on-demand":
            doubtful = tunnel.active(tunnel.flows[side], when) and not tunnel.delivers(tunnel.flows[1 - side], when)
        if not doubtful or dpd is None:
            end.dpd_pending = 0
        elif not end.dpd_pending:
            end.dpd_pending = tunnel.rng.getrandbits(40) + 1
            patience = tunnel.rng.uniform(0, dpd.interval_s) + DPD_MISSES * dpd.retry_s
            self.timeline.at(when + patience, partial(self._dpd_dead, tunnel, side, end.dpd_pending))

    def _peer_answers(self, tunnel: Tunnel, side: int, when: float) -> bool:
        end, peer = tunnel.ends[side], tunnel.peer(side)
        return _share_ike(end, peer) and peer.device.up and tunnel.path.is_open(when)

    def _dpd_dead(self, tunnel: Tunnel, side: int, pending: int) -> None:
        end = tunnel.ends[side]
        if end.dpd_pending != pending:
            return
        end.dpd_pending = 0
        end.device.dpd_timeouts += tunnel.ike_version == 2
        self.drop_everything(tunnel, side)

    def drop_everything(self, tunnel: Tunnel, side: int) -> None:
        """End the IKE SA and all pairs at `side` without telling the peer."""
        self._settle(tunnel, self.timeline.now)
        end = tunnel.ends[side]
        end.ike = None
        for pair in list(end.pairs):
            self._remove(tunnel, side, pair)
        self._changed(tunnel, self.timeline.now)

    def reload(self, device: SimDevice, when: float, downtime_s: float) -> None:
        """Plan a reload of `device`: all its SAs and its log are gone, and nobody is told."""
        self.timeline.at(when, partial(self._goes_down, device))
        self.timeline.at(when + downtime_s, partial(self._comes_up, device))

    def _goes_down(self, device: SimDevice) -> None:
        when = self.timeline.now
        mine = [(t, s) for t in self.tunnels for s in (0, 1) if t.ends[s].device is device]
        for tunnel, _ in mine:
            self._settle(tunnel, when)
        device.go_down(when)
        for tunnel, side in mine:
            end = tunnel.ends[side]
            end.ike, end.up_since = None, None
            end.pairs.clear()
            end.encaps = end.decaps = end.no_sa = 0.0
            self._changed(tunnel, when)

    def _comes_up(self, device: SimDevice) -> None:
        device.come_up(self.timeline.now)
        for tunnel in self.tunnels:
            if any(e.device is device for e in tunnel.ends):
                self._changed(tunnel, self.timeline.now)


def _share_ike(one: End, other: End) -> bool:
    return one.ike is not None and other.ike is not None and one.ike.number == other.ike.number


def _process(tunnel: Tunnel) -> str:
    return "Crypto IKMP" if tunnel.ike_version == 1 else "Crypto IKEv2"


def _network(end: End) -> str:
    return end.network.partition("/")[0] if end.style == "map" else "0.0.0.0"  # noqa: S104 - a proxy identity, no socket
