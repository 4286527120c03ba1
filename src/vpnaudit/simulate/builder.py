"""Builds a fleet from a seed, fault names and the moment that is now."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from ipaddress import ip_network
from random import Random
from typing import Any, Literal

from vpnaudit.errors import UsageError
from vpnaudit.simulate.clock import Timeline
from vpnaudit.simulate.device import HsrpGroup, Interface, Memory, SimDevice
from vpnaudit.simulate.engine import Engine
from vpnaudit.simulate.faults import (
    BACKUP_FAULTS,
    DMVPN_FAULTS,
    FAULTS,
    FIREWALL_ENDS,
    IPV6_FAULTS,
    PLANNERS,
    VRF_FAULTS,
    Plan,
    Span,
    as_spoke,
    healthy,
)
from vpnaudit.simulate.fleet import SimFleet
from vpnaudit.simulate.group import Group
from vpnaudit.simulate.layout import Layout, Scattered, Site
from vpnaudit.simulate.membership import OVERLAP_S, Membership
from vpnaudit.simulate.models import ASA5516
from vpnaudit.simulate.stranger import Stranger
from vpnaudit.simulate.tunnel import End, Flow, Path, Tunnel

_UNSYNCHRONIZED = frozenset({"rekey-race", "low-memory"})
"""Faults whose branch has no NTP: its clock is off and its stamps carry `*`."""


Ends = Literal["routers", "firewalls", "ipv6", "dmvpn", "backup", "vrfs", "partners"]


def build_fleet(
    seed: int,
    faults: Sequence[str],
    now: datetime,
    *,
    hours: float = 24.0,
    cure: bool = False,
    scattered: bool = False,
    ends: Ends = "routers",
) -> SimFleet:
    """Compute the life of a fleet over the `hours` before `now` (zone-aware).

    The same arguments give the same fleet to the byte. `cure` takes the cause out of every fault; `scattered` draws
    names, addresses, models, zones and which hub serves whom from the seed. `ends`, where the fault leaves the choice:
    `firewalls` makes an ASA of one end of a tunnel or of both, and of the hub that strangers send to; `ipv6` makes it a
    tunnel interface over IPv6; `dmvpn` makes it a spoke's with the hub of a multipoint tunnel, which has other spokes;
    with `backup` the branch's entry names a second peer that it does not need; with `vrfs` the hub has another tunnel
    with the same addresses, in another VRF; with `partners` the sender is somebody else's, and not among the fleet's
    devices. Raises UsageError for an unknown fault, a naive `now` or less than two
    hours.
    """
    unknown = [f for f in faults if f not in FAULTS]
    if unknown:
        raise UsageError(f"no such fault: {', '.join(unknown)}; there are {', '.join(FAULTS)}")
    if now.tzinfo is None or hours < 2:
        raise UsageError("a simulated fleet needs a zone-aware now and at least two hours of life")
    layout = Scattered(seed) if scattered else Layout()
    span = Span(now.timestamp() - hours * 3600, now.timestamp())
    return _Builder(seed, span, layout, cure=cure, ends=ends).build(faults)


class _Builder:
    """Puts devices, tunnels and faults together. Every part draws from a random source of its own name."""

    def __init__(self, seed: int, span: Span, layout: Layout, *, cure: bool, ends: Ends) -> None:
        self.seed, self.span, self.layout, self.cure, self.ends = seed, span, layout, cure, ends
        self.timeline = Timeline(span.start)
        self.engine = Engine(self.timeline)
        self.truth: list[dict[str, Any]] = []
        self.networks: dict[str, str] = {}
        self.lives: list[tuple[dict[str, Any], list[Tunnel]]] = []
        self.hubs = [self._hub(0), self._hub(1)]
        self.pair: list[SimDevice] = []
        self.other_hubs: dict[str, SimDevice] = {}
        self.branches: list[SimDevice] = []
        self.variants = 0
        self.clouds = 0

    def random(self, name: str) -> Random:
        return Random(f"{self.seed}/{name}")  # noqa: S311 - a simulation that must repeat

    def build(self, faults: Sequence[str]) -> SimFleet:
        for fault in faults:
            if fault == "stranger":
                self._stranger()
            elif fault == "group-key-missed":
                self._group()
            else:
                self._tunnel(fault)
        devices = [*self.hubs, *self.other_hubs.values(), *self.branches]
        for device in devices:
            if device.platform == "cisco_ios":
                self._logins(device)
        self.timeline.run_until(self.span.now)
        self.engine.settle(self.span.now)
        for told, tunnels in self.lives:
            late: Counter[str] = Counter()
            for tunnel in tunnels:
                late.update(tunnel.late_lines)
            told["late_lines"] = dict(late)
        return SimFleet(self.seed, [d for d in devices if d.up and d.ours], self.engine, self.truth, self.span.now)

    # ------------------------------------------------------------------ devices

    def _hub(self, index: int) -> SimDevice:
        site = self.layout.hub(index)
        device = self._device(site)
        self._share(device, self.layout.shared_address, index)
        return device

    def _hub_for(self, plan: Plan, usual: int) -> SimDevice:
        if 0 in plan.firewalls:
            return self._other_hub(self.layout.firewall_hub())
        if plan.style == "gre" or plan.vrf is not None:
            self.clouds += 1
            return self._other_hub(self.layout.cloud_hub(self.clouds - 1))
        if plan.second_from is not None:
            return self._other_hub(self.layout.open_hub())
        if plan.fails_over:
            return self._pair()[0]
        return self.hubs[0 if plan.shared_address else self.layout.hub_of(len(self.branches), usual=usual)]

    def _pair(self) -> list[SimDevice]:
        """Two routers that share an address, the first of them active."""
        if not self.pair:
            self.pair = [self._other_hub(self.layout.pair(index)) for index in (0, 1)]
            for index, device in enumerate(self.pair):
                self._share(device, self.layout.pair_address, index)
        return self.pair

    def _share(self, device: SimDevice, address: str, index: int) -> None:
        state = ("Active", "Standby")[index]
        device.hsrp = HsrpGroup(device.hardware.shared, address, "VPN-HA", (110, 100)[index], state)

    def _other_hub(self, site: Site) -> SimDevice:
        if site.name not in self.other_hubs:
            self.other_hubs[site.name] = self._device(site)
        return self.other_hubs[site.name]

    def _firewall_ends(self, fault: str) -> tuple[int, ...]:
        """Which ends of this fault's tunnel are firewalls."""
        choices = FIREWALL_ENDS.get(fault, ()) if self.ends == "firewalls" else ()
        return self.random(f"firewall ends {fault} {len(self.truth)}").choice(choices) if choices else ()

    def _branch(self, fault: str, plan: Plan) -> SimDevice:
        number = len(self.branches) + 1
        rng = self.random(f"branch {number}")
        site = self.layout.branch(number, classic=plan.classic)
        if 1 in plan.firewalls:
            site = replace(site, hardware=ASA5516)
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
        device = SimDevice(
            name=site.name,
            hostname=site.name if hardware.platform == "cisco_asa" else site.name.upper(),
            hardware=hardware,
            clock=site.clock,
            rng=rng,
            booted_at=self.span.start - rng.uniform(12, 90) * 86400,
            memory=Memory(total, int(total * rng.uniform(0.55, 0.7))),
            outside=Interface(hardware.outside, site.outside, site.outside_prefix, "Internet"),
            inside=Interface(hardware.inside, site.inside, site.inside_prefix, "Inside"),
            log_bytes=hardware.log_bytes,
            serial="FTX" + "".join(rng.choice("0123456789ABCDEFGHJKLMNPQRSTUVWXYZ") for _ in range(8)),
        )
        if site.shared is not None:
            device.shared = Interface(hardware.shared, site.shared, 26, "Partner access, shared address")
        return device

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
        plan.firewalls = self._firewall_ends(fault)
        if plan.firewalls:
            plan.style = "map"
        elif self.ends == "ipv6" and fault in IPV6_FAULTS:
            plan.ike_version, plan.style, plan.classic, plan.ipv6 = 2, "vti", False, True
        elif self.ends == "vrfs" and fault in VRF_FAULTS:
            plan.ike_version, plan.style, plan.classic, plan.vrf = 2, "vti", False, "RED"
        elif self.ends == "dmvpn" and fault in DMVPN_FAULTS:
            plan = as_spoke(plan)
        self.variants += fault == "healthy"
        if plan.second_from is not None:
            self._two_behind_nat(fault, plan, plan.second_from, rng)
            return
        branch = self._branch(fault, plan)
        usual = int(fault == "healthy" and self.variants % 3 == 0)
        hub = self._hub_for(plan, usual)
        if self.ends == "partners" and plan.receiver == 1 and plan.goes_over_at is None:
            hub = self._other_hub(self.layout.partner(len(self.branches)))
        if plan.vrf is not None:
            self._give_vrfs(hub)
        tunnel = self._join(hub, branch, plan, rng)
        tunnel.ends[1 - plan.receiver].device.ours = self.ends != "partners"
        self._apply(plan, tunnel)
        self.engine.begin(tunnel)
        self._say(fault, plan, [tunnel])
        if plan.style == "gre":
            self._other_spokes(hub, plan, rng)
        elif plan.vrf is not None:
            self._twin(hub, branch, rng)
        elif self._may_have_backup(fault, plan, hub):
            self._backup(hub, branch, plan, rng)

    def _may_have_backup(self, fault: str, plan: Plan, hub: SimDevice) -> bool:
        return plan.goes_over_at is not None or (
            self.ends == "backup" and fault in BACKUP_FAULTS and plan.style == "map" and hub in self.hubs
        )

    def _backup(self, hub: SimDevice, branch: SimDevice, plan: Plan, rng: Random) -> None:
        """The other hub as second peer of the branch's entry: in use from a moment on, or never."""
        other, from_ = self.hubs[1 - self.hubs.index(hub)], plan.goes_over_at or self.span.now + 7200.0
        flows = (Flow(0, 5.0, answers=True), Flow(1, 6.0, pauses=[(self.span.start, from_)]))
        spare = replace(plan, hub_flow=flows[0], branch_flow=flows[1], path=Path(), hub=plan.branch)
        self.engine.begin_without(self._join(other, branch, spare, rng))

    def _give_vrfs(self, hub: SimDevice) -> None:
        """Two VRFs, each with a subinterface that has one address."""
        out = hub.outside
        out.address, address = self.layout.nat(len(self.branches) + 40), out.address
        for name, vlan in (("RED", 101), ("BLUE", 102)):
            hub.vrfs[name] = Interface(f"{out.name}.{vlan}", address, out.prefix, f"Customer {name}", vlan=vlan)

    def _twin(self, hub: SimDevice, branch: SimDevice, rng: Random) -> None:
        """A healthy tunnel with another branch that has the same address in another network."""
        plan = replace(healthy(self.span, rng, cure=False, variant=1), vrf="BLUE")
        other = self._branch("healthy", plan)
        other.outside.address = branch.outside.address
        self.engine.begin(self._join(hub, other, plan, rng))

    def _other_spokes(self, hub: SimDevice, faulty: Plan, rng: Random) -> None:
        """Healthy ones, with the hub's settings for all."""
        for _ in range(rng.choice((0, 1, 1, 2))):
            plan = as_spoke(healthy(self.span, rng, cure=False, variant=0))
            plan.ike_version, plan.hub = faulty.ike_version, replace(faulty.hub, dpd=plan.hub.dpd)
            plan.branch = replace(faulty.hub, dpd=plan.branch.dpd)
            tunnel = self._join(hub, self._branch("healthy", plan), plan, rng)
            self.engine.begin(tunnel)
            self._say("healthy", plan, [tunnel])

    def _two_behind_nat(self, fault: str, plan: Plan, second_from: float, rng: Random) -> None:
        """Two branches whose NAT gives them one address; the hub takes whoever comes."""
        hub, tunnels = self._hub_for(plan, 0), []
        public = self.layout.nat(len(self.branches) + 1)
        for box in (0, 1):
            branch = self._branch(fault, plan)
            branch.outside.address = f"192.168.{len(self.branches) - box}.{11 + box}"
            flows = (replace(plan.hub_flow), replace(plan.branch_flow))
            tunnel = self._join(hub, branch, replace(plan, hub_flow=flows[0], branch_flow=flows[1]), rng)
            tunnel.ends[0].dynamic = True
            tunnel.ends[1].behind_nat, tunnel.ends[1].address = branch.outside.address, public
            tunnel.nat_port, tunnel.knocks_out = 4500 + box, plan.cause is not None
            tunnels.append(tunnel)
        self.engine.begin(tunnels[0])
        self.timeline.at(second_from, partial(self.engine.begin_without, tunnels[1]))
        self._say(fault, plan, tunnels)
        self.truth[-1]["behind"] = [t.ends[1].own for t in tunnels]

    def _join(self, hub: SimDevice, branch: SimDevice, plan: Plan, rng: Random) -> Tunnel:
        number = len(self.branches)
        shares = plan.shared_address or plan.fails_over is not None
        addresses = [hub.hsrp.address if shares and hub.hsrp else hub.outside.address, branch.outside.address]
        if plan.vrf is not None:
            addresses[0] = hub.vrfs[plan.vrf].address
        if plan.ipv6:
            addresses = [self._address6(hub, -list(self.hubs).index(hub)), self._address6(branch, number)]
        sequence = 10 * number
        mine = End(hub, addresses[0], self.layout.hub(0).inner_network, plan.hub, plan.style, sequence)
        theirs = End(branch, addresses[1], self.networks[branch.name], plan.branch, plan.style, 10)
        for end, interface in ((mine, f"Tunnel{100 + number}"), (theirs, "Tunnel1")):
            if plan.style != "map":
                end.tunnel_interface = interface if plan.style == "vti" else "Tunnel100"
        mine.dynamic, mine.vrf = plan.style == "gre", plan.vrf
        period: float = min(plan.hub.seconds, plan.branch.seconds) if plan.ike_version == 1 else plan.branch.seconds
        lead = 31.0 if not plan.firewalls else 0.05 * period + 2
        period -= lead
        age = (self.span.start - plan.rekey_at) % period
        return Tunnel(
            name=f"{hub.name}~{branch.name}",
            ike_version=plan.ike_version,
            ends=(mine, theirs),
            flows=(plan.hub_flow, plan.branch_flow),
            rng=rng,
            path=plan.path,
            misrouted=plan.misrouted,
            wrong_device=self._partner(plan),
            first_installed=self.span.start - age,
            ike_installed=plan.ike_lives[0] if plan.ike_lives else self._ike_begins(rng),
            ike_ends=plan.ike_lives[1] if plan.ike_lives else None,
        )

    def _partner(self, plan: Plan) -> SimDevice | None:
        """Who shares the hub's address."""
        if plan.fails_over:
            return self._pair()[1]
        return self.hubs[1] if plan.shared_address else None

    def _address6(self, device: SimDevice, number: int) -> str:
        if device.outside.address6 is None:
            device.outside.address6 = self.layout.site6(number)
        return device.outside.address6

    def _ike_begins(self, rng: Random) -> float:
        """When the first IKE SA of the simulated time began, so that the one of now is older than any fault's hole."""
        age = rng.uniform(6, 20) * 3600
        return self.span.now - age - (0 if age > self.span.now - self.span.start else 86400)

    def _apply(self, plan: Plan, tunnel: Tunnel) -> None:
        """Put the facts of a plan that are not the tunnel's own on the timeline."""
        if plan.reload:
            side, when, down = plan.reload
            self.engine.liveness.reload(tunnel.ends[side].device, when, down)
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
            self.engine.incidents.damage(tunnel, 1, moment)
        for moment in plan.misfits_at:
            self.engine.incidents.misfit(tunnel, 0, moment, self._misfit_hosts(plan, tunnel))
        for moment in plan.cleared_at:
            self.engine.incidents.clear(tunnel, 1, moment)
        tunnel.ends[1].extra_network = plan.extra_network
        if plan.fails_over and tunnel.wrong_device:
            died_at, taken_at = plan.fails_over
            self.engine.liveness.fail_over(tunnel, tunnel.wrong_device, died_at, taken_at, keeps_state=plan.keeps_state)
        if plan.forgets_at:
            self.engine.incidents.forget(tunnel, *plan.forgets_at)
        for start, end in plan.misrouted:
            self.timeline.at(start, partial(self._hsrp, start, "Standby -> Active", "Active"))
            self.timeline.at(end, partial(self._hsrp, end, "Active -> Speak", "Standby"))

    def _misfit_hosts(self, plan: Plan, tunnel: Tunnel) -> tuple[str, str]:
        inside = ip_network(tunnel.ends[1].network)
        return str(inside[tunnel.rng.randint(5, 200)]), f"{(plan.extra_network or '').partition('.0.0/')[0]}.3.3"

    def _hsrp(self, when: float, change: str, state: str) -> None:
        self.hubs[1].turn_active(when, change, state)

    def _stranger(self) -> None:
        rng = self.random("stranger")
        count = sum(t["fault"] == "stranger" for t in self.truth)
        hub = self._hub_for(Plan(firewalls=self._firewall_ends("stranger"), shared_address=True), 0)
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

    def _group(self) -> None:
        """A key server's group of three; the first member misses the last rekey."""
        rng = self.random(f"group {len(self.truth)}")
        branches = [self._branch("group-key-missed", Plan(classic=False)) for _ in range(3)]
        server = self.layout.nat(len(self.branches))
        hosts = [str(ip_network(self.networks[b.name])[rng.randint(5, 200)]) for b in branches]
        members = [(b, Membership(server, host)) for b, host in zip(branches, hosts, strict=True)]
        for branch in branches:
            branch.refused = ("show crypto map",)
        group = Group(members, self.span.now - rng.uniform(240, OVERLAP_S - 60), misses=not self.cure, rng=rng)
        group.begin(self.timeline, self.engine.world.new_spi(rng), self.engine.world.new_spi(rng))
        (victim, behind), (sender, first), *_ = members
        self.truth.append(
            {
                "fault": "group-key-missed",
                "ends": [
                    {"device": victim.name, "address": behind.host},
                    {"device": sender.name, "address": first.host},
                ],
                "receiver": victim.name,
                "sender": sender.name,
                "source": first.host,
                "sources": [member.host for _, member in members[1:]],
                "cause": None if self.cure else "group-key-missed",
                "owner": "nobody" if self.cure else "receiver",
                "late_lines": {},
            }
        )

    def _say(self, fault: str, plan: Plan, tunnels: list[Tunnel]) -> None:
        tunnel = tunnels[0]
        receiver, sender = tunnel.ends[plan.receiver], tunnel.ends[1 - plan.receiver]
        logger = tunnel.wrong_device or receiver.device
        caused = not self.cure and plan.cause is not None
        self.truth.append(
            {
                "fault": fault,
                "ends": [{"device": e.device.name, "address": e.address.lower()} for e in tunnel.ends],
                "receiver": logger.name,
                "sender": sender.device.name,
                "vrf": plan.vrf,
                "theirs": not sender.device.ours,
                "source": sender.address.lower(),
                "cause": plan.cause if caused else None,
                "also": list(plan.also) if caused else [],
                "owner": plan.owner if caused else "nobody",
            }
        )
        self.lives.append((self.truth[-1], tunnels))
