"""Masking of secrets, in the stream, before anything is written."""

from vpnaudit.redact.patterns import COMMON_PATTERNS
from vpnaudit.redact.redactor import MASK, Redactor

__all__ = ["COMMON_PATTERNS", "MASK", "Redactor"]
