"""Where user names and passwords come from: the environment, a keyring, else a prompt; never a file that we write."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from nornir.core import Nornir
from nornir.core.inventory import ConnectionOptions, Group, Host

from vpnaudit.errors import UsageError
from vpnaudit.inventory.keyring_ import from_keyring
from vpnaudit.inventory.ssh_config import SshConfig, Way

USERNAME = "VPNAUDIT_USERNAME"
PASSWORD = "VPNAUDIT_PASSWORD"  # noqa: S105  the name of the variable
ENABLE_SECRET = "VPNAUDIT_ENABLE_SECRET"  # noqa: S105  the name of the variable
JUMP_USERNAME = "VPNAUDIT_JUMP_USERNAME"
JUMP_PASSWORD = "VPNAUDIT_JUMP_PASSWORD"  # noqa: S105  the name of the variable
KEY_PASSPHRASE = "VPNAUDIT_KEY_PASSPHRASE"  # noqa: S105  the name of the variable

CONNECTION = "vpnaudit"
"""The name of our Nornir connection, under which the enable secret is kept."""

KEYRING_SERVICE = "vpnaudit"
KEYRING_ENABLE = "vpnaudit-enable"
"""The keyring's services: passwords and enable secrets; those of a group under `<service>/<group>`."""


@dataclass(frozen=True)
class Credentials:
    """What to log in with. Not shown by `repr`, so that no traceback or log has it. Null: not known.

    `of_groups` are those of single groups of the inventory, by the group's name; they go before the others.
    """

    username: str | None = None
    password: str | None = field(default=None, repr=False)
    enable_secret: str | None = field(default=None, repr=False)
    jump_username: str | None = None
    jump_password: str | None = field(default=None, repr=False)
    key_passphrase: str | None = field(default=None, repr=False)
    of_groups: Mapping[str, Credentials] = field(default_factory=dict)


def variable_of(name: str, group: str) -> str:
    """The variable of a group: `VPNAUDIT_PASSWORD__BERLIN_HUBS` for the group `berlin-hubs`."""
    return f"{name}__{re.sub(r'[^A-Z0-9]+', '_', group.upper())}"


def missing_credentials(nornir: Nornir, environ: Mapping[str, str]) -> tuple[str, ...]:
    """The variables that some device needs and that neither the environment nor the inventory has.

    A password is not needed where the inventory gives a key file or allows the agent, or the ssh configuration names a
    key file that exists; a user name where the ssh configuration has one; the enable secret is needed nowhere: a login
    may already be privileged.
    """
    return _missing(nornir, _from_environment(nornir, environ))


def find_credentials(
    nornir: Nornir, environ: Mapping[str, str], ask: Callable[[str, bool], str] | None = None
) -> Credentials:
    """The credentials from the environment; what is missing is looked for in the keyring, then asked for.

    Give `ask(question, hidden)` only where somebody sits at a terminal. An enable secret is then asked for too when
    anything else had to be (an empty answer: none). Raises UsageError, which names the variables, where `ask` is null
    or answered with nothing.
    """
    found, keyring_problem = known_credentials(nornir, environ)
    if keyring_problem is not None and ask is None:  # else whoever sits there is asked instead
        raise UsageError(keyring_problem)
    missing = _missing(nornir, found)
    if missing and ask is not None:
        answers = {USERNAME: found.username, PASSWORD: found.password}
        questions = {USERNAME: ("User name: ", False), PASSWORD: ("Password: ", True)}
        answers.update({name: ask(*questions[name]) or None for name in missing})
        secret = found.enable_secret or ask("Enable secret (none: just Enter): ", True) or None
        found = replace(found, username=answers[USERNAME], password=answers[PASSWORD], enable_secret=secret)
        missing = tuple(name for name in missing if answers[name] is None)
    if missing:
        raise UsageError(f"credentials are missing: set {' and '.join(missing)}")
    return found


def known_credentials(nornir: Nornir, environ: Mapping[str, str]) -> tuple[Credentials, str | None]:
    """What environment and keyring have, whether or not it is enough, and what is the matter with the keyring."""
    found = _from_environment(nornir, environ)
    if not _missing(nornir, found):
        return found, None
    try:
        return _with_keyring(nornir, found), None
    except UsageError as error:
        return found, str(error)


def give_credentials(nornir: Nornir, credentials: Credentials) -> None:
    """Make them the defaults of all devices; what the inventory says of a device goes before. In memory only."""
    defaults = nornir.inventory.defaults
    for name, own in credentials.of_groups.items():
        group = nornir.inventory.groups[name]
        group.username = _said_of_itself(group, "username") or own.username
        group.password = _said_of_itself(group, "password") or own.password
        if own.enable_secret:
            group.connection_options[CONNECTION] = ConnectionOptions(extras={"secret": own.enable_secret})
    defaults.username = credentials.username or defaults.username
    defaults.password = credentials.password or defaults.password
    options = defaults.connection_options.setdefault(CONNECTION, ConnectionOptions())
    given = {
        "secret": credentials.enable_secret,
        "jump_username": credentials.jump_username,
        "jump_password": credentials.jump_password,
        "key_passphrase": credentials.key_passphrase,
    }
    options.extras = {**(options.extras or {}), **{key: value for key, value in given.items() if value}}


def _said_of_itself(group: Group, key: str) -> str | None:
    """What a group has of its own: Nornir's attributes answer with what the groups above say."""
    said = object.__getattribute__(group, key)
    return str(said) if said else None


def way_to(host: Host) -> Way:
    """The way to a device as the ssh configuration and its data (`proxy_jump`) say. Raises InventoryError."""
    options = host.defaults.connection_options.get(CONNECTION)
    config = (options.extras or {}).get("ssh") if options else None
    address = host.get_connection_parameters("netmiko").hostname or host.name
    jump = host.extended_data().get("proxy_jump")
    return (config or SshConfig()).way(address, alias=host.name, jump=str(jump) if jump else None)


def lacks(host: Host, credentials: Credentials) -> tuple[str, ...]:
    """The variables that this device needs and that nothing gives."""
    parameters = host.get_connection_parameters("netmiko")
    own = [each for name, each in credentials.of_groups.items() if any(g.name == name for g in host.extended_groups())]
    given = [credentials, *own]
    names = []
    way = way_to(host)
    if not (parameters.username or way.user or any(each.username for each in given)):
        names.append(USERNAME)
    settings = {**host.extended_data(), **(parameters.extras or {})}
    by_key = way.key_files or any(settings.get(key) for key in ("use_keys", "key_file", "allow_agent"))
    if not (parameters.password or by_key or any(each.password for each in given)):
        names.append(PASSWORD)
    return tuple(names)


def _missing(nornir: Nornir, found: Credentials) -> tuple[str, ...]:
    if found.username and found.password:
        return ()
    lacking = {name for host in nornir.inventory.hosts.values() for name in lacks(host, found)}
    return tuple(name for name in (USERNAME, PASSWORD) if name in lacking)


def _from_environment(nornir: Nornir, environ: Mapping[str, str]) -> Credentials:
    of_groups = {}
    for group in nornir.inventory.groups:
        username, password, secret = (
            environ.get(variable_of(name, group)) or None for name in (USERNAME, PASSWORD, ENABLE_SECRET)
        )
        if username or password or secret:
            of_groups[group] = Credentials(username, password, secret)
    return Credentials(
        environ.get(USERNAME) or None,
        environ.get(PASSWORD) or None,
        environ.get(ENABLE_SECRET) or None,
        environ.get(JUMP_USERNAME) or None,
        environ.get(JUMP_PASSWORD) or None,
        environ.get(KEY_PASSPHRASE) or None,
        of_groups,
    )


def _with_keyring(nornir: Nornir, found: Credentials) -> Credentials:
    """What the keyring has of what the environment lacks. The user name is the keyring's where none is known."""
    groups = dict(found.of_groups)
    for name, group in nornir.inventory.groups.items():
        added = _own_keyring(group, groups.get(name, Credentials()), found.username)
        if added != Credentials():
            groups[name] = added
    username, password = _entry(KEYRING_SERVICE, found.username, found.password)
    _, secret = _entry(KEYRING_ENABLE, username, found.enable_secret)
    return replace(found, username=username, password=password, enable_secret=secret, of_groups=groups)


def _own_keyring(group: Group, own: Credentials, username: str | None) -> Credentials:
    known = own.username or group.username
    name, password = _entry(f"{KEYRING_SERVICE}/{group.name}", known or username, own.password)
    _, secret = _entry(f"{KEYRING_ENABLE}/{group.name}", name, own.enable_secret)
    if not password and not secret:
        return own
    return Credentials(own.username or (None if known else name), password, secret)


def _entry(service: str, username: str | None, known: str | None) -> tuple[str | None, str | None]:
    """User name and secret, where the secret is not known already."""
    entry = from_keyring(service, username) if known is None else None
    return (username or entry[0], entry[1]) if entry else (username, known)
