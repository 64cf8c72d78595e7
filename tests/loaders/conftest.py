from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import duckdb
import pytest

from loaders.exports import Options
from loaders.landing import CacheSettings, open_landing
from loaders.loading import Outcome, load_landing
from loaders.vendors.registry import VENDORS
from loaders.warehouse import connect
from tests.loaders.object_store import ENVIRONMENT, Bucket, FaultyStore, client_of, serving

LoadPlace = Callable[..., list[Outcome]]
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


@pytest.fixture(scope="module")
def object_store() -> Iterator[FaultyStore]:
    yield from serving()


@pytest.fixture(scope="module")
def object_client(object_store: FaultyStore) -> Any:
    return client_of(object_store)


@pytest.fixture
def bucket(
    object_client: Any,
    object_store: FaultyStore,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> Bucket:
    """A new bucket of a store without faults, and an environment that leads to it."""
    object_store.faults.clear()
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, value in {**ENVIRONMENT, "AWS_ENDPOINT_URL_S3": object_store.endpoint}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("SESSIONHOUSE_CACHE", str(tmp_path / "cache"))
    name = f"bucket-{hashlib.sha256(request.node.nodeid.encode()).hexdigest()[:16]}"
    created = Bucket(name, object_store, object_client)
    created.client.create_bucket(Bucket=name)
    created.forget_requests()
    return created


@pytest.fixture
def load_place(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> LoadPlace:
    """Load a URI for a vendor through a cache of the test: `load_place("pendo", "s3://...", limit=100)`."""

    def load(vendor: str, uri: str, limit: int = 1 << 30, **options: bool) -> list[Outcome]:
        with closing(open_landing(uri, CacheSettings(tmp_path / "cache", limit))) as landing:
            return load_landing(connection, VENDORS[vendor](), landing, Options(**options))

    return load
