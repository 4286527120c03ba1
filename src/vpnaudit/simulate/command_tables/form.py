"""A command that a device knows: its words, and what prints its answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from vpnaudit.simulate.device import SimDevice
from vpnaudit.simulate.tunnel import Tunnel


@dataclass(frozen=True)
class Asked:
    """Who is asked, when (seconds since 1970), about which tunnels, and the words after the command's own."""

    device: SimDevice
    tunnels: Sequence[Tunnel]
    when: float
    argument: str = ""


Renderer = Callable[[Asked], str]
ARGUMENT = "*"
"""Stands in a command for a word that is taken as it is."""


@dataclass(frozen=True)
class Command:
    """A command's words and what prints its answer. `members_only`: only a member of a GETVPN group answers it."""

    words: tuple[str, ...]
    render: Renderer
    xe_only: bool = False
    privileged: bool = False
    members_only: bool = False


def command(
    text: str, render: Renderer, *, xe_only: bool = False, privileged: bool = False, members_only: bool = False
) -> Command:
    """A command of the words of `text`; `*` stands for a word that is taken as it is."""
    return Command(tuple(text.split()), render, xe_only=xe_only, privileged=privileged, members_only=members_only)
