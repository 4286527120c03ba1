"""Measurements told as sums or steps: mtr (report, CSV, JSON), smokeping (rrdtool fetch), iperf3 (UDP), IOS IP SLA."""

from __future__ import annotations

import csv
import io
import json
import math
import re
from itertools import pairwise
from typing import Any

from vpnaudit.loss.probes.tally import MOST_PROBES, Tally

_NO_ORDER = "only its sums: how losses stand together is not in it"
_MTR_HOP = re.compile(r"\s{0,20}(?P<hop>\d{1,3})\.[|`\s-]{0,12}(?P<rest>\S.{0,2000})")
_ROW = re.compile(r"\s{0,20}(?P<time>\d{9,11}):\s{1,20}(?P<rest>\S.{0,20000})")
_SMOKEPING_SAYS = re.compile(r"packet loss:\s{0,40}(?P<percent>\d{1,3}(?:\.\d{1,9})?) ?% avg", re.IGNORECASE)
_SLA_BEGIN = re.compile(
    r"\s{0,20}(?:IPSLA operation id:|Round trip time \(RTT\)(?:\s{1,20}for)?\s{1,20}Index)\s{1,20}"
    r"(?P<number>\d{1,10})\s*$",
    re.IGNORECASE,
)
_SLA_COUNT = re.compile(r"\s{0,20}Number [oO]f (?P<what>successes|failures):\s{0,20}(?P<count>\d{1,12})\s*$")
_USUAL_PINGS = 20


def read_mtr_report(text: str) -> list[Tally]:
    """`mtr --report`: the last hop is the target; what hops before it drop of probes is their own affair."""
    columns: list[str] = []
    last: tuple[str, float, int] | None = None
    for line in text.splitlines():
        if "Loss%" in line and "Snt" in line:
            words = line.split()
            columns = words[words.index("Loss%") :] if "Loss%" in words else []
            last = None
            continue
        match = _MTR_HOP.match(line)
        if match is None or not columns:
            continue
        words = match.group("rest").split()
        if len(words) <= len(columns) or "Snt" not in columns:
            continue
        values = dict(zip(columns, words[-len(columns) :], strict=True))
        share, sent = _number(values["Loss%"].rstrip("%")), _number(values["Snt"])
        if share is not None and sent is not None:
            last = (" ".join(words[: -len(columns)]), share, int(sent))
    return [t for t in (_mtr(*last) if last else None,) if t is not None]


def read_mtr_csv(text: str) -> list[Tally]:
    """`mtr --csv`, with a head (since 0.87) or without."""
    lines = [line for line in text.splitlines() if line.strip()]
    delimiter = ";" if lines and lines[0].count(";") > lines[0].count(",") else ","
    rows = [r for r in csv.reader(io.StringIO("\n".join(lines)), delimiter=delimiter) if len(r) > 7]
    head = [c.strip() for c in rows[0]] if rows and "Loss%" in (c.strip() for c in rows[0]) else None
    if head is not None:
        rows = rows[1:]
    at = {n: (head.index(n) if head and n in head else i) for n, i in (("Hop", 4), ("Ip", 5), ("Loss%", 6), ("Snt", 7))}
    found: tuple[float, str, float, int] | None = None
    for row in rows:
        values = [_number(row[at[n]]) if at[n] < len(row) else None for n in ("Hop", "Loss%", "Snt")]
        hop, share, sent = values
        if hop is not None and share is not None and sent is not None and (found is None or hop >= found[0]):
            found = (hop, row[at["Ip"]], share, int(sent))
    return [t for t in (_mtr(*found[1:]) if found else None,) if t is not None]


def read_mtr_json(document: dict[str, Any]) -> list[Tally]:
    """`mtr --json`."""
    report = document.get("report")
    hubs = report.get("hubs") if isinstance(report, dict) else None
    if not isinstance(report, dict) or not isinstance(hubs, list) or not hubs or not isinstance(hubs[-1], dict):
        return []
    about = report.get("mtr")
    tests = about.get("tests") if isinstance(about, dict) else None
    last = hubs[-1]
    share, sent = _number(last.get("Loss%")), _number(last.get("Snt", tests))
    if share is None or sent is None:
        return []
    found = _mtr(str(last.get("host", "")), share, int(sent))
    return [found] if found is not None else []


def _mtr(target: str, percent: float, sent: int) -> Tally | None:
    if not 0 < sent <= MOST_PROBES or not 0 <= percent <= 100:
        return None
    return Tally(form="mtr", target=target, sent=sent, lost=round(sent * percent / 100.0), notes=[_NO_ORDER])


def read_smokeping(text: str) -> list[Tally]:
    """`rrdtool fetch` of a smokeping file: a row a step with the probes lost in it; or the legend's average."""
    head: list[str] = []
    rows: list[tuple[int, float]] = []
    for line in text.splitlines():
        words = line.split()
        if "loss" in words and "median" in words:
            head = words
            continue
        match = _ROW.match(line)
        values = match.group("rest").replace(",", ".").split() if match else []  # rrdtool prints as the locale has it
        if match is None or not head or len(values) != len(head):
            continue
        lost = _number(values[head.index("loss")])
        if lost is not None and lost >= 0:
            rows.append((int(match.group("time")), lost))
    if rows:
        return [_smokeping(rows, sum(1 for w in head if re.fullmatch(r"ping\d{1,3}", w)))]
    said = _SMOKEPING_SAYS.search(text)
    if said is None or float(said.group("percent")) > 100:
        return []
    return [Tally(form="smokeping", share=float(said.group("percent")) / 100.0, notes=["only an average"])]


def _smokeping(rows: list[tuple[int, float]], columns: int) -> Tally:
    pings = columns or _USUAL_PINGS
    times = [t for t, _ in rows]
    steps = sorted(b - a for a, b in pairwise(times) if b > a)
    step = float(steps[len(steps) // 2]) if steps else 300.0
    longest = run = 0
    for _, lost in rows:
        run = run + 1 if lost >= pings - 0.5 else 0
        longest = max(longest, run)
    notes = [f"{pings} probes a step of {step:g} s: of outages it shows only those that fill a step"]
    if not columns:
        notes.append("how many probes a step has is not in it: 20 are taken")
    return Tally(
        form="smokeping",
        sent=len(rows) * pings,
        lost=min(len(rows) * pings, round(sum(lost for _, lost in rows))),
        longest_s=(max(0, longest - 1) * step, (longest + 1) * step),
        watched_s=len(rows) * step,
        notes=notes,
    )


def read_ip_sla(text: str) -> list[Tally]:
    """`show ip sla statistics`: each operation's successes and failures since it began.

    Raises:
        ValueError: no operation has run yet.

    """
    found: list[Tally] = []
    for line in text.splitlines():
        begin = _SLA_BEGIN.match(line)
        if begin is not None:
            found.append(Tally(form="IP SLA", target=f"operation {begin.group('number')}", sent=0, notes=[_NO_ORDER]))
        counted = _SLA_COUNT.match(line)
        if counted is None or not found:
            continue
        last, count = found[-1], int(counted.group("count"))
        last.sent = (last.sent or 0) + count
        if counted.group("what").lower() == "failures":
            last.lost = count
        else:
            last.lost = last.lost or 0
    ran = [t for t in found if t.sent]
    if found and not ran:
        message = "none of its IP SLA operations has counted a run yet"
        raise ValueError(message)
    return ran


def read_iperf(document: dict[str, Any]) -> list[Tally]:
    """`iperf3 -u --json`. Raises ValueError where it measured TCP, which counts no lost packets, or failed."""
    if document.get("error"):
        message = f"iperf3 failed: {str(document['error'])[:200]}"
        raise ValueError(message)
    end = document.get("end")
    sums = [end.get(k) for k in ("sum_received", "sum")] if isinstance(end, dict) else []
    counted = next((s for s in sums if isinstance(s, dict) and _count(s, "packets") and "lost_packets" in s), None)
    if counted is None:
        message = "this iperf3 result counts no lost packets: measure with UDP (iperf3 -u --json)"
        raise ValueError(message)
    sent, lost = _count(counted, "packets") or 0, _count(counted, "lost_packets") or 0
    steps = _iperf_steps(document)
    length = next((s for s, _ in steps), 0.0)
    longest = run = 0
    for _, arrived in steps:
        run = 0 if arrived else run + 1
        longest = max(longest, run)
    told = bool(steps) and any(arrived for _, arrived in steps)
    return [
        Tally(
            form="iperf3",
            target=_iperf_target(document),
            sent=sent,
            lost=min(sent, lost),
            longest_s=(max(0, longest - 1) * length, (longest + 2) * length) if told else None,
            watched_s=_number(counted.get("seconds")),
            notes=[f"outages shorter than its intervals of {length:g} s do not show"] if told else [_NO_ORDER],
        )
    ]


def _iperf_steps(document: dict[str, Any]) -> list[tuple[float, bool]]:
    """Length of each interval, and whether anything arrived in it; none where the sender wrote them."""
    found: list[tuple[float, bool]] = []
    intervals = document.get("intervals")
    for interval in intervals if isinstance(intervals, list) else []:
        counted = interval.get("sum") if isinstance(interval, dict) else None
        if not isinstance(counted, dict) or "lost_packets" not in counted:
            return []
        packets, lost = _count(counted, "packets") or 0, _count(counted, "lost_packets") or 0
        found.append((_number(counted.get("seconds")) or 1.0, packets - lost > 0))
    return found


def _iperf_target(document: dict[str, Any]) -> str:
    start = document.get("start")
    peer = start.get("connecting_to") if isinstance(start, dict) else None
    return str(peer.get("host", ""))[:255] if isinstance(peer, dict) else ""


def _count(values: dict[str, Any], name: str) -> int | None:
    number = _number(values.get(name))
    return int(number) if number is not None and 0 <= number <= MOST_PROBES else None


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        found = float(value.strip().rstrip("%")[:40]) if isinstance(value, str) else float(value)
    except (ValueError, OverflowError):
        return None
    return found if math.isfinite(found) else None


def json_object(text: str) -> dict[str, Any] | None:
    """The object that the text is; null for anything else, however deep or broken."""
    if not text.lstrip().startswith("{"):
        return None
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None
