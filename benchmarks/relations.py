"""Tables and views of a database, copied into a file of plain tables, and compared with another database."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import duckdb

from benchmarks.rudderstack import attach
from loaders.queries import first_row
from loaders.warehouse import CONFIG

# Names that need no quotes, as all names of the project are.
MARTS = """
    SELECT table_schema || '.' || table_name FROM information_schema.tables
    WHERE table_catalog = current_database() AND table_schema = 'marts' ORDER BY ALL
"""


def copy_relations(database: Path, target: Path, relations: Iterable[str]) -> None:
    """Write a new file in which each `schema.name` is a table with all rows of that table or view."""
    target.parent.mkdir(parents=True, exist_ok=True)
    target.unlink(missing_ok=True)
    path = str(target).replace("'", "''")
    # What is opened for reading alone attaches nothing to write to.
    with duckdb.connect(str(database), config=CONFIG) as connection:
        connection.execute(f"ATTACH '{path}' AS target")
        for relation in relations:
            schema = relation.partition(".")[0]
            connection.execute(f"CREATE SCHEMA IF NOT EXISTS target.{schema}")
            connection.execute(f"CREATE TABLE target.{relation} AS SELECT * FROM {relation}")


def marts_of(database: Path) -> list[str]:
    """Return the marts as `schema.name`."""
    with duckdb.connect(str(database), read_only=True) as connection:
        return [name for (name,) in connection.execute(MARTS).fetchall()]


def differing_marts(left: Path, right: Path, scratch: Path) -> dict[str, int]:
    """Return how many rows of a mart only one of two databases has, for the marts where there are any.

    Views name the file that they are in, so the marts of one are copied to `scratch`, a file to write.
    """
    names = marts_of(left)
    # A mart that only one side has would be compared with nothing.
    if not names or names != marts_of(right):
        return {"list of marts": 1}
    copy_relations(left, scratch, names)
    differences = _differences(right, scratch, names)
    scratch.unlink()
    return differences


def digest(connection: duckdb.DuckDBPyConnection, rows: str) -> tuple[int, int, int]:
    """Return the number of rows of a query, and two sums of hashes of whole rows.

    Equal for the same rows in any order, each as often; `EXCEPT ALL` of millions of wide rows takes minutes.
    """
    (counted, once, twice) = first_row(
        connection,
        "SELECT count(*), coalesce(sum(hash(row_of)::HUGEINT), 0), "
        f"coalesce(sum(hash(row_of, 1)::HUGEINT), 0) FROM ({rows}) AS row_of",
    ) or (0, 0, 0)
    return int(counted), int(once), int(twice)


def _differences(database: Path, scratch: Path, names: Sequence[str]) -> dict[str, int]:
    with duckdb.connect(str(database), read_only=True) as connection:
        attach(connection, scratch, "scratch")
        return {
            name: rows
            for name in names
            if (rows := _differing_rows(connection, f"SELECT * FROM {name}", f"SELECT * FROM scratch.{name}"))
        }


def _differing_rows(connection: duckdb.DuckDBPyConnection, ours: str, theirs: str) -> int:
    """Return how many rows only one of two queries answers with, counted only where there are any."""
    if digest(connection, ours) == digest(connection, theirs):
        return 0
    (rows,) = first_row(
        connection,
        f"SELECT (SELECT count(*) FROM ({ours} EXCEPT ALL {theirs})) "
        f"+ (SELECT count(*) FROM ({theirs} EXCEPT ALL {ours}))",
    ) or (0,)
    return int(rows)
