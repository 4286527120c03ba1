"""The documentation is what the code says: generated pages are current, README examples run, everything has a page."""

from __future__ import annotations

import importlib.util
import re
import shlex
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from vpnaudit.cli.app import app
from vpnaudit.diagnose import all_causes
from vpnaudit.simulate import build_fleet

pytestmark = pytest.mark.long

ROOT = Path(__file__).resolve().parents[2]
NEEDS_DEVICES = ("collect", "run", "simulate", "demo")
MAIL = (
    "Dec 18 00:12:07.098: %CRYPTO-4-RECVD_PKT_INV_SPI: decaps: rec'd IPSEC packet has invalid spi for "
    "destaddr=192.0.2.9, prot=50, spi=0x9A6D41B7(2590851511), srcaddr=198.51.100.2\n"
)


def _generated() -> dict[str, str]:
    spec = importlib.util.spec_from_file_location("generate", ROOT / "docs" / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.generated()


def test_generated_pages_are_current() -> None:
    files = _generated()
    stale = [n for n, text in files.items() if (ROOT / "docs" / n).read_text(encoding="utf-8") != text]
    assert not stale, "run `make docs`"
    kept = {str(p.relative_to(ROOT / "docs")) for d in ("rules", "causes") for p in (ROOT / "docs" / d).glob("*.md")}
    assert kept <= set(files)


@pytest.mark.parametrize("cause", all_causes(), ids=lambda c: c.name)
def test_a_cause_has_a_whole_page(cause) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    for section in ("**Signature.**", "**Ruled out by.**", "**What to do.**", "Source:"):
        assert section in cause.page


def _examples() -> list[str]:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```(?:console|sh|shell)\n(.*?)```", text, re.DOTALL)
    lines = [line.removeprefix("$ ").strip() for block in blocks for line in block.splitlines()]
    return [line for line in lines if line.startswith("vpnaudit ")]


def test_the_readme_has_examples() -> None:
    assert len(_examples()) >= 6


@pytest.mark.parametrize("example", _examples())
def test_readme_examples_are_commands_that_exist(example: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    words = shlex.split(example.partition("#")[0])[1:]
    monkeypatch.chdir(tmp_path)
    if (
        words[0] in NEEDS_DEVICES or "--follow" in words
    ):  # tests/e2e runs these; here only: the verb and each option exist
        known = CliRunner().invoke(app, [words[0], "--help"]).output
        assert all(w.partition("=")[0] in known for w in words if w.startswith("--"))
        return
    fleet = build_fleet(1, ("delete-lost",), datetime(2026, 5, 1, tzinfo=UTC))
    fleet.write_captures(tmp_path / "captures")
    shutil.make_archive(str(tmp_path / "case-4711"), "zip", tmp_path / "captures")
    (tmp_path / "mail.txt").write_text(MAIL)
    result = CliRunner().invoke(app, words, input=MAIL)
    assert result.exit_code in {0, 1}, (example, result.output, result.exception)
