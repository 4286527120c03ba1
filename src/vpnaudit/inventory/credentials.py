"""Where user names and passwords come from: the environment, else a prompt; never a file that we write."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from nornir.core import Nornir
from nornir.core.inventory import ConnectionOptions, Host

from vpnaudit.errors import UsageError

USERNAME = "VPNAUDIT_USERNAME"
PASSWORD = "VPNAUDIT_PASSWORD"  # noqa: S105  the name of the variable
ENABLE_SECRET = "VPNAUDIT_ENABLE_SECRET"  # noqa: S105  the name of the variable

CONNECTION = "vpnaudit"
"""The name of our Nornir connection, under which the enable secret is kept."""


@dataclass(frozen=True)
class Credentials:
    """What to log in with. Not shown by `repr`, so that no traceback or log has it. Null: not known."""

    username: str | None = None
    password: str | None = field(default=None, repr=False)
    enable_secret: str | None = field(default=None, repr=False)


def missing_credentials(nornir: Nornir, environ: Mapping[str, str]) -> tuple[str, ...]:
    """The variables that some device needs and that neither the environment nor the inventory has.

    A password is not needed where the inventory gives a key file or allows the agent; the enable secret is needed
    nowhere: a login may already be privileged.
    """
    hosts = nornir.inventory.hosts.values()
    names = []
    if not environ.get(USERNAME) and any(not host.get_connection_parameters("netmiko").username for host in hosts):
        names.append(USERNAME)
    if not environ.get(PASSWORD) and any(_needs_password(host) for host in hosts):
        names.append(PASSWORD)
    return tuple(names)


def find_credentials(
    nornir: Nornir, environ: Mapping[str, str], ask: Callable[[str, bool], str] | None = None
) -> Credentials:
    """The credentials from the environment; what is missing is asked for with `ask(question, hidden)`.

    Give `ask` only where somebody sits at a terminal. An enable secret is then asked for too when anything else had to
    be (an empty answer: none). Raises UsageError, which names the variables, where `ask` is null or answered with
    nothing.
    """
    missing = missing_credentials(nornir, environ)
    found = {name: environ.get(name) or None for name in (USERNAME, PASSWORD, ENABLE_SECRET)}
    if missing and ask is not None:
        questions = {USERNAME: ("User name: ", False), PASSWORD: ("Password: ", True)}
        for name in missing:
            found[name] = ask(*questions[name]) or None
        if found[ENABLE_SECRET] is None:
            found[ENABLE_SECRET] = ask("Enable secret (none: just Enter): ", True) or None
    still = [name for name in missing if found[name] is None]
    if still:
        raise UsageError(f"credentials are missing: set {' and '.join(still)}")
    return Credentials(found[USERNAME], found[PASSWORD], found[ENABLE_SECRET])


def give_credentials(nornir: Nornir, credentials: Credentials) -> None:
    """Make them the defaults of all devices; what the inventory says of a device goes before. In memory only."""
    defaults = nornir.inventory.defaults
    defaults.username = credentials.username or defaults.username
    defaults.password = credentials.password or defaults.password
    if credentials.enable_secret:
        defaults.connection_options[CONNECTION] = ConnectionOptions(extras={"secret": credentials.enable_secret})


def _needs_password(host: Host) -> bool:
    parameters = host.get_connection_parameters("netmiko")
    settings = {**host.extended_data(), **(parameters.extras or {})}
    by_key = any(settings.get(key) for key in ("use_keys", "key_file", "allow_agent"))
    return not parameters.password and not by_key
