"""Whose captures speak of a tunnel: what is found in bytes is all that the parsers would find, and little more."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import pytest

from vpnaudit.correlate.ends import views
from vpnaudit.correlate.peers import own_addresses
from vpnaudit.model.addresses import normal
from vpnaudit.model.device import Device
from vpnaudit.model.snapshot import Capture
from vpnaudit.pipeline.devices import parse_capture
from vpnaudit.platforms.registry import platform
from vpnaudit.snapshot.mentions import Search, Sought

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"
HERE, THERE = "192.0.2.1", "198.51.100.7"
V6 = "2001:db8::a:1"
ENDS = Sought(here=frozenset({HERE, V6}), there=frozenset({THERE}), spis=frozenset({0x00AB12CD}))

OWN = [
    f"interface Gi0/0\n ip address {HERE} 255.255.255.0",
    f" ip address {HERE} 255.255.255.0 secondary",
    f" ipv6 address {V6}/64",
    " ipv6 address 2001:DB8::A:1/64",
    " ipv6 address 2001:0db8:0000:0000:0000:0000:000a:0001/64",
    f" standby 1 ip {HERE}",
    f" vrrp 1 ip {HERE}",
    f"  address {HERE} primary",
    f" ip address 192.0.2.2 255.255.255.0 standby {HERE}",
    f"name {HERE} outside",
    f" tunnel source {HERE}",
    f"  Internet address is {HERE}/24",
    f"\tIP address {HERE}, subnet mask 255.255.255.0",
    f"    Crypto map tag: M, local addr {HERE}",
    f"     local crypto endpt.: {HERE}, remote crypto endpt.: 203.0.113.4",
    f"      local crypto endpt.: {HERE}/0, remote crypto endpt.: 203.0.113.4/0",
    f"1         {HERE}/500          203.0.113.4/500      none/none            READY",
    f"Local  {V6}/500",
    f"1001  {HERE}       203.0.113.4            ACTIVE aes  sha256 psk  14 23:01:02 D",
    f"  IKEv1 SA: local {HERE}/500 remote 203.0.113.4/500 Active",
]
BETWEEN = [
    f" dst: {THERE}\n src: {V6}",
    f"{HERE}       {THERE}    QM_IDLE           1001 ACTIVE",
    f"{THERE}    {HERE}       QM_IDLE           1001 ACTIVE",
    f"rec'd IPSEC packet has invalid spi for destaddr={HERE}, prot=50, spi=0x1234ABCD(305441741), srcaddr={THERE}",
    f"Received an ESP packet (SPI= 0x1234ABCD, sequence number= 0x1) from {THERE} (user= {THERE}) to {HERE}.",
]
SPI = [
    "spi: 0xAB12CD(11211469)",
    "spi: 0x00AB12CD (11211469)",
    "current outbound spi: 00AB12CD",
    "current outbound spi: 00ab12cd",
    "child sa spi (11211469)",
]
NOTHING = [
    "",
    f" set peer {HERE}",
    f"crypto isakmp key <removed> address {THERE}",
    f" tunnel destination {HERE}",
    f"   current_peer {HERE} port 500",
    f"     local crypto endpt.: 203.0.113.4, remote crypto endpt.: {HERE}",
    f"  IKEv1 SA: local 203.0.113.4/500 remote {HERE}/500 Active",
    f"{HERE}       203.0.113.4    QM_IDLE           1001 ACTIVE",
    " ip address 192.0.2.11 255.255.255.0",
    " ip address 192.0.2.1.5 255.255.255.0",
    " ip address 1192.0.2.1 255.255.255.0",
    f" set peer {HERE}\n set peer {THERE}",
    "spi: 0xAB12CE(11211470)",
]


def found(path: Path, data: bytes, sought: Sought = ENDS) -> bool:
    path.write_bytes(data)
    return Search(sought).finds([str(path)])


@pytest.mark.parametrize("text", [*OWN, *BETWEEN, *SPI])
def test_who_matters(text: str, tmp_path: Path) -> None:
    assert found(tmp_path / "f", f"first line\n{text}\nlast line\n".encode())


@pytest.mark.parametrize("text", NOTHING)
def test_who_does_not(text: str, tmp_path: Path) -> None:
    assert not found(tmp_path / "f", f"first line\n{text}\nlast line\n".encode())


def test_an_address_that_only_owners_have_and_one_that_counts_anywhere(tmp_path: Path) -> None:
    peer, own = f" set peer {HERE}\n".encode(), f" ip address {HERE} 255.255.255.0\n".encode()
    owners, anywhere = Sought(owners=frozenset({HERE})), Sought(anywhere=frozenset({HERE}))
    assert [found(tmp_path / "f", text, owners) for text in (peer, own)] == [False, True]
    assert [found(tmp_path / "f", text, anywhere) for text in (peer, b"192.0.2.12\n")] == [True, False]


def test_nothing_sought_is_nowhere(tmp_path: Path) -> None:
    assert not found(tmp_path / "f", b"spi: 0x0(0)\n", Sought())
    assert not found(tmp_path / "f", b"spi: 0x0(0)\n", Sought(anywhere=frozenset({"", "\udcff"})))


@pytest.mark.parametrize(
    "data",
    [gzip.compress(b"anything"), "anything".encode("utf-16"), "anything".encode("utf-16-le"), b"\x28\xb5\x2f\xfd..."],
    ids=["gzip", "UTF-16", "UTF-16 without a mark", "zstd"],
)
def test_what_is_not_plain_text_may_speak_of_anything(data: bytes, tmp_path: Path) -> None:
    assert found(tmp_path / "f", data)


def test_a_line_across_the_pieces_of_a_large_file(tmp_path: Path) -> None:
    line = f"from {THERE} to {HERE}\n".encode()
    for before in range((1 << 24) - len(line), (1 << 24) + 1, 17):
        assert found(tmp_path / "f", b"x" * (before - 1) + b"\n" + line)


def test_what_is_no_file_holds_nothing(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    assert not Search(ENDS).finds([str(pipe), str(tmp_path), str(tmp_path / "missing"), "bad\0name"])


CAPTURES = sorted(
    path
    for place in ("cisco_ios", "cisco_asa")
    for command in ("show_running-config", "show_interfaces", "show_crypto_*sa*")
    for path in FIXTURES.glob(f"{place}/{command}/*/input.txt")
)


@pytest.mark.parametrize("path", CAPTURES, ids=lambda path: f"{path.parts[-4]}-{path.parts[-3]}-{path.parts[-2][:3]}")
def test_every_address_that_is_read_as_the_devices_own_is_found(path: Path) -> None:
    name, command = path.parts[-4], path.parts[-3].replace("_", " ")
    found_platform = platform(name)
    assert found_platform is not None
    capture = Capture(device="r1", command=command, text=path.read_text(encoding="utf-8"), file="f")
    parsed = parse_capture(capture, found_platform)
    device = Device(name="r1", platform=name, defaults=found_platform.defaults, captures=(parsed,))
    ends = {normal(v.end.address) for v in views(device, {}) if any(c in ".:" for c in v.end.address)}
    rows = {normal(a) for _, i in device.ike_sas if not i.ends_known for a in (i.local, i.remote) if a}
    for address in own_addresses(device) | (ends - rows):  # a row of two addresses counts where both are sought
        assert Search(Sought(owners=frozenset({address}))).finds([str(path)]), address
