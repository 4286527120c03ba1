"""Ends of which a device's own tables do not tell: several boxes behind one address, and peers whose SAs it lost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cached_property

from msgspec import structs

from vpnaudit.correlate.ends import View, lost
from vpnaudit.model.addresses import is_private, normal
from vpnaudit.model.device import Device
from vpnaudit.model.event import Event
from vpnaudit.model.tunnel import LiveIke

SAME_IKE_S = 120.0
"""Both ends' ages of one IKE SA differ by no more: two readings, and clocks as far apart as that."""


def one_for_each_box(seen_by: Mapping[str, tuple[View, ...]]) -> dict[str, tuple[View, ...]]:
    """The views of all devices, with a view of its own for each of several boxes behind one NAT address.

    A table lists all of them under the address that they share; the SPIs tell whose each SA is.
    """
    met = _Met(seen_by)
    return {name: tuple(part for v in seen for part in _parts(v, met)) for name, seen in seen_by.items()}


def _parts(view: View, met: _Met) -> list[View]:
    if len(view.in_spis) < 2 and len(view.out_spis) < 2:
        return [view]
    far = [v for v in met.far_of(view) if view.peer != normal(v.end.address) and v.peer == normal(view.end.address)]
    if len({v.device for v in far}) < 2:
        return [view]
    found = [_part(view, far=v) for v in far]
    shared = frozenset().union(*(p.in_spis | p.out_spis for p in found))
    left = [sa for sa in view.end.sas if sa.spi not in shared]
    return [*found, _of_sas(view, {sa.spi for sa in left}, ())] if left else found


def _part(view: View, far: View) -> View:
    """What of `view` is the tunnel with `far`."""
    return _of_sas(view, far.in_spis | far.out_spis, _ikes_of_age(view.end.live_ike, far) or view.end.ike_sas)


def _of_sas(view: View, spis: set[int] | frozenset[int], ikes: Sequence[LiveIke]) -> View:
    """The view with these SAs alone; the counters are of all boxes together, and so of none."""
    sas = tuple(s for s in view.end.sas if s.spi in spis)
    return View(
        end=structs.replace(view.end, sas=sas, ike_sas=tuple(ikes), encaps=None, decaps=None),
        peer=view.peer,
        out_spis=view.out_spis & spis,
        in_spis=view.in_spis & spis,
    )


def _ikes_of_age(ikes: Sequence[LiveIke], far: View) -> list[LiveIke]:
    """The IKE SAs that are as old as one of the far end's own."""
    return [i for i in ikes if (_off(i, far) or 0.0) <= SAME_IKE_S]


def _off(ike: LiveIke, far: View) -> float | None:
    """By how much the ages of an IKE SA and of the nearest of the far end's own differ, seconds."""
    at = ike.established_at
    ages = [i.established_at for i in far.end.live_ike if i.established_at is not None]
    return min((abs((at - age).total_seconds()) for age in ages), default=None) if at is not None else None


def with_lost_ends(
    seen_by: Mapping[str, tuple[View, ...]],
    devices: Mapping[str, Device],
    own: Mapping[str, frozenset[str]],
    readings: Mapping[str, datetime],
    events: Sequence[Event],
) -> dict[str, tuple[View, ...]]:
    """Ends that only a log still tells of: the device logs an SPI on which another of ours sends to its address.

    A hub with a dynamic map or a multipoint tunnel shows nothing of a peer whose SAs it lost, and where several are
    behind one address it shows another one's.
    """
    met = _Met(seen_by)
    ours = frozenset().union(*own.values())
    found = dict(seen_by)
    done: set[tuple[str, int]] = set()
    for event in events:
        sender = met.senders.get(event.spi)
        if sender is None or event.source is None or sender.device == event.device:
            continue
        local = _address_sent_to(sender, event, own[event.device], ours)
        if local is None or (event.device, id(sender)) in done:
            continue
        done.add((event.device, id(sender)))
        peer = normal(event.source)
        addresses = dict.fromkeys((peer, normal(sender.end.address)))
        mine = [v for a in addresses for v in met.facing.get((event.device, a), ())]
        others = [_others(sender, v, met) for v in mine]
        if all(others):
            end = lost(devices[event.device], peer, local, readings)
            left = _left_over(mine, [o for far in others for o in far], sender)
            end = structs.replace(end, end=structs.replace(end.end, ike_sas=tuple(left)))
            found[event.device] = (*found[event.device], end)
    return found


def _address_sent_to(sender: View, event: Event, own: frozenset[str], ours: frozenset[str]) -> str | None:
    """The receiver's own address to which the sender sends, where it may have been sent on such an SA at all.

    Behind a NAT of its own the sender's peer is an address that nobody has; the line has the receiver's.
    """
    if sender.peer in own:
        return sender.peer
    local = normal(event.destination or "")
    translated = is_private(local) and local in own and is_private(sender.end.address)
    return local if translated and sender.peer not in ours else None


def _others(sender: View, view: View, met: _Met) -> list[View]:
    """The far ends other than `sender` that `view` shares SAs with; none where it may be `sender`'s."""
    if view.peer == normal(sender.end.address) or view.in_spis & sender.out_spis or view.out_spis & sender.in_spis:
        return []
    return [v for v in met.far_of(view) if v.device != sender.device]


def _left_over(mine: Sequence[View], others: Sequence[View], sender: View) -> list[LiveIke]:
    """The device's IKE SAs with an address that several share, without as many as the others have with it.

    First those of the age of the sender's own.
    """
    ikes = list({i.evidence: i for v in mine for i in v.end.live_ike}.values())
    spare = len(ikes) - sum(bool(o.end.live_ike) for o in others)
    return sorted(ikes, key=lambda i: _off(i, sender) or 0.0)[: max(spare, 0)]


class _Met:
    """Who sends on each SPI, who receives on it, and what each device sees of each peer."""

    def __init__(self, seen_by: Mapping[str, tuple[View, ...]]) -> None:
        self._views = [v for name in sorted(seen_by) for v in seen_by[name]]
        self.senders = {spi: v for v in self._views for spi in v.out_spis}
        self._receivers = {spi: v for v in self._views for spi in v.in_spis}

    @cached_property
    def facing(self) -> dict[tuple[str, str], list[View]]:
        """By device and the peer's address."""
        found: dict[tuple[str, str], list[View]] = {}
        for view in self._views:
            found.setdefault((view.device, view.peer), []).append(view)
        return found

    def far_of(self, view: View) -> list[View]:
        """The far ends that `view` shares SAs with, in the order of its SPIs."""
        far = [self.senders.get(s) for s in sorted(view.in_spis)]
        far += [self._receivers.get(s) for s in sorted(view.out_spis)]
        return list({id(v): v for v in far if v is not None and v.device != view.device}.values())
