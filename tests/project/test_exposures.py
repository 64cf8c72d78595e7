"""What people look at is in the lineage, and the lineage says what it truly reads."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pytest

from reporting import facts
from reporting.marts import opened_marts
from reporting.publication import LAST_LOAD, LAYOUTS
from tests.project.conftest import Manifest
from tests.reporting.house import make

TYPES = {"report": "dashboard", "publication": "application", "questions": "analysis"}


class Recorder:
    """A connection that notes what it is asked."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self.connection = connection
        self.statements: list[str] = []

    def execute(self, statement: str, *values: Any) -> duckdb.DuckDBPyConnection:
        self.statements.append(statement)
        return self.connection.execute(statement, *values)


@pytest.fixture
def asked_by_the_report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every statement that the report sends to the database."""
    recorders = []

    @contextmanager
    def opened(database: Path) -> Iterator[Recorder]:
        with opened_marts(database) as connection:
            recorders.append(Recorder(connection))
            yield recorders[-1]

    monkeypatch.setattr(facts, "opened_marts", opened)
    facts.read_facts(make(tmp_path / "warehouse.duckdb", []))
    return recorders[0].statements


def test_exposures_are_those_of_the_house_and_described(manifest: Manifest) -> None:
    exposures = manifest["exposures"].values()
    assert {exposure["name"]: exposure["type"] for exposure in exposures} == TYPES
    for exposure in exposures:
        assert exposure["description"].strip(), exposure["name"]
        assert exposure["label"].strip(), exposure["name"]


def test_the_report_reads_what_its_exposure_names(manifest: Manifest, asked_by_the_report: list[str]) -> None:
    assert len(asked_by_the_report) > 12
    assert relations_in(asked_by_the_report) == relations_of(manifest, "report")


def test_the_publication_reads_what_its_exposure_names(manifest: Manifest) -> None:
    statements = [LAST_LOAD, *(layout.rows for layout in LAYOUTS)]
    assert relations_in(statements) == relations_of(manifest, "publication")


def test_the_questions_read_what_their_exposure_names(manifest: Manifest) -> None:
    read = {
        node_id
        for node in manifest["nodes"].values()
        if node["resource_type"] == "analysis"
        for node_id in node["depends_on"]["nodes"]
    }
    assert read == set(exposure(manifest, "questions")["depends_on"]["nodes"])


def exposure(manifest: Manifest, name: str) -> dict[str, Any]:
    found: dict[str, Any] = manifest["exposures"][f"exposure.sessionhouse.{name}"]
    return found


def relations_of(manifest: Manifest, name: str) -> set[str]:
    nodes = manifest["nodes"] | manifest["sources"]
    named = [nodes[node_id] for node_id in exposure(manifest, name)["depends_on"]["nodes"]]
    return {f"{node['schema']}.{node.get('identifier') or node['alias']}" for node in named}


def relations_in(statements: Sequence[str]) -> set[str]:
    """Return the tables and views that the statements read."""
    with duckdb.connect() as connection:
        # The engine names the tables of statements without parameters only, and aliases with them.
        return {
            name.partition(" AS ")[0]
            for statement in statements
            for name in connection.get_table_names(re.sub(r"\$\w+", "NULL", statement), qualified=True)
        }
