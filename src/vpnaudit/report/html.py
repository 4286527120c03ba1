"""One self-contained page for a colleague who was not there. It loads nothing and sends nothing."""

from __future__ import annotations

import base64
import functools
import hashlib
from importlib import resources
from typing import TYPE_CHECKING

from vpnaudit.model.audit import Audit, AuditDevice
from vpnaudit.model.printable import counted
from vpnaudit.report.view import verdict, wording
from vpnaudit.report.view.clean import visible, visible_lines
from vpnaudit.report.view.joined import join
from vpnaudit.report.view.timeline import LANE_HEIGHT, timeline

if TYPE_CHECKING:
    from jinja2 import Template

ENDING = ".html"

_MOST_EVENTS = 1000
_MOST_FINDINGS = 2000


def render(audit: Audit) -> str:
    """Give the page: inline style and script only, each allowed by its hash in the page's content security policy."""
    from markupsafe import Markup  # noqa: PLC0415 - jinja2's; loaded only where a page is made

    style, script = _file("html.css"), _file("html.js")
    joined = join(audit)
    return _template().render(
        audit=audit,
        joined=joined,
        headline=verdict.headline(joined),
        evidence_until=verdict.evidence_until(joined),
        totals=verdict.totals(joined),
        caveats=verdict.caveats(joined),
        checks=(*joined.failed, *joined.unknown, *joined.waived),
        most_checks=_MOST_FINDINGS,
        most_events=_MOST_EVENTS,
        policy=_policy(style, script),
        style=Markup(style),  # noqa: S704 - the package's own file
        script=Markup(script),  # noqa: S704 - the package's own file
    )


def _policy(style: str, script: str) -> str:
    return (
        f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; base-uri 'none';"
        " form-action 'none'"
    )


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _file(name: str) -> str:
    return resources.files("vpnaudit.report").joinpath(name).read_text(encoding="utf-8").replace("\r\n", "\n")


@functools.cache
def _template() -> Template:
    from jinja2 import Environment, FunctionLoader, StrictUndefined  # noqa: PLC0415 - loaded only where a page is made

    environment = Environment(
        loader=FunctionLoader(_file),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        finalize=_harmless,
    )
    environment.filters["lines"] = visible_lines
    environment.globals.update(say=wording, counted=counted, understood=_understood)
    environment.globals.update(timeline=timeline, lane_height=LANE_HEIGHT)
    return environment.get_template("html.jinja")


def _harmless(value: object) -> object:
    """Write out what does not print, in every text that the template puts in; escaping comes after this."""
    return visible(value) if type(value) is str else value


def _understood(device: AuditDevice) -> tuple[int, int]:
    """Lines understood, and lines in all."""
    counts = device.parse.values()
    return sum(c.understood for c in counts), sum(c.lines for c in counts)
