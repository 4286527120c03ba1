"""Talking to devices: one guarded SSH session each, every answer masked and written as it comes."""

from vpnaudit.collect.admission import MOST_REFUSED
from vpnaudit.collect.attempts import RETRIES
from vpnaudit.collect.run import MAX_OUTPUT, Interrupted, run

__all__ = ["MAX_OUTPUT", "MOST_REFUSED", "RETRIES", "Interrupted", "run"]
