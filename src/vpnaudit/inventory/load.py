"""Loads a SimpleInventory folder into Nornir."""

from __future__ import annotations

import logging
from pathlib import Path

from nornir import InitNornir
from nornir.core import Nornir
from ruamel.yaml.error import YAMLError

from vpnaudit.errors import InventoryError
from vpnaudit.inventory.files import check_inventory


def load_inventory(folder: Path, *, workers: int = 20) -> Nornir:
    """The folder's devices in a Nornir with `workers` threads. Writes no log file and configures no logging.

    `hosts.yaml` is needed; `groups.yaml` and `defaults.yaml` may be absent. Raises InventoryError.
    """
    check_inventory(folder)
    logger = logging.getLogger("nornir")
    if not logger.handlers:
        logger.addHandler(logging.NullHandler())  # else its warnings go to standard error
    try:
        return InitNornir(
            inventory={
                "plugin": "SimpleInventory",
                "options": {
                    "host_file": str(folder / "hosts.yaml"),
                    "group_file": str(folder / "groups.yaml"),
                    "defaults_file": str(folder / "defaults.yaml"),
                },
            },
            runner={"plugin": "threaded", "options": {"num_workers": workers}},
            logging={"enabled": False},
        )
    except YAMLError as error:  # what PyYAML took and ruamel refuses: a key that stands twice
        problem = " ".join(str(error).split())
        raise InventoryError(str(folder), problem[:300]) from None
