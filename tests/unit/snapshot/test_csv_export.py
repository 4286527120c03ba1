"""Rows of a log server's export become the lines that a relay would have written."""

from __future__ import annotations

import pytest

from vpnaudit.snapshot.csv_export import without_columns
from vpnaudit.snapshot.logfile import line_host, split_log

SAID = (
    "%ASA-4-402114: IPSEC: Received an ESP packet (SPI= 0x1A2B3C4D, sequence number= 0x9) from 192.0.2.1 to 192.0.2.2"
)
EXPORTS = {
    "Splunk": (
        '"_serial","_time",source,sourcetype,host,index,"_raw"',
        f'0,"2025-06-15T08:00:05.000+0000","udp:514","cisco:asa","fw-a",net,"Jun 15 2025 08:00:05: {SAID}"',
        f"2025-06-15T08:00:05.000+0000 fw-a Jun 15 2025 08:00:05: {SAID}",
    ),
    "Graylog": (
        '"timestamp","source","message"',
        f'"2025-06-15T08:00:05.000Z","fw-a","{SAID}"',
        f"2025-06-15T08:00:05.000Z fw-a {SAID}",
    ),
    "Kibana": (
        '"@timestamp","host.name",message',
        f'"Jun 15, 2025 @ 08:00:05.000","fw-a","{SAID}"',
        f"2025-06-15T08:00:05.000 fw-a {SAID}",
    ),
    "no quotes": (
        "timestamp,host,message",
        f"2025-06-15T08:00:05Z,fw-a,{SAID}",
        f"2025-06-15T08:00:05Z fw-a {SAID}",
    ),
    "semicolons, byte order mark": (
        "\ufefftime;hostname;message",
        f'2025-06-15 08:00:05;fw-a;"{SAID} ""quoted"""',
        f'2025-06-15T08:00:05 fw-a {SAID} "quoted"',
    ),
}


@pytest.mark.parametrize(("head", "row", "line"), EXPORTS.values(), ids=EXPORTS)
def test_a_row_is_a_line_with_its_time_and_host(head: str, row: str, line: str) -> None:
    assert list(without_columns([(1, head), (2, row)])) == [(2, line)]
    assert line_host(line) == "fw-a"


def test_an_export_of_two_devices_has_a_part_for_each() -> None:
    rows = [f'"2025-06-15T08:00:0{n}.000Z","fw-{name}","{SAID}"' for n, name in enumerate("aba")]
    parts = split_log("\n".join(['"timestamp","source","message"', *rows]), "export")
    assert [(part.device, part.numbers or part.first_line) for part in parts] == [("fw-a", (2, 4)), ("fw-b", 3)]


@pytest.mark.parametrize(
    "lines",
    [
        [],
        [(1, f"Jun 15 2025 08:00:05: {SAID}")],
        [(1, "time,host,message"), (2, "%x,y")],
        [(1, "source,destination,port"), (2, f"{SAID},1,2")],
    ],
    ids=["nothing", "a log", "a row that does not fit", "no message"],
)
def test_other_lines_stay(lines: list[tuple[int, str]]) -> None:
    assert list(without_columns(lines))[-1:] == lines[-1:]


@pytest.mark.parametrize(
    ("head", "host"),
    [
        ("2025-06-12T02:30:00.000+02:00 relay1 fw-a : ", "fw-a"),
        ("Jun 12 02:30:00 192.0.2.7 Jun 12 2025 02:30:00 fw-a : ", "fw-a"),
        ("Jun 12 02:30:00 192.0.2.7 Jun 12 2025 02:30:00: ", "192.0.2.7"),
        ("Jun 12 2025 02:30:00 fw-a : ", "fw-a"),
        ("Jun 12 02:30:00 relay1 Jun 12 02:30:00 fw-a Jun 12 2025 02:30:00 CET fw-a : ", "fw-a"),
        ("Jun 12 02:30:00 relay1 fw-a Jun 12 2025 02:30:00 fw-a : ", "fw-a"),
    ],
)
def test_a_firewalls_own_name_goes_before_its_relays(head: str, host: str) -> None:
    assert line_host(head + SAID) == host
