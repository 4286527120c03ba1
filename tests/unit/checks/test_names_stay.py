"""Names that other programs read: more may come, none may go or change."""

from __future__ import annotations

from typing import get_args

from vpnaudit.checks.registry import all_rules
from vpnaudit.model.event import Mechanism

RULES = """\
SPI-001 ends-disagree-on-spis
SPI-002 one-sided-sas
SPI-003 leftover-sas
LIFE-001 ipsec-lifetimes-differ
LIFE-002 ike-lifetime-shorter-than-ipsec
LIFE-003 volume-lifetime-rekeys-early
LIFE-004 ike-lifetimes-differ
DPD-001 dpd-off
DPD-002 dpd-on-demand-cannot-see
DPD-003 dpd-ends-differ
DPD-004 dpd-slower-than-useful
IKE-001 ike-sa-missing
IKE-002 ike-sa-stuck
IKE-003 invalid-spi-recovery-risk
MEM-001 memory-low
MEM-002 memory-fragmented
MEM-003 allocation-failed
MEM-004 memory-falling
REL-001 reloaded-in-window
REL-002 release-with-known-defect
LOSS-001 input-errors
LOSS-002 line-flaps
LOSS-003 packets-dropped
LOSS-004 ike-given-up
CFG-001 proxies-not-mirrored
CFG-002 transforms-differ
CFG-003 pfs-differs
CFG-004 peer-without-return
LOG-001 stamps-without-msec
LOG-002 no-ntp
LOG-003 buffer-wrapped
LOG-004 level-hides-events
COL-001 needed-command-missing
COL-002 unread-lines
COL-003 not-assessable
COL-004 clock-unknown
"""
MECHANISMS = {"unknown-source", "rekey-race", "misdelivered", "stale-sa", "damaged", "unexplained"}


def test_rules_keep_their_names() -> None:
    assert set(RULES.splitlines()) <= {f"{r.id} {r.title}" for r in all_rules()}


def test_mechanisms_keep_their_names() -> None:
    assert set(get_args(Mechanism)) >= MECHANISMS
