"""One time axis for the whole fleet: each device's clock offset, its bound, and when the device came up.

With a manifest, `show clock` was answered between two moments of the collector's clock, which gives the offset.
Without one, a synchronised clock is true time by definition; another device's offset follows from an SA pair that it
shares with a device whose clock is known: both ends installed that pair at the same moment (field guide 2.2, 2.3).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from statistics import median

from msgspec import structs

from vpnaudit.model.device import Device
from vpnaudit.model.facts import ParsedCapture

CAPTURE_SPREAD_S = 60.0
"""Captures without times are taken to lie within this of `show clock` of the same device."""
UNMARKED_S = 30.0
"""Bound of a clock that the device calls authoritative without saying that NTP keeps it."""
SYNCHRONIZED_S = 2.0
"""Bound of a clock that NTP keeps."""
TOGETHER_S = 300.0
"""Captures of several devices that were kept together are taken to lie within this of each other."""
_SAME_EVENING_S = 10_800.0
"""Clocks of one zone name that are no further apart mean the same zone: its meanings lie further apart than that."""
UNKNOWN_CLOCK_S = 86_400.0
"""Bound of a clock of which nothing is known: no comparison with another device's times can stand."""


def set_clocks(devices: Sequence[Device], readings: Mapping[str, datetime]) -> tuple[Device, ...]:
    """Give every device its clock offset, true capture time and boot time.

    `readings` has each device's `show clock` in UTC by its own settings. Devices keep their order.
    """
    return tuple(_with_boot(_with_offset(d, readings.get(d.name)), readings.get(d.name)) for d in devices)


def _with_offset(device: Device, reading: datetime | None) -> Device:
    synchronized = is_synchronized(device)
    if reading is None or device.clock is None:
        return structs.replace(device, clock_synchronized=synchronized, taken_at=_newest(device))
    capture, _ = device.clock
    asked, answered = capture.capture.asked_at, capture.capture.answered_at
    if asked is not None and answered is not None:
        half = (answered - asked).total_seconds() / 2
        offset = (reading - asked).total_seconds() - half
        return structs.replace(
            device,
            clock_offset_s=round(offset, 3),
            clock_uncertainty_s=round(half + 1.0, 3),
            clock_synchronized=synchronized,
            taken_at=_newest(device),
        )
    known = synchronized is True and not device.clock_others_s
    return structs.replace(
        device,
        clock_offset_s=0.0 if known else None,
        clock_uncertainty_s=SYNCHRONIZED_S if known else None,
        clock_synchronized=synchronized,
        taken_at=reading if known else None,
    )


def is_synchronized(device: Device) -> bool | None:
    """Whether the device's clock follows NTP: `show ntp status` first, else the mark of `show clock`."""
    if device.ntp is not None:
        return device.ntp[1].synchronized
    if device.clock is None:
        return None
    _, clock = device.clock
    if clock.mark in {"*", "."}:
        return False
    return True if clock.source is not None and "NTP" in clock.source.upper() else None


def _newest(device: Device) -> datetime | None:
    return max((c.capture.answered_at for c in device.captures if c.capture.answered_at is not None), default=None)


def _with_boot(device: Device, reading: datetime | None) -> Device:
    """Boot time on the common clock: `show version`'s uptime has whole minutes, so the boot lies up to one before."""
    if device.version is None or device.version[1].uptime_s is None:
        return device
    capture, version = device.version
    at = moment(device, capture, reading)
    if at is None or version.uptime_s is None:
        return device
    resolution = version.uptime_resolution_s or 60
    booted = at - timedelta(seconds=version.uptime_s + resolution / 2)
    spread = 0.0 if capture.capture.asked_at is not None else CAPTURE_SPREAD_S
    return structs.replace(device, booted_at=booted, boot_uncertainty_s=resolution / 2 + spread)


def moment(device: Device, capture: ParsedCapture, reading: datetime | None = None) -> datetime | None:
    """The true time at which `capture` was answered; without a manifest the device's `show clock`, on the common clock.

    A device whose offset is unknown keeps its own clock: good for comparing its own times with each other.
    """
    if capture.capture.asked_at is not None:
        return capture.capture.answered_at or capture.capture.asked_at
    if reading is None:
        return device.taken_at
    return reading - timedelta(seconds=device.clock_offset_s or 0.0)


def from_marks(devices: Sequence[Device], readings: Mapping[str, datetime]) -> tuple[Device, ...]:
    """The last resort, for captures without times: what the clock says of itself.

    A clock without a mark is authoritative. One with a mark was, as captures are kept together, most likely read within
    minutes of the authoritative ones, and differs from them by what it is off. The same tells which of its meanings a
    zone's name has that has several.
    """
    vouched = [d for d in devices if d.name in readings and (d.clock_offset_s == 0.0 or _unmarked(d))]
    trusted = sorted(readings[d.name] for d in vouched if not d.clock_others_s)
    guessed = [d for d in vouched if d.clock_others_s and d.clock_offset_s is None]
    alike = not trusted and _mean_the_same(guessed, readings)
    return tuple(_by_mark(d, readings.get(d.name), trusted, alike=alike) for d in devices)


def _mean_the_same(guessed: Sequence[Device], readings: Mapping[str, datetime]) -> bool:
    """Whether clocks whose zones are guesses agree: then what they say beside each other stands, whatever they mean."""
    times = [readings[d.name] for d in guessed]
    names = {d.clock[1].zone for d in guessed if d.clock is not None}
    most_s = _SAME_EVENING_S if len(names) == 1 else TOGETHER_S
    return len(times) > 1 and (max(times) - min(times)).total_seconds() <= most_s


def _unmarked(device: Device) -> bool:
    return device.clock is not None and not device.clock[1].mark


def _by_mark(device: Device, reading: datetime | None, trusted: Sequence[datetime], *, alike: bool) -> Device:
    if device.clock_offset_s is not None or reading is None:
        return device
    ahead_s = (reading - trusted[len(trusted) // 2]).total_seconds() if trusted else None
    if not _unmarked(device):
        if ahead_s is None:
            return device
        offset, bound = ahead_s, TOGETHER_S
    else:
        offset, bound = 0.0, SYNCHRONIZED_S if device.clock_synchronized else UNMARKED_S
        if device.clock_others_s and not alike:
            offset, zone_s = _by_zone(device.clock_others_s, ahead_s)
            bound += zone_s
    placed = structs.replace(device, clock_offset_s=round(offset, 3), clock_uncertainty_s=bound)
    placed = structs.replace(placed, taken_at=reading - timedelta(seconds=offset))
    return _with_boot(placed, reading)


def _by_zone(others_s: Sequence[float], ahead_s: float | None) -> tuple[float, float]:
    """The offset that the meaning of a zone's name gives a clock which is right, and by how much that may be off."""
    if ahead_s is not None:
        later_s = min((0.0, *others_s), key=lambda s: abs(ahead_s + s))
        if abs(ahead_s + later_s) <= TOGETHER_S:
            return -later_s, 0.0
    return 0.0, max(abs(s) for s in others_s)


def from_shared_sas(
    devices: Sequence[Device],
    readings: Mapping[str, datetime],
    moments: Mapping[str, Mapping[tuple[str, int], datetime]],
) -> tuple[Device, ...]:
    """Offsets of devices with an unknown clock, from SAs that they share with one whose clock is known.

    `moments` has, for each device, a moment of each live SPI by its own clock. Spreads from device to device.
    """
    known = {d.name: d for d in devices if d.clock_offset_s is not None}
    unknown = {d.name: d for d in devices if d.clock_offset_s is None and d.name in readings}
    found = True
    while found:
        found = False
        for name in sorted(unknown):
            offset = _offset_by(name, known, moments)
            if offset is None:
                continue
            placed = structs.replace(
                unknown.pop(name), clock_offset_s=round(offset, 3), clock_uncertainty_s=2 * CAPTURE_SPREAD_S
            )
            placed = structs.replace(placed, taken_at=readings[name] - timedelta(seconds=offset))
            known[name] = _with_boot(placed, readings[name])
            found = True
    return tuple(known.get(d.name, d) for d in devices)


def _offset_by(
    name: str, known: Mapping[str, Device], moments: Mapping[str, Mapping[tuple[str, int], datetime]]
) -> float | None:
    mine = moments.get(name, {})
    differences = [
        (mine[shared] - at).total_seconds() + (device.clock_offset_s or 0.0)
        for other, device in sorted(known.items())
        for shared, at in moments.get(other, {}).items()
        if shared in mine
    ]
    return median(differences) if differences else None


def uncertainty(device: Device) -> float:
    """The bound of a device's offset, seconds."""
    return device.clock_uncertainty_s if device.clock_uncertainty_s is not None else UNKNOWN_CLOCK_S
