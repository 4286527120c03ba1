"""The zones of a device's stamps: by its configuration, by what its clock shows, by the table of names. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

from msgspec import Struct

from vpnaudit.model.config import ConfigFacts
from vpnaudit.model.logs import Stamp
from vpnaudit.model.system import ANY_ZONE_S, ClockReading
from vpnaudit.parse.clock_sets import wall_time
from vpnaudit.parse.summer_time import SummerRule, summer_rule
from vpnaudit.parse.zones import WINTER_NAMES, ZONE_OFFSETS_MIN, meanings

ZONE_DOUBT_S = ANY_ZONE_S[1]
"""So far zones lie from UTC: by so much a time may be off whose zone nobody knows."""
_SEASON = timedelta(days=28)
"""A zone that only the clock tells holds for stamps so near to it; further away summer time may have come or gone."""


_UTC_NAMES = frozenset({"UTC", "GMT", "Z", "UCT", "ZULU"})


class Zone(Struct, frozen=True):
    """Minutes east of UTC, how they are known, and by how much they may be off beside what the clock shows."""

    minutes: int
    how: str
    doubt_s: float = 0.0


UTC_SET = Zone(0, "zone UTC (configuration)")
UTC_ASSUMED = Zone(0, "zone UTC (assumed)")


class Zones:
    """Offsets as the configuration has them, then by what the clock shows, then by the table of names.

    Of a part of the configuration only what stands in it counts: what does not may stand in the rest.
    """

    def __init__(
        self,
        config: ConfigFacts | None,
        log_zone: str | None = None,
        clock: ClockReading | None = None,
        clock_zone_min: int | None = None,
    ) -> None:
        self._config, self._log_zone = config, log_zone
        self._rule: SummerRule | None = summer_rule(config.summer_time.rule) if config and config.summer_time else None
        self._base = self._base_offset()
        self._told = config is not None and (config.timestamps is not None or config.whole)
        self._clock_zone = clock.zone.upper() if clock is not None and clock.zone else None
        self._clock_wall = wall_time(clock.year, clock) if clock is not None else None
        self._clock_min = self._clock_minutes(clock_zone_min)
        self.log_is_local = self._is_local()
        """Whether stamps that name no zone are in the device's own."""

    def _base_offset(self) -> int:
        config = self._config
        if config is None:
            return 0
        if config.clock_offset_min is not None:
            return config.clock_offset_min
        return ZONE_OFFSETS_MIN.get((config.clock_zone or "").upper(), 0)

    def _clock_minutes(self, told: int | None) -> int | None:
        if told is not None or self._clock_zone is None:
            return told
        configured = self._configured(self._clock_zone, self._clock_wall)
        return configured if configured is not None else ZONE_OFFSETS_MIN.get(self._clock_zone)

    def configures(self, zone: str) -> bool:
        """Whether the configuration says what a zone's name means."""
        return self._configured(zone.upper(), None) is not None

    def _configured(self, name: str, wall: datetime | None) -> int | None:
        """Minutes of a name of the configuration; the zone and its summer time may have the same one."""
        config = self._config
        if config is None:
            return None
        winter = config.clock_zone is not None and name == config.clock_zone.upper()
        summer = config.summer_time is not None and name == config.summer_time.zone.upper()
        if winter and summer and wall is not None:
            return self.local(wall)
        if winter:
            return self._base
        return self._base + (self._rule.minutes if self._rule else 60) if summer and self._knows_base() else None

    def _knows_base(self) -> bool:
        return self._config is not None and (self._config.clock_zone is not None or self._config.whole)

    def printed(self, stamp: Stamp, wall: datetime | None = None) -> Zone | None:
        """The zone that a stamp itself has."""
        if stamp.utc_offset_min is not None:
            return Zone(stamp.utc_offset_min, f"zone {offset_text(stamp.utc_offset_min)} (printed)")
        return self.named(stamp.zone, wall) if stamp.zone else None

    def named(self, zone: str, wall: datetime | None = None) -> Zone:
        """A zone by its printed name."""
        name = zone.upper()
        configured = self._configured(name, wall)
        if configured is not None:
            return Zone(configured, f"zone {zone} (configuration)")
        beside = self._beside_the_clock(zone, name)
        if beside is not None:
            return beside
        doubtful = self._clock_zone is not None and name != self._clock_zone
        usual, *others = meanings(name) or (None,)
        if usual is None:
            return Zone(0, f"zone {zone} is not known, taken as UTC", ZONE_DOUBT_S if doubtful else 0.0)
        how = f"zone {zone}" if name in _UTC_NAMES else f"zone {zone} taken as {offset_text(usual)}"
        if not others:
            return Zone(usual, how)
        apart_s = 60.0 * max(abs(other - usual) for other in others)
        return Zone(usual, f"{how}, a name with several meanings", apart_s if doubtful else 0.0)

    def _beside_the_clock(self, zone: str, name: str) -> Zone | None:
        """By what the clock shows: the collector's clock told its meaning, or it is the other half of the year's."""
        shown, minutes = self._clock_zone, self._clock_min
        if shown is None or minutes is None:
            return None
        if name == shown and minutes != ZONE_OFFSETS_MIN.get(name):
            return Zone(minutes, f"zone {zone} taken as {offset_text(minutes)}, as the collector's clock tells")
        if WINTER_NAMES.get(shown) == name:
            minutes -= _summer_minutes(shown)
        elif WINTER_NAMES.get(name) == shown:
            minutes += _summer_minutes(name)
        else:
            return None
        return Zone(minutes, f"zone {zone} taken as {offset_text(minutes)}, beside the clock's {shown}")

    def local(self, wall: datetime) -> int:
        """Minutes east of UTC of the device's local time at `wall`."""
        return self._base + (self._rule.minutes if self._rule and self._rule.holds(wall) else 0)

    def _is_local(self) -> bool:
        config = self._config
        if config is None or not self._told:
            return self._log_zone is not None
        return config.timestamps is not None and config.timestamps.localtime

    def comes_again(self, wall: datetime) -> timedelta | None:
        """By how much later the hour of `wall` comes a second time, where it does: in the night that ends summer."""
        return self._rule.comes_again(wall) if self._rule else None

    def unnamed(self, wall: datetime, zone: str | None = None) -> Zone:
        """The zone of a log stamp that names none. `zone`: the clock's at that time, where it was changed later."""
        if not self.log_is_local:
            return UTC_SET if self._told else self._assumed(wall)
        if not self._told:
            return self._by_clock(zone or self._log_zone, wall, "the clock's, in which the platform stamps its log")
        if zone is not None:
            return Zone(self.named(zone, wall).minutes, f"zone {zone} (the clock's before it was changed)")
        if not self._knows_base() and self._clock_zone is not None:
            return self._by_clock(self._clock_zone, wall, "the clock's; configuration: localtime")
        minutes = self.local(wall)
        return Zone(minutes, f"zone {offset_text(minutes)} (configuration: localtime)")

    def _by_clock(self, zone: str | None, wall: datetime, why: str) -> Zone:
        """The zone that the clock shows; months away it may have been the other half of the year's."""
        if zone is None:
            return UTC_ASSUMED
        name = zone.upper()
        turns = name in WINTER_NAMES or name in WINTER_NAMES.values()
        far = self._clock_wall is not None and abs(wall - self._clock_wall) > _SEASON
        unsure = turns and far and not self.configures(name)
        said = f"zone {zone} ({why})" + ("; with or without summer time" if unsure else "")
        return Zone(self.named(zone, wall).minutes, said, 3600.0 if unsure else 0.0)

    def _assumed(self, wall: datetime) -> Zone:
        """UTC, the default. The log is in the clock's own zone instead where a line says so that was not read."""
        zone, config = self._clock_zone, self._config
        if zone is None or (self._clock_min == 0 and config is None):
            return UTC_ASSUMED
        local = [self.local(wall)] if config is not None and config.clock_zone is not None else [self._clock_min]
        known = [m for m in local if m is not None]
        apart_s = 60.0 * abs(known[0]) if known else ZONE_DOUBT_S
        if not apart_s:
            return UTC_ASSUMED
        return Zone(0, f"zone UTC (assumed; the clock shows {zone}, in which it may be as well)", apart_s)

    def shown_at(self, moment: datetime) -> int:
        """Minutes east of UTC of the device's own zone at a moment (UTC), as far as anything tells; 0 where nothing."""
        if self._knows_base():
            return self.local(moment.replace(tzinfo=None) + timedelta(minutes=self._base))
        return self._clock_min or 0

    def clock_offset(self, zone: str | None, wall: datetime) -> int:
        """The zone of `show clock`, which always prints local time."""
        return self.named(zone, wall).minutes if zone else self.local(wall)


def _summer_minutes(name: str) -> int:
    """By how much a summer time is later than its zone."""
    return 30 if name == "LHDT" else 60


def offset_text(minutes: int) -> str:
    """`UTC+05:45`."""
    sign = "-" if minutes < 0 else "+"
    return f"UTC{sign}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}" if minutes else "UTC"
