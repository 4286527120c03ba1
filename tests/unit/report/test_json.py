"""The document and its schema."""

from __future__ import annotations

import json

import jsonschema  # type: ignore[import-untyped]
import msgspec
import pytest

from vpnaudit import report
from vpnaudit.model.audit import Audit

DOCUMENTS = ("typical", "empty", "large")


@pytest.fixture(scope="session")
def schema() -> dict[str, object]:
    read: dict[str, object] = json.loads(report.audit_schema())
    return read


@pytest.mark.parametrize("name", DOCUMENTS)
def test_documents_fit_the_schema(name: str, schema: dict[str, object], request: pytest.FixtureRequest) -> None:
    document = json.loads(report.render("json", request.getfixturevalue(name)))
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft202012Validator(schema).validate(document)


def test_the_schema_says_what_it_is(schema: dict[str, object]) -> None:
    assert (schema["title"], schema["$id"]) == ("vpnaudit.audit/1", "urn:vpnaudit:audit:1")


@pytest.mark.parametrize(
    ("key", "value"),
    [("schema", "vpnaudit.audit/2"), ("devices", None), ("generated_at", 5), ("source", {"kind": "snapshot"})],
)
def test_the_schema_refuses_what_is_no_audit(
    key: str, value: object, schema: dict[str, object], typical: Audit
) -> None:
    document = json.loads(report.render("json", typical)) | {key: value}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(schema).validate(document)


def test_the_schema_refuses_an_spi_that_is_not_written_as_one(schema: dict[str, object], typical: Audit) -> None:
    document = json.loads(report.render("json", typical))
    document["events"][0]["spi"] = "0x9e6d41b7"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(schema).validate(document)


def test_keys_stand_in_the_order_of_the_structs(typical: Audit) -> None:
    document = json.loads(report.render("json", typical))
    assert list(document) == [f.encode_name for f in msgspec.structs.fields(Audit)]


def test_the_document_reads_back(typical: Audit) -> None:
    assert msgspec.json.decode(report.render("json", typical), type=Audit) == typical
    assert report.render("json", typical).endswith("}\n")


def test_the_order_in_which_captures_were_parsed_changes_no_byte(typical: Audit) -> None:
    first = typical.devices[0]
    turned = msgspec.structs.replace(first, parse=dict(reversed(first.parse.items())))
    other = msgspec.structs.replace(typical, devices=(turned, *typical.devices[1:]))
    assert report.render("json", other) == report.render("json", typical)
