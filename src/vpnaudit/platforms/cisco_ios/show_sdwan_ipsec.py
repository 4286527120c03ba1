"""`show sdwan ipsec …`: SPIs of SD-WAN, which the IPsec SAs of such a router do not print (field guide 3.1)."""

from __future__ import annotations

from vpnaudit.model.facts import Facts, Parsed
from vpnaudit.model.platform import CommandSpec
from vpnaudit.model.sa import ListedSpi
from vpnaudit.parse.engine import Row, parse_answer

_LARGEST_SPI = 2**32 - 1


def parse(text: str) -> Parsed:
    """Read an answer. Never raises."""
    return parse_answer("cisco_ios", "show_sdwan_ipsec", text, _facts)


def _facts(rows: list[Row]) -> Facts:
    return Facts(spis=tuple(spi for row in rows if (spi := _listed(row)) is not None))


def _listed(row: Row) -> ListedSpi | None:
    """The device's own SPI is that of packets to it; a peer's SPI that of packets to the peer."""
    own, peers = row.number("OWN_SPI"), row.number("PEER_SPI")
    spi = peers if own is None else own
    if spi is None or spi > _LARGEST_SPI:
        return None
    return ListedSpi(
        line=row.line,
        table="sd-wan",
        spi=spi,
        directions=("out",) if own is None else ("in",),
        local=row.text("LOCAL"),
        remote=row.text("REMOTE"),
        transform=row.text("ALGORITHM"),
    )


COMMANDS = (
    CommandSpec(
        command="show sdwan ipsec local-sa",
        parse=parse,
        timeout_s=120.0,
        other_forms=("show sdwan ipsec inbound-connections", "show sdwan ipsec outbound-connections"),
    ),
)
