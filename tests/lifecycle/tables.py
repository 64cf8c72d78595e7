"""Raw rows on their way into the raw tables of a database, and out of them."""

from __future__ import annotations

from itertools import groupby

import duckdb

from tests.lifecycle.rows import LeanplumEvent, Raw, Row


def put(connection: duckdb.DuckDBPyConnection, before: Raw, after: Raw) -> None:
    """Bring the raw tables from one moment to another."""
    for row in before.rows - after.rows:
        _remove(connection, row)
    arrived = sorted(after.rows - before.rows, key=_table)
    for table, rows in groupby(arrived, key=_table):
        _insert(connection, table, list(rows))


def _remove(connection: duckdb.DuckDBPyConnection, row: Row) -> None:
    where = "_load_id = ? and _file = ? and _line = ?"
    values: list[object] = [row.load_id, row.file, row.line]
    if isinstance(row.record, LeanplumEvent):
        where, values = f"{where} and _ordinal = ?", [*values, row.record._ordinal]
    connection.execute(f"delete from {row.record.table} where {where}", values)


def _insert(connection: duckdb.DuckDBPyConnection, table: str, rows: list[Row]) -> None:
    columns = ", ".join(f'"{column}"' for column in rows[0].values())
    marks = ", ".join(f"({', '.join('?' * len(row.values()))})" for row in rows)
    values = [value for row in rows for value in row.values().values()]
    connection.execute(f"insert into {table} ({columns}) values {marks}", values)


def _table(row: Row) -> str:
    return row.record.table
