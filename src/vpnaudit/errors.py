"""Every error that vpnaudit raises on purpose.

VpnauditError
├── UsageError          a mistake in how the program was called: exit status 2
│   ├── InventoryError  (also ValueError) the inventory cannot be read, names the file and the key
│   ├── SettingsError   (also ValueError) `vpnaudit.yaml` cannot be read
│   └── SourceError     (also OSError) a source is missing, or nothing in it can be read
└── DeviceError         trouble with one device; recorded in the snapshot, never ends a run
    ├── GuardError      (also PermissionError) a write to a device that is not on the allow-list
    └── AnswerError     (also TimeoutError) an answer that did not end or lost step
"""

from __future__ import annotations


class VpnauditError(Exception):
    """Base of all errors that carry a message for a person."""


class UsageError(VpnauditError):
    """A mistake by the operator: short message, no traceback, exit status 2."""


class InventoryError(UsageError, ValueError):
    """The inventory cannot be used."""

    def __init__(self, where: str, problem: str) -> None:
        super().__init__(f"{where}: {problem}")
        self.where = where
        self.problem = problem


class SettingsError(UsageError, ValueError):
    """`vpnaudit.yaml` cannot be used."""

    def __init__(self, where: str, problem: str) -> None:
        super().__init__(f"{where}: {problem}")
        self.where = where
        self.problem = problem


class SourceError(UsageError, OSError):
    """A source of captures is missing or holds nothing that can be read."""

    def __init__(self, path: str, problem: str) -> None:
        super().__init__(f"{path}: {problem}")
        self.path = path
        self.problem = problem

    def __str__(self) -> str:
        return f"{self.path}: {self.problem}"


class DeviceError(VpnauditError):
    """Trouble with one device. `status` is the device status of the manifest."""

    def __init__(self, device: str, status: str, problem: str) -> None:
        super().__init__(problem)
        self.device = device
        self.status = status
        self.problem = problem


class GuardError(DeviceError, PermissionError):
    """Something tried to send a device what is not on the read-only allow-list."""

    def __init__(self, device: str, text: str) -> None:
        super().__init__(device, "error", f"not sent, because it is not read-only: {text!r}")
        self.text = text

    def __str__(self) -> str:
        return self.problem


class AnswerError(DeviceError, TimeoutError):
    """An answer to a command did not end in time, or could not be told from another's."""

    def __init__(self, device: str, command: str, problem: str) -> None:
        super().__init__(device, "partial", f"{command}: {problem}")
        self.command = command

    def __str__(self) -> str:
        return self.problem
