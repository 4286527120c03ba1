"""`vpnaudit loss`."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from vpnaudit.cli import options

NAME = "loss"
HELP = "Can packet loss cause these errors? A calculator: what such loss can do to such tunnels, against what was seen."
EXAMPLE = (
    "Examples: vpnaudit loss --rate 0.1%-0.3% --tunnels 2 --ike v1 --dpd 10/3 --observed 3 --window 16.5m; "
    "vpnaudit loss --from-ping ping.txt --lifetime 1h"
)


class IkeVersion(StrEnum):
    """Versions of IKE."""

    v1 = "v1"
    v2 = "v2"


class Family(StrEnum):
    """Whose schedules hold: of repeated IKE messages and of DPD."""

    ios = "ios"
    ios_xe = "ios-xe"
    asa = "asa"
    strongswan = "strongswan"


def command(
    rate: Annotated[
        list[str] | None,
        typer.Option("--rate", metavar="LOSS", help="Average loss one way: 0.3%, 0.003, 0.1%-0.3%; may be repeated."),
    ] = None,
    rate_back: Annotated[
        str | None, typer.Option("--rate-back", metavar="LOSS", help="The other way, where it differs.")
    ] = None,
    burst: Annotated[
        str | None, typer.Option("--burst", metavar="TIME", help="It comes in outages so long on average: 30s.")
    ] = None,
    longest: Annotated[
        str | None, typer.Option("--longest", metavar="TIME", help="The longest outage that was measured.")
    ] = None,
    lifetime: Annotated[str, typer.Option("--lifetime", metavar="TIME", help="IPsec lifetime: 3600, 1h.")] = "1h",
    volume_rate: Annotated[
        str | None,
        typer.Option("--volume-rate", metavar="RATE", help="Traffic of each tunnel, the heavier direction: 75Mbps."),
    ] = None,
    volume_kb: Annotated[
        int, typer.Option("--volume-kb", metavar="KB", min=1, help="Volume lifetime, with --volume-rate.")
    ] = 4_608_000,
    tunnels: Annotated[int, typer.Option("--tunnels", min=1, max=1_000_000, help="How many share the path.")] = 1,
    ike: Annotated[IkeVersion | None, typer.Option("--ike", help="IKE version; not given: the larger bound.")] = None,
    platform: Annotated[
        Family, typer.Option("--platform", help="Whose retransmission and DPD schedules.")
    ] = Family.ios,
    dpd: Annotated[
        str | None,
        typer.Option("--dpd", metavar="S/R", help="Periodic DPD of both ends: 10/3, off; 10/3,off where they differ."),
    ] = None,
    observed: Annotated[
        int | None, typer.Option("--observed", min=0, max=1_000_000_000, help="Events seen: distinct SPIs, not lines.")
    ] = None,
    window: Annotated[str | None, typer.Option("--window", metavar="TIME", help="In what time: 16.5m.")] = None,
    from_ping: Annotated[
        str | None,
        typer.Option("--from-ping", metavar="FILE|-", help="A measurement: ping, fping, mtr, smokeping, iperf3 …"),
    ] = None,
    draw: Annotated[
        int, typer.Option("--draw", metavar="N", min=0, max=10_000_000, help="Draw the losses N times too, as a check.")
    ] = 0,
    json: Annotated[
        str | None, typer.Option("--json", metavar="FILE|-", help="Write the document vpnaudit.loss/1.")
    ] = None,
    quiet: options.Quiet = False,
) -> None:
    """Calculate."""
    import sys  # noqa: PLC0415
    from pathlib import Path  # noqa: PLC0415

    from vpnaudit.cli.output import write_file  # noqa: PLC0415
    from vpnaudit.model.printable import printable  # noqa: PLC0415
    from vpnaudit.pipeline.loss import Asked, answer, as_json, as_text  # noqa: PLC0415

    asked = Asked(
        rates=tuple(rate or ()),
        rate_back=rate_back,
        burst=burst,
        longest=longest,
        lifetime=lifetime,
        volume_rate=volume_rate,
        volume_kb=volume_kb,
        tunnels=tunnels,
        ike=ike.value if ike is not None else None,
        platform=platform.value,
        dpd=dpd,
        observed=observed,
        window=window,
        from_ping=from_ping,
        draws=draw,
    )
    document = answer(asked, sys.stdin.buffer if from_ping == "-" else None)
    if json == "-":
        typer.echo(as_json(document), nl=False)
        return
    if json is not None:
        write_file(Path(json), as_json(document))
    if not quiet:
        typer.echo("\n".join(printable(line) for line in as_text(document).splitlines()))
