"""The facts that are compared: as others noted them, and as our parsers say them, by the names of the notes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from vpnaudit.model.config import ConfigFacts, LifetimeSetting
from vpnaudit.model.facts import Facts
from vpnaudit.model.logs import LogMessage
from vpnaudit.model.sa import IkeSa, IpsecSa, Session

NOT_COMPARED = frozenset({"lifetime_line"})
Values = dict[str, Any]


@dataclass(frozen=True)
class Record:
    """A record of one kind: what the notes say of it, or what a parser read. `line` is 0 where none is known."""

    kind: str
    values: Values
    line: int = 0


def expected_records(notes: Values) -> Iterator[Record]:
    """The noted facts, one record each, by the names that the notes use."""
    for sa in notes.get("sas", ()):
        yield Record("sas", {k: sa[k] for k in _SA if sa.get(k) is not None})
    for spi in dict.fromkeys(notes.get("current_outbound_spi", ())):
        yield Record("current_outbound_spi", {"spi": spi})
    for kind in ("isakmp", "ikev2", "sessions", "pools"):
        for row in notes.get(kind, ()):
            yield Record(kind, {k: settled(v) for k, v in row.items() if k != "ike_spi"})
    for event in notes.get("events", ()):
        yield Record("events", {k: settled(v) for k, v in event.items()})
    for number in range(notes.get("tag_lines", 0)):
        yield Record("tag_lines", {"number": number})
    for statement, values in notes.get("config", {}).items():
        name = "isakmp_policy" if statement == "ikev1_policy" else statement
        for value in () if name in NOT_COMPARED else values:
            yield Record(f"config {name}", {"text": _two_words(value)})
    if "version" in notes:
        yield Record("version", {k: settled(v) for k, v in notes["version"].items()})


def kinds_noted(notes: Values) -> frozenset[str]:
    """The kinds of which the notes speak, if only to say that there are none."""
    return frozenset(
        {
            "sas",
            "current_outbound_spi",
            "isakmp",
            "ikev2",
            "sessions",
            "pools",
            "events",
            "tag_lines",
            "config",
            "version",
        }
        & notes.keys()
    )


_SA = (
    "spi", "direction", "proto", "interface", "peer", "local_endpt", "remote_endpt", "remaining_kb", "remaining_sec",
    "status",
)  # fmt: skip


def settled(value: Any) -> Any:  # noqa: ANN401
    """A value that can be compared and counted: lists become tuples."""
    if isinstance(value, list):
        return tuple(settled(v) for v in value)
    return tuple(sorted(value.items())) if isinstance(value, dict) else value


def _two_words(text: str) -> str:
    """Names hold no blank; where a page's mark-up stands in place of one, its first word is enough."""
    return " ".join(text.split()[:2]) if "<" in text else text


def our_records(facts: Facts) -> Iterator[Record]:
    """Everything in `facts` of which the notes speak."""
    yield from (Record("sas", _sa(sa), sa.line) for sa in facts.ipsec_sas)
    spis = {f.current_outbound_spi: f.line for f in facts.ipsec_flows if f.current_outbound_spi is not None}
    yield from (Record("current_outbound_spi", {"spi": spi}, line) for spi, line in spis.items())
    for ike in facts.ike_sas:
        yield Record("isakmp", _ikev1(ike), ike.line) if ike.version == "v1" else Record("ikev2", _ikev2(ike), ike.line)
    yield from (Record("sessions", _session(s), s.line) for s in facts.sessions)
    for pool in facts.memory_pools:
        names = ("pool", "total", "used", "free", "lowest", "largest")
        yield Record("pools", {n: getattr(pool, n) for n in names}, pool.line)
    yield from (Record("events", _event(m), m.line) for m in facts.messages if m.is_crypto)
    tagged = sorted({m.line for m in facts.messages if not m.tag.startswith("DEBUG-")})
    yield from (Record("tag_lines", {"number": n}, line) for n, line in enumerate(tagged))
    if facts.config is not None:
        for name, values in _statements(facts.config).items():
            yield from (Record(f"config {name}", {"text": v}) for v in values)
    version = facts.version
    if version is not None:
        told = ("version", "uptime", "reload_reason", "spellings")
        yield Record("version", {n: settled(getattr(version, n)) for n in told}, version.line)


def _sa(sa: IpsecSa) -> Values:
    ends: Values = {"peer": sa.peer, "local_endpt": sa.local_endpoint, "remote_endpt": sa.remote_endpoint}
    left: Values = {"remaining_kb": sa.remaining_kb, "remaining_sec": sa.remaining_s, "status": sa.status}
    return {"spi": sa.spi, "direction": sa.direction, "proto": sa.protocol, "interface": sa.interface, **ends, **left}


def _ikev1(sa: IkeSa) -> Values:
    ends = {"local": sa.local, "remote": sa.remote, "src": sa.local, "dst": sa.remote, "peer": sa.remote}
    state = {"state": sa.state or sa.status, "status": sa.status, "conn_id": sa.conn_id}
    return {**ends, **state, "lifetime_sec": sa.remaining_s if sa.ends_known else None}


def _ikev2(sa: IkeSa) -> Values:
    pairs = zip(sa.child_sas[::2], sa.child_sas[1::2], strict=False)
    return {
        "tunnel_id": sa.conn_id,
        "local": sa.local,
        "local_port": sa.local_port,
        "remote": sa.remote,
        "remote_port": sa.remote_port,
        "status": sa.status,
        "life_sec": sa.lifetime_s,
        "active_sec": sa.active_s,
        "child_spi": settled([{a.direction: a.spi, b.direction: b.spi} for a, b in pairs]),
    }


def _session(session: Session) -> Values:
    names = ("interface", "flows", "ike_sas", "status", "peers", "life")
    return {n: settled(getattr(session, n)) for n in names}


def _event(message: LogMessage) -> Values:
    return {
        "tag": message.tag,
        "spi": message.spi,
        "src": message.source,
        "dst": message.destination,
        "between": message.between or None,
    }


def _statements(config: ConfigFacts) -> dict[str, list[str]]:
    """Put the facts into the words of the statements that they were read from."""
    lifetimes = [config.ipsec_lifetime, *(p.lifetime for p in config.ipsec_profiles)]
    lifetimes += [m.lifetime for m in config.map_entries]
    keepalive = config.isakmp_keepalive
    probes = [keepalive.interval_s, keepalive.retry_s] if keepalive else []
    mode = ["periodic"] if keepalive and keepalive.mode == "periodic" else []
    return {
        "isakmp_policy": [str(p.priority) for p in config.isakmp_policies],
        "ikev2_policy": list(config.ikev2_policies),
        "ikev2_profile": [p.name for p in config.ike_profiles if p.version == "v2"],
        "ikev2_proposal": list(config.ikev2_proposals),
        "ipsec_profile": [p.name for p in config.ipsec_profiles],
        "transform_set": [t.name for t in config.transform_sets],
        "isakmp_keepalive": [" ".join([str(p) for p in probes if p is not None] + mode)] if keepalive else [],
        "profile_keepalive": [f"{p.dpd.interval_s} retry {p.dpd.retry_s}" for p in config.ike_profiles if p.dpd],
        "invalid_spi_recovery": ["crypto isakmp invalid-spi-recovery"] * config.invalid_spi_recovery,
        "sa_lifetime": [text for lifetime in lifetimes for text in _lifetime(lifetime)],
        "peer": [peer for m in config.map_entries for peer in m.peers],
        "isakmp_key_address": [k.address for k in config.isakmp_keys if k.address],
        "crypto_map_entry": [f"{m.name} {m.sequence}" for m in config.map_entries if not m.template],
        "tunnel_destination": [i.tunnel_destination for i in config.interfaces if i.tunnel_destination],
        "tunnel_protection": [f"profile {i.ipsec_profile}" for i in config.interfaces if i.ipsec_profile],
    }


def _lifetime(lifetime: LifetimeSetting | None) -> list[str]:
    if lifetime is None:
        return []
    found = [f"seconds {lifetime.seconds}"] if lifetime.seconds is not None else []
    found += [f"kilobytes {lifetime.kilobytes}"] if lifetime.kilobytes is not None else []
    return found + ["kilobytes disable"] * lifetime.volume_disabled
