"""SPIs: integers inside, `0x%08X` outside."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

SpiText = Annotated[str, Meta(pattern="^0x[0-9A-F]{8}$")]
"""How an SPI is written in every document that leaves vpnaudit."""


def spi_text(spi: int) -> SpiText:
    """Turn an SPI inside (an unsigned 32-bit integer) into an SPI outside.

    >>> spi_text(0x1A2B)
    '0x00001A2B'
    """
    return f"0x{spi:08X}"
