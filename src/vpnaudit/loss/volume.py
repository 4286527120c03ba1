"""Arithmetic of the volume lifetime (field guide 2.5). A kilobyte is 1000 bytes; with 1024, times are 2.4 % longer."""

from __future__ import annotations

_KBIT_PER_KILOBYTE = 8.0


def volume_interval_s(kilobytes: float, mbit_s: float, share: float = 1.0) -> float | None:
    """Seconds until `share` of a volume lifetime is used at `mbit_s` in the heavier direction; null without traffic.

    >>> volume_interval_s(4_608_000, 10.24)
    3600.0
    """
    if mbit_s <= 0:
        return None
    return kilobytes * _KBIT_PER_KILOBYTE * share / (1000.0 * mbit_s)


def volume_rate_mbit_s(kilobytes: float, gap_s: float, share: float = 1.0) -> float | None:
    """Mbit/s at which `share` of a volume lifetime is used in `gap_s` seconds; null for no gap.

    >>> round(volume_rate_mbit_s(4_608_000, 471.933))
    78
    """
    if gap_s <= 0:
        return None
    return kilobytes * _KBIT_PER_KILOBYTE * share / (1000.0 * gap_s)


def volume_kilobytes(mbit_s: float, seconds: float) -> int:
    """Kilobytes that `mbit_s` carries in `seconds`: the volume lifetime that does not end before the time does."""
    return round(mbit_s * 1000.0 / _KBIT_PER_KILOBYTE * seconds)
