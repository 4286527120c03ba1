"""`inventory check`: what is wrong with an inventory, device by device, and what to do about it."""

from __future__ import annotations

import ipaddress
import queue
import socket
import threading
from collections import defaultdict
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Literal, cast

from msgspec import Struct
from nornir.core import Nornir
from nornir.core.inventory import Host

from vpnaudit import __version__
from vpnaudit.collect.admission import MOST_REFUSED, NOT_TRIED
from vpnaudit.collect.host_keys import HostKeyMode
from vpnaudit.collect.plugin import register_connection
from vpnaudit.collect.probe import Probe, known_host_keys, probe_all
from vpnaudit.collect.trouble import NO_BANNER
from vpnaudit.errors import DeviceError, InventoryError, UsageError
from vpnaudit.inventory import (
    Credentials,
    Reading,
    find_credentials,
    give_credentials,
    known_credentials,
    lacks,
    limit_hosts,
    nornir_of,
    read_inventory,
    way_to,
)
from vpnaudit.model.snapshot import ManifestTool
from vpnaudit.pipeline.nightly import Ask, plans
from vpnaudit.platforms.registry import tell_platform

Status = Literal["ok", "warning", "failed"]
_SSH_PORT = 22
_RESOLVERS = 20


class Step(Struct, frozen=True):
    """One thing that was looked at. `advice` says what to do, where something is."""

    check: str
    status: Status
    detail: str
    advice: str | None = None


class CheckedDevice(Struct, frozen=True):
    """One device. `status` is the worst of its steps."""

    name: str
    address: str
    port: int
    platform: str | None
    place: str | None
    status: Status
    steps: tuple[Step, ...]


class Problem(Struct, frozen=True):
    """What is wrong, or worth knowing, in a file."""

    where: str
    problem: str


class CheckSummary(Struct, frozen=True):
    """How many devices ended how; `problems` are mistakes in files."""

    devices: int
    ok: int
    warning: int
    failed: int
    problems: int


class CheckedInventory(Struct, frozen=True, kw_only=True, gc=False):
    """The document of `inventory check --json`."""

    schema: str = "vpnaudit.inventory-check/1"
    tool: ManifestTool
    source: str
    kind: str
    connected: bool
    summary: CheckSummary
    problems: tuple[Problem, ...]
    remarks: tuple[Problem, ...]
    devices: tuple[CheckedDevice, ...]

    @property
    def exit_status(self) -> int:
        """0 all good, 1 the inventory has a mistake, 2 no device could be read, 3 only a connection has trouble."""
        if not self.devices:
            return 2
        steps = [step for device in self.devices for step in device.steps if step.status == "failed"]
        if self.problems or any(step.check in _OF_INVENTORY for step in steps):
            return 1
        return 3 if steps else 0


class Asked(Struct, frozen=True, kw_only=True, gc=False):
    """What to check. `timeout_s` is one device in all, name resolution apart; `most_refused` as of a collection."""

    inventory: Path
    limit: str | None = None
    connect: bool = False
    workers: int = 20
    timeout_s: float = 60.0
    host_keys: str = "strict"
    most_refused: int = MOST_REFUSED


_OF_INVENTORY = {"address", "duplicate", "platform", "ssh-config", "key-file", "known-hosts", "credentials"}
_WITHOUT_CHANGE = "in the inventory"


def check_inventory(asked: Asked, environ: Mapping[str, str], *, ask: Ask | None = None) -> CheckedInventory:
    """Check an inventory, and with `connect` its devices. Raises InventoryError where nothing of it can be read."""
    reading = read_inventory(asked.inventory)
    nornir = nornir_of(reading, asked.inventory, workers=asked.workers)
    if asked.limit is not None and nornir.inventory.hosts:
        nornir = limit_hosts(nornir, asked.limit)
    remarks = [Problem(remark.where, remark.text) for remark in reading.remarks]
    credentials = _credentials(nornir, environ, ask if asked.connect else None, remarks)
    steps = _look_at_files(nornir, credentials, asked)
    if asked.connect:
        give_credentials(nornir, credentials)
        _look_at_devices(nornir, asked, steps)
    devices = tuple(_device(host, reading, steps[name]) for name, host in sorted(nornir.inventory.hosts.items()))
    problems = tuple(Problem(error.where, error.problem) for error in reading.problems)
    counts = {status: sum(1 for d in devices if d.status == status) for status in ("ok", "warning", "failed")}
    return CheckedInventory(
        tool=ManifestTool(name="vpnaudit", version=__version__),
        source=str(reading.source),
        kind=reading.kind,
        connected=asked.connect,
        summary=CheckSummary(devices=len(devices), problems=len(problems), **counts),
        problems=problems,
        remarks=tuple(remarks),
        devices=devices,
    )


def _credentials(nornir: Nornir, environ: Mapping[str, str], ask: Ask | None, remarks: list[Problem]) -> Credentials:
    if ask is not None:
        try:
            return find_credentials(nornir, environ, ask)
        except UsageError:
            pass  # each device that lacks some says so
    found, problem = known_credentials(nornir, environ)
    if problem:
        remarks.append(Problem("keyring", problem))
    return found


def _look_at_files(nornir: Nornir, credentials: Credentials, asked: Asked) -> dict[str, list[Step]]:
    """What can be told without a connection to a device."""
    register_connection()
    hosts = nornir.inventory.hosts
    steps: dict[str, list[Step]] = {name: [] for name in hosts}
    twins = _twins(nornir)
    known = plans()
    with ThreadPoolExecutor(_RESOLVERS, "check") as pool:
        addresses = dict(
            zip(hosts, pool.map(lambda host: _address_step(host, asked.timeout_s), hosts.values()), strict=True)
        )
    for name, host in hosts.items():
        steps[name] += [step for step in (addresses[name], _twin_step(name, twins.get(name, []))) if step]
        steps[name].append(_platform_step(host, known))
        steps[name] += _login_steps(host, credentials, asked)
    return steps


def _target(host: Host) -> tuple[object, ...] | None:
    """What is dialled, and through what; null where that cannot be told."""
    try:
        way = way_to(host)
    except InventoryError:
        return None
    port = host.get_connection_parameters("netmiko").port or way.port or _SSH_PORT
    return (*(hop.host for hop in way.hops), way.proxy_command, _plain(way.host), port)


def _plain(address: str) -> str:
    try:
        return str(ipaddress.ip_address(address))
    except ValueError:
        return address.lower()


def _twins(nornir: Nornir) -> dict[str, list[str]]:
    """The devices that share what is dialled with each."""
    by_target: dict[tuple[object, ...], list[str]] = defaultdict(list)
    for name, host in nornir.inventory.hosts.items():
        target = _target(host)
        if target is not None:
            by_target[target].append(name)
    return {name: [n for n in names if n != name] for names in by_target.values() if len(names) > 1 for name in names}


def _twin_step(name: str, others: list[str]) -> Step | None:
    if not others:
        return None
    shown = ", ".join(others[:5]) + (f" and {len(others) - 5} more" if len(others) > 5 else "")
    advice = f"remove one of the entries, or correct the address {_WITHOUT_CHANGE}"
    return Step("duplicate", "failed", f"{name} has the same address and port as {shown}", advice)


def _address_step(host: Host, timeout_s: float) -> Step:
    try:
        way = way_to(host)
    except InventoryError as error:
        return Step("ssh-config", "failed", str(error), "correct the ssh configuration")
    if way.hops or way.proxy_command:
        through = f"jump host {way.hops[-1].name}" if way.hops else "the proxy command"
        return Step("address", "ok", f"{way.host}, resolved by {through}")
    answers: queue.SimpleQueue[str | None] = queue.SimpleQueue()

    def look_up() -> None:
        try:
            answers.put(str(socket.getaddrinfo(way.host, None, type=socket.SOCK_STREAM)[0][4][0]))
        except (OSError, UnicodeError, IndexError):
            answers.put(None)

    threading.Thread(target=look_up, name=f"resolve {way.host}", daemon=True).start()
    try:
        found = answers.get(timeout=timeout_s)
    except queue.Empty:
        return Step(
            "address", "failed", f"the name {way.host} was not resolved in time", "is the name server reachable?"
        )
    if found is None:
        return Step("address", "failed", f"the name {way.host} cannot be resolved", f"give hostname {_WITHOUT_CHANGE}")
    return Step("address", "ok", found if found == way.host else f"{way.host} is {found}")


def _platform_step(host: Host, known: Mapping[str, object]) -> Step:
    name = host.get_connection_parameters("netmiko").platform
    if name in known:
        return Step("platform", "ok", str(name))
    there = ", ".join(sorted(known))
    if not name:
        return Step("platform", "failed", "no platform is given", f"give platform {_WITHOUT_CHANGE}, one of {there}")
    return Step(
        "platform", "failed", f"platform {name!r} is not known", f"vpnaudit knows {there}; leave others out by --limit"
    )


def _login_steps(host: Host, credentials: Credentials, asked: Asked) -> list[Step]:
    try:
        missing = lacks(host, credentials)
        known = known_host_keys(host, asked.inventory)
    except InventoryError:
        return []  # said of its address
    except DeviceError as error:
        if error.status == "host-key":
            return [Step("known-hosts", "failed", error.problem, "let whoever runs vpnaudit read it")]
        return [Step("key-file", "failed", error.problem, "correct the path, or take the setting out")]
    steps = [Step("credentials", "ok", "there")]
    if missing:
        advice = "set it, put it in the keyring, or give key_file or allow_agent (docs/inventory.md)"
        steps = [Step("credentials", "failed", f"no {' and no '.join(missing)} for this device", advice)]
    if not known and not asked.connect and asked.host_keys == "strict":
        detail = "no host key of it is in known_hosts: a collection will refuse it"
        steps.append(Step("host-key", "warning", detail, _KEY_ADVICE["is not in"]))
    return steps


_KEY_ADVICE = {
    "is not in": "compare the key with the device's, then add it: --host-keys accept-new, or ssh-keyscan",
    "changed": "was the device replaced? Then remove the line that is named; if not, somebody stands in between",
    "revoked": "the key must not be used any more: give the device a new one",
}
_ADVICE = {
    "unreachable": "check address, route and firewall, and the jump host if there is one",
    "refused": "is SSH on at this port, does an access list admit this host, is a VTY line free?",
    "timeout": "is the device up, does a firewall drop the port? --timeout gives a slow one longer",
    "auth-failed": "check user name and password or key, and whether the account may log in here",
    "error": "try ssh by hand to this address",
}
_AT = {"host-key": "host-key", "auth-failed": "login"}


def _look_at_devices(nornir: Nornir, asked: Asked, steps: dict[str, list[Step]]) -> None:
    """Connect to every device whose entry gives enough for it."""
    hopeless = {"address", "ssh-config", "key-file", "credentials"}
    able = {n for n, found in steps.items() if not any(s.status == "failed" and s.check in hopeless for s in found)}
    known = {name: plan.name for name, plan in plans().items()}
    chosen = nornir.filter(filter_func=_named(able))
    mode = cast("HostKeyMode", asked.host_keys)
    probes = probe_all(
        chosen,
        known,
        inventory_folder=asked.inventory,
        timeout_s=asked.timeout_s,
        host_keys=mode,
        most_refused=asked.most_refused,
    )
    for name, probe in probes.items():
        claimed = known.get(chosen.inventory.hosts[name].get_connection_parameters("netmiko").platform or "")
        steps[name] += _probe_steps(probe, claimed)


def _named(names: set[str]) -> Callable[..., bool]:
    return lambda host, **_: host.name in names


def _probe_steps(probe: Probe, claimed: str | None) -> list[Step]:
    steps: list[Step] = []
    trouble = probe.trouble
    if probe.banner is not None:
        steps += [Step("connect", "ok", probe.banner), Step("host-key", "ok", "known"), Step("login", "ok", "accepted")]
    elif trouble is not None and trouble.status in _AT and not trouble.problem.startswith("jump host"):
        steps.append(Step("connect", "ok", "reached"))
        if trouble.status == "auth-failed":
            steps.append(Step("host-key", "ok", "known"))
    if probe.prompt is not None:
        steps.append(Step("prompt", "ok", probe.prompt))
    steps += _enable_steps(probe.enable)
    if trouble is not None:
        jump = trouble.problem.startswith("jump host")
        at = "jump-host" if jump else "session" if probe.banner is not None else _AT.get(trouble.status, "connect")
        steps.append(Step(at, "failed", trouble.problem, _advice(trouble)))
    elif probe.version_refused:
        advice = "let the account run show commands (command authorization on the TACACS+ server)"
        steps.append(Step("version", "failed", "show version was refused", advice))
    else:
        steps.append(_version_step(probe, claimed))
    return steps


def _advice(trouble: DeviceError) -> str:
    if trouble.problem.startswith(NOT_TRIED):
        return "correct the user name and password first"
    if NO_BANNER in trouble.problem:
        return _ADVICE["refused"]
    if trouble.status == "host-key":
        return next((advice for word, advice in _KEY_ADVICE.items() if word in trouble.problem), _ADVICE["error"])
    return _ADVICE.get(trouble.status, _ADVICE["error"])


def _enable_steps(became: str | None) -> list[Step]:
    if became in {"privileged", "granted"}:
        return [Step("enable", "ok", "the login is privileged" if became == "privileged" else "granted")]
    if became == "refused":
        return [Step("enable", "failed", "the enable secret was refused", "check VPNAUDIT_ENABLE_SECRET")]
    if became == "no-secret":
        detail = "the login is not privileged and no enable secret is known: some commands will be refused"
        return [Step("enable", "warning", detail, "set VPNAUDIT_ENABLE_SECRET, or raise the account's privilege")]
    return []


def _version_step(probe: Probe, claimed: str | None) -> Step:
    text = "\n".join(probe.version)
    told = tell_platform([text])
    first = next((line.strip() for line in probe.version if line.strip()), "")
    if told is None:
        advice = "is it a Cisco device? See its show version"
        return Step("version", "warning", f"show version does not tell the platform: {first[:120]!r}", advice)
    if claimed is not None and told != claimed:
        detail = f"the device is {told}, the inventory says {claimed}"
        return Step("platform", "failed", detail, f"set platform {told} {_WITHOUT_CHANGE}")
    return Step("version", "ok", f"{told}: {first[:120]}")


def _device(host: Host, reading: Reading, steps: list[Step]) -> CheckedDevice:
    parameters = host.get_connection_parameters("netmiko")
    try:
        way = way_to(host)
        port = parameters.port or way.port or _SSH_PORT
    except InventoryError:
        port = parameters.port or _SSH_PORT
    statuses = {step.status for step in steps}
    worst: Status = "failed" if "failed" in statuses else "warning" if "warning" in statuses else "ok"
    return CheckedDevice(
        name=host.name,
        address=parameters.hostname or host.name,
        port=port,
        platform=parameters.platform,
        place=reading.places.get(host.name),
        status=worst,
        steps=tuple(steps),
    )
