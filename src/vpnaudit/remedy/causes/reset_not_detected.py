"""The receiver lost its state and the sender did not notice (field guide C3, C4).

Clear at the sender, which still believes in its SAs; then DPD there, so that it notices by itself next time. Before
that a receiver that no longer knows the sender gets its entry back: what was not saved is lost with a restart.
"""

from __future__ import annotations

from vpnaudit.model.judgement import Remediation
from vpnaudit.remedy.offer import Remedies, ask, clear_both, investigate, look, to_clear
from vpnaudit.remedy.settings import invalid_spi_recovery, periodic_dpd
from vpnaudit.remedy.situation import Situation

_IS_DPD_ON = (
    "is dead peer detection on, and periodic? On Cisco IOS: crypto isakmp keepalive 10 3 periodic (IKEv1) or dpd 10 3 "
    "periodic in the IKEv2 profile; on-demand does not notice while our packets still arrive;"
)


def remedies(situation: Situation) -> Remedies:
    """Clear, DPD at the sender, recovery at the receiver under its conditions; a letter to a sender not ours."""
    yield _entry_back(situation)
    yield from clear_both(situation, "The sender still sends on SAs that the receiver lost when it lost its state.")
    if situation.diagnosis.parameters.get("ike") != "stands":
        yield periodic_dpd(
            situation.sender,
            situation.receiver,
            "With periodic DPD the sender finds out within half a minute that its peer has lost the tunnel. On-demand "
            "DPD does not look while packets still come in.",
        )
    yield invalid_spi_recovery(situation)
    yield ask(
        situation,
        (
            *to_clear(
                situation,
                "our end lost its SAs; please clear this tunnel (this peer only), so that your end makes new ones;",
            ),
            _IS_DPD_ON,
            "whether UDP 500, UDP 4500 and ESP from our address reach your end.",
        ),
        "The sender is the end that has to notice; its owner can switch DPD on and clear the tunnel.",
    )


def _entry_back(situation: Situation) -> Remediation | None:
    """Null where the receiver's configuration, as far as it was read, has the sender for a peer or takes any."""
    place = situation.receiver
    if place.end is None or not place.end.config_read or place.end.configured:
        return None
    return investigate(
        place,
        ("entry-back", situation.scope),
        title=f"Put the entry for {place.peer} back into the configuration of {place.name}, and save it",
        why=(
            f"{place.name} has no peer {place.peer} in its configuration, so that a new negotiation fails after any "
            "clear. What was not saved is lost with a restart: an archive or a backup may have it."
        ),
        commands=(*look(place, "lifetime"), *look(place, "config")),
    )
