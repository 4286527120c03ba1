"""What was collected about the path of one diagnosis: counters, probes and outages that speak for loss or against it.

Counters run since boot or clear and never say when; only an outage's time, compared with the events', does.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Literal

from msgspec import Struct

from vpnaudit.loss.words import percent
from vpnaudit.model.device import Device
from vpnaudit.model.evidence import Evidence
from vpnaudit.model.facts import ParsedCapture
from vpnaudit.model.fleet import Fleet
from vpnaudit.model.judgement import Diagnosis, Reason
from vpnaudit.model.printable import counted
from vpnaudit.model.system import InterfaceState, IpSlaResult

BEFORE_S = 120.0
"""An outage so long before an event speaks for the path (DESIGN 8, packet-loss)."""
LATE_S = 5.0
SHOWN = 3
_RETRANSMISSION = ("RETRANS",)
_REKEY = "REKEY"
_LEAST_REQUESTS = 20


class Outage(Struct, frozen=True, kw_only=True, gc=False):
    """A time at which the path or the peer was gone, by a device's log or its probes. `at` is on the common clock."""

    at: datetime | None
    text: str
    evidence: tuple[Evidence, ...] = ()
    uncertainty_s: float = 1.0
    until: datetime | None = None
    """When it was over, where a line says so."""


class PathProbe(Struct, frozen=True, kw_only=True, gc=False):
    """An IP SLA operation of an end and what it is to the tunnel.

    `aim`: "peer" and "first-hop" probe the path, "tunnel" goes through the tunnel, "elsewhere" neither; "unknown" where
    the configuration does not tell what it probes. The evidence begins with the line of the result.
    """

    device: str
    number: int
    aim: Literal["peer", "first-hop", "tunnel", "elsewhere", "unknown"]
    result: IpSlaResult
    target: str | None = None
    evidence: tuple[Evidence, ...] = ()


class Path(Struct, frozen=True, kw_only=True, gc=False):
    """What is known of one diagnosis' path: its outages, the probes of its ends, and by device its carriers.

    `carriers` are the interfaces that carry the tunnel.
    """

    outages: tuple[Outage, ...] = ()
    carriers: dict[str, frozenset[str]] = {}
    probes: tuple[PathProbe, ...] = ()


def measured_loss(fleet: Fleet, path: Path) -> float | None:
    """The largest share of packets that were lost on the path as its ends count it; null where none counted a loss.

    Counted are packets that arrived damaged on a carrying interface, and probes to the peer that got no answer. A probe
    is lost on one of two ways, so its share bounds the loss of either; a target that never answered measures nothing.
    """
    shares = [s for device in _devices(fleet, path) for _, i in _lines(device, path) if (s := _damaged(i))]
    shares += [s for p in path.probes if p.aim == "peer" and (s := _probe_share(p.result))]
    return max(shares, default=None)


def path_reasons(diagnosis: Diagnosis, fleet: Fleet, path: Path) -> tuple[Reason, ...]:
    """What counters, probes and logged outages say, each with the lines it rests on."""
    found = list(_aligned(diagnosis, path))
    for device in _devices(fleet, path):
        found += _interface_reasons(device, path)
        found += _timer_reasons(device)
        found += _exchange_reasons(device)
        found += _probe_reasons(path, device)
    return tuple(found)


def _devices(fleet: Fleet, path: Path) -> list[Device]:
    return [fleet.device_by_name[name] for name in sorted(path.carriers) if name in fleet.device_by_name]


def _lines(device: Device, path: Path) -> Iterator[tuple[Evidence, InterfaceState]]:
    """The carrying interfaces, each once, as the newest answer has them."""
    shown = device.once(_by_name)
    names = {n.lower() for n in path.carriers[device.name]}
    for _, capture, interface in sorted((shown[n] for n in names if n in shown), key=lambda found: found[0]):
        yield device.cite_below(capture, interface.line, "input errors"), interface


def _by_name(device: Device) -> dict[str, tuple[int, ParsedCapture, InterfaceState]]:
    """Each interface as the newest answer has it, with its place, by its name in lower case."""
    found: dict[str, tuple[int, ParsedCapture, InterfaceState]] = {}
    for place, (capture, interface) in enumerate(device.interfaces):
        found.setdefault(interface.name.lower(), (place, capture, interface))
    return found


def _damaged(interface: InterfaceState) -> float | None:
    if interface.input_errors is None or interface.input_packets is None:
        return None
    arrived = max(interface.input_packets, interface.input_errors)
    return interface.input_errors / arrived if arrived else None


def _interface_reasons(device: Device, path: Path) -> Iterator[Reason]:
    for evidence, interface in _lines(device, path):
        share = _damaged(interface)
        drops = [
            f"{count} {what}"
            for count, what in ((interface.input_drops, "input drops"), (interface.output_drops, "output drops"))
            if count
        ]
        dropped = f"; {' and '.join(drops)}" if drops else ""
        where = f"{device.name} {interface.name}"
        if share:
            errors = counted(interface.input_errors or 0, "input error")
            text = (
                f"{where}: {errors}, {percent(share)} of the packets that arrived there{dropped} (since boot or clear)"
            )
            yield Reason(text=text, evidence=(evidence,))
        elif drops:
            yield Reason(text=f"{where}: no input errors{dropped} (since boot or clear)", evidence=(evidence,))
        elif share is not None:
            yield Reason(text=f"{where}: no input errors and no drops counted", evidence=(evidence,))


def _timer_reasons(device: Device) -> Iterator[Reason]:
    """IKEv2 timers that ran out: a message given up after all its repetitions, a peer declared dead."""
    timers = [
        (c, t)
        for c in device.captures
        for t in c.parsed.facts.ike_timeouts
        if any(w in t.name for w in _RETRANSMISSION)
    ]
    ran_out = [(c, t) for c, t in timers if t.count > 0]
    if ran_out:
        what = ", ".join(f"{t.name} {t.count}" for _, t in ran_out[:SHOWN])
        text = f"{device.name} gave up IKEv2 messages or peers, of all its tunnels, since boot or clear: {what}"
        yield Reason(text=text, evidence=tuple(device.cite(c, t.line) for c, t in ran_out[:SHOWN]))
    elif timers:
        text = f"{device.name} never gave up an IKEv2 message or a peer: no outage was longer than its patience"
        yield Reason(text=text, evidence=tuple(device.cite(c, t.line) for c, t in timers[:1]))


def _exchange_reasons(device: Device) -> Iterator[Reason]:
    """Rekey requests that were never answered (field guide, appendix C)."""
    by_name: dict[str, dict[str, tuple[int, Evidence]]] = {}
    for capture in device.captures:
        for counter in capture.parsed.facts.counters:
            if _REKEY in counter.name.upper() and counter.scope in {"TX(REQ)", "RX(RES)"}:
                cited = (counter.value, device.cite(capture, counter.line))
                by_name.setdefault(counter.name, {}).setdefault(counter.scope, cited)
    for name, counts in sorted(by_name.items()):
        if len(counts) < 2:
            continue
        (asked, evidence), (answered, _) = counts["TX(REQ)"], counts["RX(RES)"]
        if asked >= _LEAST_REQUESTS and asked > answered:
            share = percent((asked - answered) / asked)
            text = f"{device.name}: {asked - answered} of {asked} {name} requests were never answered ({share})"
            yield Reason(text=text, evidence=(evidence,))


def _probe_reasons(path: Path, device: Device) -> Iterator[Reason]:
    """What each probe of the device counted, and whether it says anything of this path."""
    mine = [p for p in path.probes if p.device == device.name]
    for probe in (p for p in mine if p.aim != "elsewhere"):
        counted_words = _probe_counts(probe.result)
        if counted_words is not None:
            to = f" to {probe.target}" if probe.target else ""
            text = f"{device.name}: IP SLA {probe.number}{to} {counted_words}; {_AIMS[probe.aim]}"
            yield Reason(text=text, evidence=probe.evidence)
    elsewhere = [p for p in mine if p.aim == "elsewhere"]
    if elsewhere:
        numbers = ", ".join(str(p.number) for p in elsewhere[:_NAMED]) + (", …" if len(elsewhere) > _NAMED else "")
        text = f"{device.name}: IP SLA {numbers} probes neither this peer nor a network of this tunnel: not counted"
        yield Reason(text=text, evidence=elsewhere[0].evidence)


_NAMED = 5
_AIMS = {
    "peer": "it probes the peer, outside the tunnel",
    "first-hop": "it probes the first hop of the path alone",
    "tunnel": "it goes through the tunnel, so it fails with the tunnel as well as with the path",
    "unknown": "whether it probes this path is UNKNOWN: no address of its target was collected "
    "(show running-config | section ip sla)",
}


def _probe_counts(result: IpSlaResult) -> str | None:
    """The operations that failed since the start, and of the latest run the packets; null where it never ran."""
    ran = _operations(result)
    parts = []
    if ran is not None and result.failures is not None:
        parts.append(f"failed {result.failures} of {ran} times ({percent(result.failures / ran)})")
    if result.sent and result.lost is not None:
        ways = ""
        if result.lost_out is not None and result.lost_back is not None and result.lost:
            ways = f", {result.lost_out} on the way out and {result.lost_back} on the way back"
        run = f", at most {result.longest_run} in a row" if result.longest_run else ""
        share = percent(result.lost / result.sent)
        parts.append(f"lost {result.lost} of {result.sent} packets in its latest run ({share}{ways}{run})")
    if not parts:
        return None
    ended = f"; its latest run ended with {result.return_code!r}" if result.return_code not in {None, "OK"} else ""
    return " and ".join(parts) + ended


def _operations(result: IpSlaResult) -> int | None:
    """How often it ran; null where it never did or is not known to have."""
    ran = (result.successes or 0) + (result.failures or 0)
    return ran or None


def _probe_share(result: IpSlaResult) -> float | None:
    """The share of packets that got no answer; null where nothing ever did.

    Of a jitter operation the packets of its latest run, on the worse way where it tells them apart; a run that failed
    whole tells no share. Of others the operations, each of which is a packet.
    """
    if result.sent is not None and result.lost is not None:
        ways = [n for n in (result.lost_out, result.lost_back) if n is not None]
        unplaced = result.lost - sum(ways)
        lost = max(ways, default=0) + unplaced
        return lost / result.sent if 0 < result.lost < result.sent else None
    ran = _operations(result)
    return result.failures / ran if ran and result.failures and result.successes else None


def _aligned(diagnosis: Diagnosis, path: Path) -> Iterator[Reason]:
    """How many episodes had an outage that began or ended within two minutes before them."""
    begins = [e.first_at for s in diagnosis.stories for e in s.episodes if e.first_at is not None]
    timed = [o for o in path.outages if o.at is not None]
    if not begins or not timed:
        return
    before = [near for begin in begins if (near := _nearest(begin, timed)) is not None]
    had = f"{len(before)} of {counted(len(begins), 'episode')} had one within two minutes before it"
    text = f"signs of an outage of this path (line, session, IKE or probe): {len(timed)}; {had}"
    yield Reason(text=text, evidence=tuple(dict.fromkeys(e for o in before[:SHOWN] for e in o.evidence)))


def _nearest(begin: datetime, outages: Sequence[Outage]) -> Outage | None:
    for outage in outages:
        slack = timedelta(seconds=outage.uncertainty_s)
        low, high = begin - timedelta(seconds=BEFORE_S) - slack, begin + timedelta(seconds=LATE_S) + slack
        if any(low <= at <= high for at in (outage.at, outage.until) if at is not None):
            return outage
    return None
