"""How statements are run, and queries that answer with one row."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
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


@contextmanager
def one_thread(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Run the statements of the block in one thread, which takes rows as they come, however few at once."""
    (threads,) = first_row(connection, "SELECT current_setting('threads')") or (1,)
    connection.execute("SET threads = 1")
    try:
        yield
    finally:
        connection.execute("SET threads = $threads", {"threads": threads})
