"""Devices in, fleet out: the order of correlation."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from msgspec import structs

from vpnaudit.correlate import clocks, spis
from vpnaudit.correlate.behind_nat import one_for_each_box, with_lost_ends
from vpnaudit.correlate.case import LATE_S, Flow, Surroundings
from vpnaudit.correlate.ends import View, shared_moments, views
from vpnaudit.correlate.events import Facing, find_events, flow_key, group, in_order, tunnel_of
from vpnaudit.correlate.join import join
from vpnaudit.correlate.own_ends import with_own_addresses
from vpnaudit.correlate.peers import own_addresses, peer_set
from vpnaudit.correlate.place import place
from vpnaudit.correlate.rekeys import (
    Rekeys,
    before_lines,
    logged_period,
    predicted_rekeys,
    rekey_period_s,
    seen_period,
    seen_rekeys,
)
from vpnaudit.model.addresses import normal
from vpnaudit.model.device import Device
from vpnaudit.model.event import Event
from vpnaudit.model.fleet import Fleet, Rekeyed
from vpnaudit.model.ledger import Ledger, LedgerEntry
from vpnaudit.model.tunnel import Tunnel
from vpnaudit.settings import Settings

MOST_ROUNDS = 10
"""So often lines without a place are looked at anew, each time as far back as a period is worth something."""


def correlate(
    devices: Sequence[Device],
    *,
    older: Sequence[Device] = (),
    readings: Mapping[str, datetime],
    collected_at: datetime,
    started_at: datetime | None,
    settings: Settings,
) -> Fleet:
    """Everything that can be said about the devices together.

    `older` are the same devices in earlier collections, by their clocks of then: they feed the SPI ledger and trends.
    `readings` has each device's `show clock` in UTC.
    """
    ordered = sorted(devices, key=lambda d: d.name)
    placed, seen_by = _on_one_clock(ordered, readings)
    by_name = {d.name: d for d in placed}
    # Device by device, until the end: what a line is set beside is at hand then, which of all lines in order of time it
    # is not (100,000 lines: a quarter of the time of placing them).
    events = tuple([e for d in placed for e in in_order(find_events(d))])
    own = {name: own_addresses(d) for name, d in by_name.items()}
    seen_by = with_own_addresses(seen_by, by_name, own, events)
    seen_by = with_lost_ends(one_for_each_box(seen_by), by_name, own, readings, events)
    joined = join([v for name in sorted(seen_by) for v in seen_by[name]], by_name, _logged_s(events, by_name))
    tunnels = tuple(_with_period(t) for t in joined)
    ledger = spis.fill(placed, tunnels, older)
    facing = Facing(tunnels)
    events = _on_tunnels(events, facing, by_name)
    last = _last_lines(events)
    records = _records(last, tunnels, ledger)
    tunnels = tuple(_with_seen_period(t, records[t.id], last[t.id]) if t.id in records else t for t in tunnels)
    around = Surroundings(
        ledger=ledger,
        devices=by_name,
        peers={name: peer_set(d) for name, d in by_name.items()},
        own=own,
        former=_former_peers(older),
        ours=frozenset().union(*own.values()),
        tunnels={t.id: t for t in tunnels},
        rekeys=_rekeys(records, tunnels),
        clock_within_s={name: clocks.uncertainty(d) for name, d in by_name.items()},
        thresholds=settings.thresholds,
    )
    events = _placed(events, around, facing)
    events, episodes = group(events, settings.thresholds.episode_gap_s, by_name)
    return Fleet(
        devices=placed,
        tunnels=tunnels,
        ledger=ledger,
        events=in_order(events),
        episodes=episodes,
        collected_at=collected_at,
        started_at=started_at,
        older=tuple(older),
        rekeyed=_rekeyed(events, ledger),
    )


def _former_peers(older: Sequence[Device]) -> dict[str, frozenset[str]]:
    found: dict[str, frozenset[str]] = {}
    for device in older:
        found[device.name] = found.get(device.name, frozenset()) | peer_set(device).known
    return found


def _rekeyed(events: Sequence[Event], ledger: Ledger) -> dict[tuple[str, str], Rekeyed]:
    """How often SAs with the sources of lines that are of no tunnel were replaced, by the receivers' own records."""
    wanted = {(e.device, normal(e.source)) for e in events if e.tunnel is None and e.source}
    records: dict[tuple[str, str], list[LedgerEntry]] = {}
    for entry in ledger.entries() if wanted else ():
        key = entry.device, normal(entry.peer or "")
        if entry.role == "receiver" and key in wanted:
            records.setdefault(key, []).append(entry)
    found = ((key, logged_period(entries)) for key, entries in records.items())
    return {key: Rekeyed(period_s=of[0], evidence=of[1]) for key, of in found if of is not None}


def _with_period(tunnel: Tunnel) -> Tunnel:
    period = rekey_period_s(tunnel)
    return structs.replace(tunnel, rekey_period_s=period[0], rekey_by_volume=period[1]) if period else tunnel


def _logged_s(events: Sequence[Event], devices: Mapping[str, Device]) -> dict[tuple[str, str, int], float]:
    """By device, source and SPI: the seconds from the first line to the last, at least.

    By the device's own clock; where that was never set, by how often the device logs such a line at most.
    """
    first: dict[tuple[str, str, int], datetime] = {}
    lines: dict[tuple[str, str, int], int] = {}
    found: dict[tuple[str, str, int], float] = {}
    for event in events:
        if event.source:
            key = event.device, normal(event.source), event.spi
            lines[key] = lines.get(key, 0) + event.count
            if event.time is not None:
                found[key] = (event.time - first.setdefault(key, event.time)).total_seconds()
            else:
                defaults = devices[event.device].defaults
                found[key] = (lines[key] - 1) * (defaults.log_interval_s if defaults else 0.0)
    return found


def _on_one_clock(
    devices: Sequence[Device], readings: Mapping[str, datetime]
) -> tuple[tuple[Device, ...], dict[str, tuple[View, ...]]]:
    first = clocks.set_clocks(devices, readings)
    waiting = [d for d in first if d.clock_offset_s is None]
    told_by_sas = any(d.name in readings for d in waiting) and len(waiting) < len(first)
    seen = {d.name: views(d, readings) for d in first} if told_by_sas or not waiting else {}
    if not waiting:
        return first, seen
    moments = {name: shared_moments(ends, readings.get(name)) for name, ends in seen.items()}
    placed = clocks.from_marks(clocks.from_shared_sas(first, readings, moments), readings)
    as_before = {d.name for d, before in zip(placed, first, strict=True) if d is before and d.name in seen}
    return placed, {d.name: seen[d.name] if d.name in as_before else views(d, readings) for d in placed}


def _on_tunnels(events: Sequence[Event], facing: Facing, devices: Mapping[str, Device]) -> tuple[Event, ...]:
    vrfs = {
        name: {i.name: i.vrf for i in device.config[1].interfaces} if device.config else None
        for name, device in devices.items()
    }
    found = []
    for event in events:
        faced = facing.find(event.device, event.source) or facing.sent_on(event.device, event.spi)
        mine = tunnel_of(event, faced, vrfs[event.device])
        found.append(structs.replace(event, tunnel=mine.id) if mine else event)
    return tuple(found)


def _placed(events: Sequence[Event], around: Surroundings, facing: Facing) -> tuple[Event, ...]:
    flows: dict[tuple[str, str | None, int], list[Event]] = {}
    keys = [flow_key(event) for event in events]
    for key, event in zip(keys, events, strict=True):
        flows.setdefault(key, []).append(event)
    summaries = {key: _summary(found, around.thresholds.episode_gap_s) for key, found in flows.items()}
    placed = [place(event, summaries[key], around) for key, event in zip(keys, events, strict=True)]
    for _ in range(MOST_ROUNDS):
        rekeys = _before_lines(placed, around)
        if not rekeys:
            break
        further = structs.replace(around, rekeys={**around.rekeys, **rekeys})
        again = [
            place(e, summaries[key], further) if e.mechanism == "unexplained" and e.tunnel in rekeys else e
            for key, e in zip(keys, placed, strict=True)
        ]
        if again == placed:
            break
        placed = again
    return tuple(_with_owner(event, facing) for event in placed)


def _before_lines(placed: Sequence[Event], around: Surroundings) -> dict[str, Rekeys]:
    """What lines that met a rekey say of those before them, for the tunnels that have older ones without a place."""
    races: dict[str, list[tuple[datetime, str, float]]] = {}
    oldest: dict[str, datetime] = {}
    for event in placed:
        if event.tunnel is None or event.at is None:
            continue
        if event.mechanism == "rekey-race":
            races.setdefault(event.tunnel, []).append((event.at, event.device, event.uncertainty_s))
        elif event.mechanism == "unexplained":
            oldest[event.tunnel] = min(event.at, oldest.get(event.tunnel, event.at))
    wanted = (t for t, at in oldest.items() if t in races and at < min(races[t])[0])
    found = {tunnel: before_lines(around.tunnels[tunnel], races[tunnel]) for tunnel in wanted}
    return {tunnel: Rekeys(computed=rekeys) for tunnel, rekeys in found.items() if rekeys}


def _with_owner(event: Event, facing: Facing) -> Event:
    """A misdelivered packet belongs to the tunnel between its source and the device that has its SA."""
    if event.mechanism != "misdelivered":
        return event
    holders = {x.device for x in event.found if x.role == "receiver"}
    for holder in sorted(holders):
        found = tunnel_of(structs.replace(event, device=holder), facing.find(holder, event.source))
        if found is not None:
            return structs.replace(event, tunnel=found.id)
    return event


def _summary(events: Sequence[Event], gap_s: float) -> Flow:
    """Where no line's place on the common clock is known, the stamps by themselves still tell how long it went on."""
    times = [e.at for e in events if e.at is not None] or [e.time for e in events if e.time is not None]
    times.sort()
    gap, count = timedelta(seconds=gap_s), sum([e.count for e in events])
    if not times:
        return Flow(events=count, first=None, last=None)
    starts = (times[0], *[at for before, at in pairwise(times) if at - before > gap])
    return Flow(events=count, first=times[0], last=times[-1], starts=starts)


def _last_lines(events: Sequence[Event]) -> dict[str, datetime | None]:
    """The tunnels that have events, each with the time of the last."""
    found: dict[str, datetime | None] = {}
    for event in events:
        if event.tunnel is not None:
            before = found.setdefault(event.tunnel, event.at)
            if before is None or (event.at is not None and event.at > before):
                found[event.tunnel] = event.at
    return found


def _records(wanted: Collection[str], tunnels: Sequence[Tunnel], ledger: Ledger) -> dict[str, list[LedgerEntry]]:
    """What the ledger has of each tunnel that has events. One pass over the ledger."""
    entries: dict[str, list[LedgerEntry]] = {t.id: [] for t in tunnels if t.id in wanted}
    facing: dict[tuple[str, str], set[str]] = {}
    for tunnel in tunnels:
        for end in tunnel.ends if tunnel.id in wanted else ():
            other = tunnel.other_end(end.device or "")
            for address in (other.address, other.seen):
                facing.setdefault((end.device or "", normal(address)), set()).add(tunnel.id)
    for entry in ledger.entries():
        for tunnel_id in facing.get((entry.device, normal(entry.peer or "")), ()):
            entries[tunnel_id].append(entry)
    return entries


def _with_seen_period(tunnel: Tunnel, records: Sequence[LedgerEntry], last: datetime | None) -> Tunnel:
    """By the records of its rekeys: as they come now, else as they came when the last line did."""
    found = seen_period(tunnel, records)
    if found is not None:
        return structs.replace(tunnel, rekey_period_s=found[0], rekey_by_volume=True, rekeys_seen=found[1])
    then = seen_period(tunnel, records, last + timedelta(seconds=LATE_S)) if last is not None else None
    return structs.replace(tunnel, period_then_s=then[0], rekeys_then=then[1]) if then is not None else tunnel


def _rekeys(records: Mapping[str, Sequence[LedgerEntry]], tunnels: Sequence[Tunnel]) -> dict[str, Rekeys]:
    """Rekeys of the tunnels that have events: those seen first, then those computed."""
    seen = {tunnel_id: seen_rekeys(found) for tunnel_id, found in records.items()}
    return {t.id: Rekeys(seen[t.id], predicted_rekeys(t, seen[t.id])) for t in tunnels if t.id in records}
