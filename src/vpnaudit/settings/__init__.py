"""Thresholds and waivers, their defaults in one place."""

from vpnaudit.settings.thresholds import Settings, Thresholds, Waiver

__all__ = ["Settings", "Thresholds", "Waiver"]
