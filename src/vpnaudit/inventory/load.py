"""Loads an inventory of any kind into Nornir."""

from __future__ import annotations

import logging
from pathlib import Path

from nornir.core import Nornir
from nornir.core.configuration import Config
from nornir.core.inventory import ConnectionOptions
from nornir.plugins.runners import ThreadedRunner

from vpnaudit.inventory.build import inventory_of
from vpnaudit.inventory.credentials import CONNECTION
from vpnaudit.inventory.kind import folder_of, read_inventory
from vpnaudit.inventory.reading import Reading
from vpnaudit.inventory.ssh_config import SshConfig


def load_inventory(folder: Path, *, workers: int = 20) -> Nornir:
    """The inventory's devices in a Nornir with `workers` threads. Writes no log file and configures no logging.

    `folder` is a folder or a file of a kind that `docs/inventory.md` names. Raises InventoryError.
    """
    reading = read_inventory(folder)
    reading.demand_sound()
    return nornir_of(reading, folder, workers=workers)


def nornir_of(reading: Reading, path: Path, *, workers: int = 20) -> Nornir:
    """A Nornir of what was read from `path`, with the ssh configuration that goes with it. Raises InventoryError."""
    logger = logging.getLogger("nornir")
    if not logger.handlers:
        logger.addHandler(logging.NullHandler())  # else its warnings go to standard error
    # Not by InitNornir, which imports every plugin that is installed, with all that those import.
    nornir = Nornir(
        inventory=inventory_of(reading),
        runner=ThreadedRunner(num_workers=workers),
        config=Config.from_dict(logging={"enabled": False}),
    )
    options = nornir.inventory.defaults.connection_options.setdefault(CONNECTION, ConnectionOptions())
    options.extras = {**(options.extras or {}), "ssh": SshConfig.of(folder_of(path))}
    return nornir
