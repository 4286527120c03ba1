"""One end asks for perfect forward secrecy, or for another group, and the other end does not.

## What it looks for

The PFS group of the crypto map entry or profile of both ends.

## Why it matters

The end that wants PFS refuses a proposal without it. Which end starts then decides whether a rekey succeeds: the
tunnel comes up from one side only, and fails when the other side's turn comes.

## What it cannot see

With IKEv2 the first pair is made without PFS, so that a difference shows at the first rekey only. Which group a bare
`set pfs` means depends on platform and release (group 1 on IOS, 2 or 14 on an ASA): beside a group, or on another
platform, UNKNOWN. So is the setting of a peer that was not collected.

## Example

    hub     crypto map OUTSIDE 10 ipsec-isakmp / set pfs group14
    spoke1  no set pfs

## What to do

Set the same group at both ends.

## How to check that it worked

`show crypto map` names the same group at both ends, and a rekey begun by either end succeeds (clear the peer once at
each).

## Source

RFC 7296 section 1.3.1; Cisco IOS and ASA command references, `set pfs`; field guide 4 C12 and 5.1.
"""

from __future__ import annotations

from collections.abc import Iterable

from vpnaudit.checks.finding import (
    cite_config,
    peer_of,
    place,
    place_parameters,
    settles_policy,
    tunnel_case,
)
from vpnaudit.model.device import CONFIG_COMMAND, SA_COMMANDS
from vpnaudit.model.fleet import Fleet
from vpnaudit.model.judgement import Finding, Rule
from vpnaudit.model.tunnel import Tunnel, TunnelEnd
from vpnaudit.settings import Settings

UNNAMED = "default"
"""`set pfs` alone."""


def check(fleet: Fleet, _settings: Settings) -> Iterable[Finding]:
    """One finding a tunnel."""
    return (_judge(fleet, t) for t in fleet.assessable_tunnels)


def _judge(fleet: Fleet, tunnel: Tunnel) -> Finding:
    case = tunnel_case(RULE, tunnel, "the same PFS group at both ends, or none")
    local, remote = tunnel.local, tunnel.remote
    for end in (local, remote):
        if end.device is None or not end.pfs_known:
            return case.unknown(place(end), settles_policy(end), "whether that end asks for PFS")
    actual = f"{local.device}: {_words(local.pfs)}; {remote.device}: {_words(remote.pfs)}"
    evidence = (*cite_config(fleet, local), *cite_config(fleet, remote))
    unnamed = _with_a_group_unnamed(fleet, local, remote)
    if unnamed is not None:
        question = "which group its PFS has, where the configuration names none"
        return case.unknown(place(unnamed), f"{SA_COMMANDS[0]} peer {peer_of(tunnel, unnamed)}", question, evidence)
    if _group(local.pfs) == _group(remote.pfs):
        return case.passed(actual, "", evidence)
    without = local if local.pfs is None else remote
    wanted = remote.pfs if without is local else local.pfs
    return case.failed(
        actual,
        "The end that wants PFS refuses what the other offers: whether a rekey succeeds depends on who starts it.",
        evidence,
        parameters={**place_parameters(tunnel, without), "pfs": None if wanted == UNNAMED else wanted},
    )


def _with_a_group_unnamed(fleet: Fleet, local: TunnelEnd, remote: TunnelEnd) -> TunnelEnd | None:
    """The end that asks for PFS without saying which group, where the other end's may be another."""
    if local.pfs is None or remote.pfs is None:
        return None
    names = {fleet.device_by_name[e.device].platform for e in (local, remote) if e.device in fleet.device_by_name}
    if local.pfs == remote.pfs == UNNAMED and len(names) == 1:
        return None
    return next((e for e in (local, remote) if e.pfs == UNNAMED), None)


def _words(pfs: str | None) -> str:
    if pfs is None:
        return "no PFS"
    return "PFS without a group's name" if pfs == UNNAMED else pfs


def _group(pfs: str | None) -> str | None:
    return "".join(pfs.lower().split()) if pfs else None


RULE = Rule(id="CFG-003", title="pfs-differs", severity="medium", needs=(CONFIG_COMMAND,), check=check)
