"""Pages of rules and causes, and the schemas of the documents."""

from __future__ import annotations

import json
from typing import Any, get_args

import msgspec
import pytest

from vpnaudit.checks.registry import all_rules
from vpnaudit.diagnose import all_causes
from vpnaudit.errors import UsageError
from vpnaudit.model.event import Mechanism
from vpnaudit.model.snapshot import Manifest
from vpnaudit.pipeline.pages import explain, is_known, listing, mechanism_pages, pages
from vpnaudit.pipeline.schemas import DOCUMENTS, schema_text


def test_every_rule_and_cause_has_its_page() -> None:
    found = pages()
    assert set(found) == {c.name for c in all_causes()} | {r.id for r in all_rules()}
    assert all(page.startswith("# ") and page.endswith("\n") and len(page) > 100 for page in found.values())


def test_the_listing_names_all() -> None:
    text = listing()
    assert all(c.name in text for c in all_causes())
    assert all(f"{r.id} " in text and r.title in text for r in all_rules())


@pytest.mark.parametrize("wanted", ["delete-lost", "DELETE-LOST", " delete-lost "])
def test_a_cause_by_name(wanted: str) -> None:
    assert explain(wanted) == pages()["delete-lost"]


def test_a_rule_by_id_and_by_title() -> None:
    for rule in all_rules():
        assert explain(rule.id) == explain(rule.id.lower()) == explain(rule.title) == pages()[rule.id]


@pytest.mark.parametrize("mechanism", get_args(Mechanism))
def test_every_mechanism_has_its_page(mechanism: str) -> None:
    page = explain(mechanism.upper().replace("-", " "))
    assert page == mechanism_pages()[mechanism]
    assert mechanism in listing()
    assert all(f"**{section}.**" in page for section in ("Told by", "What it does not say", "What follows"))
    assert "Source: " in page
    assert not is_known(mechanism), "a waiver names a rule or a cause"


@pytest.mark.parametrize("cause", [c.name for c in all_causes()])
def test_a_cause_says_where_it_comes_from(cause: str) -> None:
    page = explain(cause)
    assert all(f"**{section}.**" in page for section in ("Signature", "Ruled out by", "What to do"))
    assert "Source:" in page


def test_nothing_gives_the_list() -> None:
    assert explain(" ") == listing()


@pytest.mark.parametrize("wanted", ["dpd001", "DPD 001", "DPD_001"])
def test_an_id_as_people_write_it(wanted: str) -> None:
    assert explain(wanted) == pages()["DPD-001"]


@pytest.mark.parametrize("wanted", ["DPD OFF", "dpd_off", " dpd-off"])
def test_a_title_as_people_write_it(wanted: str) -> None:
    assert explain(wanted) == pages()["DPD-001"]


def test_what_is_not_there() -> None:
    with pytest.raises(UsageError) as caught:
        explain("sunspots")
    assert str(caught.value) == "sunspots: no rule, cause or mechanism has that name; `vpnaudit explain` lists them"


@pytest.mark.parametrize(
    ("wanted", "meant"),
    [
        ("DPD-1", "DPD-001"),
        ("dpd-0001", "DPD-001"),
        ("delete-los", "delete-lost"),
        ("lifetime", "lifetime-mismatch"),
        ("memory", "low-memory"),
        ("msec", "stamps-without-msec"),
        ("lifetme", "lifetime-mismatch"),
        ("stale", "stale-sa"),
    ],
)
def test_near_misses_are_suggested(wanted: str, meant: str) -> None:
    with pytest.raises(UsageError, match=rf"did you mean .*\b{meant}\b.*\?"):
        explain(wanted)


def test_an_area_gives_its_rules() -> None:
    with pytest.raises(UsageError, match=r"did you mean DPD-001 or DPD-002 or DPD-003 or DPD-004\?"):
        explain("dpd")


def test_no_rule_is_called_like_a_cause() -> None:
    names = [n.lower() for r in all_rules() for n in (r.id, r.title)] + [c.name for c in all_causes()]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("name", sorted(DOCUMENTS))
def test_schemas(name: str) -> None:
    schema = json.loads(schema_text(name))
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert DOCUMENTS[name][0] in schema_text(name)
    assert schema_text(name).endswith("}\n")


def required(schema: dict[str, Any], name: str) -> set[str]:
    return set(schema["$defs"][name]["required"])


def test_the_audits_schema_asks_for_what_the_design_promises(bench: Any) -> None:
    schema = json.loads(schema_text("audit"))
    audit = msgspec.to_builtins(bench.audit(bench.pair([bench.line(1, 600)])))
    for name, key in (
        ("AuditEvent", "events"),
        ("AuditEpisode", "episodes"),
        ("AuditDiagnosis", "diagnoses"),
        ("AuditFinding", "findings"),
        ("AuditTunnel", "tunnels"),
        ("AuditDevice", "devices"),
    ):
        assert audit[key], key
        assert required(schema, name) <= set(audit[key][0])


def test_the_manifests_schema_is_that_of_its_type() -> None:
    assert required(json.loads(schema_text("snapshot")), "Manifest") == {
        "schema",
        "tool",
        "started_at",
        "finished_at",
        "devices",
    }
    assert Manifest.__name__ in schema_text("snapshot")
