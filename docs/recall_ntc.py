"""The same measurement of the installed ntc-templates: its rows, by the names of the notes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from ntc_templates.parse import ParsingException, parse_output
from recall_facts import Record, Values
from textfsm import TextFSMError

Rows = list[dict[str, Any]]


def facts_read(platform: str, command: str, text: str, expected: Sequence[Record]) -> tuple[bool, int]:
    """Whether ntc-templates returns any row for `text`, and how many of the noted facts its rows hold."""
    try:
        rows = parse_output(platform=platform, command=command, data=text)  # type: ignore[no-untyped-call]
    except (ParsingException, TextFSMError, ValueError):
        return False, 0
    found = list(_their_records(rows, {r.kind for r in expected}))
    return bool(rows), sum(_agreeing_with_them(one, found) for one in expected)


def _agreeing_with_them(wanted: Record, rest: list[Record]) -> int:
    """As `_agreeing` with the best record left, which is then taken."""
    best, record = _best_of_theirs(wanted, rest)
    if record is not None:
        rest.remove(record)
    return best


def _best_of_theirs(wanted: Record, rest: Sequence[Record]) -> tuple[int, Record | None]:
    best: tuple[int, Record | None] = (0, None)
    for record in rest:
        if record.kind == wanted.kind:
            agree = sum(_read_alike(v, record.values.get(k)) for k, v in wanted.values.items())
            best = (agree, record) if agree > best[0] else best
    return best


def _read_alike(wanted: object, theirs: object) -> bool:
    """Their values are text, without the words around an uptime: what says the same counts as found."""
    if isinstance(wanted, tuple):
        return theirs is not None and str(theirs) in {str(w) for w in wanted}
    return theirs not in {None, ""} and (str(theirs) == str(wanted) or str(wanted).endswith(f" {theirs}"))


def _their_records(rows: Rows, kinds: set[str]) -> Iterator[Record]:
    makers: dict[str, Callable[[dict[str, Any]], Iterable[Values]]] = {
        "sas": _their_sas,
        "current_outbound_spi": _their_current,
        "isakmp": lambda r: [{"peer": r.get("peer"), "state": r.get("state")}],
        "sessions": lambda r: [
            {"interface": r.get("interface"), "status": r.get("session_status"), "peers": r.get("peer")}
        ],
        "events": lambda r: [{"tag": "-".join(str(r.get(k)) for k in ("facility", "severity", "mnemonic"))}],
        "pools": lambda r: [{n: r.get(f"memory_{n}") for n in ("total", "used", "free")}],
        "version": lambda r: [{**r, "version": r.get("version") or r.get("os"), "spellings": r.get("version")}],
        "config peer": lambda r: [{"text": r.get("peer")}],
        "config crypto_map_entry": lambda r: [{"text": f"{r.get('map')} {r.get('seq')}"}],
        "config isakmp_policy": lambda r: [{"text": r.get("policy_id")}],
        "config sa_lifetime": lambda r: [{"text": f"seconds {r.get('sa') or r.get('sa_sec')}"}],
        "config transform_set": lambda r: [{"text": r.get("name")}],
    }
    for kind in kinds & makers.keys():
        for row in rows:
            yield from (Record(kind, values) for values in makers[kind](row))
    if "tag_lines" in kinds:
        yield from (Record("tag_lines", {"number": n}) for n in range(len(rows)))


def _their_sas(row: dict[str, Any]) -> Iterator[Values]:
    """IOS: a row an SA; ASA: one inbound and one outbound SA a row."""
    ends = {"interface": row.get("interface"), "peer": row.get("current_peer")}
    if "sa_spi_hex" in row:
        yield {
            **ends,
            "spi": int(row["sa_spi_hex"], 16),
            "direction": {"inbound": "in", "outbound": "out"}.get(row["sa_orientation"]),
            "proto": row["sa_type"],
            "local_endpt": row["local_crypto_endpt"],
            "remote_endpt": row["remote_crypto_endpt"],
            "remaining_kb": row["sa_lifetime_kbytes"],
            "remaining_sec": row["sa_lifetime_sec"],
            "status": row["sa_status"],
        }
        return
    for direction, word in (("in", "inbound"), ("out", "outbound")):
        if row.get(f"{word}_spi_hex"):
            yield {
                **ends,
                "spi": int(row[f"{word}_spi_hex"], 16),
                "direction": direction,
                "proto": "esp",
                "local_endpt": row["local_crypto_endpoint"],
                "remote_endpt": row["remote_crypto_endpoint"],
                "remaining_kb": row[f"{word}_remaining_lifetime_kilobytes"],
                "remaining_sec": row[f"{word}_remaining_lifetime"],
            }


def _their_current(row: dict[str, Any]) -> Iterator[Values]:
    spi = row.get("current_outbound_spi_hex") or row.get("current_outbound_spi")
    if spi:
        yield {"spi": int(spi, 16)}
