"""What a parser reads from a masked text is what it reads from the clear one, but for the secrets."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from vpnaudit.model.platform import CommandSpec, Platform
from vpnaudit.platforms.registry import all_platforms
from vpnaudit.redact import MASK, Redactor

FIXTURES = Path(__file__).parents[2] / "fixtures"
SECRET = "Zq81hunter2"


def _cases() -> list[tuple[Platform, CommandSpec, Path]]:
    cases = []
    for platform in all_platforms():
        specs = {spec.command.replace(" ", "_"): spec for spec in platform.commands}
        for file in sorted((FIXTURES / platform.name).glob("*/*/input.txt")):
            spec = specs.get(file.parents[1].name.replace(" ", "_"))
            if spec is not None:
                cases.append((platform, spec, file))
    return cases


CASES = _cases()


def _facts(parsed: Any) -> str:
    """All that was read, without the lines as they stand: those hold what is to be masked."""
    if hasattr(parsed, "coverage"):
        parsed = structs.replace(parsed, coverage=None)
    return re.sub(r"(?:raw|text|command)=(?:'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\")", "", repr(parsed))


def test_there_are_cases() -> None:
    assert len(CASES) > 50


@pytest.mark.parametrize(("platform", "spec", "file"), CASES, ids=["/".join(file.parts[-4:-1]) for _, _, file in CASES])
def test_masking_costs_no_fact(platform: Platform, spec: CommandSpec, file: Path) -> None:
    clear = file.read_bytes().decode("utf-8", "replace").replace(MASK, SECRET)
    masked = Redactor(platform.secrets).text(clear)
    assert SECRET not in masked
    assert masked.count("\n") == clear.count("\n")
    if masked != clear:
        assert _facts(spec.parse(masked)) == _facts(spec.parse(clear))
