"""The own address of ends whose records leave it out: an ASA lists an IKE SA by its peer alone (`IKE Peer:`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct, structs

from vpnaudit.correlate import settings_of
from vpnaudit.correlate.ends import View
from vpnaudit.model.addresses import normal
from vpnaudit.model.device import Device
from vpnaudit.model.event import Event
from vpnaudit.model.tunnel import UNKNOWN_ADDRESS

Views = Mapping[str, tuple[View, ...]]


def with_own_addresses(
    seen_by: Views, devices: Mapping[str, Device], own: Mapping[str, frozenset[str]], events: Sequence[Event]
) -> dict[str, tuple[View, ...]]:
    """The same views; an end without an address gets the one that is known for it, where it is only one.

    First by what another device has as its peer in this very tunnel, then by where the peer's packets came that the
    device logged, then the only address that the device has for tunnels.
    """
    lacking = {name for name, seen in seen_by.items() if any(_lacks(v) for v in seen)}
    if not lacking:
        return dict(seen_by)
    told = _Told(called=_called(seen_by), sent_to=_sent_to(events, lacking))
    return {
        name: tuple(_placed(v, seen, devices[name], own[name], told) if _lacks(v) else v for v in seen)
        for name, seen in seen_by.items()
    }


class _Told(Struct, frozen=True, kw_only=True, gc=False):
    """What others than the end's own records say of its address."""

    called: dict[str, set[tuple[str, str]]]
    """By the address of an end: the device that has it, and its peer."""
    sent_to: dict[tuple[str, str], set[str]]
    """By device and source: where the packets went that the device logged."""


def _lacks(view: View) -> bool:
    return view.end.address == UNKNOWN_ADDRESS


def _called(seen_by: Views) -> dict[str, set[tuple[str, str]]]:
    found: dict[str, set[tuple[str, str]]] = {}
    for name, seen in seen_by.items():
        for view in seen:
            found.setdefault(normal(view.end.address), set()).add((name, view.peer))
    return found


def _sent_to(events: Sequence[Event], lacking: set[str]) -> dict[tuple[str, str], set[str]]:
    found: dict[tuple[str, str], set[str]] = {}
    for event in events:
        if event.device in lacking and event.source and event.destination:
            found.setdefault((event.device, normal(event.source)), set()).add(normal(event.destination))
    return found


def _placed(view: View, seen: Sequence[View], device: Device, own: frozenset[str], told: _Told) -> View:
    called = {peer for name, peer in told.called.get(view.peer, ()) if name != view.device}
    ways = (called & own, told.sent_to.get((view.device, view.peer), set()), _of_tunnels(view, seen, device))
    address = next((next(iter(found)) for found in ways if len(found) == 1), None)
    if address is None:
        return view
    return structs.replace(view, end=structs.replace(view.end, address=address))


def _of_tunnels(view: View, seen: Sequence[View], device: Device) -> set[str]:
    """The addresses, of the peer's family, that the device's other ends and its configuration have for tunnels.

    An interface that is known to be the end's may have one that they do not show (DHCP).
    """
    if view.end.interface is not None:
        return set()
    found = {normal(v.end.address) for v in seen if not _lacks(v)}
    if device.config is not None:
        found |= settings_of.crypto_addresses(device.config[1], view.peer)
    return {address for address in found if (":" in address) == (":" in view.peer)}
