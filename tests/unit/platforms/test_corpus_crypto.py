"""Every fact that the collected device output holds is found, and nothing is invented."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from vpnaudit.model.facts import Facts, Parsed
from vpnaudit.model.sa import IkeSa, IpsecSa, Session
from vpnaudit.platforms.cisco_ios import (
    show_crypto_ikev2_sa,
    show_crypto_ipsec_sa,
    show_crypto_isakmp_sa,
    show_crypto_map,
    show_crypto_session,
)

CORPUS = Path(__file__).resolve().parents[3] / "../shared/corpus"
FAMILIES: dict[str, Callable[[str], Parsed]] = {
    "show-crypto-ipsec-sa": show_crypto_ipsec_sa.parse,
    "show-crypto-isakmp-sa": show_crypto_isakmp_sa.parse,
    "show-crypto-ikev2-sa": show_crypto_ikev2_sa.parse,
    "show-crypto-ikev2-session": show_crypto_ikev2_sa.parse,
    "show-crypto-session": show_crypto_session.parse,
    "show-crypto-map": show_crypto_map.parse_map,
    "show-crypto-ipsec-profile": show_crypto_map.parse_profile,
}
OTHER_COMMANDS = ("show-crypto-ipsec-sa-count",)

pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(not CORPUS.is_dir(), reason=f"no collected device output: {CORPUS} is missing"),
]


def parser_of(folder: str) -> Callable[[str], Parsed] | None:
    """The parser of the longest command that the folder's name begins with."""
    fits = [name for name in FAMILIES if folder == name or folder.startswith(f"{name}-")]
    return FAMILIES[max(fits, key=len)] if fits and folder not in OTHER_COMMANDS else None


def samples() -> list[Path]:
    return [
        path
        for platform in ("cisco_ios", "cisco_xe")
        for path in sorted((CORPUS / platform).glob("*/*.txt"))
        if parser_of(path.parent.name)
    ]


def read(path: Path) -> tuple[Facts, dict[str, Any]]:
    parse = parser_of(path.parent.name)
    assert parse is not None
    expected = path.parent / f"{path.stem}.expect.json"
    return parse(path.read_text(encoding="utf-8")).facts, json.loads(expected.read_text(encoding="utf-8"))


def counted(rows: Iterable[tuple[Any, ...]]) -> Counter[tuple[Any, ...]]:
    return Counter(rows)


def given_sa(sa: dict[str, Any]) -> tuple[Any, ...]:
    keys = ("spi", "direction", "proto", "interface", "peer", "local_endpt", "remote_endpt", "remaining_kb")
    return (*(sa.get(key) for key in keys), sa.get("remaining_sec"), sa.get("status"))


def found_sa(sa: IpsecSa) -> tuple[Any, ...]:
    ends = (sa.local_endpoint, sa.remote_endpoint)
    return (sa.spi, sa.direction, sa.protocol, sa.interface, sa.peer, *ends, sa.remaining_kb, sa.remaining_s, sa.status)


def found_ikev1(sa: IkeSa) -> dict[str, Any]:
    if sa.ends_known:
        return {"local": sa.local, "remote": sa.remote, "lifetime_sec": sa.remaining_s, "conn_id": sa.conn_id}
    return {"dst": sa.remote, "src": sa.local, "state": sa.state, "conn_id": sa.conn_id, "status": sa.status}


def found_ikev2(sa: IkeSa) -> dict[str, Any]:
    pairs = zip(sa.child_sas[::2], sa.child_sas[1::2], strict=True)
    return {
        "tunnel_id": sa.conn_id,
        "local": sa.local,
        "local_port": sa.local_port,
        "remote": sa.remote,
        "remote_port": sa.remote_port,
        "status": sa.status,
        "life_sec": sa.lifetime_s,
        "active_sec": sa.active_s,
        "child_spi": [{a.direction: a.spi, b.direction: b.spi} for a, b in pairs],
    }


def found_session(session: Session) -> dict[str, Any]:
    return {
        "interface": session.interface,
        "flows": session.flows,
        "ike_sas": session.ike_sas,
        "status": session.status,
        "peers": list(session.peers),
        "life": [list(pair) for pair in session.life],
    }


def check_each(expected: list[dict[str, Any]], found: list[dict[str, Any]]) -> None:
    """Every record, in its order, with every key that both name."""
    assert len(found) == len(expected)
    for want, have in zip(expected, found, strict=True):
        shared = want.keys() & have.keys()
        assert {key: have[key] for key in shared} == {key: want[key] for key in shared}


@pytest.mark.parametrize("path", samples(), ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_every_fact_is_found(path: Path) -> None:
    facts, expected = read(path)
    assert counted(map(found_sa, facts.ipsec_sas)) == counted(map(given_sa, expected.get("sas", [])))
    check_each(expected.get("isakmp", []), [found_ikev1(sa) for sa in facts.ike_sas if sa.version == "v1"])
    check_each(expected.get("ikev2", []), [found_ikev2(sa) for sa in facts.ike_sas if sa.version == "v2"])
    check_each(expected.get("sessions", []), [found_session(session) for session in facts.sessions])
    spis = {flow.current_outbound_spi for flow in facts.ipsec_flows} - {None}
    assert spis == set(expected.get("current_outbound_spi", []))


@pytest.mark.parametrize("path", samples(), ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_records_point_to_their_lines(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").split("\n")
    facts, _ = read(path)
    for sa in facts.ipsec_sas:
        assert lines[sa.line - 1].strip().startswith("spi:")
    for flow in facts.ipsec_flows:
        assert "local" in lines[flow.line - 1]
    for session in facts.sessions:
        assert lines[session.line - 1].strip().startswith("Interface:")


def test_nearly_every_line_is_understood() -> None:
    """What is left are notes that people wrote between the answers, and one damaged line."""
    lines = unparsed = 0
    for path in samples():
        parse = parser_of(path.parent.name)
        assert parse is not None
        coverage = parse(path.read_text(encoding="utf-8")).coverage
        lines += coverage.lines
        unparsed += len(coverage.unparsed)
    assert unparsed < 0.03 * lines
