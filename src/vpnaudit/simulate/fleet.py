"""A fleet of simulated routers, built from a seed, fault names and the moment that is now."""

from __future__ import annotations

import re
import threading
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

from vpnaudit.errors import UsageError
from vpnaudit.simulate.clock import Timeline
from vpnaudit.simulate.commands import answer
from vpnaudit.simulate.device import HsrpGroup, Interface, Memory, SimDevice
from vpnaudit.simulate.engine import Engine
from vpnaudit.simulate.faults import FAULTS, PLANNERS, Plan, Span
from vpnaudit.simulate.layout import Layout, Scattered, Site
from vpnaudit.simulate.render.logs import buffer
from vpnaudit.simulate.stranger import Stranger
from vpnaudit.simulate.tunnel import End, Tunnel

CAPTURED = (
    "show clock",
    "show clock detail",
    "show version",
    "show running-config",
    "show crypto isakmp sa",
    "show crypto isakmp sa detail",
    "show crypto ikev2 sa",
    "show crypto ikev2 sa detailed",
    "show crypto ipsec sa",
    "show crypto ipsec sa detail",
    "show crypto map",
    "show crypto session detail",
    "show crypto ikev2 stats timeout",
    "show memory statistics",
    "show processes memory sorted",
    "show interfaces",
    "show logging",
    "show monitor event-trace crypto ipsec event all",
    "show ip nhrp",
    "show dmvpn",
    "show ntp status",
)
"""What `write_captures` writes of each device."""

_UNSYNCHRONIZED = frozenset({"rekey-race", "low-memory"})
"""Faults whose branch has no NTP: its clock is off and its stamps carry `*`."""


class SimFleet:
    """The routers, what is true about them, and what they answer. Safe to use from several threads."""

    def __init__(
        self, seed: int, devices: list[SimDevice], engine: Engine, truth: list[dict[str, Any]], now: float
    ) -> None:
        self.seed = seed
        self.devices = devices
        self.truth = truth
        self.now = now
        self._engine = engine
        self._lock = threading.Lock()

    def device(self, name: str) -> SimDevice:
        """The device of that name (KeyError if there is none)."""
        return {d.name: d for d in self.devices}[name]

    def advance(self, elapsed_s: float) -> float:
        """Let the fleet live until `elapsed_s` seconds after its `now`; returns the moment (seconds since 1970)."""
        with self._lock:
            self._engine.timeline.run_until(self.now + elapsed_s)
            self._engine.settle(self._engine.timeline.now)
            return self._engine.timeline.now

    def answer(self, device: str, command: str, *, elapsed_s: float = 0.0, privileged: bool = True) -> str:
        """What `device` prints for `command`, `elapsed_s` seconds after now. KeyError: no such device."""
        when = self.advance(elapsed_s)
        with self._lock:
            return answer(self.device(device), self._engine.tunnels, command, when, privileged=privileged)

    def newest_log_line(self, device: str) -> str:
        """The last line of the device's log with its stamp, or nothing."""
        return (buffer(self.device(device)).splitlines() or [""])[-1]

    def write_captures(self, folder: Path) -> None:
        """Write `<device>/<command>.txt` for every device and command, as people keep them."""
        for device in self.devices:
            place = folder / device.name
            place.mkdir(parents=True, exist_ok=True)
            for command in CAPTURED:
                name = re.sub(r"[^a-z0-9.-]+", "_", command.lower())
                (place / f"{name}.txt").write_text(self.answer(device.name, command), encoding="utf-8", newline="\n")


def build_fleet(
    seed: int,
    faults: Sequence[str],
    now: datetime,
    *,
    hours: float = 24.0,
    cure: bool = False,
    scattered: bool = False,
) -> SimFleet:
    """Compute the life of a fleet over the `hours` before `now` (zone-aware).

    The same arguments give the same fleet to the byte. `cure` takes the cause out of every fault; `scattered` draws
    names, addresses, models, zones and which hub serves whom from the seed. Raises UsageError for an unknown fault, a
    naive `now` or less than two hours.
    """
    unknown = [f for f in faults if f not in FAULTS]
    if unknown:
        raise UsageError(f"no such fault: {', '.join(unknown)}; there are {', '.join(FAULTS)}")
    if now.tzinfo is None or hours < 2:
        raise UsageError("a simulated fleet needs a zone-aware now and at least two hours of life")
    layout = Scattered(seed) if scattered else Layout()
    return _Builder(seed, Span(now.timestamp() - hours * 3600, now.timestamp()), layout, cure=cure).build(faults)


class _Builder:
    """Puts devices, tunnels and faults together. Every part draws from a random source of its own name."""

    def __init__(self, seed: int, span: Span, layout: Layout, *, cure: bool) -> None:
        self.seed, self.span, self.layout, self.cure = seed, span, layout, cure
        self.timeline = Timeline(span.start)
        self.engine = Engine(self.timeline)
        self.truth: list[dict[str, Any]] = []
        self.networks: dict[str, str] = {}
        self.lives: list[tuple[dict[str, Any], Tunnel]] = []
        self.hubs = [self._hub(0), self._hub(1)]
        self.branches: list[SimDevice] = []
        self.variants = 0

    def random(self, name: str) -> Random:
        return Random(f"{self.seed}/{name}")  # noqa: S311 - a simulation that must repeat

    def build(self, faults: Sequence[str]) -> SimFleet:
        for fault in faults:
            if fault == "stranger":
                self._stranger()
            else:
                self._tunnel(fault)
        for device in (*self.hubs, *self.branches):
            self._logins(device)
        self.timeline.run_until(self.span.now)
        self.engine.settle(self.span.now)
        for told, tunnel in self.lives:
            told["late_lines"] = dict(tunnel.late_lines)
        return SimFleet(self.seed, [*self.hubs, *self.branches], self.engine, self.truth, self.span.now)

    # ------------------------------------------------------------------ devices

    def _hub(self, index: int) -> SimDevice:
        site = self.layout.hub(index)
        device = self._device(site)
        if site.shared is not None:
            device.shared = Interface(device.hardware.shared, site.shared, 26, "Partner access, shared address")
        state = ("Active", "Standby")[index]
        device.hsrp = HsrpGroup(device.hardware.shared, self.layout.shared_address, "VPN-HA", (110, 100)[index], state)
        return device

    def _branch(self, fault: str, plan: Plan) -> SimDevice:
        number = len(self.branches) + 1
        rng = self.random(f"branch {number}")
        site = self.layout.branch(number, classic=plan.classic)
        clock = site.clock
        clock.offset_s = rng.uniform(-0.02, 0.02)
        if fault in _UNSYNCHRONIZED:
            clock.offset_s, clock.synchronized = rng.choice((-1, 1)) * rng.uniform(5, 25), False
        device = self._device(site)
        self.branches.append(device)
        self.networks[device.name] = site.inner_network
        return device

    def _device(self, site: Site) -> SimDevice:
        rng, hardware = self.random(site.name), site.hardware
        total = hardware.memory_kb * 1024 // (2 if hardware.xe else 1)
        return SimDevice(
            name=site.name,
            hostname=site.name.upper(),
            hardware=hardware,
            clock=site.clock,
            rng=rng,
            booted_at=self.span.start - rng.uniform(12, 90) * 86400,
            memory=Memory(total, int(total * rng.uniform(0.55, 0.7))),
            outside=Interface(hardware.outside, site.outside, site.outside_prefix, "Internet"),
            inside=Interface(hardware.inside, site.inside, site.inside_prefix, "Inside"),
            serial="FTX" + "".join(rng.choice("0123456789ABCDEFGHJKLMNPQRSTUVWXYZ") for _ in range(8)),
        )

    def _logins(self, device: SimDevice) -> None:
        rng = self.random(f"{device.name} logins")
        when = self.span.start
        while (when := when + rng.expovariate(1 / 14400)) < self.span.now:
            text = "%SEC_LOGIN-5-LOGIN_SUCCESS: Login Success [user: monitor] [Source: 10.10.0.40] [localport: 22]"
            self.timeline.at(when, partial(self._login, device, when, text))

    def _login(self, device: SimDevice, when: float, text: str) -> None:
        local, zone = device.clock.zone.local(device.clock.utc(when))
        device.write_log(when, f"{text} at {local:%H:%M:%S} {zone} {local:%a %b} {local.day} {local.year}")

    # ------------------------------------------------------------------ faults

    def _tunnel(self, fault: str) -> None:
        rng = self.random(f"{fault} {len(self.branches)}")
        plan = PLANNERS[fault](self.span, rng, cure=self.cure, variant=self.variants)
        self.variants += fault == "healthy"
        branch = self._branch(fault, plan)
        usual = int(fault == "healthy" and self.variants % 3 == 0)
        serving = 0 if plan.shared_address else self.layout.hub_of(len(self.branches), usual=usual)
        hub = self.hubs[serving]
        tunnel = self._join(hub, branch, plan, rng)
        self._apply(plan, tunnel)
        self.engine.begin(tunnel)
        self._say(fault, plan, tunnel)

    def _join(self, hub: SimDevice, branch: SimDevice, plan: Plan, rng: Random) -> Tunnel:
        number = len(self.branches)
        address = hub.hsrp.address if plan.shared_address and hub.hsrp else hub.outside.address
        sequence = 10 * number
        mine = End(hub, address, self.layout.hub(0).inner_network, plan.hub, plan.style, sequence)
        theirs = End(branch, branch.outside.address, self.networks[branch.name], plan.branch, plan.style, 10)
        for end, interface in ((mine, f"Tunnel{100 + number}"), (theirs, "Tunnel1")):
            if plan.style == "vti":
                end.tunnel_interface = interface
        period = min(plan.hub.seconds, plan.branch.seconds) if plan.ike_version == 1 else plan.branch.seconds
        period -= 31
        age = (self.span.start - plan.rekey_at) % period
        return Tunnel(
            name=f"{hub.name}~{branch.name}",
            ike_version=plan.ike_version,
            ends=(mine, theirs),
            flows=(plan.hub_flow, plan.branch_flow),
            rng=rng,
            path=plan.path,
            misrouted=plan.misrouted,
            wrong_device=self.hubs[1] if plan.shared_address else None,
            first_installed=self.span.start - age,
            ike_installed=plan.ike_lives[0] if plan.ike_lives else self._ike_begins(rng),
            ike_ends=plan.ike_lives[1] if plan.ike_lives else None,
        )

    def _ike_begins(self, rng: Random) -> float:
        """When the first IKE SA of the simulated time began, so that the one of now is older than any fault's hole."""
        age = rng.uniform(6, 20) * 3600
        return self.span.now - age - (0 if age > self.span.now - self.span.start else 86400)

    def _apply(self, plan: Plan, tunnel: Tunnel) -> None:
        """Put the facts of a plan that are not the tunnel's own on the timeline."""
        if plan.reload:
            side, when, down = plan.reload
            self.engine.reload(tunnel.ends[side].device, when, down)
        if plan.leak:
            side, empty_at = plan.leak
            memory = tunnel.ends[side].device.memory
            memory.leak_from = max(self.span.start, empty_at - 6 * 3600)
            memory.leak_per_s = memory.free_at_boot / max(1.0, empty_at - memory.leak_from)
        if plan.line_down:
            branch = tunnel.ends[1].device
            for start, end in plan.path.outages:
                self.timeline.at(start, partial(branch.line_protocol, start, branch.outside, up=False))
                self.timeline.at(end, partial(branch.line_protocol, end, branch.outside, up=True))
        for moment in plan.damaged_at:
            self.engine.damage(tunnel, 1, moment)
        if plan.forgets_at:
            self.engine.forget(tunnel, *plan.forgets_at)
        for start, end in plan.misrouted:
            self.timeline.at(start, partial(self._hsrp, start, "Standby -> Active", "Active"))
            self.timeline.at(end, partial(self._hsrp, end, "Active -> Speak", "Standby"))

    def _hsrp(self, when: float, change: str, state: str) -> None:
        standby = self.hubs[1]
        if standby.hsrp:
            standby.hsrp.state = state
            standby.write_log(when, f"%HSRP-5-STATECHANGE: {standby.hsrp.interface} Grp 1 state {change}")

    def _stranger(self) -> None:
        rng = self.random("stranger")
        count = sum(t["fault"] == "stranger" for t in self.truth)
        hub = self.hubs[0]
        whole = self.span.now - self.span.start
        moments = sorted(self.span.start + whole * rng.uniform(0.02, 0.97) for _ in range(max(3, round(whole / 9600))))
        bursts = [] if self.cure else [(t, t + rng.uniform(20, 240), rng.randrange(1, 0xFFFF) << 16) for t in moments]
        source = self.layout.stranger(count)
        Stranger(source, hub.outside.address, hub, rng, bursts=bursts).begin(self.timeline)
        self.truth.append(
            {
                "fault": "stranger",
                "ends": [{"device": hub.name, "address": hub.outside.address}, {"device": None, "address": source}],
                "receiver": hub.name,
                "sender": None,
                "source": source,
                "cause": None if self.cure else "unconfigured-source",
                "owner": "nobody" if self.cure else "path",
                "late_lines": {},
            }
        )

    def _say(self, fault: str, plan: Plan, tunnel: Tunnel) -> None:
        receiver, sender = tunnel.ends[plan.receiver], tunnel.ends[1 - plan.receiver]
        logger = tunnel.wrong_device or receiver.device
        caused = not self.cure and plan.cause is not None
        self.truth.append(
            {
                "fault": fault,
                "ends": [{"device": e.device.name, "address": e.address} for e in tunnel.ends],
                "receiver": logger.name,
                "sender": sender.device.name,
                "source": sender.address,
                "cause": plan.cause if caused else None,
                "owner": plan.owner if caused else "nobody",
            }
        )
        self.lives.append((self.truth[-1], tunnel))
