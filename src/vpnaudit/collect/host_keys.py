"""Checks host keys against `known_hosts` files, as OpenSSH keeps them (sshd(8), SSH_KNOWN_HOSTS FILE FORMAT).

Ours, because paramiko's own table takes the first file that knows a host, forgets in which line a key stands, does not
know `@revoked`, and rewrites the whole file when it adds a key.
"""

from __future__ import annotations

import base64
import hashlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Literal

from paramiko.hostkeys import HostKeys as ParamikoHostKeys
from paramiko.pkey import PKey

from vpnaudit.errors import DeviceError

HostKeyMode = Literal["strict", "accept-new"]

_PORT = 22


@dataclass(frozen=True)
class HostKeys:
    """Where host keys are known from, and what an unknown one means.

    `files` are read in order and every time; `accept-new` adds to the first.
    """

    mode: HostKeyMode
    files: tuple[Path, ...]

    @classmethod
    def of(cls, inventory: Path, mode: HostKeyMode = "strict", home: Path | None = None) -> HostKeys:
        """`known_hosts` in the inventory folder, then the user's."""
        return cls(mode, (inventory / "known_hosts", (home or Path.home()) / ".ssh" / "known_hosts"))

    def known_types(self, host: str, port: int) -> tuple[str, ...]:
        """The key types ("ssh-ed25519", "ssh-rsa") known of a device, to ask it for these."""
        return tuple(entry.key_type for entry in self._entries(host, port) if not entry.marker)

    def check(self, device: str, host: str, port: int, key: PKey) -> None:
        """Raise DeviceError, status `host-key`, unless the key is known or, under `accept-new`, the first one."""
        with _LOCK:
            entries = list(self._entries(host, port))
            offered = base64.b64encode(key.asbytes()).decode()
            for entry in entries:
                if entry.key == offered and entry.marker == "@revoked":
                    raise _refused(device, f"the {_told(key)} is revoked in {entry.place}")
            known = [entry for entry in entries if not entry.marker]
            if any(entry.key == offered for entry in known):
                return
            if known:
                places = ", ".join(entry.place for entry in known)
                raise _refused(
                    device, f"the host key has changed: the device offers {_told(key)}, not that of {places}"
                )
            if self.mode == "strict":
                files = " or ".join(str(file) for file in self.files)
                raise _refused(device, f"the {_told(key)} of {_name(host, port)} is not in {files}")
            self._add(device, f"{_name(host, port)} {key.get_name()} {offered}\n")

    def _entries(self, host: str, port: int) -> Iterator[_Entry]:
        for file in self.files:
            try:
                text = file.read_text("utf-8", "replace")
            except FileNotFoundError:
                continue
            except OSError as error:
                raise DeviceError("", "host-key", f"{file} cannot be read: {error.strerror}") from None
            for number, line in enumerate(text.splitlines(), start=1):
                entry = _entry(f"{file}:{number}", line, _name(host, port))
                if entry is not None:
                    yield entry

    def _add(self, device: str, line: str) -> None:
        file = self.files[0]
        try:
            with file.open("a+b") as stream:
                _lock_file(stream.fileno())
                if stream.tell() > 0:
                    stream.seek(-1, 2)
                    if stream.read(1) != b"\n":
                        line = "\n" + line
                stream.write(line.encode())
        except OSError as error:
            raise _refused(device, f"the new key cannot be noted in {file}: {error.strerror}") from None


@dataclass(frozen=True)
class _Entry:
    place: str
    marker: str
    key_type: str
    key: str


_LOCK = threading.Lock()
"""One device at a time looks and adds: two may share an address."""


def _entry(place: str, line: str, name: str) -> _Entry | None:
    """The line's key, if the line is of this host."""
    fields = line.split()
    marker = fields.pop(0) if fields and fields[0].startswith("@") else ""
    if len(fields) < 3 or fields[0].startswith("#") or not _names(fields[0], name):
        return None
    return None if marker == "@cert-authority" else _Entry(place, marker, fields[1], fields[2])


def _names(patterns: str, name: str) -> bool:
    """Whether a line's first field is of this host: a hash, or patterns of which none with `!` matches."""
    if patterns.startswith("|1|"):
        try:
            return ParamikoHostKeys.hash_host(name, patterns) == patterns
        except ValueError:  # no base64, or a salt of the wrong length
            return False
        except AssertionError:
            return False
    found = False
    for pattern in patterns.lower().split(","):
        if fnmatchcase(name, pattern.removeprefix("!").replace("[", "[[]")):
            if pattern.startswith("!"):
                return False
            found = True
    return found


def _name(host: str, port: int) -> str:
    return host.lower() if port == _PORT else f"[{host.lower()}]:{port}"


def _told(key: PKey) -> str:
    digest = base64.b64encode(hashlib.sha256(key.asbytes()).digest()).decode().rstrip("=")
    return f"{key.get_name()} key SHA256:{digest}"


def _refused(device: str, problem: str) -> DeviceError:
    return DeviceError(device, "host-key", problem)


def _lock_file(handle: int) -> None:
    """Keep other processes out until the file is closed, where the system has such locks."""
    try:
        import fcntl  # noqa: PLC0415  not on Windows
    except ImportError:
        return
    fcntl.flock(handle, fcntl.LOCK_EX)
