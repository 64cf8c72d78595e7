"""What holds in every database, whatever was loaded into it and whatever went wrong meanwhile."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import duckdb

from loaders.exports import Options
from loaders.landing import open_landing
from loaders.landing.cache import LOCK_NAME
from loaders.landing.download import PART
from loaders.loading import load_landing
from loaders.vendors.registry import VENDORS
from loaders.warehouse import connect

# Rows by table.
Contents = dict[str, list[tuple[Any, ...]]]

RAW_TABLES = tuple(table for make in VENDORS.values() for table in make().tables)
# What two loads of the same files may differ in.
STAMPS = ("load_id", "loaded_at", "_load_id", "_loaded_at", "uri", "version")
LEDGER_TABLES = ("raw.loads", "raw.load_files", "raw.rejected_lines")
GAPS_TOLD = "(; )?no file covers .* or files were not fetched"


def check_sound(connection: duckdb.DuckDBPyConnection) -> None:
    """Fail where the ledger and the raw tables do not tell the same story."""
    loads = rows(connection, "SELECT load_id, vendor, export_id, status, rows, rejected_rows, loaded_at "
                             "FROM raw.loads ORDER BY load_id NULLS LAST")  # fmt: skip
    loaded = {load_id: row for load_id, *row in loads if load_id is not None}
    assert len({(vendor, export_id) for _, vendor, export_id, *_ in loads}) == len(loads)
    for load_id, _, _, status, count, rejected, loaded_at in loads:
        assert (load_id is not None) == (loaded_at is not None) == (status == "loaded")
        assert status == "loaded" or (count, rejected) == (0, 0)
    moments = [row[-1] for row in loaded.values()]
    assert all(earlier < later for earlier, later in pairwise(moments))
    _check_rows(connection, loaded)
    _check_quarantine(connection, loaded)
    strays = rows(connection, "SELECT load_id FROM raw.load_files WHERE load_id NOT IN "
                              "(SELECT load_id FROM raw.loads WHERE load_id IS NOT NULL)")  # fmt: skip
    assert not strays


def check_cache(cache: Path, exports: Path) -> None:
    """Fail where the cache holds anything but files of the exports, whole, or in part from their begin on."""
    whole = {path.read_bytes() for path in exports.rglob("*") if path.is_file()}
    for path in cached_files(cache):
        content = path.read_bytes()
        if path.suffix == PART:
            assert any(each.startswith(content) for each in whole), path
        else:
            assert content in whole, path


def cached_files(cache: Path) -> list[Path]:
    """Return what runs left in the cache, whole files and `.part` files."""
    return [path for path in cache.glob("*/run-*/*") if path.name != LOCK_NAME]


def contents(connection: duckdb.DuckDBPyConnection, *vendors: str) -> Contents:
    """Return all rows of the ledger and of the vendors' raw tables, without what two loads differ in."""
    tables = [table for vendor in vendors for table in VENDORS[vendor]().tables]
    return {table: _content(connection, table) for table in (*LEDGER_TABLES, *tables)}


def rows(connection: duckdb.DuckDBPyConnection, sql: str) -> list[tuple[Any, ...]]:
    return connection.execute(sql).fetchall()


def _content(connection: duckdb.DuckDBPyConnection, table: str) -> list[tuple[Any, ...]]:
    columns = [name for name, *_ in rows(connection, f"DESCRIBE {table}") if name not in STAMPS]
    # A span without files is told once, with what is new in the run that finds it.
    names = ", ".join(f"regexp_replace(\"{name}\"::VARCHAR, '{GAPS_TOLD}', '')" for name in columns)
    return rows(connection, f"SELECT {names} FROM {table} ORDER BY ALL")


def _check_rows(connection: duckdb.DuckDBPyConnection, loaded: dict[int, list[Any]]) -> None:
    counted: dict[int, int] = {}
    for table in RAW_TABLES:
        for load_id, first, last, count in rows(
            connection, f"SELECT _load_id, min(_loaded_at), max(_loaded_at), count(*) FROM {table} GROUP BY 1"
        ):
            assert load_id in loaded, f"{table} has rows of load {load_id}, which is not in the ledger"
            vendor, loaded_at = loaded[load_id][0], loaded[load_id][-1]
            assert table.startswith(f"raw_{vendor}."), f"{table} has rows of {vendor}"
            assert first == last == loaded_at
            counted[load_id] = counted.get(load_id, 0) + count
    for load_id, (vendor, export_id, _, count, *_) in loaded.items():
        there = counted.get(load_id, 0)
        # Later exports of Pendo replace rows of earlier ones.
        assert there <= count if vendor == "pendo" else there == count, (export_id, there, count)


def _check_quarantine(connection: duckdb.DuckDBPyConnection, loaded: dict[int, list[Any]]) -> None:
    counted = dict(rows(connection, "SELECT load_id, count(*) FROM raw.rejected_lines GROUP BY 1"))
    assert counted.keys() <= loaded.keys()
    for load_id, (_, export_id, _, _, rejected, _) in loaded.items():
        assert counted.get(load_id, 0) == rejected, export_id


def loaded(vendor: str, folder: Path, database: Path) -> Contents:
    """Load a folder into a new database, and return all that was kept of it."""
    database.unlink(missing_ok=True)
    connection = connect(database)
    load_landing(connection, VENDORS[vendor](), open_landing(str(folder)), Options())
    check_sound(connection)
    found = contents(connection, vendor)
    connection.close()
    return found
