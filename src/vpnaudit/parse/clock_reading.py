"""What a device's own clock shows, in UTC."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from msgspec import Struct

from vpnaudit.model.config import ConfigFacts
from vpnaudit.model.system import ANY_ZONE_S, ClockReading
from vpnaudit.parse.clock_sets import UNSET_YEAR_MAX, wall_time
from vpnaudit.parse.log_zones import Zones
from vpnaudit.parse.zones import ZONE_OFFSETS_MIN, meanings

_ZONE_TOLD_S = 900.0
"""A clock that is no further off than this under one meaning of its zone's name, by the collector's, shows that one:
meanings lie half an hour apart at least."""


class ClockTime(Struct, frozen=True, kw_only=True, gc=False):
    """What `show clock` says, in UTC.

    `zone_min` is what its zone's name means, where the collector's clock tells; `others_s` by how much later it is by
    what the name may mean as well, where nothing tells.
    """

    at: datetime
    zone_min: int | None = None
    others_s: tuple[float, ...] = ()


def read_clock(
    reading: ClockReading, config: ConfigFacts | None = None, asked_at: datetime | None = None
) -> ClockTime | None:
    """What `show clock` says, in UTC; None where the clock was never set or the numbers are no date.

    `asked_at`: when it was, by the collector's clock.
    """
    wall = None if never_set(reading) else wall_time(reading.year, reading)
    if wall is None:
        return None
    zones = Zones(config)
    minutes = zones.clock_offset(reading.zone, wall)
    at = shift(wall, minutes)
    if at is None or reading.zone is None or zones.configures(reading.zone):
        return ClockTime(at=at) if at is not None else None
    name = reading.zone.upper()
    others_s = tuple(60.0 * (minutes - other) for other in meanings(name)[1:])
    if name not in ZONE_OFFSETS_MIN:
        others_s = ANY_ZONE_S
    elif others_s and asked_at is not None:
        later_s = min((0.0, *others_s), key=lambda s: abs((at - asked_at).total_seconds() + s))
        if abs((at - asked_at).total_seconds() + later_s) <= _ZONE_TOLD_S:
            return ClockTime(at=at + timedelta(seconds=later_s), zone_min=minutes - round(later_s / 60))
    return ClockTime(at=at, others_s=others_s)


def clock_to_utc(reading: ClockReading, config: ConfigFacts | None = None) -> datetime | None:
    """The same time alone, by the usual meaning of the zone's name."""
    shown = read_clock(reading, config)
    return shown.at if shown is not None else None


def shown_to_utc(reading: ClockReading, zones: Zones) -> datetime | None:
    """The same where the zones are known already; null where the numbers are no date."""
    wall = wall_time(reading.year, reading)
    return shift(wall, zones.clock_offset(reading.zone, wall)) if wall is not None else None


def never_set(reading: ClockReading) -> bool:
    """Whether the clock runs since the boot from the manufacturer's date and was never set."""
    return reading.mark == "*" and reading.year <= UNSET_YEAR_MAX


def shift(wall: datetime, minutes: int) -> datetime | None:
    """A time of day in UTC, `minutes` east of it; null outside the years that a date can have."""
    try:
        return (wall - timedelta(minutes=minutes)).replace(tzinfo=UTC)
    except OverflowError:
        return None
