"""`show vpn-sessiondb`, its summary and its site-to-site sessions: with whom, for how long, over how many tunnels."""

from __future__ import annotations

import re

from vpnaudit.model.addresses import is_address
from vpnaudit.model.facts import Facts, Parsed
from vpnaudit.model.platform import CommandSpec
from vpnaudit.model.sa import Session
from vpnaudit.parse.duration import duration_s
from vpnaudit.parse.engine import Row, parse_answer
from vpnaudit.platforms.counter_rows import in_columns

_COLUMNS = {"ACTIVE": "Active", "CUMULATIVE": "Cumulative", "PEAK": "Peak Concur", "INACTIVE": "Inactive"}
_KIND = re.compile(r"(IKE|IPsec)\w*:\s*")
_COUNT = re.compile(r"\((\d{1,9})\)")


def parse(text: str) -> Parsed:
    """Read an answer that lists sessions. Never raises."""
    return parse_answer("cisco_asa", "show_vpn-sessiondb_l2l", text, _facts)


def parse_summary(text: str) -> Parsed:
    """Read an answer that counts sessions. Never raises."""
    return parse_answer("cisco_asa", "show_vpn-sessiondb", text, _summary_facts)


def _facts(rows: list[Row]) -> Facts:
    return Facts(sessions=tuple(_session(row) for row in rows))


def _session(row: Row) -> Session:
    tunnels = _counts(row["ENCRYPTION"])
    return Session(
        line=row.line,
        peers=_peers(row),
        uptime_s=_uptime_s(row["DURATION"]),
        flows=_total(row.each("IPSEC_TUNNELS"), tunnels["IPsec"]),
        ike_sas=_total(row.each("IKE_TUNNELS"), tunnels["IKE"]),
        profile=row.text("GROUP"),
        peer_port=row.number("PEER_PORT"),
    )


def _peers(row: Row) -> tuple[str, ...]:
    """The peer: `IP Addr`; where that shows a name, also the tunnel group if its name is an address."""
    shown, group = row["ADDRESS"], row["GROUP"]
    if is_address(shown) or not is_address(group):
        return (shown,) if shown else ()
    return (shown, group) if shown else (group,)


def _uptime_s(duration: str) -> int | None:
    """Read "6:16:26", "2h:21m:21s" and "61d 8h:03m:16s"."""
    plain = duration_s(duration)
    return duration_s(duration.replace(":", " ")) if plain is None else plain


def _total(printed: tuple[str, ...], otherwise: int) -> int:
    return sum(int(count[:9]) for count in printed) if printed else otherwise


def _counts(encryption: str) -> dict[str, int]:
    """The tunnels of each kind by "IKEv1: (1)AES128  IPsec: (2)AES256", all that the short form says of them."""
    found = {"IKE": 0, "IPsec": 0}
    _, *parts = _KIND.split(encryption)
    for kind, algorithms in zip(parts[::2], parts[1::2], strict=True):
        found[kind] += sum(int(count) for count in _COUNT.findall(algorithms))
    return found


def _summary_facts(rows: list[Row]) -> Facts:
    return Facts(counters=tuple(counter for row in rows for counter in in_columns(row, row["NAME"], _COLUMNS)))


COMMANDS = (
    CommandSpec(command="show vpn-sessiondb detail l2l", parse=parse, timeout_s=120.0),
    CommandSpec(command="show vpn-sessiondb l2l", parse=parse, timeout_s=120.0),
    CommandSpec(
        command="show vpn-sessiondb",
        parse=parse_summary,
        other_forms=("show vpn-sessiondb summary",),
    ),
)
