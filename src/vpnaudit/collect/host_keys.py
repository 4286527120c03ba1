"""Checks host keys against `known_hosts` files, as OpenSSH keeps them (sshd(8), SSH_KNOWN_HOSTS FILE FORMAT).

Ours, because paramiko's own table takes the first file that knows a host, forgets in which line a key stands, does not
know `@revoked`, and rewrites the whole file when it adds a key.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import threading
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from functools import lru_cache
from pathlib import Path
from typing import Literal

from paramiko.pkey import PKey

from vpnaudit.errors import DeviceError
from vpnaudit.inventory.kind import folder_of
from vpnaudit.inventory.ssh_config import Way

HostKeyMode = Literal["strict", "accept-new"]

_PORT = 22


@dataclass(frozen=True)
class HostKeys:
    """Where host keys are known from, and what an unknown one means.

    `files` are read in order and every time; `accept-new` adds to the first. `key_name` is the name that the keys stand
    under where it is not the address (`HostKeyAlias` of ssh_config(5)).
    """

    mode: HostKeyMode
    files: tuple[Path, ...]
    key_name: str | None = None

    @classmethod
    def of(cls, inventory: Path, mode: HostKeyMode = "strict", home: Path | None = None) -> HostKeys:
        """`known_hosts` in the inventory folder (beside the file, where the inventory is one), then the user's."""
        return cls(mode, (folder_of(inventory) / "known_hosts", (home or Path.home()) / ".ssh" / "known_hosts"))

    def along(self, way: Way) -> HostKeys:
        """The same for one host, as its `UserKnownHostsFile` and `HostKeyAlias` say."""
        files = self.files if way.known_hosts is None else (*self.files[:1], *way.known_hosts)
        return replace(self, files=files, key_name=way.key_name)

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
                raise _refused(device, f"the host key has changed: it offers {_told(key)}, not that of {places}")
            if self.mode == "strict":
                files = " or ".join(str(file) for file in self.files)
                raise _refused(device, f"the {_told(key)} of {self._name(host, port)} is not in {files}")
            self._add(device, f"{self._name(host, port)} {key.get_name()} {offered}\n")

    def _name(self, host: str, port: int) -> str:
        """How known_hosts calls it. An alias stands there without a port."""
        if self.key_name is not None:
            return self.key_name.lower()
        return host.lower() if port == _PORT else f"[{host.lower()}]:{port}"

    def _entries(self, host: str, port: int) -> Iterator[_Entry]:
        name = self._name(host, port)
        for file in self.files:
            try:
                state = file.stat()
                table = _table(file, state.st_mtime_ns, state.st_size)
            except (FileNotFoundError, NotADirectoryError):
                continue
            except OSError as error:
                raise DeviceError("", "host-key", f"{file} cannot be read: {error.strerror}") from None
            yield from table.of(name)

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


@dataclass(frozen=True)
class _Table:
    """A file's keys: those under plain names by name, since a fleet's file is asked once for each of its lines."""

    plain: dict[str, list[tuple[int, _Entry]]]
    others: list[tuple[int, str, _Entry]]

    def of(self, name: str) -> list[_Entry]:
        """The host's entries, in the order of the file."""
        found = self.plain.get(name, []) + [(n, e) for n, names, e in self.others if _names(names, name)]
        return [entry for _, entry in sorted(found, key=lambda each: each[0])]


@lru_cache(maxsize=16)
def _table(file: Path, modified_ns: int, size: int) -> _Table:  # noqa: ARG001  what tells that a file has changed
    table = _Table(defaultdict(list), [])
    for number, line in enumerate(file.read_text("utf-8", "replace").splitlines(), start=1):
        fields = line.split()
        marker = fields.pop(0) if fields and fields[0].startswith("@") else ""
        if len(fields) < 3 or fields[0].startswith("#") or marker == "@cert-authority":
            continue
        entry = _Entry(f"{file}:{number}", marker, fields[1], fields[2])
        if _PLAIN.fullmatch(fields[0]):
            for name in dict.fromkeys(fields[0].lower().split(",")):
                table.plain[name].append((number, entry))
        else:
            table.others.append((number, fields[0], entry))
    return _Table(dict(table.plain), table.others)


_PLAIN = re.compile(r"[^|*?!]+")


def _names(patterns: str, name: str) -> bool:
    """Whether a line's first field is of this host: a hash, or patterns of which none with `!` matches."""
    if patterns.startswith("|1|"):
        return _is_hash_of(patterns, name)
    found = False
    for pattern in patterns.lower().split(","):
        if fnmatchcase(name, pattern.removeprefix("!").replace("[", "[[]")):
            if pattern.startswith("!"):
                return False
            found = True
    return found


def _is_hash_of(hashed: str, name: str) -> bool:
    """Whether `|1|salt|hash` is the name's: HMAC-SHA1, both in base64 (OpenSSH's hostfile.c)."""
    salt, digest = _hash_parts(hashed)
    return digest is not None and hmac.compare_digest(hmac.digest(salt, name.encode(), "sha1"), digest)


@lru_cache(maxsize=100_000)
def _hash_parts(hashed: str) -> tuple[bytes, bytes | None]:
    """Salt and hash; no hash where the text is none."""
    parts = hashed.split("|")
    try:
        salt, digest = (base64.b64decode(part, validate=True) for part in parts[2:])
    except ValueError:  # no base64, or not two parts
        return b"", None
    return (salt, digest) if salt else (b"", None)


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
