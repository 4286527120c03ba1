"""Writes the pages of docs/ that come from the code: rules, causes, the command line, the schemas.

Run by `make docs`; a test fails when what is committed is not what this writes.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from typer.main import get_command
from typer.testing import CliRunner

from vpnaudit.checks.registry import all_rules
from vpnaudit.cli.app import app
from vpnaudit.diagnose import all_causes
from vpnaudit.pipeline.pages import pages
from vpnaudit.pipeline.schemas import DOCUMENTS, schema_text

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

import loss_model  # noqa: E402

WIDTH = {"COLUMNS": "100", "TERMINAL_WIDTH": "100", "NO_COLOR": "1"}


def generated() -> dict[str, str]:
    """Every generated file by its path below docs/."""
    files = {f"{_folder(name)}/{name}.md": text for name, text in pages().items()}
    files["rules/README.md"] = _rule_list()
    files["causes/README.md"] = _cause_list()
    files["cli.md"] = _command_line()
    for name in DOCUMENTS:
        files[f"schema/{name}.json"] = schema_text(name)
    return files | loss_model.generated()


def _folder(name: str) -> str:
    return "causes" if name in {c.name for c in all_causes()} else "rules"


def _rule_list() -> str:
    rows = "".join(f"| [{r.id}]({r.id}.md) | {r.title} | {r.severity} |\n" for r in all_rules())
    return f"# Rules\n\n| ID | what is wrong | severity |\n|---|---|---|\n{rows}"


def _cause_list() -> str:
    rows = "".join(f"| [{c.name}]({c.name}.md) | {c.page.partition(chr(10))[0]} | {c.owner} |\n" for c in all_causes())
    return f"# Causes, in the order in which they are weighed\n\n| cause | meaning | owner |\n|---|---|---|\n{rows}"


def _command_line() -> str:
    runner = CliRunner()
    parts = ["# The command line\n"]
    for words in _verbs(get_command(app)):
        result = runner.invoke(app, [*words, "--help"], env=WIDTH, prog_name="vpnaudit")
        text = "\n".join(line.rstrip() for line in result.output.strip().splitlines())
        parts.append(f"\n## {' '.join(['vpnaudit', *words])}\n\n```text\n{text}\n```\n")
    return "".join(parts)


def _verbs(command: Any, words: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:  # noqa: ANN401  click's
    """Every command by the words that call it, a group before what is in it."""
    yield words
    for name, inner in getattr(command, "commands", {}).items():
        yield from _verbs(inner, (*words, name))


def main() -> None:
    """Write every generated file, and remove pages of rules and causes that are no more."""
    for folder in ("rules", "causes"):
        shutil.rmtree(HERE / folder, ignore_errors=True)
    for name, text in generated().items():
        path = HERE / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
