"""No secret of a device reaches a disk or a screen: every form of tests/unit/redact/test_forms.py over real SSH."""

from __future__ import annotations

import base64
import json
import runpy
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from vpnaudit.cli.app import app
from vpnaudit.cli.fleet import LOGIN, write_inventory
from vpnaudit.simulate import SimFleet, build_fleet, running

_FORMS: list[str] = runpy.run_path(str(Path(__file__).parents[1] / "unit" / "redact" / "test_forms.py"))["FORMS"]
_KEY_TABLE = "Keyring      Hostname/Address                            Preshared Key\n\ndefault      192.0.2.1     {}"
_CERTIFICATE = "crypto pki certificate chain TP\n certificate ca 01\n  30820330 {}\n  \tquit"
_FORMS += [_KEY_TABLE, _CERTIFICATE, f"banner motd ^C\n{'pass'}word is {{}}\n^C"]


def _canary(number: int) -> str:
    """Distinct, and of hexadecimal digits: certificates and manual keys hold nothing else."""
    return f"{0xCAFEBABE0000DEAD0000 + number * 0x10001:020x}"


CANARIES = [_canary(number) for number in range(len(_FORMS))]
POISON = [form.replace("{}", canary) for form, canary in zip(_FORMS, CANARIES, strict=True)]
POISONED, BROKEN = "show running-config", "show crypto map"


class _Poisoned:
    """A fleet whose configurations and logs hold the canaries; one of whose devices dies within an answer."""

    def __init__(self, fleet: SimFleet, broken: str) -> None:
        self._fleet = fleet
        self._broken = broken

    def __getattr__(self, name: str) -> Any:
        return getattr(self._fleet, name)

    def answer(self, device: str, command: str, *, elapsed_s: float = 0.0, privileged: bool = True) -> str:
        text = self._fleet.answer(device, command, elapsed_s=elapsed_s, privileged=privileged)
        if command == BROKEN and device == self._broken:
            raise OSError(POISON[0])
        if command == POISONED:
            return text.removesuffix("end\n") + "\n!\n".join(POISON) + "\nend\n"
        if command == "show logging":
            stamp = "Nov 25 00:00:00.000: %PARSER-5-CFGLOG_LOGGEDCMD: User:bob  logged command:"
            return text + "".join(f"{stamp}{line.strip()}\n" for line in POISON if "\n" not in line)
        return text


@pytest.fixture(scope="module")
def fleet() -> SimFleet:
    return build_fleet(7, ("delete-lost", "healthy"), datetime.now(UTC))


@pytest.fixture(scope="module")
def inventory(fleet: SimFleet, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("inventory")
    poisoned: Any = _Poisoned(fleet, max(d.name for d in fleet.devices))
    with running(poisoned, *LOGIN) as serving:
        write_inventory(fleet, serving, folder)
        yield folder


def _vpnaudit(*words: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, list(words))
    return result.exit_code, result.stdout, f"{result.stderr}{result.exception!r}"


def _found(data: bytes) -> list[str]:
    """The forms whose canary is in these bytes, also in hexadecimal, and in base64 at any alignment."""
    folded = data.lower()
    found = []
    for form, canary in zip(_FORMS, CANARIES, strict=True):
        raw = canary.encode()
        shifted = (base64.b64encode(b" " * pad + raw)[4 if pad else 0 : -4] for pad in range(3))
        if raw in folded or raw.hex().encode() in folded or any(piece in data for piece in shifted):
            found.append(form)
    return found


def test_no_canary_is_kept_or_shown(
    inventory: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for name, value in zip(("USERNAME", "PASSWORD", "ENABLE_SECRET"), LOGIN, strict=True):
        monkeypatch.setenv(f"VPNAUDIT_{name}", value)
    monkeypatch.chdir(tmp_path)
    caplog.set_level("DEBUG")
    reports = ("--json", "r.json", "--html", "r.html", "--md", "r.md", "--csv", "csv")
    status, out, err = _vpnaudit("run", "-i", str(inventory), "-o", str(tmp_path / "out"), *reports)
    assert status in {1, 3}, err
    files = {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()}
    assert sum(p.suffix in {".json", ".html", ".md", ".csv"} for p in files) > 5
    configurations = [data for p, data in files.items() if p.name == "show_running-config.txt"]
    assert configurations
    assert all(data.count(b"<redacted>") >= len(POISON) for data in configurations)
    written = b"\0".join([*files.values(), out.encode(), err.encode(), caplog.text.encode()])
    assert _found(written) == []
    assert not any(secret.encode() in written for secret in LOGIN[1:])


def test_the_search_would_find_one() -> None:
    assert _found(b"x" + CANARIES[3].upper().encode()) == [_FORMS[3]]
    assert _found(base64.b64encode(b"xy" + CANARIES[3].encode() + b"z")) == [_FORMS[3]]
    assert _found(CANARIES[3].encode().hex().encode()) == [_FORMS[3]]


def test_a_masked_configuration_is_audited_as_the_clear_one(fleet: SimFleet, tmp_path: Path) -> None:
    from vpnaudit.redact import Redactor  # noqa: PLC0415 - used here only

    clear, masked = tmp_path / "clear" / "captures", tmp_path / "masked" / "captures"
    fleet.write_captures(clear)
    changed = 0
    for file in clear.rglob("*.txt"):
        text = file.read_text(encoding="utf-8")
        other = masked / file.relative_to(clear)
        other.parent.mkdir(parents=True, exist_ok=True)
        other.write_text(Redactor().text(text), encoding="utf-8")
        changed += other.read_bytes() != file.read_bytes()
    assert changed >= len(fleet.devices)
    documents = []
    for folder in (clear, masked):
        out = _vpnaudit("audit", str(folder), "--json", "-")[1]
        documents.append(_without_texts(json.loads(out)))
    assert documents[0] == documents[1]


def _without_texts(value: Any) -> Any:
    """A document without the lines that it cites, their sums and their sizes."""
    if isinstance(value, dict):
        return {k: _without_texts(v) for k, v in value.items() if k not in {"text", "sha256", "bytes"}}
    return [_without_texts(item) for item in value] if isinstance(value, list) else value
