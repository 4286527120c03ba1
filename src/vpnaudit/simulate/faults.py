"""The faults by name. Each is a handful of root facts about one tunnel; what the logs say follows from them.

`cure` takes away the one fact that is the cause and leaves the others: then no packet meets a missing SA.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from random import Random

from vpnaudit.simulate.tunnel import Dpd, Flow, IkeVersion, Path, Settings, Style

FAULTS: dict[str, str] = {
    "peer-reloaded-no-dpd": "the receiver reloaded, and the sender, without DPD, goes on with the old SA",
    "lifetimes-differ": "IKEv2 ends with different lifetimes: the shorter one let its pair die and could not tell",
    "delete-lost": "one end deleted an idle pair, its DELETE was lost, both IKE SAs live on",
    "volume-runs-out": "a busy tunnel uses up the default volume lifetime and rekeys every few minutes",
    "stranger": "ESP from an address that is no peer",
    "wrong-ha-member": "two routers share an HSRP address, and ESP reaches the one without the SAs",
    "low-memory": "a router has no memory left to install the SA that it negotiated",
    "loss-in-bursts": "outages longer than DPD's patience: one end tears down before the other",
    "rekey-race": "an IKEv1 end that deletes the old pair at once: now and then a packet is on its way on it",
    "ike-not-renewed": "one end deleted an idle pair after the IKE SA had run out: nothing is there to say so over",
    "bits-flip": "a bad interface now and then flips a bit of the SPI on the way",
    "data-plane-lost": "a router's hardware lost an SA that its tables still have",
    "lists-differ": "the branch protects a network that the hub does not: packets fit no SA, and pairs die of it",
    "cleared-by-script": "something at the branch clears the session every few minutes",
    "failover-without-state": "a router died, its partner took the address over without the SAs; the sender has no DPD",
    "group-key-missed": "a member of a GETVPN group did not get the new key that the others send on",
    "two-behind-one-address": "two routers behind one NAT address, and each new set-up ends the other's SAs",
    "old-hub-sends-on": "the path to the first of two hubs was gone; the branch uses the other, the first has no DPD",
    "outages-then-data-plane-lost": "outages at first, and hours later the receiver's hardware loses an SA",
    "healthy": "default settings, DPD on both ends, nothing wrong",
}
DEMO_FAULTS: tuple[str, ...] = (
    "healthy",
    "peer-reloaded-no-dpd",
    "delete-lost",
    "loss-in-bursts",
    "wrong-ha-member",
    "healthy",
    "stranger",
)
ON_V1 = Dpd(10, 3)
ON_V2 = Dpd(10, 3)


@dataclass(frozen=True)
class Span:
    """The simulated time: from `start` to `now`, seconds since 1970."""

    start: float
    now: float

    def ago(self, hours: float, share: float) -> float:
        """A moment `hours` before now, but not earlier than `share` of the whole span before now."""
        return self.now - min(hours * 3600, share * (self.now - self.start))


@dataclass
class Plan:
    """Root facts of a tunnel between a hub (end 0) and a branch (end 1).

    `rekey_at`: a moment at which a rekey of an undisturbed tunnel falls. `reload`: (end, when, seconds down). `leak`:
    (end, moment at which memory is used up). `line_down`: the branch's line protocol goes with the outages.
    `ike_lives`: (from, to) of the only IKE SA, which nobody renews. `damaged_at`: moments at which a packet to the hub
    has a bit of its SPI flipped. `forgets_at`: (end, when) its data plane loses the inbound SA that its tables still
    show. `extra_network`: one that only the branch's access list has. `misfits_at`: moments at which a packet from
    there reaches the hub. `cleared_at`: moments at which the branch's session is cleared there. `second_from`: when a
    second branch behind the same NAT address goes into service. `fails_over`: when the hub dies and
    its partner has its address; `keeps_state`: with its SAs. `goes_over_at`: when the branch takes to the second peer
    of its map entry, another hub. `also`: causes that were true earlier. `firewalls`: ends that are ASAs.
    """

    ike_version: IkeVersion = 1
    style: Style = "map"
    hub: Settings = field(default_factory=Settings)
    branch: Settings = field(default_factory=Settings)
    hub_flow: Flow = field(default_factory=lambda: Flow(0, 10.0))
    branch_flow: Flow = field(default_factory=lambda: Flow(1, 8.0))
    path: Path = field(default_factory=Path)
    rekey_at: float = 0.0
    reload: tuple[int, float, float] | None = None
    leak: tuple[int, float] | None = None
    line_down: bool = False
    shared_address: bool = False
    misrouted: list[tuple[float, float]] = field(default_factory=list)
    ike_lives: tuple[float, float] | None = None
    damaged_at: list[float] = field(default_factory=list)
    forgets_at: tuple[int, float] | None = None
    misfits_at: list[float] = field(default_factory=list)
    extra_network: str | None = None
    cleared_at: list[float] = field(default_factory=list)
    second_from: float | None = None
    goes_over_at: float | None = None
    fails_over: tuple[float, float] | None = None
    keeps_state: bool = False
    classic: bool = True
    firewalls: tuple[int, ...] = ()
    ipv6: bool = False
    vrf: str | None = None
    cause: str | None = None
    also: tuple[str, ...] = ()
    owner: str = "nobody"
    receiver: int = 0


def healthy(span: Span, rng: Random, *, cure: bool, variant: int) -> Plan:  # noqa: ARG001 - one form for all faults
    """Rekeys only. Variants: IKEv1 crypto map, IKEv2 VTI, IKEv1 VTI."""
    plan = Plan(rekey_at=span.now - rng.uniform(300, 3000))
    if variant % 3 == 0:
        return plan
    plan.style, plan.classic = "vti", False
    if variant % 3 == 1:
        plan.ike_version = 2
    return plan


def peer_reloaded(span: Span, rng: Random, *, cure: bool, variant: int) -> Plan:  # noqa: ARG001
    """The branch reloads and has nothing to send by itself; the hub's profile has no DPD. Cure: DPD there."""
    reload_at = span.ago(2.4, 0.4) - rng.uniform(0, 600)
    long = Settings(seconds=28800, dpd=ON_V2)
    return Plan(
        ike_version=2,
        hub=replace(long, dpd=ON_V2 if cure else None),
        branch=long,
        hub_flow=Flow(0, 6.0),
        branch_flow=Flow(1, 5.0, answers=True),
        rekey_at=reload_at - rng.uniform(1200, 3600),
        reload=(1, reload_at, 150.0 + rng.uniform(0, 60)),
        cause="reset-not-detected",
        owner="sender",
        receiver=1,
    )


def lifetimes_differ(span: Span, rng: Random, *, cure: bool, variant: int) -> Plan:  # noqa: ARG001
    """The branch alone sends; the hub's pair ends after an hour, its DELETE is lost. Cure: the same lifetime."""
    died_at = span.ago(2.0, 0.3) - rng.uniform(0, 600)
    return Plan(
        ike_version=2,
        hub=Settings(seconds=3600, dpd=ON_V2),
        branch=Settings(seconds=3600 if cure else 28800, dpd=None),
        hub_flow=Flow(0, 0.0),
        branch_flow=Flow(1, 4.0),
        path=Path(drops_delete_from={0}),
        rekey_at=died_at - 3600,
        cause="lifetime-mismatch",
        owner="both",
        receiver=0,
    )


def delete_lost(span: Span, rng: Random, *, cure: bool, variant: int) -> Plan:  # noqa: ARG001
    """The hub deletes the idle pair; its DELETE never arrives. Cure: it arrives."""
    resumes = span.ago(2.0, 0.3) - rng.uniform(0, 600)
    quiet = min(2400.0, (resumes - span.start) * 0.5)
    idle = max(60, int(quiet / 3))
    return Plan(
        hub=Settings(seconds=28800, idle_s=idle, dpd=ON_V1),
        branch=Settings(seconds=28800, dpd=ON_V1),
        hub_flow=Flow(0, 5.0, answers=True),
        branch_flow=Flow(1, 6.0, pauses=[(resumes - quiet, resumes)]),
        path=Path(drops_delete_from=set() if cure else {0}),
        rekey_at=resumes - quiet - rng.uniform(600, 1800),
        cause="delete-lost",
        owner="sender",
        receiver=0,
    )


def volume_runs_out(span: Span, rng: Random, *, cure: bool, variant: int) -> Plan:  # noqa: ARG001
    """60 Mbit/s from the hub on 4,608,000 kB. Cure: the volume lifetime is disabled."""
    both = Settings(kilobytes=None) if cure else Settings()
    return Plan(
        hub=both,
        branch=both,
        hub_flow=Flow(0, 5500.0 + rng.uniform(0, 800), bytes_each=1380),
        branch_flow=Flow(1, 80.0, bytes_each=90),
        rekey_at=span.now - rng.uniform(300, 3000),
        cause="frequent-rekey",
        owner="both",
        receiver=0,
    )


def wrong_ha_member(span: Span, rng: Random, *, cure: bool, variant: int) -> Plan:  # noqa: ARG001
    """The standby turns active too for a while and draws ESP. Cure: the hellos are not lost."""
    whole = span.now - span.start
    times = sorted(span.start + whole * share for share in (rng.uniform(0.2, 0.4), rng.uniform(0.5, 0.7)))
    spans = [(t, t + rng.uniform(300, 900)) for t in times]
    spans.append((span.ago(0.7, 0.1), span.now + 7200.0))
    return Plan(
        shared_address=True,
        hub_flow=Flow(0, 6.0, answers=True),
        branch_flow=Flow(1, 7.0),
        misrouted=[] if cure else spans,
        rekey_at=span.now - rng.uniform(300, 3000),
        cause="misdelivery",
        owner="path",
        receiver=0,
    )


def low_memory(span: Span, rng: Random, *, cure: bool, variant: int) -> Plan:  # noqa: ARG001
    """The branch starts every rekey, and from a moment on has no memory for the result. Cure: no leak."""
    rekey_at = span.ago(1.4, 0.3)
    return Plan(
        hub=Settings(dpd=ON_V1),
        branch=Settings(dpd=ON_V1, rekey_lead_s=40.0),
        rekey_at=rekey_at,
        leak=None if cure else (1, rekey_at - rng.uniform(600, 1500)),
        cause="low-memory",
        owner="receiver",
        receiver=1,
    )


def loss_in_bursts(span: Span, rng: Random, *, cure: bool, variant: int) -> Plan:  # noqa: ARG001
    """Outages of 24 to 38 s; the branch gives up after 10 to 20 s, the hub after 25 to 55. Cure: no outages."""
    count = max(5, round((span.now - span.start) / 7200))
    step = (span.now - span.start - 1200) / count
    starts = [span.start + 600 + step * (n + rng.uniform(0.1, 0.9)) for n in range(count)]
    outages = [(t, t + rng.uniform(24, 38)) for t in starts]
    return Plan(
        ike_version=2,
        hub=Settings(dpd=Dpd(30, 5)),
        branch=Settings(dpd=Dpd(10, 2)),
        hub_flow=Flow(0, 12.0),
        branch_flow=Flow(1, 9.0, answers=True),
        path=Path(outages=[] if cure else outages),
        line_down=True,
        rekey_at=span.now - rng.uniform(300, 3000),
        cause="packet-loss",
        owner="path",
        receiver=1,
    )


def rekey_race(span: Span, rng: Random, *, cure: bool, variant: int) -> Plan:  # noqa: ARG001
    """The branch deletes the old pair as soon as it has the new one. Cure: it keeps it until its end."""
    return Plan(
        branch=Settings(rekey_lead_s=45.0, deletes_old_at_once=not cure),
        hub_flow=Flow(0, 25.0),
        rekey_at=span.now - rng.uniform(300, 3000),
        cause="normal-rekey",
        owner="nobody",
        receiver=1,
    )


def ike_not_renewed(span: Span, rng: Random, *, cure: bool, variant: int) -> Plan:
    """The hub deletes the idle pair when no IKE SA is left; the branch sends on. Cure: the IKE SA lives on."""
    plan = delete_lost(span, rng, cure=cure, variant=variant)
    resumes = plan.branch_flow.pauses[0][1]
    quiet = resumes - plan.branch_flow.pauses[0][0]
    ran_out = resumes - quiet + rng.uniform(0.05, 0.2) * quiet
    plan.path = Path()
    plan.ike_lives = None if cure else (min(ran_out - 86400, span.start - 600), ran_out)
    plan.cause, plan.owner = "missing-ike-sa", "receiver"
    return plan


def bits_flip(span: Span, rng: Random, *, cure: bool, variant: int) -> Plan:  # noqa: ARG001
    """One to three packets of the branch are damaged, and the hub's interface counts errors. Cure: none is."""
    rekey_at = span.now - rng.uniform(6000, 7100)
    moments = sorted(rng.uniform(rekey_at + 900, span.now - 600) for _ in range(rng.randint(1, 3)))
    long = Settings(seconds=28800, dpd=ON_V2)
    return Plan(
        ike_version=2,
        style="vti",
        classic=False,
        hub=long,
        branch=long,
        damaged_at=[] if cure else moments,
        rekey_at=rekey_at,
        cause="damaged-in-transit",
        owner="path",
        receiver=0,
    )


def data_plane_lost(span: Span, rng: Random, *, cure: bool, variant: int) -> Plan:  # noqa: ARG001
    """The branch's SA is in its tables and not in its data plane. Cure: it is in both."""
    rekey_at = span.now - rng.uniform(6000, 7100)
    long = Settings(seconds=28800, dpd=ON_V2)
    return Plan(
        ike_version=2,
        style="vti",
        classic=False,
        hub=long,
        branch=long,
        forgets_at=None if cure else (1, rekey_at + rng.uniform(1200, 4000)),
        rekey_at=rekey_at,
        cause="suspected-defect",
        owner="vendor",
        receiver=1,
    )


def lists_differ(span: Span, rng: Random, *, cure: bool, variant: int) -> Plan:  # noqa: ARG001
    """Hosts at the branch try a network of the hub's now and then, three packets each. Cure: the lists mirror."""
    moments: list[float] = []
    when = span.ago(rng.uniform(6, 12), 0.9)
    while when < span.now - 300:
        moments += [when, when + 1.0, when + 3.0]
        when += rng.uniform(900, 2400)
    return Plan(
        hub_flow=Flow(0, 15.0),
        branch_flow=Flow(1, 30.0 + rng.uniform(0, 20)),
        misfits_at=[] if cure else moments,
        extra_network=None if cure else f"10.{200 + rng.randrange(50)}.0.0/16",
        rekey_at=span.now - rng.uniform(300, 3000),
        cause="policy-mismatch",
        owner="both",
        receiver=0,
    )


def cleared_by_script(span: Span, rng: Random, *, cure: bool, variant: int) -> Plan:  # noqa: ARG001
    """The branch clears; what the hub sent meanwhile arrives at no SA. Cure: nobody clears."""
    every, begins = rng.uniform(400, 900), span.ago(rng.uniform(4, 9), 0.9)
    count = int((span.now - begins - 300) / every)
    moments = [begins + every * n + rng.uniform(0, 2) for n in range(count)]
    return Plan(
        ike_version=2 if rng.random() < 0.5 else 1,
        hub_flow=Flow(0, 30.0 + rng.uniform(0, 20)),
        branch_flow=Flow(1, 8.0),
        cleared_at=[] if cure else moments,
        rekey_at=span.now - rng.uniform(300, 3000),
        cause="tunnel-flap",
        owner="both",
        receiver=1,
    )


def failover_without_state(span: Span, rng: Random, *, cure: bool, variant: int) -> Plan:  # noqa: ARG001
    """The hub's hosts only answer, so that only the branch could notice. Cure: the partner had the SAs too."""
    died_at = span.ago(2.4, 0.4) - rng.uniform(0, 600)
    long = Settings(seconds=28800, dpd=None)
    return Plan(
        ike_version=2,
        hub=replace(long, dpd=ON_V2),
        branch=long,
        hub_flow=Flow(0, 5.0, answers=True),
        branch_flow=Flow(1, 6.0),
        fails_over=(died_at, died_at + rng.uniform(3, 10)),
        keeps_state=cure,
        rekey_at=died_at - rng.uniform(1200, 3600),
        cause="reset-not-detected",
        owner="sender",
        receiver=0,
    )


def two_behind_one_address(span: Span, rng: Random, *, cure: bool, variant: int) -> Plan:  # noqa: ARG001
    """The hub takes whoever comes; the second branch is new. Cure: the hub tells the two apart."""
    return Plan(
        hub=Settings(dpd=ON_V1),
        branch=Settings(dpd=ON_V1),
        hub_flow=Flow(0, 5.0, answers=True),
        branch_flow=Flow(1, 6.0),
        second_from=span.ago(rng.uniform(0.2, 0.45), 0.25),
        rekey_at=span.now - rng.uniform(300, 3000),
        cause=None if cure else "address-shared",
        owner="path",
        receiver=0,
    )


def old_hub_sends_on(span: Span, rng: Random, *, cure: bool, variant: int) -> Plan:  # noqa: ARG001
    """The branch gives up its first peer and goes over to the second for good. Cure: DPD at the first hub."""
    gone_at = span.ago(2.0, 0.3) - rng.uniform(0, 600)
    long = Settings(seconds=28800, dpd=ON_V1)
    return Plan(
        hub=replace(long, dpd=ON_V1 if cure else None),
        branch=long,
        hub_flow=Flow(0, 5.0, answers=cure),
        branch_flow=Flow(1, 6.0, pauses=[(gone_at, span.now + 7200.0)]),
        path=Path(outages=[(gone_at, gone_at + rng.uniform(45, 110))]),
        goes_over_at=gone_at + rng.uniform(26, 40),
        rekey_at=gone_at - rng.uniform(1200, 3600),
        cause="packet-loss",
        owner="path",
        receiver=1,
    )


def outages_then_data_plane_lost(span: Span, rng: Random, *, cure: bool, variant: int) -> Plan:
    """Two faults of one tunnel, one after the other; the later one goes on. Cure: neither."""
    plan = loss_in_bursts(span, rng, cure=cure, variant=variant)
    lost_at = span.ago(rng.uniform(0.4, 1.0), 0.3)
    plan.path.outages = [o for o in plan.path.outages if o[1] < lost_at - 1800]
    plan.hub, plan.branch = replace(plan.hub, seconds=28800), replace(plan.branch, seconds=28800)
    plan.style, plan.classic = "vti", False
    plan.forgets_at = None if cure else (1, lost_at)
    plan.cause, plan.owner, plan.also = "suspected-defect", "vendor", ("packet-loss",)
    return plan


FIREWALL_ENDS: dict[str, tuple[tuple[int, ...], ...]] = {
    "peer-reloaded-no-dpd": ((0,), (1,), (0, 1)),
    "lifetimes-differ": ((0,), (1,), (0, 1)),
    "delete-lost": ((1,),),
    "volume-runs-out": ((0,), (1,), (0, 1)),
    "stranger": ((0,),),
    "wrong-ha-member": ((1,),),
    "low-memory": ((1,),),
    "loss-in-bursts": ((0,), (1,), (0, 1)),
    "bits-flip": ((0,), (1,), (0, 1)),
    "data-plane-lost": ((0,), (1,), (0, 1)),
    "failover-without-state": ((1,),),
    "lists-differ": ((0,), (1,), (0, 1)),
    "cleared-by-script": ((0,), (1,), (0, 1)),
    "healthy": ((0,), (1,), (0, 1)),
}
"""Which ends of a fault's tunnel may be firewalls (ASA), by what the field guide says that an ASA does.

Not in a fault whose fact is another system's habit: IOS lets a pair live on without its IKE SA, and idles out a pair
alone; HSRP is a router's.
"""

IPV6_FAULTS = frozenset({"bits-flip", "data-plane-lost", "loss-in-bursts", "cleared-by-script", "healthy"})
"""Faults that a tunnel interface with IKEv2 over IPv6 can have: whose facts do not need traffic to ask for SAs."""

DMVPN_FAULTS = frozenset(
    {
        "bits-flip",
        "cleared-by-script",
        "data-plane-lost",
        "healthy",
        "loss-in-bursts",
        "low-memory",
        "peer-reloaded-no-dpd",
        "rekey-race",
        "volume-runs-out",
    }
)
"""Faults that a spoke of a DMVPN can have with its hub: which sets up SAs by itself, and whose hub calls nobody."""


VRF_FAULTS = IPV6_FAULTS
"""Faults that one of two tunnel interfaces with the same addresses can have, each in a VRF of its own."""

BACKUP_FAULTS = frozenset(
    {"delete-lost", "healthy", "ike-not-renewed", "lists-differ", "low-memory", "rekey-race", "volume-runs-out"}
)
"""Faults of crypto maps over IKEv1 in which the branch does not lose its peer, and so needs no other."""


def as_spoke(plan: Plan) -> Plan:
    """The plan as one of a spoke and its hub. A spoke that reloads calls again: there it is the hub that reloads."""
    plan.style, plan.classic = "gre", False
    if plan.reload is not None:
        _, when, down_s = plan.reload
        plan.hub, plan.branch, plan.reload, plan.receiver = plan.branch, plan.hub, (0, when, down_s), 0
        plan.hub_flow, plan.branch_flow = replace(plan.hub_flow, answers=True), replace(plan.branch_flow, answers=False)
    return plan


Planner = Callable[..., Plan]
PLANNERS: dict[str, Planner] = {
    "peer-reloaded-no-dpd": peer_reloaded,
    "lifetimes-differ": lifetimes_differ,
    "delete-lost": delete_lost,
    "volume-runs-out": volume_runs_out,
    "wrong-ha-member": wrong_ha_member,
    "low-memory": low_memory,
    "loss-in-bursts": loss_in_bursts,
    "rekey-race": rekey_race,
    "ike-not-renewed": ike_not_renewed,
    "bits-flip": bits_flip,
    "data-plane-lost": data_plane_lost,
    "lists-differ": lists_differ,
    "cleared-by-script": cleared_by_script,
    "failover-without-state": failover_without_state,
    "two-behind-one-address": two_behind_one_address,
    "old-hub-sends-on": old_hub_sends_on,
    "outages-then-data-plane-lost": outages_then_data_plane_lost,
    "healthy": healthy,
}
"""All faults but those that need no tunnel: `stranger` and `group-key-missed`."""
