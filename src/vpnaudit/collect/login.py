"""Logs in to an SSH server: with key files, the agent, the keys in `~/.ssh`, then a password, as ssh(1) does.

Ours, because paramiko's own order of it reads each key file as three kinds of key and tells the trouble of the last
one only (of a refused RSA key: "Invalid key"), asks for a second factor at a terminal where one may be, and calls a
login that is half done a good one.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import paramiko
from paramiko.pkey import UnknownKeyType

from vpnaudit.collect.trouble import NoLogin, one_line

_HOME_KEYS = ("id_rsa", "id_ecdsa", "id_ed25519")
_KEYBOARD = "keyboard-interactive"


@dataclass
class Login:
    """What to log in with; for one login. paramiko takes it as an `auth_strategy`.

    A key file that is encrypted is opened with `passphrase`, else with the password.
    """

    user: str
    password: str | None = field(default=None, repr=False)
    key_files: tuple[str, ...] = ()
    passphrase: str | None = field(default=None, repr=False)
    agent: bool = False
    home_keys: bool = False
    _troubles: list[str] = field(default_factory=list)
    _refused_keys: int = 0

    def authenticate(self, transport: paramiko.Transport) -> list[str]:
        """Log in. Raises NoLogin; AuthenticationException or SSHException where the server hung up."""
        wanted = self._by_keys(transport)
        if wanted == []:
            return []
        if self.password is None:
            raise self._without_password(wanted)
        return self._by_password(transport, after_key=wanted is not None)

    def _by_keys(self, transport: paramiko.Transport) -> list[str] | None:
        """What the server wants beside the key that it took: nothing, or names of methods; null: it took none."""
        for key in self._keys():
            try:
                return transport.auth_publickey(self.user, key)
            except paramiko.BadAuthenticationType as error:
                self._troubles.append(f"takes no key, only {_named(error.allowed_types)}")
                return None
            except paramiko.SSHException:  # refused, or a key of the agent's that cannot sign
                if not transport.is_active():
                    raise
                self._refused_keys += 1
        return None

    def _by_password(self, transport: paramiko.Transport, *, after_key: bool) -> list[str]:
        try:
            wanted = transport.auth_password(self.user, self.password or "")
        except paramiko.BadAuthenticationType as error:
            raise NoLogin(self._said(_takes_only(error.allowed_types)), asked=True) from None
        except paramiko.AuthenticationException:
            if not transport.is_active():
                raise
            refused = "refused the user name and password"
            raise NoLogin(self._said(f"{refused} behind a key" if after_key else refused), asked=True) from None
        if wanted:
            raise NoLogin(f"took the password of user {self.user} and wants {_named(wanted)} as well", asked=True)
        return []

    def _without_password(self, wanted: list[str] | None) -> NoLogin:
        if wanted:
            words = f"took a key of user {self.user} and wants {_named(wanted)} as well; no password is known"
            return NoLogin(words, asked=True)
        if self._refused_keys:
            keys = "the key" if self._refused_keys == 1 else f"all {self._refused_keys} keys"
            return NoLogin(self._said(f"refused {keys} of user {self.user}"), asked=True)
        return NoLogin(
            self._said(f"cannot be logged in to as {self.user}: no password and no key is known"), asked=False
        )

    def _said(self, words: str) -> str:
        return "; ".join((words, *self._troubles))

    def _keys(self) -> Iterator[paramiko.PKey]:
        for name in self.key_files:
            yield from self._from_file(Path(name).expanduser())
        if self.agent:
            with closing(paramiko.Agent()) as agent:
                yield from agent.get_keys()
        if self.home_keys:
            there = (Path.home() / ".ssh" / name for name in _HOME_KEYS)
            yield from (key for path in there if path.is_file() for key in self._from_file(path))

    def _from_file(self, path: Path) -> Iterator[paramiko.PKey]:
        secrets = tuple(each for each in (self.passphrase, self.password) if each)
        try:
            key = _key(path, secrets, path.stat().st_mtime_ns)
        except OSError as error:
            self._troubles.append(f"the key file {path} cannot be read: {error.strerror}")
        except TypeError:
            self._troubles.append(f"the key file {path} is encrypted: {_HOW}")
        except (ValueError, paramiko.SSHException):
            self._troubles.append(f"the key file {path} is no private key")
        except UnknownKeyType:
            self._troubles.append(f"the key file {path} is of a kind that paramiko does not know")
        else:
            yield key


_HOW = "no passphrase is known that opens it (VPNAUDIT_KEY_PASSPHRASE)"


@lru_cache(maxsize=64)
def _key(path: Path, secrets: tuple[str, ...], _changed: int) -> paramiko.PKey:
    """The key; kept, because opening an encrypted one takes tenths of a second by design.

    Raises TypeError where it is encrypted and none of the secrets opens it, ValueError where it is none.
    """
    try:
        return paramiko.PKey.from_path(path)
    except TypeError:
        for secret in secrets:
            try:
                return paramiko.PKey.from_path(path, secret.encode())
            except ValueError:
                continue
        raise


def _takes_only(kinds: list[str]) -> str:
    if kinds == [_KEYBOARD]:
        return "asks for more than a password (keyboard-interactive)"
    return f"takes no password, only {_named(kinds)}"


def _named(kinds: list[str]) -> str:
    return one_line(", ".join(kinds))
