"""What makes a device forget its SAs: restarts, takeovers, clears, a crypto map that is taken off, want of memory."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice, pairwise

from msgspec import structs

from vpnaudit.diagnose.interfaces import carriers
from vpnaudit.diagnose.of_story import inputs_of, receiver_end, receiver_of
from vpnaudit.diagnose.signs import Sign, messages, sign_of
from vpnaudit.model.addresses import address_in, normal
from vpnaudit.model.device import SA_COMMANDS, Device
from vpnaudit.model.evidence import Evidence
from vpnaudit.model.fleet import Fleet
from vpnaudit.model.judgement import Story
from vpnaudit.model.logs import LogMessage, of_firewalls
from vpnaudit.model.sessions import SESSION_STATES, peer_of
from vpnaudit.model.takeovers import stepped_down, took_over

RESTARTS = frozenset({"SYS-5-RESTART", "SYS-5-RELOAD"}) | of_firewalls("6-199002")
BY_OPERATOR = ("administrator reset", "administrator reboot", "administrator shutdown")
"""In the reason of a session's end: the firewall's own operator took the session down (field guide 1.6)."""
IKE_SWITCHED = "CRYPTO-6-ISAKMP_ON_OFF"
COUNTED = frozenset({"counters", "stats", "statistics", "accelerator", "protocol", "logging", "pki", "ca"})
"""What else can be cleared below `crypto`, and costs no SA."""
MEMORY_TAGS = frozenset({"SYS-2-MALLOCFAIL", "SYS-2-CHUNKEXPANDFAIL", "SYS-4-CHUNKMALLOCFAIL"}) | of_firewalls(
    "3-211001"
)
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
    found = [*restarts(device)]
    for capture, message in device.other_messages:
        state = message.details.get("state", "").lower()
        command = message.details.get("command", "").lower()
        if took_over(message):
            sign = sign_of(device, capture, message, f"{device.name} took over from its partner")
            found.append(structs.replace(sign, is_takeover=True, interface=message.interface))
        elif message.tag in SESSION_STATES and _ended_by_operator(message):
            who = peer_of(message)
            sign = sign_of(device, capture, message, f"{device.name}: its operator ended the session with {who}")
            found.append(structs.replace(sign, peer=address_in(who)))
        elif message.tag == IKE_SWITCHED and state == "off":
            text = f"{device.name} switched IKE off: its last crypto map was taken off"
            found.append(sign_of(device, capture, message, text))
        elif _clears_sas(command) or _takes_map_off(command):
            entered = message.details["command"]
            sign = sign_of(device, capture, message, f"{device.name}: `{entered}` was entered")
            found.append(structs.replace(sign, peer=_peer_of(command), interface=_of_map(device, command)))
    return found


def _ended_by_operator(message: LogMessage) -> bool:
    return any(words in message.details.get("reason", "").lower() for words in BY_OPERATOR)


def _clears_sas(command: str) -> bool:
    """Whether a command that was logged ends IKE or IPsec SAs; counters can be cleared too.

    >>> [_clears_sas(c) for c in ("do clear crypto sa", "clear ipsec sa peer 192.0.2.1", "clear crypto sa counters")]
    [True, True, False]
    """
    words = command.removeprefix("do ").split()
    return words[:1] == ["clear"] and words[1:2] in (["crypto"], ["ipsec"], ["isakmp"]) and COUNTED.isdisjoint(words)


def _takes_map_off(command: str) -> bool:
    """Whether a whole crypto map goes (`no crypto map NAME`), not one entry of it.

    >>> _takes_map_off("no crypto map VPN"), _takes_map_off("no crypto map VPN 10")
    (True, False)
    """
    words = command.split()
    return words[:3] == ["no", "crypto", "map"] and len(words) == 4


def _peer_of(command: str) -> str | None:
    """The address that a clear names; one behind `local` is the device's own.

    >>> _peer_of("clear crypto session local 192.0.2.1 remote 198.51.100.7"), _peer_of("clear crypto sa")
    ('198.51.100.7', None)
    """
    words = command.split()
    named = (address_in(word) for before, word in pairwise(words) if before != "local")
    return next((address for address in named if address is not None), None)


def _of_map(device: Device, command: str) -> str | None:
    """The one interface whose crypto map a command takes off, if the configuration has it there (again)."""
    if device.config is None or not _takes_map_off(command):
        return None
    name = command.rsplit(maxsplit=1)[-1]
    carrying = [i.name for i in device.config[1].interfaces if (i.crypto_map or "").lower() == name]
    return carrying[0] if len(carrying) == 1 else None


def losses_of(story: Story, fleet: Fleet) -> list[Sign]:
    """What made the receiver forget SAs, the tunnel's among them.

    What happened on an interface that does not carry the tunnel, or to the SAs with another peer, cost it none.
    """
    device, source = receiver_of(story, fleet), address_in(story.source)
    losses = state_losses(device)
    on_one = any(sign.interface is not None for sign in losses)
    lines = carriers(device, receiver_end(story)) | inputs_of(story) if on_one else frozenset()
    return [
        sign
        for sign in losses
        if not (sign.interface is not None and lines and sign.interface not in lines)
        and (sign.peer is None or source is None or sign.peer == source)
    ]


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
    device, end = receiver_of(story, fleet), receiver_end(story)
    to = story.episodes[0].events[0].destination if story.episodes else None
    shared = to or (end.address if end is not None else None) or story.receiver
    partners = [name for name in fleet.sharing.get(normal(shared), ()) if name != story.receiver]
    if partners:
        return next((name for name in partners if not fleet.device_by_name[name].read(*SA_COMMANDS)), None)
    if device.config is not None:
        has_one = any(normal(shared) in map(normal, i.standby_addresses) for i in device.config[1].interfaces)
    else:
        has_one = any(s.is_takeover for s in losses_of(story, fleet))
    return f"the partner of {device.name}" if has_one else None


def memory_failures(device: Device) -> Sequence[Sign]:
    """Allocation failures in the log."""
    return device.once(_memory_failures)


def _memory_failures(device: Device) -> list[Sign]:
    found = []
    for capture, message in messages(device, MEMORY_TAGS):
        process = message.details.get("process", "a process")
        pool = message.details.get("pool", "unknown pool")
        found.append(sign_of(device, capture, message, f"{device.name}: {process} got no memory from {pool}"))
    return found
