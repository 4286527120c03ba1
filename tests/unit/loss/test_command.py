"""`vpnaudit loss`: sentence first, document, mistakes."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import jsonschema
import pytest
from typer.testing import CliRunner

from vpnaudit.cli.app import app
from vpnaudit.errors import UsageError
from vpnaudit.pipeline.loss import Asked, answer
from vpnaudit.pipeline.schemas import schema_text

ROOT = Path(__file__).resolve().parents[3]
PROBES = ROOT / "tests" / "fixtures" / "loss" / "probes"
SEED = ROOT / "../shared/seed/nanog-ipsec-spi-2017-12-20.txt"
FULL = ["--rate", "0.3%", "--burst", "30s", "--lifetime", "3600", "--volume-rate", "75Mbps", "--tunnels", "2"]
FULL += ["--ike", "v1", "--dpd", "10/3", "--observed", "3", "--window", "16.5m"]


def _run(*words: str, data: bytes | None = None) -> Any:
    return CliRunner().invoke(app, ["loss", *words], input=data)


def test_the_sentence_comes_first_then_the_table_then_what_to_measure() -> None:
    done = _run(*FULL)
    assert done.exit_code == 0
    said = done.output
    assert said.startswith("No, loss of 0.3 % that falls at random is not the cause of the 3 events")
    assert said.index("at random  ") < said.index("What to measure:")
    assert "longest outage, not the average" in said


def test_the_document_fits_its_schema(tmp_path: Path) -> None:
    for words in (FULL, ["--rate", "0.1%-0.3%"], ["--from-ping", str(PROBES / "ios_ping.txt")]):
        done = _run(*words, "--json", "-")
        document = json.loads(done.output)
        jsonschema.validate(document, json.loads(schema_text("loss")))
        assert document["schema"] == "vpnaudit.loss/1"
        assert document["answer"]
    target = tmp_path / "deep" / "loss.json"
    assert _run(*FULL, "--json", str(target), "--quiet").output == ""
    assert json.loads(target.read_text(encoding="utf-8"))["calculation"]["verdict"] == "only-in-outages"


def test_the_losses_can_be_drawn_as_a_check() -> None:
    words = ["--rate", "1%-5%", "--burst", "30s", "--dpd", "10/3", "--draw", "20000"]
    document = json.loads(_run(*words, "--ike", "v1", "--json", "-").output)
    assert len(document["drawn"]) == 12
    assert all(f["agrees"] for f in document["drawn"])
    assert "a rekey fails" in _run(*words, "--ike", "v2").output
    assert json.loads(_run("--rate", "0%", "--draw", "10", "--json", "-").output)["drawn"]
    assert json.loads(_run("--rate", "100%", "--draw", "10", "--json", "-").output)["drawn"]
    assert json.loads(_run("--rate", "1%", "--json", "-").output)["drawn"] == []


def test_the_document_is_the_same_each_time() -> None:
    assert _run(*FULL, "--json", "-").output == _run(*FULL, "--json", "-").output


WAYS = [
    ("--rate", "0.3%", "--rate", "0.003"),
    ("--rate", "0,3 %", "--rate", "3‰"),
    ("--lifetime", "1h", "--lifetime", "3600"),
    ("--window", "16.5m", "--window", "990s"),
]


@pytest.mark.parametrize(("option", "one", "same", "other"), WAYS)
def test_units_as_people_write_them(option: str, one: str, same: str, other: str) -> None:
    base = [] if option == "--rate" else ["--rate", "0.3%"]
    seen = ["--observed", "3", *([] if option == "--window" else ["--window", "1h"])]
    assert (
        _run(*base, *seen, option, one, "--json", "-").output == _run(*base, *seen, same, other, "--json", "-").output
    )


MISTAKES = [
    ([], "--rate"),
    (["--rate", "abc"], "--rate"),
    (["--rate", "0.3"], "0.3% or 30%"),
    (["--rate", "130%"], "at most 100%"),
    (["--rate", "1%", "--burst", "0s"], "--burst"),
    (["--rate", "1%", "--burst", "30s", "--longest", "10s"], "--longest"),
    (["--rate", "1%", "--lifetime", "1x"], "--lifetime"),
    (["--rate", "1%", "--volume-rate", "75"], "--volume-rate"),
    (["--rate", "1%", "--dpd", "10"], "--dpd"),
    (["--rate", "1%", "--observed", "3"], "--window"),
    (["--rate", "1%", "--window", "1h"], "--observed"),
    (["--from-ping", "no-such-file"], "no-such-file"),
    (["--from-ping", str(ROOT)], "cannot be read"),
    (["--from-ping", str(ROOT / "LICENSE")], "no measurement"),
    (["--from-ping", str(PROBES / "iperf3_tcp.json")], "UDP"),
]


@pytest.mark.parametrize(("words", "named"), MISTAKES, ids=lambda v: " ".join(v) if isinstance(v, list) else "")
def test_a_mistake_is_one_clear_line(words: list[str], named: str) -> None:
    done = _run(*words)
    assert isinstance(done.exception, UsageError)
    assert named in str(done.exception)
    assert "\n" not in str(done.exception)


@pytest.mark.parametrize(
    "words", [["--rate", "1%", "--tunnels", "0"], ["--rate", "1%", "--ike", "v3"], ["--rate", "1%", "--observed", "-1"]]
)
def test_what_the_command_line_refuses_is_usage(words: list[str]) -> None:
    assert _run(*words).exit_code == 2


def test_a_measurement_fills_in_rate_and_longest_outage() -> None:
    found = answer(Asked(from_ping=str(PROBES / "linux_ping_stamped.txt"), observed=1, window="1h"))
    question = found.calculation.question
    assert question.rates == pytest.approx((0.1, 0.2051), abs=1e-3)
    assert question.longest_s == pytest.approx(6.0)
    assert question.longer_per_day > 1000
    assert found.measured is not None
    done = _run("--from-ping", str(PROBES / "linux_ping_stamped.txt"))
    assert "they come in bursts" in done.output
    assert "4 s to 6 s" in done.output


def test_a_measurement_comes_through_a_pipe() -> None:
    done = _run("--from-ping", "-", data=(PROBES / "ios_ping.txt").read_bytes())
    assert done.exit_code == 0
    assert "7 of 100 probes lost" in done.output


def test_hostile_names_in_a_measurement_reach_no_terminal() -> None:
    data = b"PING \x1b]0;x\x07 (192.0.2.1)\n64 bytes from \x1b[31m: icmp_seq=1 ttl=60 time=1 ms\n"
    done = _run("--from-ping", "-", data=data)
    assert done.exit_code == 0
    assert "\x1b" not in done.output


@pytest.fixture(scope="module")
def page() -> ModuleType:
    spec = importlib.util.spec_from_file_location("loss_model_mail", ROOT / "docs" / "loss_model.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["loss_model_mail"] = module
    spec.loader.exec_module(module)
    return module


def test_our_mail_is_answered(page: ModuleType) -> None:
    found = page.mail_answer(page.MAIL)
    assert found.calculation.verdict == "only-in-outages"
    assert found.calculation.question.observed == 3
    assert found.calculation.question.window_s == pytest.approx(992.683)
    assert found.answer in (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.shared
def test_the_real_mail_gets_the_same_answer(page: ModuleType) -> None:
    if not SEED.is_file():
        pytest.skip(f"{SEED} is not beside this checkout")
    ours, real = page.mail_answer(page.MAIL), page.mail_answer(SEED)
    assert (ours.answer, ours.calculation) == (real.answer, real.calculation)
