"""What configurations as people write them mean for a tunnel: defaults, overrides, negations, parts."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from vpnaudit.model.fleet import Fleet
from vpnaudit.pipeline.audit import correlate_read, read_sources
from vpnaudit.pipeline.devices import read_devices
from vpnaudit.settings import Settings

NOW = datetime(2026, 5, 2, tzinfo=UTC)
PEER = "198.51.100.7"
HEAD = {"ios": "version 15.7\nhostname edge1\n", "asa": "ASA Version 9.16(4)\nhostname edge1\n"}
END = {"ios": "end\n", "asa": ": end\n"}
CASES = yaml.safe_load((Path(__file__).parent / "settings_in_force.yaml").read_text(encoding="utf-8"))


def written(case: dict[str, Any]) -> str:
    platform = case.get("platform", "ios")
    head = HEAD[platform] if case.get("head", True) else ""
    return head + case["config"] + (END[platform] if case.get("end", True) else "")


TABLE = """\

interface: {interface}
    Crypto map tag: M, local addr 192.0.2.1

   protected vrf: (none)
   local  ident (addr/mask/prot/port): (10.1.0.0/255.255.0.0/0/0)
   remote ident (addr/mask/prot/port): (10.3.0.0/255.255.0.0/0/0)
   current_peer 198.51.100.7 port 500
     PERMIT, flags={{origin_is_acl,}}

     local crypto endpt.: 192.0.2.1, remote crypto endpt.: 198.51.100.7

     inbound esp sas:
      spi: 0x6F000A01(1862273537)
        transform: esp-256-aes esp-sha256-hmac ,
        in use settings ={{Tunnel, }}
        conn id: 2001, flow_id: SW:1, sibling_flags 80000046, crypto map: M
        sa timing: remaining key lifetime (k/sec): (4607512/1500)

     outbound esp sas:
      spi: 0x6F000A02(1862273538)
        transform: esp-256-aes esp-sha256-hmac ,
        in use settings ={{Tunnel, }}
        conn id: 2002, flow_id: SW:2, sibling_flags 80000046, crypto map: M
        sa timing: remaining key lifetime (k/sec): (4607512/1500)
"""


def correlated(folder: Path) -> Fleet:
    snapshots = read_sources([folder])
    return correlate_read(snapshots, read_devices(snapshots, NOW), Settings(), NOW)


def in_force(fleet: Fleet) -> dict[str, str]:
    (end,) = (t.local for t in fleet.tunnels if PEER in t.id)
    dpd, life = end.dpd, end.lifetime
    told = [str(word or "-") for word in (dpd.mode, dpd.interval_s, dpd.retry_s)] if dpd and dpd.mode else ["?"]
    volume = ("off" if life.volume_disabled else life.ipsec_kb) if life else None
    return {
        "dpd": "off" if told == ["off", "-", "-"] else " ".join(told),
        "ipsec": f"{(life and life.ipsec_s) or '?'} {volume or '?'}",
        "ike": str((life and life.ike_s) or "?"),
        "version": end.ike or "?",
    }


@pytest.mark.parametrize("case", CASES, ids=[c["name"] for c in CASES])
def test_in_force(case: dict[str, Any], tmp_path: Path) -> None:
    folder = tmp_path / "edge1"
    folder.mkdir()
    (folder / "show_running-config.txt").write_text(written(case), encoding="utf-8")
    if "peer_on" in case:
        (folder / "show_crypto_ipsec_sa.txt").write_text(TABLE.format(interface=case["peer_on"]), encoding="utf-8")
    found = in_force(correlated(tmp_path))
    expected = {name: "off" if value is False else str(value) for name, value in case["expect"].items()}
    assert {name: found[name] for name in expected} == expected
