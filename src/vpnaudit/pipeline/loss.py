"""The loss question as a calculator: figures as people write them, or a file of probes, in; the document out."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import BinaryIO, TypeVar

from msgspec import Struct, structs

from vpnaudit._version import __version__
from vpnaudit.errors import SourceError, UsageError
from vpnaudit.loss import quantities
from vpnaudit.loss.calculator import DEFAULT_KB, Dpd, Question, calculate
from vpnaudit.loss.document import LossDocument, as_builtins, build, in_text
from vpnaudit.loss.probes import Measured, read_probes
from vpnaudit.loss.schedules import Family, Ike

T = TypeVar("T")
MOST_BYTES = 256_000_000
"""A larger file of probes is refused: three years of a probe a second are smaller."""


class Asked(Struct, frozen=True, kw_only=True, gc=False):
    """The question as it was typed; null where the option was not given."""

    rates: Sequence[str] = ()
    rate_back: str | None = None
    burst: str | None = None
    longest: str | None = None
    lifetime: str = "1h"
    volume_rate: str | None = None
    volume_kb: int = DEFAULT_KB
    tunnels: int = 1
    ike: Ike | None = None
    platform: Family = "ios"
    dpd: str | None = None
    observed: int | None = None
    window: str | None = None
    from_ping: str | None = None
    draws: int = 0


def answer(asked: Asked, stdin: BinaryIO | None = None) -> LossDocument:
    """Answer the question; `stdin` is read where the file of probes is "-".

    Raises:
        UsageError: an option says nothing that can be calculated with, in one line that names it.

    """
    measured = _measured(asked.from_ping, stdin) if asked.from_ping is not None else None
    if not asked.rates and measured is None:
        raise UsageError("say how much is lost: --rate 0.3%, or --from-ping FILE with a measurement")
    if (asked.observed is None) != (asked.window is None):
        raise UsageError("--observed and --window belong together: how many events were seen, and in what time")
    question = _question(asked)
    if question.burst_s is not None and question.longest_s is not None and question.longest_s < question.burst_s:
        raise UsageError(f"--longest {asked.longest!r}: no average (--burst {asked.burst!r}) is above the longest")
    if measured is not None:
        question = _with_measurement(question, measured)
    try:
        return build(calculate(question), measured, __version__, asked.draws)
    except ValueError as error:
        raise UsageError(str(error)) from None


def as_text(document: LossDocument) -> str:
    """The answer for people."""
    return in_text(document)


def as_json(document: LossDocument) -> str:
    """The document as JSON text with a final newline."""
    return json.dumps(as_builtins(document), indent=2, ensure_ascii=True, allow_nan=False) + "\n"


def _question(asked: Asked) -> Question:
    rates = [r for text in asked.rates for r in _read("--rate", quantities.shares, text) or ()]
    return Question(
        rates=tuple(rates),
        rate_back=_read("--rate-back", quantities.share, asked.rate_back),
        burst_s=_read("--burst", quantities.seconds, asked.burst),
        longest_s=_read("--longest", _seconds_or_none, asked.longest),
        lifetime_s=_read("--lifetime", quantities.seconds, asked.lifetime) or 3600.0,
        volume_mbit_s=_read("--volume-rate", quantities.mbit_s, asked.volume_rate),
        volume_kb=float(asked.volume_kb),
        tunnels=asked.tunnels,
        ike=asked.ike,
        platform=asked.platform,
        dpd=_read("--dpd", _dpd, asked.dpd),
        observed=asked.observed,
        window_s=_read("--window", quantities.seconds, asked.window),
    )


def _dpd(text: str) -> tuple[Dpd | None, Dpd | None]:
    return quantities.dpd(text)


def _seconds_or_none(text: str) -> float:
    return quantities.seconds(text, zero=True)


def _read(option: str, read: Callable[[str], T], text: str | None) -> T | None:
    if text is None:
        return None
    try:
        return read(text)
    except ValueError as error:
        raise UsageError(f"{option} {error}") from None


def _with_measurement(question: Question, measured: Measured) -> Question:
    """The measured share, and the highest that the measurement allows; the longest outage seen, and how rare longer."""
    rates = question.rates
    if not rates:
        highest = measured.loss_interval[1] if measured.loss_interval is not None else measured.loss
        rates = (measured.loss, max(measured.loss, highest))
    longest = question.longest_s
    longer = question.longer_per_day
    if longest is None and measured.longest_s is not None and measured.longer_per_day is not None:
        longest, longer = measured.longest_s[1], measured.longer_per_day
    return structs.replace(question, rates=rates, longest_s=longest, longer_per_day=longer)


def _measured(name: str, stdin: BinaryIO | None) -> Measured:
    try:
        data = stdin.read(MOST_BYTES + 1) if stdin is not None else _read_file(Path(name))
    except (OSError, ValueError) as error:
        problem = getattr(error, "strerror", None) or str(error)
        raise SourceError(name, f"cannot be read: {problem}") from None
    if len(data) > MOST_BYTES:
        raise SourceError(name, "is too large for a file of probes")
    try:
        return read_probes(data)
    except ValueError as error:
        raise SourceError(name, str(error)) from None


def _read_file(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(MOST_BYTES + 1)
