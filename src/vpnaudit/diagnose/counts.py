"""How many packets met an unknown SPI, by the devices' own counters: a log has one line a minute at most.

Counters run from the boot or from the last clear, for all sources together, so that one reading bounds the number from
above, as long as it is no lower than the lines. Two readings give a rate; one that is lower than the reading before it
was cleared or began anew in between, or went round at 2^32. What a flow counts is no bound: an SPI without an SA has no
flow to be counted on, and neither is a firewall's count of missing SAs. Source: field guide 1.3, 5.1, 5.2, appendix C.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from msgspec import Struct

from vpnaudit.diagnose.signs import span, stamp
from vpnaudit.model.addresses import normal
from vpnaudit.model.device import Device
from vpnaudit.model.evidence import Evidence
from vpnaudit.model.facts import ParsedCapture
from vpnaudit.model.fleet import Fleet
from vpnaudit.model.judgement import Reason, Story
from vpnaudit.model.printable import counted

EXACT = ("SA_NOT_FOUND_SPI", "IPSEC_PKT_NOT_FOUND_SPI", "PKT_HIT_INVALID_SA")
"""How the names of the data plane's drops end that are packets without an SA; their numbers differ by release."""
BROADER = {"IpsecInvalidSa": "Packets", "IpsecInput": "Packets"}
"""Drops of the data plane that have other reasons too."""
MISSING_SA = "Missing SA failures"
OF_FLOW = "invalid sa (rcv)"
OF_FLOW_SAYS = ", where an SPI that nobody has need not be counted"
DATA_PLANE = "data plane"
WHAT = {
    DATA_PLANE: "the data plane's drops of packets without an SA",
    "IpsecInvalidSa": "`IpsecInvalidSa`, all packets with an SA that is not valid",
    "IpsecInput": "`IpsecInput`, which has IPsec's other drops among them",
    MISSING_SA: "`Missing SA failures`, where not every unknown SPI is known to be counted",
}
BOUNDS = frozenset({DATA_PLANE, *BROADER})
"""Counters that every packet with an unknown SPI raises, where the data plane is what receives it."""
OF_LOST_FLOWS = BOUNDS - {"IpsecInput"}
"""Of these, those that nothing but packets without a valid SA raises."""
ROUND = 2**32
ROUND_SLICE = ROUND // 16
"""A counter that lost its place within so much of its end went round: that it was cleared just there is unlikely."""
SUSTAINED_PPS = 1.0
"""So many a second over the whole time are a data flow that is lost now (field guide, appendix C)."""


Row = tuple[ParsedCapture, int, int]
"""The capture, the line and the count."""


class Reading(Struct, frozen=True, kw_only=True, gc=False):
    """What one counter stood at. `at` on the common clock; null where that is not known."""

    name: str
    value: int
    at: datetime | None
    evidence: Evidence


class Growth(Struct, frozen=True, kw_only=True, gc=False):
    """Between two readings: `count` packets, or at least that many where the counter began anew."""

    count: int
    seconds: float
    anew: bool = False


def count_reasons(stories: Sequence[Story], fleet: Fleet) -> tuple[Reason, ...]:
    """What the receivers' counters say of the true number behind the lines; nothing where none was collected."""
    with_lines = [s for s in stories if s.episodes]
    receivers = sorted({s.receiver for s in with_lines})
    sources = {normal(s.source) for s in with_lines if s.source}
    return tuple(
        reason
        for name in receivers
        for reason in _of_device(
            fleet.device_by_name[name], sources, fleet, [s for s in with_lines if s.receiver == name]
        )
    )


def _of_device(device: Device, sources: set[str], fleet: Fleet, stories: Sequence[Story]) -> Iterator[Reason]:
    now = _readings(device, sources)
    earlier = fleet.older_by_name.get(device.name, ())
    for name in sorted(now):
        before = [r for d in earlier if (r := _readings(d, sources).get(name)) is not None]
        yield _words(device, now[name], _latest(before, now[name]), stories)


def _latest(before: Sequence[Reading], now: Reading) -> Reading | None:
    dated = [r for r in before if r.at is not None and now.at is not None and r.at < now.at]
    return max(dated, key=lambda r: r.at or datetime.max, default=None)  # noqa: DTZ901 - none is left without a time


def _readings(device: Device, sources: set[str]) -> dict[str, Reading]:
    """What was counted on the device, and on its flows with the sources."""
    of_flows = device.once(_flow_counts)
    rows = dict(device.once(_device_counts))
    rows |= {f"#pkts {OF_FLOW} of {source}": of_flows[source] for source in sources if source in of_flows}
    return {name: _sum(device, name, found) for name, found in rows.items()}


def _device_counts(device: Device) -> dict[str, list[Row]]:
    """The rows of each counter: the exact ones of the data plane, else the broader ones; and a firewall's."""
    found: dict[str, list[Row]] = {}
    for capture in device.captures:
        for counter in capture.parsed.facts.counters:
            row = (capture, counter.line, counter.value)
            if counter.name.endswith(EXACT):
                found.setdefault(DATA_PLANE, []).append(row)
            elif counter.name == MISSING_SA or counter.scope == BROADER.get(counter.name, ""):
                found.setdefault(counter.name, []).append(row)
    return {name: rows for name, rows in found.items() if DATA_PLANE not in found or name not in BROADER}


def _flow_counts(device: Device) -> dict[str, list[Row]]:
    """What the flows with each peer refused, by the peer's address."""
    found: dict[str, list[Row]] = {}
    for capture, flow in device.ipsec_flows:
        if flow.peer and OF_FLOW in flow.counters:
            found.setdefault(normal(flow.peer), []).append((capture, flow.line, flow.counters[OF_FLOW]))
    return found


def _sum(device: Device, name: str, rows: Sequence[Row]) -> Reading:
    """One counter's rows of its newest capture: several drop types are one number."""
    newest = rows[-1][0]
    mine = [(line, value) for capture, line, value in rows if capture is newest]
    line = max(mine, key=lambda row: row[1])[0]
    at = newest.capture.answered_at or newest.capture.asked_at or device.taken_at
    return Reading(name=name, value=sum(v for _, v in mine), at=at, evidence=device.cite(newest, line))


def growth(before: Reading, now: Reading, booted_at: datetime | None) -> Growth | None:
    """What was counted between two readings; null where their times are not known or not apart.

    A counter of 32 bits went round where that makes few packets, unless the device booted; one that fell otherwise was
    cleared, and has counted at least what it has now.
    """
    if before.at is None or now.at is None or now.at <= before.at:
        return None
    seconds = (now.at - before.at).total_seconds()
    if booted_at is not None and booted_at > before.at:
        return Growth(count=now.value, seconds=seconds, anew=True)
    if now.value >= before.value:
        return Growth(count=now.value - before.value, seconds=seconds)
    round_again = now.value + ROUND - before.value
    if 0 < round_again <= ROUND_SLICE:
        return Growth(count=round_again, seconds=seconds)
    return Growth(count=now.value, seconds=seconds, anew=True)


def _words(device: Device, now: Reading, before: Reading | None, stories: Sequence[Story]) -> Reason:
    what = WHAT.get(now.name, f"`{now.name}`" + (OF_FLOW_SAYS if OF_FLOW in now.name else ""))
    grown = growth(before, now, device.booted_at) if before is not None else None
    if before is None or grown is None:
        lines = sum(e.lines for s in stories for e in s.episodes)
        since = f" since {stamp(device.booted_at)} at the longest" if device.booted_at is not None else ""
        text = f"{device.name} counts {now.value} in all{since}: {what}{_bound(now, lines)}"
        return Reason(text=text, evidence=(now.evidence,))
    lines = sum(v.count for s in stories for e in s.episodes for v in e.events if _within(v.at, before.at, now.at))
    least = "at least " if grown.anew else ""
    anew = " (the counter began anew in between)" if grown.anew else ""
    rate = grown.count / grown.seconds
    text = (
        f"{device.name} counted {least}{grown.count} more in {span(grown.seconds)}{anew}: {what}; "
        f"{least}{_rate(rate)}, for {counted(lines, 'line')} of this in the same time"
    )
    return Reason(text=text + _reading_of(now.name, grown, rate, lines), evidence=(before.evidence, now.evidence))


def _bound(now: Reading, lines: int) -> str:
    """What one reading says of the number behind the lines."""
    if now.name not in BOUNDS:
        return ""
    if now.value < lines:
        return f"; fewer than the {counted(lines, 'line')}: they were counted elsewhere, or it was cleared since"
    return f"; behind the {counted(lines, 'line')} are no more than that, of all sources, unless it was cleared since"


def _reading_of(name: str, grown: Growth, rate: float, lines: int) -> str:
    """What the field makes of it (field guide, appendix C)."""
    if name in OF_LOST_FLOWS and rate >= SUSTAINED_PPS:
        return ": a flow is being lost, which the log's limit hides"
    if name in BOUNDS and grown.count < lines and not grown.anew:
        return ": these lines were counted elsewhere, or by another path through the device"
    if grown.count and not lines:
        return ": the log does not show them"
    return ""


def _within(at: datetime | None, low: datetime | None, high: datetime | None) -> bool:
    slack = timedelta(seconds=60)
    return at is not None and low is not None and high is not None and low - slack <= at <= high + slack


def _rate(a_second: float) -> str:
    """A rate in a sentence.

    >>> _rate(12.0), _rate(0.01), _rate(0.0)
    ('12 a second', '36 an hour', '0 an hour')
    """
    return f"{a_second:.3g} a second" if a_second >= 1 else f"{a_second * 3600:.3g} an hour"
