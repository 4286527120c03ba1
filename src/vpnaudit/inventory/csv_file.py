"""Reads an inventory from one CSV file, as a spreadsheet writes it."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path

from vpnaudit.errors import InventoryError
from vpnaudit.inventory.platform_names import platform_name
from vpnaudit.inventory.reading import SECRET_KEYS, Element, Reading, Remark
from vpnaudit.inventory.simple import is_port, read_groups

_SEPARATORS = ";,\t"
_SETTINGS = ("name", "hostname", "port", "platform", "username", "groups")
_LISTS = ("addresses",)
"""Columns of data that vpnaudit itself reads as lists."""
_SWITCHES = ("use_keys", "allow_agent")
_TRUE, _FALSE = {"true", "yes", "1", "x", "on"}, {"false", "no", "0", "off"}
_BETWEEN_MEMBERS = re.compile(r"[\s,;|]+")


def read_csv(file: Path) -> Reading:
    """Read the file, and `groups.yaml` and `defaults.yaml` beside it where they are.

    The first row names the columns: `name`, `hostname`, `port`, `platform`, `username`, `groups`; every other column is
    data. Separated by comma, semicolon or tab, UTF-8 with or without a byte order mark, UTF-16, or Windows-1252.
    Raises InventoryError where the whole file cannot be used; a wrong row is in the reading's problems, by its line.
    """
    reading = Reading("csv", file)
    rows = _rows(file, _text(file, reading))
    first = next(rows, None)
    if first is None:
        raise InventoryError(str(file), "is empty: its first line must name the columns, as name,hostname,platform")
    columns = _columns(file, *first)
    read_groups(reading, file.parent)
    for line, row in rows:
        try:
            _take(reading, f"{file}, line {line}", columns, row)
        except InventoryError as error:
            reading.problems.append(error)
    if not reading.hosts and not reading.problems:
        raise InventoryError(str(file), "holds no hosts")
    return reading


def _text(file: Path, reading: Reading) -> str:
    try:
        raw = file.read_bytes()
    except OSError as error:
        raise InventoryError(str(file), f"cannot be read: {error.strerror}") from None
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return raw.decode("utf-16", "replace")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        text = f"line {line} is no UTF-8; the file was read as Windows-1252, as older Excel writes"
        reading.remarks.append(Remark(str(file), text))
        return raw.decode("cp1252", "replace")


def _rows(file: Path, text: str) -> Iterator[tuple[int, list[str]]]:
    """Rows that hold something, with the line that each begins in; Excel's `sep=;` is obeyed, `#` begins a comment."""
    start = re.match(r"sep=(.)\r?\n", text, re.IGNORECASE)
    body = text[start.end() :] if start else text
    skipped = 1 if start else 0
    header = next((line for line in body.splitlines() if line.strip() and not line.startswith("#")), "")
    separator = start[1] if start else max(_SEPARATORS, key=header.count) if _any_in(header) else ","
    reader = csv.reader(io.StringIO(body, newline=""), delimiter=separator, strict=True, skipinitialspace=True)
    line = 1
    try:
        for row in reader:
            if any(cell.strip() for cell in row) and not row[0].startswith("#"):
                yield line + skipped, [cell.strip() for cell in row]
            line = reader.line_num + 1
    except csv.Error as error:
        raise InventoryError(f"{file}, line {line + skipped}", f"is no CSV: {error}") from None


def _any_in(header: str) -> bool:
    return any(separator in header for separator in _SEPARATORS)


def _columns(file: Path, line: int, row: list[str]) -> list[str]:
    where = f"{file}, line {line}"
    names = [cell.strip() for cell in row]
    columns = [name.lower() if name.lower() in {*_SETTINGS, *_LISTS, *_SWITCHES} else name for name in names]
    secret = [name for name in names if re.sub(r"[ -]", "_", name.lower()) in SECRET_KEYS]
    if secret:
        text = f"column {secret[0]!r}: secrets belong in no file; set VPNAUDIT_PASSWORD or use a keyring"
        raise InventoryError(where, text)
    if "name" not in columns and "hostname" not in columns:
        raise InventoryError(where, f"there is no column 'name'; the columns are {', '.join(map(repr, names))}")
    twice = next((name for name in columns if name and columns.count(name) > 1), None)
    if twice:
        raise InventoryError(where, f"column {twice!r} stands twice")
    return columns


def _take(reading: Reading, where: str, columns: list[str], row: list[str]) -> None:
    if any(row[len(columns) :]):
        raise InventoryError(
            where, f"has {len(row)} cells for {len(columns)} columns: put a cell with the separator in quotes"
        )
    cells = {column: cell for column, cell in zip(columns, row, strict=False) if column and cell}
    name = cells.pop("name", "") or cells.get("hostname", "")
    if not name:
        raise InventoryError(where, "has no name")
    if name in reading.places:
        raise InventoryError(where, f"{name} stands already in {reading.places[name]}")
    reading.places[name] = where
    reading.hosts[name] = _host(reading, where, cells)


def _host(reading: Reading, where: str, cells: dict[str, str]) -> Element:
    element: Element = {key: cells.pop(key) for key in ("hostname", "username") if key in cells}
    if "platform" in cells:
        element["platform"] = platform_name(cells.pop("platform"))
    if "port" in cells:
        said = cells.pop("port")
        port = int(said) if said.isascii() and said.isdecimal() and len(said) < 6 else None
        if not is_port(port):
            raise InventoryError(where, f"port {said!r} is no number from 1 to 65535")
        element["port"] = port
    groups = _members(cells.pop("groups", ""))
    element["groups"] = groups
    for group in groups:
        reading.groups.setdefault(group, {})
    element["data"] = {key: _datum(where, key, text) for key, text in cells.items()}
    return element


def _datum(where: str, key: str, text: str) -> str | bool | list[str]:
    if key in _LISTS:
        return _members(text)
    if key not in _SWITCHES:
        return text
    if text.lower() not in _TRUE | _FALSE:
        raise InventoryError(where, f"{key} {text!r} is neither true nor false")
    return text.lower() in _TRUE


def _members(cell: str) -> list[str]:
    return list(dict.fromkeys(member for member in _BETWEEN_MEMBERS.split(cell) if member))
