"""What people measure a path with: ping, fping, mtr, smokeping, IOS extended ping, iperf3; each told by its content."""

from vpnaudit.loss.probes.measured import BurstLength, Measured, measured
from vpnaudit.loss.probes.read import read_probes

__all__ = ["BurstLength", "Measured", "measured", "read_probes"]
