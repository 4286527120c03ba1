"""Masking of secrets, in the stream, before anything is written."""

from vpnaudit.redact.blocks import MASK
from vpnaudit.redact.redactor import Redactor, masked_alone

__all__ = ["MASK", "Redactor", "masked_alone"]
