"""What makes a device forget its SAs: restarts, takeovers, clears, a crypto map that is taken off, want of memory."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from itertools import islice

from msgspec import structs
from netutils.interface import canonical_interface_name

from vpnaudit.diagnose.applets import applet_runs
from vpnaudit.diagnose.interfaces import carriers
from vpnaudit.diagnose.of_story import inputs_of, receiver_of
from vpnaudit.diagnose.signs import InOrder, Sign, Window, messages, sign_of, span
from vpnaudit.diagnose.verdicts import reason
from vpnaudit.model.addresses import address_in, normal
from vpnaudit.model.clears import clears_sas, scope_of
from vpnaudit.model.device import SA_COMMANDS, Device
from vpnaudit.model.evidence import Evidence
from vpnaudit.model.fleet import Fleet
from vpnaudit.model.judgement import Reason, Story
from vpnaudit.model.logs import LogMessage, of_firewalls
from vpnaudit.model.printable import counted
from vpnaudit.model.sessions import SESSION_STATES, peer_of
from vpnaudit.model.system import FailoverState
from vpnaudit.model.takeovers import active_since, stepped_down, took_over

RESTARTS = frozenset({"SYS-5-RESTART", "SYS-5-RELOAD"}) | of_firewalls("199002")
BY_OPERATOR = ("administrator reset", "administrator reboot", "administrator shutdown")
"""In the reason of a session's end: the firewall's own operator took the session down (field guide 1.6)."""
SWITCHED_OVER = frozenset({"REDUNDANCY-3-SWITCHOVER"})
"""Logged by a route processor that took over from another of the same chassis."""
YOUNGER_S = 600.0
"""A processor so much younger than its chassis was not there from the beginning; otherwise it is minutes older."""
WELL_BEFORE_S = 90.0
"""An SA that is older by this than a switch was there before it, whatever stamps and remaining seconds are off."""
SHUT = "LINK-5-CHANGED"
"""Of an interface that an operator shut down; a tunnel interface takes its SAs along."""
IKE_SWITCHED = "CRYPTO-6-ISAKMP_ON_OFF"
MEMORY_TAGS = frozenset({"SYS-2-MALLOCFAIL", "SYS-2-CHUNKEXPANDFAIL", "SYS-4-CHUNKMALLOCFAIL"}) | of_firewalls("211001")
IGNORED_POOLS = ("lsmpi", "reserve")


def restarts(device: Device) -> Sequence[Sign]:
    """Boots: by uptime, and by the restart messages of the log."""
    return device.once(_restarts)


def _restarts(device: Device) -> list[Sign]:
    found = []
    if device.booted_at is not None and device.version is not None:
        text = f"{device.name} came up by its uptime ({device.version[1].uptime})"
        found.append(
            Sign(
                at=device.booted_at,
                text=text,
                evidence=device.cite_uptime(),
                uncertainty_s=device.boot_uncertainty_s + 30.0,
            )
        )
    for capture, message in messages(device, RESTARTS):
        found.append(sign_of(device, capture, message, f"{device.name} logged a restart"))
    return found


def state_losses(device: Device) -> Sequence[Sign]:
    """Whatever makes a device forget its SAs: a restart, a failover, a clear, a crypto map that is taken off."""
    return device.once(_state_losses)


def _state_losses(device: Device) -> list[Sign]:
    found = [*restarts(device), *device.once(_switchovers), *applet_runs(device)]
    shown = takeover_shown(device)
    without = _without_sas(device)
    if shown is not None and without is not None:
        found.append(structs.replace(without, at=shown.at, evidence=(*shown.evidence, *without.evidence)))
    configured: str | None = None
    for capture, message in device.other_messages:
        state = message.details.get("state", "").lower()
        command = message.details.get("command", "").lower()
        configured = _interface_of(command) or configured
        if took_over(message):
            sign = sign_of(device, capture, message, f"{device.name} took over from its partner")
            found.append(structs.replace(sign, is_takeover=True, interface=message.interface))
        elif message.tag in SESSION_STATES and _ended_by_operator(message):
            who = peer_of(message)
            sign = sign_of(device, capture, message, f"{device.name}: its operator ended the session with {who}")
            found.append(structs.replace(sign, peer=address_in(who), is_clear=True))
        elif message.tag == SHUT and _is_of_a_tunnel(message):
            sign = sign_of(device, capture, message, f"{device.name}: {message.interface} was shut down")
            found.append(structs.replace(sign, interface=message.interface, is_clear=True))
        elif message.tag == IKE_SWITCHED and state == "off":
            text = f"{device.name} switched IKE off: its last crypto map was taken off"
            found.append(sign_of(device, capture, message, text))
        elif configured is not None and _changes_protection(command):
            sign = sign_of(device, capture, message, f"{device.name}: `{command}` was entered on {configured}")
            found.append(structs.replace(sign, interface=configured, is_clear=True))
        elif clears_sas(command) or _takes_map_off(command):
            entered = message.details["command"]
            sign = sign_of(device, capture, message, f"{device.name}: `{entered}` was entered")
            scope, interface = scope_of(entered), _of_map(device, command)
            found.append(structs.replace(sign, peer=scope.peer, interface=interface, is_clear=True, cleared=scope))
    return found


def _interface_of(command: str) -> str | None:
    """The interface that a command begins to configure.

    >>> _interface_of("interface tunnel211"), _interface_of("no shutdown")
    ('Tunnel211', None)
    """
    words = command.split()
    return str(canonical_interface_name(words[1].capitalize())) if words[:1] == ["interface"] and words[1:] else None


def _changes_protection(command: str) -> bool:
    """Whether a tunnel interface gets another protection, or none: its SAs go."""
    return command.removeprefix("no ").startswith("tunnel protection ")


def _is_of_a_tunnel(message: LogMessage) -> bool:
    shut = message.details.get("state") == "down" and "reason" in message.details
    return shut and (message.interface or "").startswith("Tunnel")


def _switchovers(device: Device) -> list[Sign]:
    """Route processors that took over: by the log, or by an uptime of its own that is shorter than the chassis'."""
    text = f"{device.name}: one route processor took over from the other"
    logged = [sign_of(device, capture, message, text) for capture, message in messages(device, SWITCHED_OVER)]
    if logged:
        return [structs.replace(sign, is_switchover=True) for sign in logged]
    if device.booted_at is None or device.version is None:
        return []
    capture, version = device.version
    if version.uptime_s is None or version.processor_uptime_s is None:
        return []
    younger_s = version.uptime_s - version.processor_uptime_s
    if younger_s < YOUNGER_S:
        return []
    sign = Sign(
        at=device.booted_at + timedelta(seconds=younger_s),
        text=f"{device.name}'s control processor came up, {span(younger_s)} after the chassis",
        evidence=(device.cite_below(capture, version.line, "control processor"),),
        uncertainty_s=device.boot_uncertainty_s + 60.0,
        is_switchover=True,
        is_inferred=True,
    )
    return [sign]


def takeover_shown(device: Device) -> Sign | None:
    """The takeover by which a unit of a failover pair is the active one, as `show failover` dates it."""
    if device.failover is None:
        return None
    capture, state = device.failover
    since = active_since(state)
    if since is None:
        return None
    lines = (state.line, state.state_line, state.keeps_line)
    return Sign(
        at=device.on_common_clock(since),
        text=f"{device.name} took over from its partner",
        evidence=tuple(device.cite(capture, line) for line in lines if line is not None),
        is_takeover=True,
    )


def _without_sas(device: Device) -> Sign | None:
    """That its partner's SAs do not come along when it takes over, or not all of them."""
    if device.failover is None:
        return None
    capture, state = device.failover
    text = f"{device.name} took over from its partner"
    if state.keeps_sas is False:
        return Sign(at=None, text=f"{text} without the SAs", is_takeover=True)
    if not state.keeps_sas or not state.sa_errors:
        return None
    return Sign(
        at=None,
        text=f"{text}, and {counted(state.sa_errors, 'update')} of SAs had come with errors",
        evidence=(device.cite(capture, state.errors_line),),
        is_takeover=True,
        is_inferred=True,
    )


def _ended_by_operator(message: LogMessage) -> bool:
    return any(words in message.details.get("reason", "").lower() for words in BY_OPERATOR)


def _takes_map_off(command: str) -> bool:
    """Whether a whole crypto map goes off an interface, in a router's words or a firewall's; not one entry of it.

    >>> _takes_map_off("no crypto map VPN"), _takes_map_off("no crypto map VPN interface outside")
    (True, True)
    >>> _takes_map_off("no crypto map VPN 10"), _takes_map_off("no crypto map VPN 10 set pfs")
    (False, False)
    """
    words = command.split()
    return words[:3] == ["no", "crypto", "map"] and (len(words) == 4 or words[4:5] == ["interface"])


def _of_map(device: Device, command: str) -> str | None:
    """The one interface whose crypto map a command takes off, if the configuration has it there (again)."""
    if device.config is None or not _takes_map_off(command):
        return None
    name = command.split()[3]
    carrying = [i.name for i in device.config[1].interfaces if (i.crypto_map or "").lower() == name]
    return carrying[0] if len(carrying) == 1 else None


def losses_of(story: Story, fleet: Fleet, window: Window | None = None) -> list[Sign]:
    """What made the receiver forget SAs, the tunnel's among them; in a window, where one is given.

    What happened on an interface that does not carry the tunnel, or to the SAs with another peer, cost it none.
    """
    device, source = receiver_of(story, fleet), address_in(story.source)
    losses = state_losses(device) if window is None else device.once(_losses_in_order).within(window)
    on_one = any(sign.interface is not None for sign in losses)
    lines = carriers(device, story.receiver_end) | inputs_of(story) if on_one else frozenset()
    return [
        sign
        for sign in losses
        if not _was_outlived(sign, device, fleet)
        and not (sign.interface is not None and lines and sign.interface not in lines)
        and (sign.peer is None or source is None or sign.peer == source)
        and cost_it_its_sas(sign, device, story) is not False
        and not (sign.is_takeover and sign.interface is not None and _is_of_another_address(device, story))
    ]


def _is_of_another_address(device: Device, story: Story) -> bool:
    """Whether the tunnel ends at none of the addresses that a router shares with its partner (field guide C6)."""
    shared = device.standby_addresses
    return bool(shared) and shared.isdisjoint(_own_addresses(story))


def cost_it_its_sas(sign: Sign, device: Device, story: Story) -> bool | None:
    """Whether a clear was of the tunnel's SAs: not where it was of another crypto map or VRF, or IKE outlived it.

    Nor did a takeover that IKE outlived: what takes over without state has no IKE SA from before.

    Null where it was of one map, VRF, user or number, and nothing tells whether the tunnel is.
    """
    cleared, end = sign.cleared, story.receiver_end
    if cleared is None:
        return not (sign.is_takeover and _ike_outlived(sign, story))
    if cleared.ends_ike and _ike_outlived(sign, story):
        return False
    if cleared.local is not None:
        return cleared.local in _own_addresses(story)
    if cleared.map_name is not None:
        known = end.map_entry if end is not None else None
        return known.rpartition(" ")[0].lower() == cleared.map_name.lower() if known is not None else None
    if cleared.vrf is not None:
        source, interface = address_in(story.source), end.interface if end is not None else None
        flows = (f for _, f in device.ipsec_flows if address_in(f.peer) == source and f.interface == interface)
        vrfs = {f.vrf for f in flows}
        return cleared.vrf in vrfs if vrfs else None
    return None if cleared.one is not None else True


def _own_addresses(story: Story) -> set[str]:
    """Those at which the receiver got the packets, and at which its end of the tunnel is."""
    end = story.receiver_end
    own = {e.destination for episode in story.episodes for e in episode.events[:1]}
    own |= {end.address, end.seen} if end is not None else set()
    return {normal(address) for address in own if address is not None}


def _ike_outlived(sign: Sign, story: Story) -> bool:
    """Whether the IKE SAs of the tunnel are older than that, by the tables of both ends so far as they were read."""
    ends = [e for e in (story.receiver_end, story.sender_end) if e is not None and e.live_ike]
    begun = [i.established_at for e in ends for i in e.live_ike]
    margin = timedelta(seconds=WELL_BEFORE_S + sign.uncertainty_s)
    here = story.receiver_end
    if here is None or not here.live_ike or sign.at is None:
        return False
    return all(at is not None and at < sign.at - margin for at in begun)


def _losses_in_order(device: Device) -> InOrder:
    return InOrder(state_losses(device))


def kept_over(story: Story, fleet: Fleet) -> list[tuple[Sign, Reason]]:
    """Switches of the receiver over which SAs came along, each with what shows that."""
    device = receiver_of(story, fleet)
    shown, oldest = takeover_shown(device), fleet.oldest_sas.get(device.name)
    found = [
        (sign, reason("it still has an SA from before that", *sign.evidence, oldest.evidence))
        for sign in device.once(_switchovers)
        if oldest is not None and _was_outlived(sign, device, fleet)
    ]
    if shown is not None and device.failover is not None and _all_sas_come_along(device.failover[1]):
        found.append((shown, reason("its state link carries the SAs", *shown.evidence)))
    return found


def _all_sas_come_along(state: FailoverState) -> bool:
    return bool(state.keeps_sas) and not state.sa_errors


def _was_outlived(sign: Sign, device: Device, fleet: Fleet) -> bool:
    """Whether a switch within a device cost it no SAs: it has a live one from before (stateful switchover)."""
    oldest = fleet.oldest_sas.get(device.name) if sign.is_switchover else None
    if oldest is None or oldest.installed_at is None or sign.at is None:
        return False
    return oldest.installed_at < sign.at - timedelta(seconds=WELL_BEFORE_S + sign.uncertainty_s)


def stepped_down_after(device: Device, takeover: Sign) -> Sequence[Evidence]:
    """A line by which a device gave back what it had taken over: its partner was there again, or all the time."""
    later = (
        device.cite(capture, message.line)
        for capture, message in device.other_messages
        if stepped_down(message)
        and takeover.interface in {message.interface, None}
        and (at := device.logged_at(message)) is not None
        and takeover.at is not None
        and at > takeover.at
    )
    return tuple(islice(later, 1))


def unread_partner(story: Story, fleet: Fleet) -> str | None:
    """Who else has the address to which the packets came, where no such device's SA table was had."""
    device, end = receiver_of(story, fleet), story.receiver_end
    to = story.episodes[0].events[0].destination if story.episodes else None
    shared = to or (end.address if end is not None else None) or story.receiver
    partners = [name for name in fleet.sharing.get(normal(shared), ()) if name != story.receiver]
    if partners:
        return next((name for name in partners if not fleet.device_by_name[name].read(*SA_COMMANDS)), None)
    if device.config is not None:
        has_one = normal(shared) in device.standby_addresses
    else:
        has_one = any(s.is_takeover for s in losses_of(story, fleet))
    return f"the partner of {device.name}" if has_one else None


def memory_failures(device: Device) -> Sequence[Sign]:
    """Allocation failures in the log."""
    return device.once(_memory_failures)


def _memory_failures(device: Device) -> list[Sign]:
    found = []
    for capture, message in messages(device, MEMORY_TAGS):
        process, pool = message.details.get("process"), message.details.get("pool", "unknown pool")
        text = f"{device.name}: {process or 'a process'} got no memory from {pool}"
        found.append(structs.replace(sign_of(device, capture, message, text), process=process))
    return found
