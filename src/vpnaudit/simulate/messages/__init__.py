"""What devices write about themselves, as each operating system words it: values in, text out."""

from __future__ import annotations

from vpnaudit.simulate.messages.asa import AsaMessages
from vpnaudit.simulate.messages.form import Messages, Misfit, Reason, SaLine, Session, UnknownSpi
from vpnaudit.simulate.messages.ios import IosMessages

__all__ = ["AsaMessages", "IosMessages", "Messages", "Misfit", "Reason", "SaLine", "Session", "UnknownSpi"]
