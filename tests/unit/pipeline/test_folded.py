"""Answers that a narrow screen broke are read as they were printed."""

from __future__ import annotations

from pathlib import Path

import pytest

from vpnaudit.model.snapshot import Capture
from vpnaudit.pipeline.devices import parse_capture
from vpnaudit.platforms.registry import platform

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"
CASES = (
    ("cisco_ios", "show version"),
    ("cisco_ios", "show crypto ipsec sa"),
    ("cisco_ios", "show memory statistics"),
    ("cisco_asa", "show version"),
    ("cisco_asa", "show crypto ipsec sa"),
)


def captures() -> list[tuple[str, Capture]]:
    found = []
    for name, command in CASES:
        for path in sorted((FIXTURES / name / command.replace(" ", "_")).glob("*/input.txt")):
            text = path.read_text(encoding="utf-8").replace("\r", "")
            capture = Capture(device="hub1", command=command, text=text, file=path.parent.name, first_line=11)
            found.append((name, capture))
    return found


def folded(text: str, width: int) -> str:
    return "\n".join(line[at : at + width] for line in text.split("\n") for at in range(0, max(len(line), 1), width))


def unread(name: str, capture: Capture) -> int:
    return len(parse_capture(capture, platform(name)).parsed.coverage.unparsed)


@pytest.mark.parametrize("width", [80, 100, 132])
@pytest.mark.parametrize(
    ("name", "capture"), captures(), ids=lambda c: c if isinstance(c, str) else f"{c.command} {c.file}"
)
def test_joined_lines_are_understood(name: str, capture: Capture, width: int) -> None:
    narrow = Capture(device="hub1", command=capture.command, text=folded(capture.text, width), file="a", first_line=11)
    if unread(name, capture):
        return
    assert unread(name, narrow) == 0
    parsed = parse_capture(narrow, platform(name)).capture
    lines = narrow.text.split("\n")
    for number, line in enumerate(parsed.text.split("\n"), 1):
        assert line.startswith(lines[parsed.number_of(number) - 11])


def test_rows_as_wide_as_a_screen_are_rows() -> None:
    head = "                Head    Total(b)     Used(b)     Free(b)   Lowest(b)  Largest(b)"
    row = "Processor   65F1DE60   180355072    79120512   101234560   100234560    99234560"
    capture = Capture(device="hub1", command="show memory statistics", text=f"{head}\n{row}\n", file="a")
    parsed = parse_capture(capture, platform("cisco_ios"))
    assert len(head) == len(row) == 80
    assert (parsed.capture, parsed.parsed.coverage.unparsed) == (capture, ())


def test_what_is_not_understood_either_way_stays_as_it_is() -> None:
    text = f"{'word ' * 16}\n{'more ' * 16}\nend\n"
    capture = Capture(device="hub1", command="show version", text=text, file="a")
    assert parse_capture(capture, platform("cisco_ios")).capture == capture


def test_an_indented_line_is_none_that_goes_on() -> None:
    line = "        conn id: 2019, flow_id: ESG:19, sibling_flags FFFFFFFF80004048, crypto map: Tunnel2-head-0"
    text = (
        f"interface: Tunnel2\n    Crypto map tag: Tunnel2-head-0, local addr 192.0.2.1\n{line}\n        what is this\n"
    )
    capture = Capture(device="hub1", command="show crypto ipsec sa", text=text, file="a")
    parsed = parse_capture(capture, platform("cisco_ios"))
    assert parsed.capture == capture
    assert [u.text.strip() for u in parsed.parsed.coverage.unparsed][-1] == "what is this"
