from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from loaders.exports import Options
from loaders.landing import open_landing
from loaders.loading import Outcome, load_landing
from loaders.vendors.registry import VENDORS
from loaders.warehouse import connect

LoadFolder = Callable[..., list[Outcome]]
Rows = Callable[..., list[tuple[Any, ...]]]


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A new warehouse with all raw tables."""
    opened = connect(tmp_path / "warehouse.duckdb")
    yield opened
    opened.close()


@pytest.fixture
def landing_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "landing"
    folder.mkdir()
    return folder


@pytest.fixture
def load_folder(connection: duckdb.DuckDBPyConnection, landing_folder: Path) -> LoadFolder:
    """Load the landing folder (or another) for a vendor: `load_folder("pendo", allow_gap=True)`."""

    def load(vendor: str, folder: Path | None = None, **options: bool) -> list[Outcome]:
        landing = open_landing(str(folder or landing_folder))
        return load_landing(connection, VENDORS[vendor](), landing, Options(**options))

    return load


@pytest.fixture
def rows(connection: duckdb.DuckDBPyConnection) -> Rows:
    """Run a query and return its rows."""

    def run(sql: str, *values: object) -> list[tuple[Any, ...]]:
        return connection.execute(sql, list(values)).fetchall()

    return run
