"""The settings of an audit, checked against what there is to set."""

from __future__ import annotations

from pathlib import Path

from vpnaudit.checks.registry import unknown_waivers
from vpnaudit.errors import SettingsError
from vpnaudit.settings import Settings
from vpnaudit.settings.load import load_settings

SETTINGS_FILE = "vpnaudit.yaml"


def settings_from(given: Path | None, inventory: Path | None = None) -> Settings:
    """The settings file that was named, else the inventory folder's own, else the defaults.

    Raises SettingsError where the file cannot be read, or waives a rule that does not exist.
    """
    if given is None and inventory is not None and (inventory / SETTINGS_FILE).is_file():
        given = inventory / SETTINGS_FILE
    settings = load_settings(given)
    unknown = unknown_waivers(settings)
    if unknown:
        raise SettingsError(
            str(given), f"waives {', '.join(unknown)}, which no rule has; `vpnaudit explain` lists them"
        )
    return settings
