"""The plan of a collection about one tunnel: each big table's part for one peer, where a device has the form."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct, structs

from vpnaudit.model.addresses import is_ipv4
from vpnaudit.model.platform import CommandSpec, Needless, PeerForm

if TYPE_CHECKING:
    from nornir.core.inventory import Host

_NOT_ITS = "it is about the whole device, not about one tunnel"


class Peer(Struct, frozen=True, kw_only=True, gc=False):
    """The peer that a device is asked about.

    `certain`: these are its addresses towards the device. Else they are those that the inventory knows, of which the
    device's configuration may have one, or none.
    """

    addresses: tuple[str, ...]
    certain: bool


def addresses_of(host: Host) -> tuple[str, ...]:
    """The addresses that an inventory has for a device: where it is managed, and `addresses` of its data."""
    more = host.extended_data().get("addresses") or ()
    named = [host.hostname or "", *(more if isinstance(more, list | tuple) else ())]
    return tuple(dict.fromkeys(str(address) for address in named if address))


def about_peer(commands: Sequence[CommandSpec], peer: Peer) -> tuple[CommandSpec, ...]:
    """A platform's commands as one tunnel needs them, in the same order.

    The whole table follows where the device refused the form, or where nothing says that the peer has that address.
    """
    return tuple(spec for command in commands for spec in _asked(command, peer))


def _asked(command: CommandSpec, peer: Peer) -> Iterator[CommandSpec]:
    if not command.of_tunnel:
        yield structs.replace(command, left_out=_NOT_ITS) if command.collected else command
        return
    form = command.for_peer
    parts = [_part(command, form, a, certain=peer.certain) for a in peer.addresses if is_ipv4(a)] if form else []
    yield from parts
    yield structs.replace(command, needless=(*command.needless, *(_had(part, peer) for part in parts)))


def _part(command: CommandSpec, form: PeerForm, address: str, *, certain: bool) -> CommandSpec:
    unknown = Needless(
        answer="show running-config",
        sure=(re.compile(r"^interface \S"),),
        shown_by=_as_peer(address),
        because=f"{address} is no peer in the configuration",
    )
    return structs.replace(
        command,
        command=form.text.format(peer=address),
        needed=False,
        needless=(*command.needless, *form.needless, *(() if certain else (unknown,))),
        for_peer=None,
    )


def _had(part: CommandSpec, peer: Peer) -> Needless:
    """The whole table tells no more about the peer; one that may have another address must have been seen."""
    address = part.command.removesuffix(" detail").rpartition(" ")[2]
    seen = (re.compile(_word(address)),)
    return Needless(answer=part.command, sure=() if peer.certain else seen, because=f"asked for {address} only")


def _as_peer(address: str) -> re.Pattern[str]:
    """A line of a configuration that names an address as another device's; `ip address` names the device's own."""
    words = r"(?:\bpeer|\bdestination|(?<!ip )\baddress|^tunnel-group|\bnhrp map|\bremote)\b"
    return re.compile(rf"{words}.{{0,200}} {_word(address)}")


def _word(address: str) -> str:
    return rf"(?<![\d.]){re.escape(address)}(?![\d.]*\d)"
