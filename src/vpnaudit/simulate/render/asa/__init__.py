"""State as an ASA prints it."""

from __future__ import annotations

from vpnaudit.simulate.render.asa import logs

__all__ = ["logs"]
