"""`dbt source freshness`: one verdict for each vendor, on the table its events come in."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import duckdb
import pytest

from loaders.warehouse import connect
from tests.conftest import VENDORS, Workspace

EVENT_TABLES = {
    "leanplum": "raw_leanplum.sessions",
    "monetate": "raw_monetate.sessions",
    "pendo": "raw_pendo.allevents",
    "rudderstack": "raw_rudderstack.tracks",
    "snowplow": "raw_snowplow.events",
}
DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)


def verdicts(workspace: Workspace, code: int) -> dict[str, str]:
    """Return each vendor's status as dbt tells it; the command ends with `code`."""
    workspace.dbt("source", "freshness", code=code)
    told = json.loads((workspace.folder / "target" / "sources.json").read_text())["results"]
    return {result["unique_id"].split(".")[2].removeprefix("raw_"): result["status"] for result in told}


def load_rows(connection: duckdb.DuckDBPyConnection, ages: dict[str, timedelta]) -> None:
    """Put one row into each vendor's table, loaded so long ago, after a much older one."""
    now = datetime.now(UTC).replace(tzinfo=None)
    for vendor, age in ages.items():
        table = EVENT_TABLES[vendor]
        connection.execute(f"DELETE FROM {table}")
        for loaded_at in (now - age, now - timedelta(days=400)):
            values = needed_values(connection, table) | {"_loaded_at": loaded_at}
            places = ", ".join(f"${name}" for name in values)
            connection.execute(f"INSERT INTO {table} ({', '.join(values)}) VALUES ({places})", values)


def needed_values(connection: duckdb.DuckDBPyConnection, table: str) -> dict[str, object]:
    """Return a value for each column that must have one."""
    columns = connection.execute(
        "SELECT column_name, data_type FROM duckdb_columns() "
        "WHERE schema_name || '.' || table_name = $table AND NOT is_nullable",
        {"table": table},
    ).fetchall()
    return {name: "2026-01-01" if kind in ("DATE", "TIMESTAMP") else "1" for name, kind in columns}


@pytest.fixture(scope="module")
def emptied(workspace_factory: Callable[[str], Workspace]) -> Workspace:
    """A workspace with the raw tables of all vendors, none of them with a row."""
    workspace = workspace_factory("freshness")
    connect(workspace.database).close()
    return workspace


def test_a_vendor_that_was_never_loaded_is_not_stale(emptied: Workspace) -> None:
    assert verdicts(emptied, code=0) == dict.fromkeys(VENDORS, "pass")


def test_the_age_of_the_latest_load_decides_in_utc(emptied: Workspace) -> None:
    ages = {
        "leanplum": 2 * DAY - 10 * MINUTE,
        "monetate": DAY + MINUTE,
        "pendo": 7 * DAY - 10 * MINUTE,
        "rudderstack": 3 * DAY + MINUTE,
        "snowplow": 3 * DAY - 10 * MINUTE,
    }
    with connect(emptied.database) as connection:
        load_rows(connection, ages)
    assert verdicts(emptied, code=1) == {
        "leanplum": "pass",
        "monetate": "warn",
        "pendo": "warn",
        "rudderstack": "error",
        "snowplow": "warn",
    }
