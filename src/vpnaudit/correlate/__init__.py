"""Joins what the devices say: both ends of tunnels, one time axis, the SPI ledger, events, episodes, mechanisms."""

from vpnaudit.correlate.fleet import correlate

__all__ = ["correlate"]
