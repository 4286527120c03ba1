"""The receiver has neither the SA nor an IKE SA over which to say so (field guide C3, 4.A)."""

from __future__ import annotations

from vpnaudit.remedy.offer import Remedies, ask, clear_both, investigate, look, to_clear
from vpnaudit.remedy.settings import invalid_spi_recovery, periodic_dpd
from vpnaudit.remedy.situation import Situation


def remedies(situation: Situation) -> Remedies:
    """Clear at the sender, DPD there, recovery at the receiver under its conditions, and why it has no IKE SA."""
    yield from clear_both(situation, "The receiver has no IKE SA with which to tell the sender that the SA is gone.")
    yield periodic_dpd(
        situation.sender,
        situation.receiver,
        "Without an IKE SA at the receiver nothing answers the sender's probes: periodic DPD ends its stale SAs.",
    )
    yield invalid_spi_recovery(situation)
    receiver = situation.receiver
    yield investigate(
        receiver,
        ("ike-sa", situation.scope),
        title=f"Find out why {receiver.name} has no IKE SA with {receiver.peer or 'the sender'}",
        why="Negotiations that fail, or a lifetime of IKE that ends before that of IPsec, leave SAs without it.",
        commands=(*look(receiver, "ike"), *look(receiver, "session", receiver.peer), *look(receiver, "log")),
    )
    yield ask(
        situation,
        (
            *to_clear(
                situation, "please clear this tunnel (this peer only): our end has no IKE SA with which to tell yours;"
            ),
            "is dead peer detection on, and periodic (10 s, retry 3 s)?",
            "is your IKE lifetime longer than your IPsec lifetime? Please tell us both.",
        ),
        "The sender still believes in SAs about which the receiver cannot speak to it.",
    )
