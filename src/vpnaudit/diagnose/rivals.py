"""What becomes of the other causes: ruled out by a line, unlikely for a reason, or open with what would tell."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Literal

from msgspec import structs

from vpnaudit.diagnose.registry import all_causes
from vpnaudit.model.evidence import Evidence
from vpnaudit.model.judgement import Cause, Reason, RuledOut, Story, Weighing, WouldSettle

Told = Sequence[tuple[Story, Weighing, Mapping[str, Weighing]]]
"""The stories of one diagnosis, each with the winner's weighing and with what every cause says."""
_SHOW = re.compile(r"show [a-z][a-z0-9 -]*[a-z0-9]")
CATCH_ALL = "insufficient-evidence"
"""No rival: it is what is left where the others are open."""


def ruled_out(cause: Cause, told: Told) -> tuple[RuledOut, ...]:
    """The rivals that are out in every story, by the first line that says so, and those that would fit less well."""
    newest_first = sorted(told, key=lambda one: not one[0].ongoing)
    words = [_word_against(cause, rival, told, [w[rival.name] for _, _, w in newest_first]) for rival in _rivals(cause)]
    return tuple([word for word in words if word is not None])


def _rivals(cause: Cause) -> list[Cause]:
    return [c for c in all_causes() if c.name not in {cause.name, CATCH_ALL}]


def _word_against(cause: Cause, rival: Cause, told: Told, said: Sequence[Weighing]) -> RuledOut | None:
    """By what is `said` of the rival of each story."""
    if any(_is_open(cause, rival, w) for w in said):
        return None
    if any(w.verdict == "fits" for w in said):
        because = f"it would fit too, but {cause.name} {_explains(rival, told)}"
        shown = next((r.evidence for _, own, _ in told for r in own.because if r.evidence), ())
        return RuledOut(cause=rival.name, because=because, verdict="unlikely", evidence=_once(shown))
    doubted = next((w for w in said if w.verdict == "unlikely"), None)
    against = doubted or next((w for w in said if w.because), said[0])
    first = next(iter(against.because), Reason(text="nothing of what it takes was seen"))
    verdict: Literal["ruled-out", "unlikely"] = "unlikely" if doubted is not None else "ruled-out"
    return RuledOut(cause=rival.name, because=first.text, verdict=verdict, evidence=_once(first.evidence))


def _explains(rival: Cause, told: Told) -> str:
    """What the first cause tells of the lines that the rival, which fits too, does not."""
    found = {story.mechanism for story, _, weighings in told if weighings[rival.name].verdict == "fits"}
    if found == {"stale-sa"}:
        return "explains why the receiver has no SA"
    return "explains why the SAs changed then" if found == {"rekey-race"} else "explains more of it"


def _once(evidence: Sequence[Evidence]) -> tuple[Evidence, ...]:
    return tuple(dict.fromkeys(evidence))


def _is_open(cause: Cause, rival: Cause, weighing: Weighing) -> bool:
    """Whether the rival may yet be the cause: it lacks evidence, or it fits and waits for others to be ruled out."""
    return weighing.verdict == "open" or (weighing.verdict == "fits" and rival.order < cause.order)


def examples(cause: Cause, told: Told, shown: int) -> Told:
    """Of many stories the first, and for each rival that none of them leaves open the first that does."""
    rivals, opened = _rivals(cause), set[str]()
    kept: list[tuple[Story, Weighing, Mapping[str, Weighing]]] = []
    for one in told:
        new = {r.name for r in rivals if r.name not in opened and _is_open(cause, r, one[2][r.name])}
        if len(kept) < shown or new:
            kept.append(one)
            opened |= new
    return kept


def would_settle(cause: Cause, told: Told) -> tuple[WouldSettle, ...]:
    """Its own questions, and of its rivals those that take a command beyond: one answer settles many questions.

    Each names the causes that its answer would tell apart; every rival that is open stands at one at least.
    """
    asked: list[WouldSettle] = []
    for _, own, _ in told:
        _ask(asked, cause.name, own.would_settle)
    for _, _, weighings in told:
        for rival in _rivals(cause):
            weighing = weighings[rival.name]
            if _is_open(cause, rival, weighing):
                _ask(asked, rival.name, weighing.would_settle or (_waits(rival, weighing),))
    return tuple(asked)


def _waits(rival: Cause, weighing: Weighing) -> WouldSettle:
    *most, last = weighing.unless_open or ("what goes before it",)
    others = f"{', '.join(most)} and {last} are" if most else f"{last} is"
    return WouldSettle(question=f"is it {rival.name}? It fits once {others} ruled out")


def _ask(asked: list[WouldSettle], cause: str, questions: Sequence[WouldSettle]) -> None:
    """Add what none of `asked` answers; where one does, the cause joins it."""
    for question in questions:
        wanted = _answers(question)
        answered = [n for n, w in enumerate(asked) if w.question == question.question and w.command == question.command]
        known = {answer for w in asked for answer in _answers(w)}
        if not answered and wanted and wanted <= known:
            answered = [n for n, w in enumerate(asked) if wanted & _answers(w)]
        for number in answered:
            causes = asked[number].causes
            if cause not in causes:
                asked[number] = structs.replace(asked[number], causes=(*causes, cause))
        if not answered:
            asked.append(structs.replace(question, causes=(cause,)))


@lru_cache(maxsize=65536)
def _answers(wanted: WouldSettle) -> frozenset[tuple[str, str]]:
    """The show commands that it takes, each with the device."""
    device, _, commands = (wanted.command or "").partition(":")
    return frozenset((device, command) for command in _SHOW.findall(commands))
