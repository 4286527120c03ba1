"""What we would send to ntc-templates: `python docs/upstream.py` writes docs/upstream.md from docs/upstream/<case>/.

A case is our own sample (`input.txt`), what it is (`case.json`: platform, command, rule, the fields that matter, the
template that we propose), and the rows that it should give (`expected.json`, of those fields). What the installed
ntc-templates gives is computed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

from ntc_templates.parse import ParsingException, parse_output
from textfsm import TextFSM, TextFSMError

HERE = Path(__file__).resolve().parent
CASES = HERE / "upstream"
TEMPLATES = CASES / "templates"
PAGE = HERE / "upstream.md"
Row = dict[str, Any]


class Case:
    """One sample, its rule and its rows."""

    def __init__(self, folder: Path) -> None:
        self.name = folder.name
        self.text = (folder / "input.txt").read_text(encoding="utf-8")
        about = json.loads((folder / "case.json").read_text(encoding="utf-8"))
        self.platform: str = about["platform"]
        self.command: str = about["command"]
        self.title: str = about["title"]
        self.rule: str = about["rule"]
        self.fields: list[str] = about["fields"]
        self.key: str = about["key"]
        self.template: str = about["template"]
        self.today_fields: list[str] = about.get("today_fields", self.fields)
        self.expected_file = folder / "expected.json"

    @cached_property
    def expected(self) -> list[Row]:
        """The rows that the sample should give, with the fields that matter."""
        rows: list[Row] = json.loads(self.expected_file.read_text(encoding="utf-8"))
        return rows

    @cached_property
    def today(self) -> list[Row] | str:
        """The rows of the installed ntc-templates, or why there are none."""
        try:
            rows = parse_output(platform=self.platform, command=self.command, data=self.text)  # type: ignore[no-untyped-call]
        except ParsingException as error:
            if "No template found" in str(error):
                return "no template"
            raise
        except TextFSMError as error:
            return f"an error at the line `{str(error).rpartition('Input Line: ')[2].strip().rstrip('.')}`"
        return rows if isinstance(rows, list) else []

    def proposed(self) -> list[Row]:
        """The rows of the template that we propose."""
        with (TEMPLATES / f"{self.template}.textfsm").open(encoding="utf-8") as template:
            machine = TextFSM(template)  # type: ignore[no-untyped-call]
        names = [name.lower() for name in machine.header]
        parsed = machine.ParseText(self.text)  # type: ignore[no-untyped-call]
        rows = [dict(zip(names, row, strict=True)) for row in parsed]
        return [{f: row[f] for f in self.fields} for row in rows]

    def keys(self) -> list[str]:
        """What tells the expected rows apart (SPIs, connections, times), in order."""
        return [v for row in self.expected for v in _flat(row[self.key]) if v]

    def keys_today(self) -> int:
        """How many of them stand anywhere in today's rows."""
        rows = [] if isinstance(self.today, str) else self.today
        seen = {v for row in rows for value in row.values() for v in _flat(value)}
        return sum(key in seen for key in self.keys())


def _flat(value: Any) -> list[str]:  # noqa: ANN401
    return [str(v) for v in value] if isinstance(value, list) else [str(value)]


def cases() -> list[Case]:
    """Every case, in order."""
    return [Case(folder) for folder in sorted(CASES.iterdir()) if (folder / "case.json").is_file()]


def page() -> str:
    """The whole page."""
    found = cases()
    rows = [
        f"| [{n}](#{_anchor(n, case)}) | {case.platform} | `{case.command}` | {case.title} | {_verdict(case)} |"
        for n, case in enumerate(found, 1)
    ]
    return (
        HEAD + "\n".join(rows) + "\n" + "".join(part for n, case in enumerate(found, 1) for part in _section(n, case))
    )


HEAD = """\
# For ntc-templates

What we would send upstream, one by one. Written by `python docs/upstream.py` from the folder `upstream/`, which has for
each case our own sample (addresses of documentation), the rows that it should give, and the template that gives them.
"Today" is what the installed release gives, computed; a test says when that is no longer so, and that each proposed
template gives the expected rows with plain TextFSM.

| | Platform | Command | Case | Today |
|---|---|---|---|---|
"""


def _anchor(number: int, case: Case) -> str:
    kept = "".join(c for c in case.title.lower() if c.isalnum() or c in " -")
    return f"{number}-{kept.replace(' ', '-')}"


def _verdict(case: Case) -> str:
    if isinstance(case.today, str):
        return case.today
    rows = "1 row" if len(case.today) == 1 else f"{len(case.today)} rows"
    return f"no error, {rows}; of {len(case.keys())} `{case.key}` {case.keys_today()} are in them"


def _section(number: int, case: Case) -> Iterator[str]:
    yield f"\n## {number}. {case.title}\n\n`{case.command}` of `{case.platform}`. {case.rule}\n\n"
    yield f"Sample: [`upstream/{case.name}/input.txt`](upstream/{case.name}/input.txt). "
    yield f"Proposed: [`{case.template}.textfsm`](upstream/templates/{case.template}.textfsm).\n\n"
    yield f"Today: {_verdict(case)}."
    yield "\n\nExpected:\n\n" + _table(case.fields, case.expected)
    if not isinstance(case.today, str):
        known = [f for f in case.today_fields if any(f in row for row in case.today)]
        yield "\nToday's rows, of the fields that there are:\n\n" + _table(known, case.today) if case.today else ""


def _table(fields: list[str], rows: list[Row]) -> str:
    lines = [f"| {' | '.join(f'`{f}`' for f in fields)} |", "|---" * len(fields) + "|"]
    lines += [f"| {' | '.join(_cell(row.get(f, '')) for f in fields)} |" for row in rows]
    return "\n".join(lines) + "\n"


def _cell(value: object) -> str:
    text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return text.replace("|", "\\|")


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
