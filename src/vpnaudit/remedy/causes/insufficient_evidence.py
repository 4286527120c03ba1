"""Several causes fit: the commands that would settle it, and what the owner of the other end can tell."""

from __future__ import annotations

from vpnaudit.model.judgement import WouldSettle
from vpnaudit.remedy.offer import Remedies, ask, investigate, look
from vpnaudit.remedy.situation import Place, Situation


def remedies(situation: Situation) -> Remedies:
    """One look per device of ours with what the diagnosis says would settle it."""
    open_questions = situation.diagnosis.would_settle
    for place in situation.ours:
        commands = tuple(
            dict.fromkeys(w.command for w in open_questions if w.command and _concerns(w, place, situation))
        )
        yield investigate(
            place,
            ("settle", situation.scope),
            title=f"Collect on {place.name} what would settle the cause",
            why=_questions(open_questions),
            commands=commands or (*look(place, "sa", place.peer), *look(place, "ike"), *look(place, "log")),
        )
    yield ask(
        situation,
        (
            "your outbound SPIs towards our end, with the time at which you looked: is one of those above among them?",
            "did your end or its IPsec service restart, fail over, or clear this tunnel shortly before?",
            "your DPD setting and your IPsec and IKE lifetimes for this tunnel.",
        ),
        "Part of the evidence is at an end that is not ours.",
    )


def _concerns(settles: WouldSettle, place: Place, situation: Situation) -> bool:
    """A question that names one of our devices concerns that one; a question that names none concerns all."""
    named = [p.name for p in situation.ours if p.name in settles.question or p.name in (settles.command or "")]
    return place.name in named or not named


def _questions(open_questions: tuple[WouldSettle, ...]) -> str:
    if not open_questions:
        return (
            "The tables of both ends, taken within the same minute, and the log around the event tell the causes apart."
        )
    return " ".join(q.question if q.question.endswith((".", "?")) else f"{q.question}." for q in open_questions)
