"""What was collected about the path of one diagnosis: counters, probes and outages that speak for loss or against it.

Counters run since boot or clear and never say when; only an outage's time, compared with the events', does.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from msgspec import Struct

from vpnaudit.loss.words import counted, percent
from vpnaudit.model.device import Device
from vpnaudit.model.evidence import Evidence
from vpnaudit.model.fleet import Fleet
from vpnaudit.model.judgement import Diagnosis, Reason
from vpnaudit.model.system import InterfaceState

BEFORE_S = 120.0
"""An outage so long before an event speaks for the path (DESIGN 8, packet-loss)."""
LATE_S = 5.0
SHOWN = 3
_RETRANSMISSION = ("RETRANS",)
_REKEY = "REKEY"
_LEAST_REQUESTS = 20


class Outage(Struct, frozen=True, kw_only=True):
    """A time at which the path or the peer was gone, by a device's log. `at` is on the common clock."""

    at: datetime | None
    text: str
    evidence: tuple[Evidence, ...] = ()
    uncertainty_s: float = 1.0


class Path(Struct, frozen=True, kw_only=True):
    """What is known of one diagnosis' path: its logged outages, and by device the interfaces that carry the tunnel."""

    outages: tuple[Outage, ...] = ()
    carriers: dict[str, frozenset[str]] = {}


def measured_loss(fleet: Fleet, path: Path) -> float | None:
    """The largest share of packets that a carrying interface counted as damaged on arrival; null where none did."""
    shares = [s for device in _devices(fleet, path) for _, i in _lines(device, path) if (s := _damaged(i))]
    return max(shares, default=None)


def path_reasons(diagnosis: Diagnosis, fleet: Fleet, path: Path) -> tuple[Reason, ...]:
    """What counters, probes and logged outages say, each with the lines it rests on."""
    found = list(_aligned(diagnosis, path))
    for device in _devices(fleet, path):
        found += _interface_reasons(device, path)
        found += _timer_reasons(device)
        found += _exchange_reasons(device)
        found += _probe_reasons(device)
    return tuple(found)


def _devices(fleet: Fleet, path: Path) -> list[Device]:
    return [fleet.device_by_name[name] for name in sorted(path.carriers) if name in fleet.device_by_name]


def _lines(device: Device, path: Path) -> Iterator[tuple[Evidence, InterfaceState]]:
    """The carrying interfaces, each once, as the newest answer has them."""
    names = {n.lower() for n in path.carriers[device.name]}
    seen: set[str] = set()
    for capture, interface in device.interfaces:
        name = interface.name.lower()
        if name in names and name not in seen:
            seen.add(name)
            yield device.cite(capture, interface.line), interface


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


def _probe_reasons(device: Device) -> Iterator[Reason]:
    """IP SLA operations: the device's own probes."""
    for capture in device.captures:
        for probe in capture.parsed.facts.ip_sla:
            lost, sent = probe.lost, probe.sent
            if lost is None or not sent:
                lost = probe.failures
                sent = (probe.successes or 0) + (probe.failures or 0) if probe.successes is not None else None
            if lost is None or not sent:
                continue
            to = f" to {probe.target}" if probe.target else ""
            text = f"{device.name}: IP SLA {probe.number}{to} lost {lost} of {sent} probes ({percent(lost / sent)})"
            yield Reason(text=text, evidence=(device.cite(capture, probe.line),))


def _aligned(diagnosis: Diagnosis, path: Path) -> Iterator[Reason]:
    """How many episodes had an outage within two minutes before them."""
    begins = [e.first_at for s in diagnosis.stories for e in s.episodes if e.first_at is not None]
    timed = [o for o in path.outages if o.at is not None]
    if not begins or not timed:
        return
    before = [near for begin in begins if (near := _nearest(begin, timed)) is not None]
    outages = f"{counted(len(timed), 'outage')} in the logs (line, session or IKE)"
    text = f"{outages}; {len(before)} of {counted(len(begins), 'episode')} had one within two minutes before it"
    yield Reason(text=text, evidence=tuple(dict.fromkeys(e for o in before[:SHOWN] for e in o.evidence)))


def _nearest(begin: datetime, outages: Sequence[Outage]) -> Outage | None:
    for outage in outages:
        slack = timedelta(seconds=outage.uncertainty_s)
        low, high = begin - timedelta(seconds=BEFORE_S) - slack, begin + timedelta(seconds=LATE_S) + slack
        if outage.at is not None and low <= outage.at <= high:
            return outage
    return None
