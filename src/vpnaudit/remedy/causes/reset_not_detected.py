"""The receiver lost its state and the sender did not notice (field guide C3, C4).

Clear at the sender, which still believes in its SAs; then DPD there, so that it notices by itself next time.
"""

from __future__ import annotations

from vpnaudit.remedy.offer import Remedies, ask, clear_both
from vpnaudit.remedy.settings import invalid_spi_recovery, periodic_dpd
from vpnaudit.remedy.situation import Situation

_IS_DPD_ON = (
    "is dead peer detection on, and periodic? On Cisco IOS: crypto isakmp keepalive 10 3 periodic (IKEv1) or dpd 10 3 "
    "periodic in the IKEv2 profile; on-demand does not notice while our packets still arrive;"
)


def remedies(situation: Situation) -> Remedies:
    """Clear, DPD at the sender, recovery at the receiver under its conditions; a letter to a sender not ours."""
    yield from clear_both(situation, "The sender still sends on SAs that the receiver lost when it lost its state.")
    yield periodic_dpd(
        situation.sender,
        situation.receiver,
        "With periodic DPD the sender finds out within half a minute that its peer has lost the tunnel. On-demand DPD "
        "does not look while packets still come in.",
    )
    yield invalid_spi_recovery(situation)
    yield ask(
        situation,
        (
            "our end lost its SAs; please clear this tunnel (this peer only), so that your end makes new ones;",
            _IS_DPD_ON,
            "whether UDP 500, UDP 4500 and ESP from our address reach your end.",
        ),
        "The sender is the end that has to notice; its owner can switch DPD on and clear the tunnel.",
    )
