"""Talking to devices: one guarded SSH session each, every answer masked and written as it comes."""

from vpnaudit.collect.run import MAX_OUTPUT, run

__all__ = ["MAX_OUTPUT", "run"]
