"""How numbers, times and the document's own words are said to a person."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime

from vpnaudit.model.audit import AuditDpd, AuditLifetime, AuditRemediation
from vpnaudit.model.judgement import Owner, RuledOut, Waived, WouldSettle
from vpnaudit.model.tunnel import TunnelState

UNKNOWN = "not known"
_MOST_PLACES = 2
_KNOWN_S = 30.0

STATE_WORDS: Mapping[TunnelState, str] = {
    "up": "up",
    "one-sided": "one-sided",
    "idle": "idle",
    "down": "down",
    "unknown": "unknown",
}

OWNER_WORDS: Mapping[Owner, str] = {
    "sender": "the sending side",
    "receiver": "the receiving side",
    "both": "both sides",
    "path": "the path between the ends, or another party",
    "vendor": "the vendor of the device",
    "nobody": "nobody; nothing is broken",
    "unknown": "not known yet",
}

RISK_WORDS: Mapping[str, str] = {
    "none": "no risk",
    "low": "low risk",
    "disruptive": "disruptive",
}

KIND_WORDS: Mapping[str, str] = {
    "config": "configuration",
    "exec": "command",
    "ask": "ask the other party",
    "investigate": "look into",
}

GLOSSARY: tuple[tuple[str, str], ...] = (
    ("SA", "security association: one direction of an encrypted tunnel; an inbound and an outbound one make a pair"),
    (
        "SPI",
        "names the SA in every encrypted packet; chosen by the receiver, so what one end sends on, the other must have",
    ),
    ("invalid SPI", "a packet came with an SPI for which the receiver has no inbound SA; the packet is dropped"),
    ("rekey", "both ends replace a pair of SAs by a new one before its lifetime (seconds or kilobytes) runs out"),
    ("IKE SA", "the control channel over which the two ends agree on SAs and tell each other that one is gone"),
    ("DPD", "dead peer detection: asking the other end whether it still lives; it ends SAs whose other end is lost"),
)


def do_word(remedy: AuditRemediation) -> str:
    """Say what is done with a remediation's commands: those of kind "ask" are a text for the other party."""
    return "Send" if remedy.kind == "ask" else "Do"


def moment(text: str | None) -> datetime | None:
    """Read a time of the document (UTC); None where there is none or it is no time."""
    if not text:
        return None
    try:
        parsed = datetime.fromisoformat(text)
        return parsed.astimezone(UTC) if parsed.tzinfo else parsed.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


def clock(text: str | None) -> str:
    """Say a time of the document: "2026-05-01 12:00:07 UTC"; what is no time is given as it stands."""
    when = moment(text)
    if when is None:
        return text or UNKNOWN
    return when.strftime("%Y-%m-%d %H:%M:%S UTC")


def span(first: str | None, last: str | None) -> str:
    """Say from when to when, naming the day once: "2026-05-01 11:40:12 to 12:00:07 UTC"."""
    start, end = moment(first), moment(last)
    if start is None or end is None or start == end:
        return clock(first or last)
    shown = end.strftime("%H:%M:%S UTC") if start.date() == end.date() else end.strftime("%Y-%m-%d %H:%M:%S UTC")
    return f"{start.strftime('%Y-%m-%d %H:%M:%S')} to {shown}"


def duration(seconds: float | None) -> str:
    """Say a length of time with its two largest units: "19 min 55 s", "2 d 3 h", "0.4 s"."""
    if seconds is None or not math.isfinite(seconds):
        return UNKNOWN
    sign, seconds = ("-" if seconds < 0 else ""), abs(seconds)
    if 0 < seconds < 10 and seconds != int(seconds):
        return f"{sign}{seconds:.1f} s"
    rest = round(seconds)
    parts: list[str] = []
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min"), (1, "s")):
        amount, rest = divmod(rest, size)
        if amount:
            parts.append(f"{amount:,} {unit}")
    return sign + (" ".join(parts[:2]) if parts else "0 s")


def offset(seconds: float | None, *, synchronized: bool | None, within_s: float | None = None) -> str:
    """Say a clock offset against the collector ("+1.2 s"), how well it is known, and whether it is synchronized.

    A bound of half a minute is what correlation needs (field guide 4, C16): a better one is not worth a word.
    """
    said = UNKNOWN if seconds is None else f"{seconds:+.1f} s"
    if seconds is not None and within_s is not None and within_s > _KNOWN_S:
        said += f" to within {duration(within_s)}"
    if synchronized is None:
        return said
    return f"{said}, synchronized" if synchronized else f"{said}, not synchronized"


def dpd(setting: AuditDpd | None) -> str:
    """Say an end's DPD: "periodic 10/3 s", "off", "not known"."""
    if setting is None or (setting.mode is None and setting.interval_s is None):
        return UNKNOWN
    if setting.mode == "off":
        return "off"
    parts: list[str] = [setting.mode or "mode not known"]
    if setting.interval_s is not None:
        retry = "" if setting.retry_s is None else f"/{setting.retry_s}"
        parts.append(f"{setting.interval_s}{retry} s")
    return " ".join(parts)


def ipsec_lifetime(setting: AuditLifetime | None) -> str:
    """Say an end's IPsec lifetime: "1 h, 4,608,000 kB"."""
    if setting is None:
        return UNKNOWN
    parts = [] if setting.ipsec_s is None else [duration(setting.ipsec_s)]
    if setting.ipsec_kb is not None:
        parts.append(f"{setting.ipsec_kb:,} kB")
    return ", ".join(parts) or UNKNOWN


def ike_lifetime(setting: AuditLifetime | None) -> str:
    """Say an end's IKE lifetime: "1 d"."""
    return duration(setting.ike_s) if setting else UNKNOWN


def accepted(waived: Waived) -> str:
    """Say why something is accepted, until when and by whom."""
    limits = [f"until {waived.until}" if waived.until else "", f"by {waived.owner}" if waived.owner else ""]
    said = ", ".join(filter(None, limits))
    return f"{waived.reason} ({said})" if said else waived.reason


def rival(ruled: RuledOut) -> str:
    """Name a cause that it is not, or hardly is: "delete-lost", "frequent-rekey (unlikely)"."""
    return ruled.cause if ruled.verdict == "ruled-out" else f"{ruled.cause} (unlikely)"


def against(ruled: RuledOut) -> str:
    """Say what speaks against a cause, and where that stands: "hub is up since May (hub/show_version.txt:7)"."""
    places = [e.file if e.line is None else f"{e.file}:{e.line}" for e in ruled.evidence[:_MOST_PLACES]]
    return f"{ruled.because} ({', '.join(places)})" if places else ruled.because


def question(open_point: WouldSettle) -> str:
    """Say what is open, and which causes hang on it: "was it reloaded? [reset-not-detected]"."""
    causes = f" [{', '.join(open_point.causes)}]" if open_point.causes else ""
    return open_point.question + causes
