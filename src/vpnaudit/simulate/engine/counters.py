"""What traffic adds to the counters of tunnels, interfaces and SAs between two changes."""

from __future__ import annotations

from vpnaudit.simulate.tunnel import Flow, Tunnel


def settle(tunnel: Tunnel, when: float) -> None:
    """Bring all counters of the tunnel up to `when`."""
    span = when - tunnel.settled
    if span <= 0:
        return
    since = tunnel.settled
    tunnel.settled = when
    for flow in tunnel.flows:
        if tunnel.active(flow, since):
            _count(tunnel, flow, span, since)


def _count(tunnel: Tunnel, flow: Flow, span: float, when: float) -> None:
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
    target = tunnel.ends[1 - flow.source]
    interface = device.interface_of(target.own, target.vrf)
    interface.input_packets += packets
    interface.input_bytes += size
    received = end.pair_of(flow.wire) if end and device.up and end.holds(flow.wire) else None
    if received is not None and end is not None:
        end.decaps += packets
        received.bytes_in += size


def preload(tunnel: Tunnel, side: int, start: float) -> None:
    """Give the end the counters of the life before `start`."""
    end, pair = tunnel.ends[side], tunnel.ends[side].pairs[-1]
    age = start - pair.installed
    out, back = tunnel.flows[side], tunnel.flows[1 - side]
    pair.bytes_out = out.pps * out.bytes_each * age
    pair.bytes_in = back.pps * back.bytes_each * age
    end.encaps = out.pps * (start - tunnel.ike_installed)
    end.decaps = back.pps * (start - tunnel.ike_installed)
