from __future__ import annotations

from collections.abc import Callable

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
