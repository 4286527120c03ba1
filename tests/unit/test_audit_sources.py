"""The same evidence in whatever form it was kept gives the same diagnoses; older evidence and log files add to it."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import pytest

from vpnaudit.cli.app import run
from vpnaudit.model.audit import Audit
from vpnaudit.pipeline.audit import audit_logs, audit_sources
from vpnaudit.settings import Settings
from vpnaudit.simulate import SimFleet, build_fleet

pytestmark = pytest.mark.usefixtures("each_text_once")

ROOT = Path(__file__).resolve().parents[2]
NOW = datetime(2026, 11, 25, 3, 0, tzinfo=UTC)
LATER = NOW + timedelta(days=400)
Keep = Callable[[Path, Path], tuple[Path, ...]]


def audit_of(*sources: Path) -> Audit:
    return audit_sources(sources, Settings(), LATER)


def named(audit: Audit) -> list[tuple[str, str]]:
    return sorted((d.id, d.cause) for d in audit.diagnoses)


def answers(folder: Path) -> dict[str, dict[str, str]]:
    """Each device's answers by command, of a folder as `write_captures` makes it (file names back to commands)."""
    return {
        device.name: {f.stem.replace("_", " "): f.read_text(encoding="utf-8") for f in sorted(device.iterdir())}
        for device in sorted(folder.iterdir())
    }


def as_folder(folder: Path, place: Path) -> tuple[Path, ...]:  # noqa: ARG001 - one form for all ways to keep it
    return (folder,)


def as_snapshot(folder: Path, place: Path, at: datetime = NOW) -> tuple[Path, ...]:
    root = place / at.strftime("%Y%m%dT%H%M%SZ")
    shutil.copytree(folder, root)
    devices = []
    for device in sorted(folder.iterdir()):
        commands = []
        for file in sorted(device.iterdir()):
            data = file.read_bytes()
            commands.append(
                {
                    "command": file.stem.replace("_", " "),
                    "file": f"{device.name}/{file.name}",
                    "asked_at": at.isoformat(),
                    "answered_at": at.isoformat(),
                    "device_clock": None,
                    "bytes": len(data),
                    "sha256": hashlib.sha256(data).hexdigest(),
                    "refused": False,
                }
            )
        about = {"name": device.name, "address": "192.0.2.9", "platform": "cisco_ios", "status": "complete"}
        devices.append({**about, "error": None, "commands": commands})
    manifest = {
        "schema": "vpnaudit.snapshot/1",
        "tool": {"name": "vpnaudit", "version": "0"},
        "started_at": (at - timedelta(seconds=30)).isoformat(),
        "finished_at": at.isoformat(),
        "devices": devices,
    }
    (root / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    return (root,)


def session(device: str, known: dict[str, str], prompt: str = "#") -> str:
    lines = "".join(f"{device.upper()}{prompt}{command}\n{text}\n" for command, text in known.items())
    return f"{lines}{device.upper()}{prompt}exit\n"


def as_sessions(folder: Path, place: Path) -> tuple[Path, ...]:
    place.mkdir()
    files = []
    for device, known in answers(folder).items():
        files.append(place / f"{device}.log")
        files[-1].write_text(session(device, known), encoding="utf-8", newline="\r\n")
    return tuple(files)


def as_one_session(folder: Path, place: Path) -> tuple[Path, ...]:
    place.mkdir()
    text = "\n".join(session(device, known) for device, known in answers(folder).items())
    (place / "putty.log").write_text(text, encoding="utf-8")
    return (place / "putty.log",)


def as_show_techs(folder: Path, place: Path) -> tuple[Path, ...]:
    place.mkdir()
    for device, known in answers(folder).items():
        text = "\n".join(
            f"------------------ {command} ------------------\n\n{text}" for command, text in known.items()
        )
        (place / f"{device}.txt").write_text(text, encoding="utf-8")
    return (place,)


def as_gzip(folder: Path, place: Path) -> tuple[Path, ...]:
    for file in folder.rglob("*.txt"):
        target = place / file.parent.name / f"{file.name}.gz"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(gzip.compress(file.read_bytes()))
    return (place,)


def as_abbreviated(folder: Path, place: Path) -> tuple[Path, ...]:
    """File names as people give them."""
    for file in folder.rglob("*.txt"):
        name = file.stem.replace("show_", "SH-").replace("crypto", "cry").replace("running-config", "run")
        target = place / file.parent.name / f"{name}.log"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))
    return (place,)


KEPT: dict[str, Keep] = {
    f.__name__: f for f in (as_folder, as_snapshot, as_sessions, as_one_session, as_show_techs, as_gzip, as_abbreviated)
}
FAULTS = ("peer-reloaded-no-dpd", "delete-lost", "wrong-ha-member", "stranger")


@pytest.fixture(scope="module")
def fleet() -> SimFleet:
    return build_fleet(5, FAULTS, NOW)


@pytest.fixture(scope="module")
def folder(fleet: SimFleet, tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("sources") / "captures"
    fleet.write_captures(place)
    return place


@pytest.fixture(scope="module")
def whole(folder: Path, each_text_once: None) -> Audit:  # noqa: ARG001
    """What is said of the folder."""
    return audit_of(folder)


@pytest.mark.parametrize("keep", list(KEPT))
def test_every_form_gives_the_same_diagnoses(
    keep: str, folder: Path, whole: Audit, fleet: SimFleet, tmp_path: Path
) -> None:
    audit = audit_of(*KEPT[keep](folder, tmp_path / "kept"))
    assert {t["cause"] for t in fleet.truth} == {d.cause for d in audit.diagnoses}
    assert named(audit) == named(whole)
    assert not audit.problems
    assert {d.status for d in audit.devices} == {"complete"}


def only(folder: Path, place: Path, *patterns: str) -> Path:
    """A copy with nothing but the files of these patterns (`device/file`)."""
    for pattern in patterns:
        for file in folder.glob(pattern):
            target = place / file.relative_to(folder)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, target)
    return place


def test_an_older_snapshot_proves_where_an_spi_came_from(tmp_path: Path) -> None:
    """The receiver had that SA last night; today's tables and traces no longer show it, and the sender is not ours."""
    past, now = tmp_path / "past", tmp_path / "now"
    build_fleet(6, ("healthy",), NOW - timedelta(hours=5)).write_captures(past)  # the same seed gives the same SPIs
    table = (past / "branch-01" / "show_crypto_ipsec_sa.txt").read_text(encoding="utf-8")
    spi = table.split("inbound esp sas:")[1].split("spi: 0x")[1].split("(")[0].lower()
    build_fleet(5, ("healthy",), NOW).write_captures(now)
    branch = now / "branch-01"
    boxes = [folder / "branch-01" / "show_version.txt" for folder in (past, now)]
    serials = [box.read_text(encoding="utf-8").split("board ID ")[1].split()[0] for box in boxes]
    boxes[0].write_text(boxes[0].read_text(encoding="utf-8").replace(*serials), encoding="utf-8")
    (branch / "show_monitor_event-trace_crypto_ipsec_event_all.txt").unlink()
    lines = "".join(
        f"Nov 25 02:{minute:02}:10.100: %CRYPTO-4-RECVD_PKT_INV_SPI: decaps: rec'd IPSEC packet has invalid spi for "
        f"destaddr=203.0.113.11, prot=50, spi=0x{spi}({int(spi, 16)}), srcaddr=192.0.2.1\n"
        for minute in (10, 11)
    )
    with (branch / "show_logging.txt").open("a", encoding="utf-8") as log:
        log.write(lines)
    receiver_now = only(now, tmp_path / "receiver-now", "branch-01/*")
    receiver_past = only(past, tmp_path / "receiver-past", "branch-01/*")
    sources = (
        *as_snapshot(receiver_past, tmp_path / "a", NOW - timedelta(hours=5)),
        *as_snapshot(receiver_now, tmp_path / "b"),
    )
    for order in (sources, sources[::-1]):
        audit = audit_of(*order)
        assert audit.summary.devices == 1
        assert {(e.mechanism, e.confidence) for e in audit.events if e.spi == f"0x{int(spi, 16):08X}"} == {
            ("stale-sa", "proven")
        }
    alone = audit_of(sources[1])
    assert {e.confidence for e in alone.events if e.spi == f"0x{int(spi, 16):08X}"} != {"proven"}


def test_a_newer_session_of_a_device_replaces_its_older_snapshot(folder: Path, tmp_path: Path) -> None:
    """A prompt has the host name as configured, the collection as the inventory spells it: one device all the same."""
    (old,) = as_snapshot(folder, tmp_path / "old", NOW - timedelta(days=1))
    audit = audit_of(old, *as_one_session(folder, tmp_path / "new"))
    assert audit.summary.devices == len(answers(folder))


def test_files_that_a_shell_lists_are_one_collection(folder: Path, whole: Audit) -> None:
    files = sorted(folder.rglob("*.txt"))
    audit = audit_of(*files)
    assert named(audit) == named(whole)
    assert {d.status for d in audit.devices} == {"complete"}
    assert [d.name for d in audit_of(*files[::-1]).devices] == [d.name for d in audit.devices]


def test_of_two_folders_the_later_clock_is_judged(folder: Path, tmp_path: Path) -> None:
    build_fleet(5, ("healthy", "healthy", "healthy"), NOW + timedelta(days=2)).write_captures(tmp_path / "aa")
    for order in ((folder, tmp_path / "aa"), (tmp_path / "aa", folder)):
        audit = audit_of(*order)
        assert named(audit) == []
        assert audit.generated_at > "2026-11-27"


def test_a_line_in_the_buffer_and_in_the_server_file_is_one_event(folder: Path, whole: Audit, tmp_path: Path) -> None:
    buffer = (folder / "hub-a" / "show_logging.txt").read_text(encoding="utf-8")
    lines = [line for line in buffer.splitlines() if "RECVD_PKT_INV_SPI" in line]
    relayed = [f"2026-11-25T03:00:00.000000+00:00 hub-a {number}: {line}" for number, line in enumerate(lines)]
    server = tmp_path / "syslog.log"
    server.write_text("\n".join(relayed) + "\n", encoding="utf-8")
    alone, both = whole, audit_of(folder, server)
    assert [(e.id, e.count) for e in both.events] == [(e.id, e.count) for e in alone.events]
    assert named(both) == named(alone)
    hub = [e for e in both.events if e.device == "hub-a"]
    assert len(hub) > 3
    assert {len(e.evidence) for e in hub} == {2}
    assert {e.file for event in hub for e in event.evidence} == {"hub-a/show_logging.txt", "syslog.log"}


LINE = (
    "Nov 25 02:10:10.100: %CRYPTO-4-RECVD_PKT_INV_SPI: decaps: rec'd IPSEC packet has invalid spi for "
    "destaddr=192.0.2.1, prot=50, spi=0x1A2B3C4D(439041101), srcaddr=198.51.100.7"
)
WRAPPED = LINE.replace(" has invalid", "\nhas invalid").replace("prot=50, ", "prot=50,\n")
PASTED = {
    "plain": (LINE, 1),
    "quoted": (f"> {LINE}", 1),
    "quoted twice and wrapped": ("\n".join(f">> {part}" for part in WRAPPED.split("\n")), 1),
    "wrapped": (WRAPPED, 1),
    "wrapped with indent": (WRAPPED.replace("\n", "\n    "), 1),
    "in prose": (f"Hi all,\n\nsince Monday we see this:\n\n{LINE}\n\nAny ideas?\n-- \nK.", 1),
    "repeated": (f"Nov 25 02:10:10 hub {LINE}\nNov 25 02:12:10 hub last message repeated 4 times", 5),
    "twice": (f"{LINE}\n{LINE}", 2),
    "two stamps": (f"{LINE}\n{LINE.replace('02:10:10', '02:11:10')}", 2),
    "crlf": (f"{LINE}\r\n", 1),
    "no end of line": (LINE, 1),
}


@pytest.mark.parametrize("form", list(PASTED))
def test_pasted_logs_are_read_from_standard_input(form: str) -> None:
    text, lines = PASTED[form]
    audit = audit_logs(["-"], io.BytesIO(text.encode()), Settings(), NOW)
    assert sum(e.count for e in audit.events) == lines
    assert {(e.spi, e.source, e.destination) for e in audit.events} == {("0x1A2B3C4D", "198.51.100.7", "192.0.2.1")}
    assert audit.events[0].time == "2026-11-25T02:10:10.100Z" or form == "repeated"
    assert sum(e.events for e in audit.episodes) == lines


class Left(NamedTuple):
    status: int
    out: str
    err: str


@pytest.fixture
def vpnaudit(place: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Callable[..., Left]:
    """The command line in `place`, with everything that it writes to the two streams."""
    monkeypatch.chdir(place)

    def go(*arguments: str, given: str = "", **environment: str) -> Left:
        with monkeypatch.context() as patch, io.TextIOWrapper(io.BytesIO(given.encode())) as stdin:
            patch.setattr(sys, "argv", ["vpnaudit", *arguments])
            patch.setattr(sys, "stdin", stdin)
            for name, value in environment.items():
                patch.setenv(name, value)
            with pytest.raises(SystemExit) as left:
                run()
        code = left.value.code or 0
        assert isinstance(code, int)
        return Left(code, *capfd.readouterr())

    return go


@pytest.fixture(scope="module")
def place(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a source of each kind beside each other."""
    found = tmp_path_factory.mktemp("place")
    shutil.copytree(folder, found / "bad")
    build_fleet(5, ("healthy",), NOW).write_captures(found / "good")
    shutil.copytree(found / "good", found / "partial")
    (found / "partial" / "hub-a" / "show_crypto_ipsec_sa.txt").unlink()
    (found / "partial" / "hub-a" / "show_crypto_ipsec_sa_detail.txt").unlink()
    build_fleet(5, ("rekey-race",), NOW).write_captures(found / "races")
    (found / "empty").mkdir()
    (found / "junk").mkdir()
    (found / "junk" / "photo.jpg").write_bytes(bytes(range(256)) * 40)
    (found / "junk" / "notes.txt").write_text("buy milk\n", encoding="utf-8")
    (found / "log.txt").write_text(LINE + "\n", encoding="utf-8")
    (found / "file").write_text("", encoding="utf-8")
    return found


STATUSES: dict[str, tuple[str, int]] = {
    "healthy": ("audit good", 0),
    "out of step": ("audit bad", 1),
    "out of step, never fails": ("audit bad --fail-on never", 0),
    "out of step, critical asked": ("audit bad --fail-on critical", 0),
    "races only, lowest limit": ("audit races --fail-on info", 1),
    "races only": ("audit races", 0),
    "incomplete": ("audit partial", 3),
    "out of step wins over incomplete": ("audit bad junk", 1),
    "junk beside a good one": ("audit good junk", 3),
    "missing source": ("audit nowhere", 2),
    "missing source beside a good one": ("audit good nowhere", 3),
    "empty folder": ("audit empty", 2),
    "folder of junk": ("audit junk", 2),
    "unknown option": ("audit good --frob", 2),
    "unknown level": ("audit good --fail-on bad", 2),
    "no source": ("audit", 2),
    "settings missing": ("audit good --settings nowhere.yaml", 2),
    "output into a file's folder": ("audit good --json file/x.json", 2),
    "html into a folder": ("audit good --html empty", 2),
    "csv onto a file": ("audit good --csv file", 2),
    "two documents to standard output": ("audit good --json - --md -", 2),
    "logs": ("logs log.txt", 0),
    "logs, low asked": ("logs log.txt --fail-on low", 1),
    "logs missing": ("logs nowhere.txt", 2),
    "logs, a folder": ("logs good", 2),
    "logs, one of two missing": ("logs log.txt nowhere.txt", 2),
    "parse": ("parse good/hub-a/show_clock.txt", 0),
    "parse missing": ("parse nowhere.txt", 2),
    "parse one of two": ("parse good/hub-a/show_clock.txt nowhere.txt", 3),
    "parse into a file's folder": ("parse good/hub-a/show_clock.txt --json file/x", 2),
    "tunnel": ("tunnel hub-a 203.0.113.11 --from good", 0),
    "tunnel out of step": ("tunnel hub-a 203.0.113.11 --from bad", 1),
    "tunnel unknown": ("tunnel hub-a 203.0.113.99 --from good", 2),
    "explain": ("explain delete-lost", 0),
    "explain unknown": ("explain nothing-like-it", 2),
    "schema": ("schema audit", 0),
    "schema unknown": ("schema frob", 2),
}


@pytest.mark.parametrize("case", list(STATUSES))
def test_exit_status(case: str, vpnaudit: Callable[..., Left]) -> None:
    arguments, wanted = STATUSES[case]
    found = vpnaudit(*arguments.split())
    assert found.status == wanted, found.err
    if wanted == 2:
        assert found.out == ""
        assert found.err.strip()


@pytest.mark.parametrize(
    "arguments", ["audit bad --json -", "logs log.txt --json -", "tunnel hub-a 203.0.113.11 --from bad --json -"]
)
def test_a_document_has_standard_output_for_itself(arguments: str, vpnaudit: Callable[..., Left]) -> None:
    found = vpnaudit(*arguments.split())
    assert json.loads(found.out)["schema"] == "vpnaudit.audit/1"
    assert found.out.endswith("}\n")


def test_quiet_says_nothing_and_no_color_has_no_escape(vpnaudit: Callable[..., Left]) -> None:
    assert vpnaudit("audit", "bad", "--quiet").out == ""
    for found in (
        vpnaudit("audit", "bad", "--no-color", FORCE_COLOR="1"),
        vpnaudit("audit", "bad", NO_COLOR="1", FORCE_COLOR="1"),
    ):
        assert "delete-lost" in found.out
        assert "\x1b" not in found.out


def test_standard_input(place: Path, vpnaudit: Callable[..., Left]) -> None:
    piped = subprocess.run(
        [sys.executable, "-m", "vpnaudit", "logs", "-", "--json", "-"],
        capture_output=True,
        check=False,
        cwd=place,
        encoding="utf-8",
        input=LINE,
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
    )
    assert (piped.returncode, json.loads(piped.stdout)["summary"]["events"]) == (0, 1)
    nothing = vpnaudit("logs", "-", given="")
    assert nothing.status in {0, 2, 3}
    assert "Traceback" not in nothing.err


SA_OF_A_FIREWALL = """interface: outside
    Crypto map tag: {tag}, seq num: 10, local addr: 203.0.113.1

      local ident (addr/mask/prot/port): (10.1.0.0/255.255.0.0/0/0)
      remote ident (addr/mask/prot/port): ({inner}/0/0)
      current_peer: {peer}

      #pkts encaps: 12, #pkts encrypt: 12, #pkts digest: 12
      #pkts decaps: 14, #pkts decrypt: 14, #pkts verify: 14

      local crypto endpt.: 203.0.113.1/4500, remote crypto endpt.: {peer}/4500
      current outbound spi: {spi:X}

    inbound esp sas:
      spi: 0x{spi_in:X} ({spi_in})
         transform: esp-aes esp-sha-hmac no compression
         in use settings ={{{kind}, Tunnel,  NAT-T-Encaps, IKEv1, }}
    outbound esp sas:
      spi: 0x{spi:X} ({spi})
         transform: esp-aes esp-sha-hmac no compression
         in use settings ={{{kind}, Tunnel,  NAT-T-Encaps, IKEv1, }}
"""


def test_a_persons_client_is_no_tunnel_between_sites(tmp_path: Path) -> None:
    site = SA_OF_A_FIREWALL.format(
        tag="MAP", inner="10.2.0.0/255.255.0.0", peer="198.51.100.2", kind="L2L", spi=0xA1B2C3D4, spi_in=0xB1B2C3D4
    )
    client = SA_OF_A_FIREWALL.format(
        tag="DYN", inner="10.9.0.7/255.255.255.255", peer="192.0.2.77", kind="RA", spi=0xC1B2C3D4, spi_in=0xD1B2C3D4
    )
    (tmp_path / "fw1").mkdir()
    (tmp_path / "fw1" / "show_crypto_ipsec_sa.txt").write_text(site + client)
    audit = audit_of(tmp_path)
    assert [t.remote.address for t in audit.tunnels] == ["198.51.100.2"]
    assert not audit.problems
