"""What `ssh_config(5)` files say of the way to a device: the inventory folder's `ssh_config`, then `~/.ssh/config`.

paramiko's SSHConfig reads them; what it lacks is here: `Include`, the hops of `ProxyJump`, several known_hosts files.
"""

from __future__ import annotations

import getpass
import glob
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from io import StringIO
from pathlib import Path

from paramiko.config import SSHConfig
from paramiko.ssh_exception import ConfigParseError, CouldNotCanonicalize

from vpnaudit.errors import InventoryError

_MOST_INCLUDES = 16
"""How deep files may include one another; as OpenSSH (readconf.c, READCONF_MAX_DEPTH)."""
_MOST_HOPS = 8
_Target = tuple[str, int | None]
_INCLUDE = re.compile(r"\s*include(?:\s*=\s*|\s+)(\S.*)", re.IGNORECASE)
_BLOCK = re.compile(r"\s*(?:host|match)(?:\s*=\s*|\s+)\S", re.IGNORECASE)
_HOP = re.compile(
    r"(?:ssh://)?(?:(?P<user>[^@\s]+)@)?(?P<host>\[[^\]\s]+\]|[^:\s/]+|[0-9A-Fa-f:.]+(?:%\w+)?)(?::(?P<port>\d{1,5}))?/?"
)


@dataclass(frozen=True)
class Way:
    """How to get to a host. Null and empty: nothing is said.

    `host` and `port` are what is dialled; `key_name` the name its key is known by where that differs; `known_hosts` the
    files that stand for the user's own; `hops` the jump hosts, the first to be dialled first.
    """

    name: str
    host: str
    port: int | None = None
    user: str | None = None
    key_files: tuple[str, ...] = ()
    key_name: str | None = None
    known_hosts: tuple[Path, ...] | None = None
    connect_timeout_s: float | None = None
    hops: tuple[Way, ...] = ()
    proxy_command: str | None = None
    algorithms: tuple[tuple[str, str], ...] = ()
    """Pairs of keyword (`kexalgorithms`, `ciphers`, `macs`, `hostkeyalgorithms`) and what it says, as `+aes128-cbc`."""


class _Config(SSHConfig):
    """paramiko asks the system for the user's name at each block that does not match: 12 ms a host with 100 blocks."""

    def _does_match(self, match_list: list[dict[str, str]], *rest: object) -> object:
        return super()._does_match(match_list, *rest) if match_list else []  # type: ignore[misc]


@dataclass(frozen=True)
class SshConfig:
    """The files that there are, in the order in which they count; the first that says something of a thing wins."""

    files: tuple[Path, ...] = ()
    home: Path = field(default_factory=Path.home)

    @classmethod
    def of(cls, inventory: Path, home: Path | None = None) -> SshConfig:
        """`ssh_config` in the inventory folder, then the user's. Raises InventoryError where one cannot be read."""
        where = home or Path.home()
        candidates = (inventory / "ssh_config", where / ".ssh" / "config")
        found = cls(tuple(file for file in candidates if file.is_file()), where)
        _ = found._config  # a mistake in a file is told before any device is called
        return found

    def way(self, host: str, *, alias: str | None = None, jump: str | None = None) -> Way:
        """The way to `host`, which may be an alias of the configuration.

        `alias` is a second name (the inventory's): what is said of it fills what is not said of `host`, but for its
        address. `jump` stands for ProxyJump. Raises InventoryError, for hops without end and values that are none.
        """
        return self._way(_bare(host), alias, jump, ((_bare(host), None),))

    def _way(self, host: str, alias: str | None, jump: str | None, passed: tuple[_Target, ...]) -> Way:
        said = self._lookup(host)
        if alias is not None and alias != host:
            said = {**{k: v for k, v in self._lookup(alias).items() if k != "hostname"}, **said}
        jumps = jump if jump is not None else str(said.get("proxyjump") or "")
        hops = () if jumps.lower() in {"", "none"} else self._hops(jumps, passed)
        known = said.get("userknownhostsfile")
        timeout = str(said.get("connecttimeout") or "")
        return Way(
            name=host,
            host=_bare(str(said.get("hostname") or host)),
            port=self._port(host, said.get("port")),
            user=_text(said.get("user")),
            key_files=self._key_files(said.get("identityfile")),
            key_name=_text(said.get("hostkeyalias")),
            known_hosts=None if known is None else self._known_hosts(str(known)),
            connect_timeout_s=float(timeout) if timeout.isdecimal() and int(timeout) else None,
            hops=hops,
            proxy_command=None if hops else _text(said.get("proxycommand")),
            algorithms=tuple((key, str(said[key])) for key in _ALGORITHMS if said.get(key)),
        )

    def _hops(self, jumps: str, passed: tuple[_Target, ...]) -> tuple[Way, ...]:
        """The jump hosts of `a,user@b:2222`. Only the first goes its own way; the others are reached through it."""
        specs = [self._hop(spec.strip(), jumps) for spec in jumps.split(",")]
        targets = tuple((name, port) for _, name, port in specs)
        if len(passed) > _MOST_HOPS:
            raise InventoryError(self._place, f"ProxyJump: more than {_MOST_HOPS} hops to {passed[0][0]}")
        hops: list[Way] = []
        for position, (user, name, port) in enumerate(specs):
            if (name, port) in passed:
                continue  # `Host *` that names the jump host holds for the jump host too
            own = self._way(name, None, None if position == 0 else "none", (*passed, *targets))
            hops += own.hops
            hops.append(_with(own, user=user, port=port, direct=position > 0))
        return tuple(hops)

    def _hop(self, spec: str, jumps: str) -> tuple[str | None, str, int | None]:
        """User, host and port of `[user@]host[:port]`."""
        match = _HOP.fullmatch(spec)
        if match is None:
            raise InventoryError(self._place, f"ProxyJump {jumps!r}: {spec!r} is no [user@]host[:port]")
        return match["user"], _bare(match["host"]), self._port(spec, match["port"])

    def _lookup(self, host: str) -> dict[str, object]:
        if not self.files:
            return {}
        try:
            return dict(self._config.lookup(host))
        except (ConfigParseError, CouldNotCanonicalize, ValueError, KeyError, OSError) as error:
            raise InventoryError(self._place, f"cannot be used for {host}: {error}") from None
        except ImportError:
            raise InventoryError(self._place, "Match exec needs the library invoke: pip install invoke") from None

    @property
    def _place(self) -> str:
        return " or ".join(map(str, self.files)) or "ssh_config"

    @cached_property
    def _config(self) -> SSHConfig:
        config = _Config()
        for file in self.files:
            lines: list[str] = []
            for place, line in _lines(file, self.home, "Host *", ()):
                _check(place, line)
                lines.append(line)
            config.parse(
                StringIO("\n".join([*lines, "Host *"]))
            )  # what follows in the next file is in no block of this one
        return config

    def _port(self, host: str, said: object) -> int | None:
        if said is None:
            return None
        if not str(said).isdecimal() or not 0 < int(str(said)) < 65536:
            raise InventoryError(self._place, f"port {said!r} of {host} is no number from 1 to 65535")
        return int(str(said))

    def _key_files(self, said: object) -> tuple[str, ...]:
        files = said if isinstance(said, list) else []
        paths = (self._path(str(file)) for file in files if str(file).lower() != "none")
        return tuple(str(path) for path in paths if path.is_file())  # OpenSSH passes over those that are not there

    def _known_hosts(self, said: str) -> tuple[Path, ...]:
        return tuple(self._path(word) for word in said.split() if word.lower() not in {"none", os.devnull})

    def _path(self, said: str) -> Path:
        text = said.strip('"').replace("%d", str(self.home)).replace("%%", "%")
        return self.home / text[2:] if text.startswith("~/") else Path(text).expanduser()


_ALGORITHMS = ("kexalgorithms", "ciphers", "macs", "hostkeyalgorithms")
_NEEDED = re.compile(r"\s*(?:#|$|\w+(?:\s*=\s*|\s+)\S)")


def _check(place: str, line: str) -> None:
    """Raise InventoryError with file and line for what paramiko would only call unparsable."""
    if not _NEEDED.match(line):
        raise InventoryError(place, f"is no keyword with a value: {line.strip()[:60]!r}")
    if _BLOCK.match(line):
        try:
            SSHConfig().parse(StringIO(line))
        except (ConfigParseError, ValueError) as error:
            raise InventoryError(place, f"is not understood: {error}") from None


def _lines(file: Path, home: Path, block: str, inside: tuple[Path, ...]) -> Iterator[tuple[str, str]]:
    """Every line with its place, those of included files among them, each file in the block that includes it."""
    try:
        text = file.read_text("utf-8", "replace")
    except OSError as error:
        raise InventoryError(str(file), f"cannot be read: {error.strerror}") from None
    for number, line in enumerate(text.splitlines(), start=1):
        place = f"{file}, line {number}"
        include = _INCLUDE.fullmatch(line)
        if include is None:
            block = line if _BLOCK.match(line) else block
            yield place, line
            continue
        if len(inside) >= _MOST_INCLUDES:
            raise InventoryError(place, f"files include one another more than {_MOST_INCLUDES} deep")
        for other in _included(include[1], file, home):
            yield from _lines(other, home, block, (*inside, file))
            yield place, block


def _included(patterns: str, file: Path, home: Path) -> Iterator[Path]:
    """The files of an Include. Relative ones are beside the file; for the user's own that is `~/.ssh`."""
    for word in patterns.split():
        name = word.strip('"')
        path = home / name[2:] if name.startswith("~/") else file.parent / name
        yield from (Path(found) for found in sorted(glob.glob(str(path))) if Path(found).is_file())  # noqa: PTH207


def _with(own: Way, *, user: str | None, port: int | None, direct: bool) -> Way:
    """The hop itself: what the list says of it goes before; it has its own hops no more, they stand before it."""
    return Way(
        name=own.name,
        host=own.host,
        port=port or own.port,
        user=user or own.user,
        key_files=own.key_files,
        key_name=own.key_name,
        known_hosts=own.known_hosts,
        connect_timeout_s=own.connect_timeout_s,
        proxy_command=None if direct or own.hops else own.proxy_command,
        algorithms=own.algorithms,
    )


def _bare(host: str) -> str:
    """An IPv6 address without the brackets that a port needs."""
    return host[1:-1] if host.startswith("[") and host.endswith("]") else host


def _text(said: object) -> str | None:
    return str(said) if said not in {None, ""} else None


def local_user() -> str | None:
    """The name of whoever runs this, where the system knows it."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # no entry for the user id, as in containers
        return None
