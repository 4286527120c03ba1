"""One tunnel out of snapshots: only what concerns it is read, and what is said is what the whole audit says of it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import msgspec
import pytest

from vpnaudit.errors import UsageError
from vpnaudit.model.audit import Audit
from vpnaudit.model.snapshot import DeviceCaptures, Manifest, ManifestCommand, ManifestDevice, ManifestTool
from vpnaudit.pipeline.audit import audit_sources, read_sources
from vpnaudit.pipeline.concerned import concerned
from vpnaudit.pipeline.tunnel import audit_tunnel, narrow
from vpnaudit.platforms.registry import tell_platform
from vpnaudit.platforms.told_by_text import Commands
from vpnaudit.settings import Settings
from vpnaudit.simulate import FAULTS, SimFleet, build_fleet
from vpnaudit.simulate.fleet import CAPTURED
from vpnaudit.snapshot.by_device import by_device

pytestmark = [pytest.mark.long, pytest.mark.usefixtures("each_text_once")]
SITUATIONS = Path(__file__).resolve().parents[2] / "fixtures" / "situations"
AT = datetime(2026, 5, 1, 3, 0, tzinfo=UTC)
OF_THE_FLEET = {"REL-001"}
"""A device's last reload is set beside the first event of all its tunnels; one tunnel's view knows fewer of them."""
Answers = Iterable[tuple[str, str]]
Ask = tuple[str, str]


def write_device(
    root: Path, folder: str, device: DeviceCaptures | str, answers: Answers, at: datetime
) -> ManifestDevice:
    """A device's captures as a collection leaves them."""
    commands = []
    (root / folder).mkdir(parents=True)
    for number, (command, text) in enumerate(answers):
        file, data = f"{folder}/{number}.txt", text.encode()
        (root / file).write_bytes(data)
        commands.append(
            ManifestCommand(
                command=command,
                file=file,
                asked_at=at,
                answered_at=at,
                device_clock=None,
                bytes=len(data),
                sha256=hashlib.sha256(data).hexdigest(),
                refused=False,
            )
        )
    name, platform = (device, "cisco_ios") if isinstance(device, str) else (device.name, device.platform or "")
    return ManifestDevice(
        name=name, address="", platform=platform, status="complete", error=None, commands=tuple(commands)
    )


def write_manifest(root: Path, devices: Sequence[ManifestDevice], at: datetime) -> None:
    manifest = Manifest(
        schema_="vpnaudit.snapshot/1",
        tool=ManifestTool(name="vpnaudit", version="0"),
        started_at=at,
        finished_at=at,
        devices=tuple(devices),
    )
    (root / "manifest.json").write_bytes(msgspec.json.encode(manifest))


def asks(audit: Audit) -> list[Ask]:
    """Every way to ask for one of the tunnels, and for the sources that are no peers."""
    found = []
    for tunnel in audit.tunnels:
        for one, other in ((tunnel.local, tunnel.remote), (tunnel.remote, tunnel.local)):
            found += [(one.device, peer) for peer in (other.device, other.address) if one.device and peer]
    for diagnosis in audit.diagnoses:
        subject = diagnosis.subject
        if subject.tunnel is None and subject.source:
            found += [(device, subject.source) for device in subject.devices]
    return list(dict.fromkeys(found))


def said(audit: Audit) -> dict[str, Any]:
    """Everything but what one tunnel's view cannot know, or says of fewer devices."""
    plain: dict[str, Any] = msgspec.to_builtins(audit)
    plain["findings"] = [f for f in plain["findings"] if f["rule"] not in OF_THE_FLEET]
    wanted = {r for x in (*plain["findings"], *plain["diagnoses"]) for r in x["remediations"]}
    plain["remediations"] = [_without_reason(r) for r in plain["remediations"] if r["id"] in wanted]
    for count in ("findings", "unknown"):
        del plain["summary"][count]
    del plain["problems"]
    return plain


def _without_reason(remediation: dict[str, Any]) -> dict[str, Any]:
    """One change of a whole device may be for several tunnels: in the fleet's audit it has another one's reason."""
    plain = dict(remediation)
    if plain["kind"] == "config":
        del plain["why"], plain["side"]
    return plain


def assert_same(root: Path, whole: Audit, asked: Iterable[Ask]) -> None:
    for device, peer in asked:
        alone, _ = audit_tunnel([root], None, Settings(), AT, device, peer)
        assert said(alone) == said(narrow(whole, device, peer)), (device, peer)
        assert set(alone.problems) <= set(whole.problems), (device, peer)


def read_for(root: Path, device: str, peer: str) -> set[str]:
    """The devices that are read."""
    found = concerned(by_device(root, Commands(), tell_platform), device, peer, Settings(), AT)
    assert found is not None
    return {d.name for d in found.read.devices}


# ---------------------------------------------------------------------- the same as the whole audit


@pytest.fixture(scope="module")
def every_situation(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All situations as one fleet: HA pairs, NAT, hubs, VRFs, older snapshots; the same addresses again and again."""
    root = tmp_path_factory.mktemp("all")
    nights: dict[int, list[ManifestDevice]] = {}
    for place in sorted(SITUATIONS.glob("*/captures")):
        for night, snapshot in enumerate(read_sources([place])):
            at = AT + timedelta(days=night)
            for number, device in enumerate(snapshot.devices):
                mine = f"{place.parent.name[:3]}{device.name}"
                folder = f"{place.parent.name}-{number}"
                answers = ((f"{c.command} {c.argument}".strip(), c.text) for c in device.captures)
                named = msgspec.structs.replace(device, name=mine)
                nights.setdefault(night, []).append(
                    write_device(root / str(night), folder, named, answers, at),
                )
    for night, devices in nights.items():
        write_manifest(root / str(night), devices, AT + timedelta(days=night))
    return root


def test_the_same_is_said_of_every_kind_of_tunnel(every_situation: Path) -> None:
    whole = audit_sources([every_situation], Settings(), AT)
    every = asks(whole)
    told = {(s.devices[0], s.source or s.tunnel) for d in whole.diagnoses if (s := d.subject).devices}
    assert len(every) > 300
    assert len(told) > 50
    asked = Random(7).sample(every, 8)  # noqa: S311 - must repeat
    assert_same(every_situation, whole, asked)


def write_fleet(root: Path, fleet: SimFleet, *, elapsed_s: float) -> None:
    at = AT + timedelta(seconds=elapsed_s)
    devices = [
        write_device(root, d.name, d.name, [(c, fleet.answer(d.name, c, elapsed_s=elapsed_s)) for c in CAPTURED], at)
        for d in fleet.devices
    ]
    write_manifest(root, devices, at)


@pytest.mark.parametrize("seed", range(2))
def test_the_same_is_said_in_generated_fleets(seed: int, tmp_path: Path) -> None:
    rng = Random(f"one tunnel/{seed}")  # noqa: S311 - must repeat
    faults = rng.choices(sorted(FAULTS), k=4)
    fleet = build_fleet(seed, [*faults, "wrong-ha-member"], AT, scattered=True)
    write_fleet(tmp_path / "first", fleet, elapsed_s=0)
    write_fleet(tmp_path / "second", fleet, elapsed_s=4000)
    whole = audit_sources([tmp_path], Settings(), AT)
    assert whole.diagnoses
    assert_same(tmp_path, whole, rng.sample(asks(whole), 4))


# ---------------------------------------------------------------------- only what concerns it


def fleet_of(bench: Any, root: Path, devices: Mapping[str, dict[str, str]]) -> Path:
    written = [write_device(root, name, name, answers.items(), bench.at) for name, answers in devices.items()]
    write_manifest(root, written, bench.at)
    return root


def at_other_addresses(bench: Any, number: int) -> dict[str, str]:
    """A spoke of the same hub with addresses and SPIs of its own."""
    answers = bench.answers("spoke", spis=(0x50000000 + number, 0x60000000 + number))
    return {c: t.replace(bench.spoke, f"203.0.113.{number}") for c, t in answers.items()}


def test_the_hubs_other_spokes_are_not_read(bench: Any, tmp_path: Path) -> None:
    others = {f"other{n}": at_other_addresses(bench, n) for n in range(5)}
    lines = [bench.line(0x44556677, n) for n in range(600, 0, -60)]
    devices = {"hub": bench.answers("hub", lines=lines), "spoke": bench.answers("spoke"), **others}
    root = fleet_of(bench, tmp_path, devices)
    for device, peer in (("hub", "spoke"), ("hub", bench.spoke), ("spoke", "hub"), ("spoke", bench.hub)):
        assert read_for(root, device, peer) == {"hub", "spoke"}


@pytest.mark.parametrize(
    "matters",
    [
        "has the address",
        "shares the address",
        "holds an SPI of the events",
        "sends on an SPI of the events",
        "logs what was meant for it",
        "had it",
    ],
)
def test_whoever_could_change_what_is_said_is_read(bench: Any, tmp_path: Path, matters: str) -> None:
    stray = 0x0ABCDE12
    other = at_other_addresses(bench, 9)
    devices = {
        "hub": bench.answers("hub", lines=[bench.line(stray, 60)]),
        "spoke": bench.answers("spoke"),
        "other": {**other, **_changed(bench, other, matters, stray)},
        "far": at_other_addresses(bench, 10),
    }
    root = fleet_of(bench, tmp_path, devices)
    assert read_for(root, "spoke", "hub") == read_for(root, "hub", bench.spoke) == {"hub", "spoke", "other"}


def _changed(bench: Any, answers: dict[str, str], matters: str, stray: int) -> dict[str, str]:
    config, table = answers["show running-config"], answers["show crypto ipsec sa"]
    line = bench.line(bench.into_hub, 30)
    trace = "show monitor event-trace crypto ipsec event all"
    return {
        "has the address": {"show interfaces": answers["show interfaces"].replace("203.0.113.9", bench.hub)},
        "shares the address": {
            "show running-config": config.replace("crypto map M\n!", f"standby 1 ip {bench.hub}\n!")
        },
        "holds an SPI of the events": {"show crypto ipsec sa": table.replace("0x50000009", f"0x{stray:X}")},
        "sends on an SPI of the events": {"show crypto ipsec sa": table.replace("0x60000009", f"0x{stray:08x}")},
        "logs what was meant for it": {"show logging": answers["show logging"] + line + "\n"},
        "had it": {trace: f"May  1 02:59:00.000: ipsec: delete spi {stray:X} peer 198.51.100.99\n"},
    }[matters]


def test_a_file_that_is_not_needed_is_not_read(bench: Any, tmp_path: Path) -> None:
    devices = {"hub": bench.answers("hub"), "spoke": bench.answers("spoke"), "other": at_other_addresses(bench, 9)}
    root = fleet_of(bench, tmp_path, devices)
    (root / "other" / "0.txt").write_text("was changed\n")
    found, _ = audit_tunnel([root], None, Settings(), AT, "hub", "spoke")
    assert found.problems == ()
    assert [p.file for p in audit_sources([root], Settings(), AT).problems] == ["other/0.txt"]


# ---------------------------------------------------------------------- other sources


def test_a_folder_without_a_manifest_is_read_whole(bench: Any, tmp_path: Path) -> None:
    for name in ("hub", "spoke"):
        (tmp_path / name).mkdir()
        for command, text in bench.answers(name).items():
            (tmp_path / name / f"{command.replace(' ', '_')}.txt").write_text(text)
    found, _ = audit_tunnel([tmp_path], None, Settings(), AT, "hub", "spoke")
    assert said(found) == said(narrow(audit_sources([tmp_path], Settings(), AT), "hub", "spoke"))


def test_a_device_or_peer_that_is_not_there(bench: Any, tmp_path: Path) -> None:
    root = fleet_of(bench, tmp_path, {n: bench.answers(n) for n in ("hub", "spoke")})
    with pytest.raises(UsageError, match=r"its peers are 198\.51\.100\.7"):
        audit_tunnel([root], None, Settings(), AT, "hub", "203.0.113.200")
    with pytest.raises(UsageError, match="devices here: hub, spoke"):
        audit_tunnel([root], None, Settings(), AT, "nobody", "hub")
    by_address, _ = audit_tunnel([root], None, Settings(), AT, bench.hub, "spoke")
    assert [t.id for t in by_address.tunnels] == [f"{bench.hub}-{bench.spoke}"]


def test_what_stands_beside_snapshots_is_told_and_the_oldest_feeds_the_ledger(bench: Any, tmp_path: Path) -> None:
    for night in ("a", "b"):
        fleet_of(bench, tmp_path / night, {n: bench.answers(n) for n in ("hub", "spoke")})
    (tmp_path / "notes.txt").write_text("read me\n")
    found, _ = audit_tunnel([tmp_path], None, Settings(), AT, "hub", "spoke")
    assert [p.file for p in found.problems] == ["notes.txt"]
    assert said(found) == said(narrow(audit_sources([tmp_path], Settings(), AT), "hub", "spoke"))


def _files(root: Path) -> Iterator[Path]:
    return (p for p in root.rglob("*") if p.is_file())


def test_a_folder_is_one_source_or_the_other(bench: Any, tmp_path: Path) -> None:
    root = fleet_of(bench, tmp_path / "night", {"hub": bench.answers("hub")})
    assert [s.root for s in by_device(root, Commands(), tell_platform)] == [root]
    assert [s.root for s in by_device(tmp_path, Commands(), tell_platform)] == [root]
    for other in (root / "hub", root / "manifest.json", tmp_path / "missing", *_files(root)):
        assert by_device(other, Commands(), tell_platform) == ()
