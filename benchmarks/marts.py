"""The rows of the marts of two databases, compared."""

from __future__ import annotations

from pathlib import Path

import duckdb

from benchmarks.rudderstack import attach
from loaders.queries import first_row
from loaders.warehouse import CONFIG

MARTS = "SELECT table_name FROM information_schema.tables WHERE table_schema = 'marts' ORDER BY ALL"


def differing_marts(left: Path, right: Path, scratch: Path) -> dict[str, int]:
    """Return how many rows of a mart only one of two databases has, for the marts where there are any.

    Both files must have the same name, which their views tell; `scratch` is a file that is written.
    """
    scratch.unlink(missing_ok=True)
    names = _copy_marts(left, scratch)
    with duckdb.connect(str(right), read_only=True) as connection:
        attach(connection, scratch, "scratch")
        # A mart that only one side has would be compared with nothing.
        if names != [name for (name,) in connection.execute(MARTS).fetchall()]:
            return {"list of marts": 1}
        differences = {name: _differences(connection, name) for name in names}
    scratch.unlink()
    return {name: rows for name, rows in differences.items() if rows}


def _copy_marts(database: Path, scratch: Path) -> list[str]:
    path = str(scratch).replace("'", "''")
    # What is opened for reading alone attaches nothing to write to.
    with duckdb.connect(str(database), config=CONFIG) as connection:
        connection.execute(f"ATTACH '{path}' AS scratch")
        names = [name for (name,) in connection.execute(MARTS).fetchall()]
        for name in names:
            connection.execute(f"CREATE TABLE scratch.{name} AS SELECT * FROM marts.{name}")
    return names


def _differences(connection: duckdb.DuckDBPyConnection, name: str) -> int:
    ours, theirs = f"SELECT * FROM marts.{name}", f"SELECT * FROM scratch.{name}"
    (rows,) = first_row(
        connection,
        f"SELECT (SELECT count(*) FROM ({ours} EXCEPT ALL {theirs})) "
        f"+ (SELECT count(*) FROM ({theirs} EXCEPT ALL {ours}))",
    ) or (0,)
    return int(rows)
