"""The commands that each operating system knows."""

from __future__ import annotations

from vpnaudit.simulate.command_tables.asa import ASA_COMMANDS
from vpnaudit.simulate.command_tables.form import ARGUMENT, Asked, Command
from vpnaudit.simulate.command_tables.ios import IOS_COMMANDS

__all__ = ["ARGUMENT", "ASA_COMMANDS", "IOS_COMMANDS", "Asked", "Command"]
