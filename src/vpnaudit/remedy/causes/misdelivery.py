"""ESP reaches a device other than the one that holds the SA (field guide C6)."""

from __future__ import annotations

from vpnaudit.model.device import Device
from vpnaudit.remedy.offer import Remedies, investigate, look
from vpnaudit.remedy.settings import periodic_dpd
from vpnaudit.remedy.situation import Place, Situation


def remedies(situation: Situation) -> Remedies:
    """Who owns the address, where the path leads, whether the pair shares its SAs; DPD at the sender to shorten it."""
    for place in _members(situation):
        yield investigate(
            place,
            ("delivery", situation.scope),
            title=f"See who owns {place.address or 'the address'} and where ESP to it goes, at {place.name}",
            why=(
                "The SPI belongs to another device of ours. Failover pair: which member is active, and do they share "
                "SAs (stateful switchover)? NAT or load sharing: ESP and UDP 4500 of one peer must go to one device. "
                "Routing: the address must lead to the device that holds the SA."
            ),
            commands=(
                *look(place, "failover"),
                *look(place, "nat"),
                *look(place, "routing", situation.receiver.address),
            ),
        )
    yield periodic_dpd(
        situation.sender,
        situation.receiver,
        "Until the delivery is right, periodic DPD at the sender shortens each black hole after a failover.",
    )


def _members(situation: Situation) -> tuple[Place, ...]:
    """The receiver, and whoever of ours the diagnosis names: the devices between which ESP is to be told apart."""
    receiver = situation.receiver
    others = [_like(receiver, d) for d in _named(situation) if d.name != receiver.name]
    return (receiver, *others)


def _named(situation: Situation) -> list[Device]:
    sender = situation.story.sender
    holder = situation.diagnosis.parameters.get("holder")
    names = dict.fromkeys([*situation.diagnosis.owner_devices, *([holder] if holder else [])])
    return [d for n in names if n != sender and (d := situation.fleet.device_by_name.get(n)) is not None]


def _like(receiver: Place, device: Device) -> Place:
    same = receiver.device is not None and device.platform == receiver.device.platform
    return Place(
        side="receiver",
        device=device,
        end=None,
        address=receiver.address,
        peer=receiver.peer,
        ike=receiver.ike,
        syntax=receiver.syntax if same else None,
    )
