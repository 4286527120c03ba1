"""The tunnel is set up anew several times an hour (field guide C9, 6.3): find what ends it first."""

from __future__ import annotations

from vpnaudit.model.clears import clears_sas
from vpnaudit.model.judgement import Remediation
from vpnaudit.model.sessions import tells_of_sessions
from vpnaudit.remedy.offer import Remedies, ask, configure, investigate, is_word, look
from vpnaudit.remedy.settings import outside_interface
from vpnaudit.remedy.situation import Situation


def remedies(situation: Situation) -> Remedies:
    """What ends the tunnel, at each end; session lines in the log, so that the next flap says why.

    Where an applet of ours ends it, that has to go, and nobody else is to be asked.
    """
    applet, of = (situation.diagnosis.parameters.get(name) for name in ("applet", "applet_of"))
    if applet is not None and of is not None:
        yield _stop_applet(situation, applet, of)
        return
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
        stands = place.device is not None and tells_of_sessions(place.device, place.ike)
        change = place.syntax.log_sessions(place.ike) if place.syntax is not None and not stands else None
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


def _stop_applet(situation: Situation, name: str, of: str) -> Remediation | None:
    """Take the clear out of the applet that ends the sessions."""
    place = next((p for p in situation.ours if p.name == of), None)
    applet = next((a for a in place.facts.applets if a.name == name), None) if place and place.facts else None
    if place is None or applet is None:
        return None
    title = f"Take the clear out of applet {name} on {of}"
    why = (
        f"Applet {name} ends the sessions at every line with an invalid SPI. Each end leaves packets on their way for "
        "SAs that are gone, and so the next lines, which start it again. A single such line at a rekey needs no answer."
    )
    clears = tuple(command.statement for command in applet.commands if clears_sas(command.text))
    change = place.syntax.drop_actions(name, clears) if place.syntax is not None and is_word(name) else None
    identity = ("stop-applet", name)
    fitted = (
        configure(place, change, identity, title=title, why=why, disruption="None: sessions stay.")
        if change is not None
        else None
    )
    return fitted or investigate(place, identity, title=title, why=why, commands=look(place, "config"))
