"""When the entries of an event trace were made. Pure.

The trace has a zone setting of its own (`monitor event-trace timestamps datetime [localtime] [show-timezone]`, IOS-XE
configuration guides); what it does without is not documented. Then its stamps are taken in the log's zone, and how much
later they would be in the other one is kept: SAs that live on tell which is right.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import structs

from vpnaudit.model.config import ConfigFacts, TimeStamps
from vpnaudit.model.logs import LogMessage, Stamp
from vpnaudit.model.sa import SaTrace
from vpnaudit.parse.clock_sets import is_clock_set
from vpnaudit.parse.dated import TimeContext, zones_of
from vpnaudit.parse.stamps import find_stamps
from vpnaudit.parse.times import date_logs


def date_traces(
    traces: Sequence[SaTrace], context: TimeContext, logs: Sequence[tuple[Sequence[LogMessage], TimeContext]]
) -> tuple[SaTrace, ...]:
    """Fill the times of a trace's entries. A clock that was set, as one of the device's logs tells, moves them too."""
    lines = tuple(LogMessage(line=t.line, tag="", text=t.stamp or "", raw="", stamp=_stamp(t)) for t in traces)
    telling = [(messages, around) for messages, around in logs if any(is_clock_set(m) for m in messages)]
    dated = date_logs([(lines, _in_its_zone(context)), *telling])[0]
    return tuple(_dated(trace, line, context) for trace, line in zip(traces, dated, strict=True))


def _stamp(trace: SaTrace) -> Stamp | None:
    found = find_stamps(trace.stamp or "")
    return found[0].stamp if found else None


def _in_its_zone(context: TimeContext) -> TimeContext:
    """The trace's own setting where there is one, else the log's zone, as if that were set."""
    config = context.config or ConfigFacts(line=1)
    local = zones_of(context).log_is_local
    stamps = config.trace_timestamps or TimeStamps(line=1, kind="datetime", localtime=local)
    return structs.replace(context, config=structs.replace(config, timestamps=stamps), text="")


def _dated(trace: SaTrace, line: LogMessage, context: TimeContext) -> SaTrace:
    if line.time is None or line.clock_moved_s is None:
        return trace
    return structs.replace(
        trace,
        at=line.time,
        moved_s=line.clock_moved_s,
        within_s=line.clock_within_s,
        other_s=_other_s(line, context),
    )


def _other_s(line: LogMessage, context: TimeContext) -> float:
    """By how much later a stamp is in the zone in which it was not taken: the device's own, or UTC."""
    stamp, config = line.stamp, context.config
    if stamp is None or stamp.zone is not None or stamp.utc_offset_min is not None or line.time is None:
        return 0.0
    if config is not None and config.trace_timestamps is not None:
        return 0.0
    zones = zones_of(context)
    minutes = zones.shown_at(line.time)
    return 60.0 * (minutes if zones.log_is_local else -minutes)
