"""`vpnaudit schema`."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

NAME = "schema"
HELP = "The JSON Schema of a document that vpnaudit writes."
EXAMPLE = "Example: vpnaudit schema audit > audit.schema.json"


class Document(StrEnum):
    """The documents that have a schema."""

    audit = "audit"
    inventory_check = "inventory-check"
    loss = "loss"
    parse = "parse"
    snapshot = "snapshot"


def command(
    document: Annotated[Document, typer.Argument(help="Which document.")] = Document.audit,
) -> None:
    """Print a schema."""
    from vpnaudit.pipeline.schemas import schema_text  # noqa: PLC0415

    typer.echo(schema_text(document.value), nl=False)
