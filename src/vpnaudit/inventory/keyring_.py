"""Asks the system's keyring, where the library `keyring` is installed and has one."""

from __future__ import annotations

import importlib
from typing import Protocol, cast

from vpnaudit.errors import UsageError


class _Credential(Protocol):
    username: str
    password: str


class _Keyring(Protocol):
    def get_credential(self, service: str, username: str | None) -> _Credential | None: ...


def from_keyring(service: str, username: str | None) -> tuple[str, str] | None:
    """User name and secret of a service; null where there is none, no keyring, or no library for one.

    Without `username`, whichever the keyring has for that service. Raises UsageError where a keyring is there and
    cannot be opened (it is locked, or its files are damaged).
    """
    try:
        errors = importlib.import_module("keyring.errors")
        keyring = cast("_Keyring", importlib.import_module("keyring"))
    except ImportError:
        return None
    try:
        found = keyring.get_credential(service, username)
    except errors.NoKeyringError:
        return None
    except Exception as error:  # noqa: BLE001  each system's backend raises its own kinds
        text = f"the keyring cannot be read: {type(error).__name__}; unlock it, or set VPNAUDIT_PASSWORD"
        raise UsageError(text) from None
    return (found.username, found.password) if found is not None and found.password else None
