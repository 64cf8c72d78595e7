from __future__ import annotations

from collections.abc import Callable

import duckdb
import pytest

from tests.conftest import Workspace


@pytest.fixture(scope="module")
def workspace(workspace_factory: Callable[[str], Workspace]) -> Workspace:
    """One for all tests, which run in this order: dbt parses the project once for one database."""
    return workspace_factory("empty")


def test_a_build_without_raw_tables_says_to_load_first(workspace: Workspace) -> None:
    done = workspace.dbt("run", code=2)
    assert "sessionhouse load" in done.stdout


def test_a_build_with_empty_raw_tables_is_green(workspace: Workspace) -> None:
    landing = workspace.folder / "landing"
    landing.mkdir()
    workspace.load("pendo", landing, code=2)
    workspace.dbt("build")
    assert workspace.rows("select count(*) from marts.fct_events") == [(0,)]


def test_a_view_takes_the_place_of_whatever_has_its_name(workspace: Workspace) -> None:
    with duckdb.connect(str(workspace.database)) as connection:
        for name, kind in (("int_sessions", "view"), ("int_aliases", "table")):
            connection.execute(f"drop view intermediate.{name}")
            connection.execute(f"create {kind} intermediate.{name} as select 1 as nothing")
    workspace.dbt("run", "--select", "int_sessions", "int_aliases")
    assert workspace.rows("select count(session_key) from intermediate.int_sessions") == [(0,)]
    assert workspace.rows(
        "select view_name, comment[:12] from duckdb_views() "
        "where view_name in ('int_aliases', 'int_sessions') order by all"
    ) == [("int_aliases", "One row per "), ("int_sessions", "One row per ")]
