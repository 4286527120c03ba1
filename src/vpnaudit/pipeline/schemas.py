"""The JSON Schemas of the documents, from their types."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from vpnaudit.loss.document import LossDocument
from vpnaudit.model.audit import Audit
from vpnaudit.model.parsed import ParseDocument
from vpnaudit.model.snapshot import Manifest
from vpnaudit.pipeline.inventory_check import CheckedInventory
from vpnaudit.report import audit_schema

DOCUMENTS: dict[str, tuple[str, Any]] = {
    "audit": ("vpnaudit.audit/1", Audit),
    "inventory-check": ("vpnaudit.inventory-check/1", CheckedInventory),
    "loss": ("vpnaudit.loss/1", LossDocument),
    "parse": ("vpnaudit.parse/1", ParseDocument),
    "snapshot": ("vpnaudit.snapshot/1", Manifest),
}


def schema_text(name: str) -> str:
    """The schema of the named document (a key of `DOCUMENTS`), as JSON text with a final newline."""
    if name == "audit":
        return audit_schema()
    title, kind = DOCUMENTS[name]
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": title, **msgspec.json.schema(kind)}
    return json.dumps(schema, indent=2) + "\n"
