"""The receiver was short of memory and could not install the SA.

**Signature.** Allocation failures within ten minutes of the begin of the lines, or free memory (or its largest block)
below the threshold now, while the lines are recent.

**Ruled out by.** Free memory, and no failure in the window, in a log that reaches back to it. That lack of memory loses
SAs is said by operators and by no Cisco document found: evidence of failures is demanded, a reboot is not advised.

**What to do.** Find the process that holds the memory. Source: field guide C8.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta

from vpnaudit.diagnose.log_reach import log_begins, log_reaches, whole_log
from vpnaudit.diagnose.losses import IGNORED_POOLS, memory_failures
from vpnaudit.diagnose.of_story import receiver_of
from vpnaudit.diagnose.proofs import logs, placed
from vpnaudit.diagnose.signs import Sign, Window, stamp
from vpnaudit.diagnose.verdicts import out, reason, still_open, unlikely
from vpnaudit.model.device import Device
from vpnaudit.model.event import Confidence
from vpnaudit.model.fleet import Fleet
from vpnaudit.model.judgement import Cause, Reason, Story, Weighing
from vpnaudit.settings import Settings, Thresholds

RECENT_S = 3600.0
AMPLE_PERCENT = 20
"""A pool that never had less than this share free was never short."""
_CRYPTO = re.compile(
    r"crypto|ike|isakmp|ipsec|acl|cef|kmi|pki|encr|tunnel|nhrp|virtual exec|pool manager", re.IGNORECASE
)
"""In the names of processes whose want of memory can cost SAs."""


def _weigh(story: Story, fleet: Fleet, settings: Settings) -> Weighing:
    if story.mechanism in {"unknown-source", "misdelivered", "damaged"}:
        return out("the SPI was never one that this device should have", *placed(story))
    device = receiver_of(story, fleet)
    failures = memory_failures(device)
    windows = _windows(story, timedelta(seconds=settings.thresholds.memory_window_s))
    near = [f for f in failures if any(w.has(f) for w in windows)]
    low = _low_now(device, settings.thresholds)
    if near:
        because = [*(reason(f.text, *f.evidence) for f in near[:3]), *low]
        found = _fits(story, because, "likely" if all(w.low for w in windows) else "possible")
        return found if low else _of_other_processes(device, near) or found
    began = _before_any_failure(story, failures, windows, device)
    if began is not None:
        return began
    last = story.ends or story.begins
    recent = story.ongoing or (last is not None and last >= fleet.collected_at - timedelta(seconds=RECENT_S))
    if low and recent:
        return _fits(story, low, "possible")
    return _not_seen(device, windows, low)


def _not_seen(device: Device, windows: list[Window], low: Sequence[Reason]) -> Weighing:
    """What its tables and its log say, where no failure stands near the lines."""
    if not device.memory_pools:
        return still_open(f"is {device.name} short of memory?", f"{device.name}: {device.words.memory_shown_by}")
    if not device.log_captures:
        return still_open(f"did {device.name} get no memory at times?", f"{device.name}: show logging")
    if windows and not log_reaches(device, _earliest(windows)):
        begun = f" begins at {stamp(at)} and" if (at := log_begins(device)) is not None else ""
        question = f"did {device.name} get no memory before the lines? Its log{begun} does not reach back so far"
        return still_open(question, f"{device.name}: {whole_log(device)}")
    if low:
        text = f"{device.name} is short of memory now, but logged no allocation failure near the lines, which are older"
        return unlikely(text, *(e for r in low for e in r.evidence), *logs(device))
    pools = [device.cite(c, p.line) for c, p in device.memory_pools if not p.pool.lower().startswith(IGNORED_POOLS)]
    text = f"{device.name} has memory left and logged no allocation failure near the lines"
    return out(text, *pools[:1], *logs(device))


def _before_any_failure(
    story: Story, failures: Sequence[Sign], windows: list[Window], device: Device
) -> Weighing | None:
    """That memory ran short only after the lines had begun, by a log that reaches back before them."""
    dated = [(f.at, f) for f in failures if f.at is not None]
    begin = story.begins
    if not dated or begin is None or not log_reaches(device, _earliest(windows)):
        return None
    at, first = min(dated, key=lambda one: one[0])
    if at <= begin:
        return None
    text = f"{first.text} for the first time at {stamp(at)}, when the lines had begun ({stamp(begin)})"
    return unlikely(text, *first.evidence, *logs(device))


def _of_other_processes(device: Device, near: Sequence[Sign]) -> Weighing | None:
    """That what got no memory has nothing to do with IPsec, and no pool was ever short (field guide C8)."""
    pools = [(c, p) for c, p in device.memory_pools if not p.pool.lower().startswith(IGNORED_POOLS)]
    ample = [(c, p) for c, p in pools if p.total and p.lowest is not None and 100 * p.lowest >= AMPLE_PERCENT * p.total]
    main = [(c, p) for c, p in ample if p.pool.lower().startswith("proc")]
    if not main or any(f.process is None or _CRYPTO.search(f.process) for f in near):
        return None
    text = (
        f"{near[0].text}, which is no process of IPsec, and the {main[0][1].pool} pool was never short: its lowest was "
        f"{100 * (main[0][1].lowest or 0) / (main[0][1].total or 1):.0f} % free"
    )
    return unlikely(text, *near[0].evidence, device.cite(main[0][0], main[0][1].line))


def _windows(story: Story, margin: timedelta) -> list[Window]:
    """When a failure would have cost the SA: as an episode begins; without lines, since the sender installed its SA."""
    around = [Window(low=e.first_at - margin, high=e.first_at + margin) for e in story.episodes if e.first_at]
    if story.episodes or not story.ongoing:
        return around
    sa = story.sent_sa
    return [Window(low=sa.installed_at - margin if sa is not None and sa.installed_at is not None else None)]


def _earliest(windows: list[Window]) -> datetime | None:
    """Where the first of them begins; null: one is open there."""
    lows = [w.low for w in windows if w.low is not None]
    return min(lows) if len(lows) == len(windows) else None


def _low_now(device: Device, limits: Thresholds) -> list[Reason]:
    found = []
    for capture, pool in device.memory_pools:
        if pool.pool.lower().startswith(IGNORED_POOLS) or not pool.total or pool.free is None:
            continue
        share = 100.0 * pool.free / pool.total
        if share < limits.memory_free_percent:
            text = f"{device.name}: only {share:.1f} % of {pool.pool} memory is free"
            found.append(reason(text, device.cite(capture, pool.line)))
        elif pool.largest is not None and pool.largest < limits.memory_largest_bytes:
            text = f"{device.name}: the largest free block of {pool.pool} is {pool.largest} bytes"
            found.append(reason(text, device.cite(capture, pool.line)))
    return found


def _fits(story: Story, because: list[Reason], confidence: Confidence) -> Weighing:
    return Weighing(
        verdict="fits",
        confidence=confidence,
        because=tuple(because),
        owner_devices=(story.receiver,),
        title=f"{story.receiver} is short of memory and could not hold the SA",
    )


CAUSE = Cause(name="low-memory", order=70, owner="receiver", weigh=_weigh)
