"""Optional libraries: imported when an inventory needs them, and named when they are not there."""

from __future__ import annotations

from vpnaudit.errors import InventoryError


def lacking(where: str, extra: str) -> InventoryError:
    """What to raise where an extra is not installed."""
    return InventoryError(where, f"needs libraries that are not installed: pip install 'vpnaudit[{extra}]'")
