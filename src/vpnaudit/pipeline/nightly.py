"""Collection as the verbs need it: inventory, credentials, each platform's plan, one snapshot."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from msgspec import Struct, structs
from nornir.core import Nornir
from nornir.core.inventory import Host

from vpnaudit import collect
from vpnaudit.collect.events import Watch
from vpnaudit.collect.told import needed_first
from vpnaudit.errors import InventoryError, UsageError
from vpnaudit.inventory import find_credentials, give_credentials, limit_hosts, load_inventory
from vpnaudit.model.addresses import is_ipv4
from vpnaudit.model.platform import CommandSpec, Platform
from vpnaudit.model.snapshot import Manifest
from vpnaudit.pipeline.one_peer import Peer, about_peer, addresses_of
from vpnaudit.pipeline.past_config import past_configs
from vpnaudit.pipeline.syslog import LogPlan, read_syslog
from vpnaudit.platforms.registry import all_platforms
from vpnaudit.snapshot.folder import read_manifest
from vpnaudit.snapshot.write import newest_partial

Ask = Callable[[str, bool], str]
OnDone = Callable[[str, str, str | None], None]


class Wanted(Struct, frozen=True, kw_only=True, gc=False):
    """What to collect, from where, within which limits. `timeout_s` is one device in all; `max_output` in bytes.

    `retries` are of a connection that failed, `most_refused` logins refused without a good one end the run (0: never).
    `resume`: go on with the newest unfinished collection in `output`, or with `partial` where it is given. `syslog`: a
    syslog server's file or folder; the buffers of devices whose lines it has are not asked.
    """

    inventory: Path
    output: Path
    limit: str | None = None
    workers: int = 20
    timeout_s: float = 300.0
    max_output: int = 256_000_000
    host_keys: str = "strict"
    retries: int = collect.RETRIES
    most_refused: int = collect.MOST_REFUSED
    resume: bool = False
    partial: Path | None = None
    syslog: Path | None = None


def plans() -> dict[str, Platform]:
    """Every platform that can be collected, by name and alias."""
    found = {}
    for platform in all_platforms():
        if any(c.collected for c in platform.commands):
            asked = tuple(structs.replace(c, command=c.sent or c.command) for c in platform.commands)
            plan = structs.replace(platform, commands=asked)
            found.update(dict.fromkeys((platform.name, *platform.aliases), plan))
    return found


def plans_for(nornir: Nornir, peers: Mapping[str, Peer], logged: LogPlan | None) -> dict[str, Platform]:
    """The same, with the commands of each device that is asked others.

    `peers` are the devices of which one peer is wanted, `logged` says whose log lines a syslog server has.
    """
    known = plans()
    own: dict[str, dict[str, tuple[CommandSpec, ...]]] = {}
    for name, host in nornir.inventory.hosts.items():
        platform_name = host.get_connection_parameters("netmiko").platform or ""
        if platform_name not in known:
            continue
        commands = needed_first(known[platform_name].commands)
        asked = about_peer(commands, peers[name]) if name in peers else commands
        asked = logged.applied(host, asked) if logged is not None else asked
        if asked != commands:
            own.setdefault(platform_name, {})[name] = asked
    return {name: structs.replace(plan, for_device=own.get(name, {})) for name, plan in known.items()}


def collect_snapshot(
    wanted: Wanted,
    environ: Mapping[str, str],
    *,
    ask: Ask | None = None,
    on_done: OnDone | None = None,
    watch: Sequence[Watch] = (),
    peers: Mapping[str, Peer] | None = None,
) -> tuple[Path, Manifest]:
    """Collect the inventory's devices. Gives the snapshot's folder and its manifest.

    `on_done` hears of every finished device: name, status, error; `watch` of everything that happens. `peers`:
    of these devices one peer only. Raises InventoryError, UsageError, SourceError; Interrupted for KeyboardInterrupt.
    """
    resume = _to_resume(wanted)
    nornir = load_inventory(wanted.inventory, workers=wanted.workers)
    if wanted.limit is not None:
        nornir = limit_hosts(nornir, wanted.limit)
    if not nornir.inventory.hosts:
        raise InventoryError(str(wanted.inventory), "has no devices")
    logged = LogPlan.of(read_syslog(wanted.syslog), nornir, datetime.now(UTC)) if wanted.syslog is not None else None
    give_credentials(nornir, find_credentials(nornir, environ, ask))
    folder = collect.run(
        nornir,
        plans_for(nornir, peers or {}, logged),
        output=wanted.output,
        timeout_s=wanted.timeout_s,
        max_output=wanted.max_output,
        host_keys=wanted.host_keys,
        inventory_folder=wanted.inventory,
        on_done=on_done,
        retries=wanted.retries,
        most_refused=wanted.most_refused,
        resume=resume,
        watch=watch,
    )
    return folder, read_manifest_of(folder)


def _to_resume(wanted: Wanted) -> Path | None:
    if not wanted.resume:
        if wanted.partial is not None:
            raise UsageError(f"{wanted.partial}: a folder is named only together with --resume")
        return None
    found = wanted.partial or newest_partial(wanted.output)
    if found is None:
        raise UsageError(f"{wanted.output}: has no unfinished collection to resume")
    return found


def read_manifest_of(folder: Path) -> Manifest:
    """The manifest of a snapshot that was just written."""
    manifest = read_manifest(folder)
    if manifest is None:
        raise UsageError(f"{folder}: the snapshot has no manifest")
    return manifest


def collect_tunnel(
    wanted: Wanted,
    device: str,
    peer: str,
    environ: Mapping[str, str],
    *,
    ask: Ask | None = None,
    on_done: OnDone | None = None,
    watch: Sequence[Watch] = (),
) -> Path:
    """Collect `device`, and the device that is or has `peer` where the inventory knows it.

    The peer is told by its name, by its management address, or by an entry of `addresses` in its data. Asked for is
    then what it has as peer: these addresses, and those that the last collections in `output` show of its interfaces.
    """
    nornir = load_inventory(wanted.inventory, workers=wanted.workers)
    hosts = nornir.inventory.hosts
    if device not in hosts:
        known = ", ".join(sorted(hosts))
        raise UsageError(f"{device} is not in {wanted.inventory}; there are {known}")
    others = [name for name, host in hosts.items() if name != device and peer in {name, *addresses_of(host)}]
    past = past_configs(wanted.output, (device, *others), datetime.now(UTC)) if others else {}
    of_others = [a for o in others for a in (*addresses_of(hosts[o]), *past[o].known_to(past[device]))]
    peers = {device: _peer_of(peer, of_others, [hosts[name] for name in others])}
    for other in others:
        own = (*addresses_of(hosts[device]), *past[device].known_to(past[other]))
        peers[other] = Peer(addresses=tuple(dict.fromkeys(own)), certain=False)
    limited = structs.replace(wanted, limit=",".join(sorted(peers)))
    return collect_snapshot(limited, environ, ask=ask, on_done=on_done, watch=watch, peers=peers)[0]


def _peer_of(peer: str, addresses: Sequence[str], others: Sequence[Host]) -> Peer:
    """What the device asks for: the address as given, unless it is a name or an address that others are managed at."""
    if is_ipv4(peer) and peer not in {host.hostname for host in others}:
        return Peer(addresses=(peer,), certain=True)
    return Peer(addresses=tuple(dict.fromkeys(addresses)), certain=False)
