"""`show ip sla statistics` and its older words: how the device's own probes fared since they began.

Successes and failures count operations, of which an echo sends one packet; the loss of a jitter operation is of its
latest run alone. The target is not printed: it stands in the configuration (`_config_ip_sla`).
"""

from __future__ import annotations

from vpnaudit.model.facts import Facts, Parsed
from vpnaudit.model.platform import CommandSpec
from vpnaudit.model.system import IpSlaResult
from vpnaudit.parse.engine import Row, parse_answer
from vpnaudit.platforms.clock_rows import reading_of


def parse(text: str) -> Parsed:
    """Read the answer to `show ip sla statistics`, of all operations or of one. Never raises."""
    return parse_answer("cisco_ios", "show_ip_sla_statistics", text, _facts)


def _facts(rows: list[Row]) -> Facts:
    return Facts(ip_sla=tuple(_result(row) for row in rows))


def _result(row: Row) -> IpSlaResult:
    out, back, somewhere = row.number("LOST_OUT"), row.number("LOST_BACK"), row.number("LOST_SOMEWHERE")
    answered = row.number("ANSWERED")
    losses = [n for n in (out, back, somewhere) if n is not None]
    counts_packets = answered is not None and bool(losses)
    lost = sum(losses) if counts_packets else None
    runs = [n for n in (row.number("RUN_OUT"), row.number("RUN_BACK")) if n is not None]
    return IpSlaResult(
        line=row.line,
        number=int(row["NUMBER"]),
        kind=row.text("KIND"),
        successes=row.number("SUCCESSES"),
        failures=row.number("FAILURES"),
        sent=(answered or 0) + sum(losses) + (row.number("LATE") or 0) if counts_packets else None,
        lost=lost,
        lost_out=out if counts_packets else None,
        lost_back=back if counts_packets else None,
        longest_run=max(runs, default=None) if counts_packets else None,
        return_code=row.text("CODE"),
        started=reading_of(row),
    )


COMMANDS = (
    CommandSpec(command="show ip sla statistics", parse=parse, other_forms=("show ip sla statistics detail",)),
    CommandSpec(command="show ip sla monitor statistics", parse=parse, other_forms=("show rtr operational-state",)),
)
