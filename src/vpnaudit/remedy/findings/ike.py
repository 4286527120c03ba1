"""The IKE SA is missing or stuck, or invalid SPI recovery is on where it should not be."""

from __future__ import annotations

from vpnaudit.remedy.offer import Remedies, clear_peer, configure, investigate, look
from vpnaudit.remedy.situation import FindingSituation


def remedies(situation: FindingSituation) -> Remedies:
    """Recovery off where it is on without its conditions; else why the IKE SA is not as it should be."""
    if situation.tunnel is None:
        yield from _recovery_off(situation)
        return
    for place in situation.changed:
        yield investigate(
            place,
            ("ike-sa", situation.scope),
            title=f"Find out why {place.name} has no sound IKE SA with {place.peer or 'its peer'}",
            why="Without it a DELETE cannot be sent and a rekey cannot be made: the next trouble will last.",
            commands=(*look(place, "ike"), *look(place, "session", place.peer), *look(place, "log")),
        )
        if situation.finding.severity in {"critical", "high"}:
            yield clear_peer(place, situation.scope, "An IKE SA that is stuck in its state blocks a new one.")


def _recovery_off(situation: FindingSituation) -> Remedies:
    for place in situation.changed:
        standing = place.facts is not None and place.facts.invalid_spi_recovery
        change = place.syntax.invalid_spi_recovery(on=False) if standing and place.syntax is not None else None
        if change is not None:
            yield configure(
                place,
                change,
                ("invalid-spi-recovery-off",),
                title=f"Invalid SPI recovery off on {place.name}",
                why="Any source of an unknown SPI can make the device start IKE; it helps only static IKEv1 peers.",
                disruption="None.",
            )
