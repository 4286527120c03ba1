"""vpnaudit: why a Cisco device logs an unknown IPsec SPI, whose it is, and what to change."""

from vpnaudit._version import __version__

__all__ = ["__version__"]
