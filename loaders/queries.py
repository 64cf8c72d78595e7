"""Queries that answer with one row."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import duckdb


def first_row(
    connection: duckdb.DuckDBPyConnection, statement: str, values: Mapping[str, object] | None = None
) -> tuple[Any, ...] | None:
    """Return the first row of the answer, None where there is none.

    The answer is fetched to its end: DuckDB 2.0 refuses other work on a connection with rows left to fetch.
    """
    rows = connection.execute(statement, dict(values) if values else None).fetchall()
    return rows[0] if rows else None
