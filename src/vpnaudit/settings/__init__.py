"""Thresholds and waivers, their defaults in one place."""

from vpnaudit.settings.thresholds import Settings, Thresholds
from vpnaudit.settings.waivers import Judged, Waiver, WaiverUse, lay_on

__all__ = ["Judged", "Settings", "Thresholds", "Waiver", "WaiverUse", "lay_on"]
