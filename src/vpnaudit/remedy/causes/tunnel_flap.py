"""The tunnel is set up anew several times an hour (field guide C9, 6.3): find what ends it first."""

from __future__ import annotations

from vpnaudit.remedy.offer import Remedies, ask, configure, investigate, look
from vpnaudit.remedy.settings import outside_interface
from vpnaudit.remedy.situation import Situation


def remedies(situation: Situation) -> Remedies:
    """What ends the tunnel, at each end; session lines in the log, so that the next flap says why."""
    for place in situation.ours:
        outside = outside_interface(place)
        yield investigate(
            place,
            ("flap", situation.scope),
            title=f"Find what ends the tunnel at {place.name}",
            why=(
                "Each set-up is a moment in which the ends disagree. Compare the times of the set-ups with interface "
                "changes, DPD or retransmission failures, processor load and deletes from the peer."
            ),
            commands=(
                *look(place, "session", place.peer),
                *look(place, "log"),
                *look(place, "interface", outside.name if outside is not None else None),
                *look(place, "processor"),
            ),
        )
        config = place.device.config if place.device is not None else None
        stands = config is not None and config[1].logging_session
        change = place.syntax.log_sessions() if place.syntax is not None and not stands else None
        if change is not None:
            yield configure(
                place,
                change,
                ("log-sessions",),
                title=f"Log tunnels coming up and going down on {place.name}",
                why="The lines give the times of every set-up, which the tables do not keep.",
                disruption="None; two log lines per set-up.",
            )
    yield ask(
        situation,
        (
            "what ended the tunnel at your end at these times: DPD, an idle timer, a delete, a failed negotiation?",
            "your DPD timers, idle timeout and lifetimes for this tunnel: please tell us.",
        ),
        "One of the ends takes the tunnel down; its log says why.",
    )
