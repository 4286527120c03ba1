"""The devices: inventories of several kinds, the choice of some devices, the way to each, and their credentials."""

from vpnaudit.inventory.credentials import (
    Credentials,
    find_credentials,
    give_credentials,
    known_credentials,
    lacks,
    missing_credentials,
    way_to,
)
from vpnaudit.inventory.kind import folder_of, read_inventory
from vpnaudit.inventory.limit import limit_hosts
from vpnaudit.inventory.load import load_inventory, nornir_of
from vpnaudit.inventory.reading import Reading, Remark
from vpnaudit.inventory.ssh_config import SshConfig, Way

__all__ = [
    "Credentials",
    "Reading",
    "Remark",
    "SshConfig",
    "Way",
    "find_credentials",
    "folder_of",
    "give_credentials",
    "known_credentials",
    "lacks",
    "limit_hosts",
    "load_inventory",
    "missing_credentials",
    "nornir_of",
    "read_inventory",
    "way_to",
]
