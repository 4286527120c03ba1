"""The devices: a Nornir SimpleInventory folder, the choice of some of them, and their credentials."""

from vpnaudit.inventory.credentials import Credentials, find_credentials, give_credentials, missing_credentials
from vpnaudit.inventory.limit import limit_hosts
from vpnaudit.inventory.load import load_inventory

__all__ = [
    "Credentials",
    "find_credentials",
    "give_credentials",
    "limit_hosts",
    "load_inventory",
    "missing_credentials",
]
