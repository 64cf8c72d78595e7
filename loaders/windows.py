"""Arrow tables on their way into DuckDB, batch after batch, in bounded memory.

Until a transaction ends, DuckDB keeps every object registered in it. So a name is registered once, for a
window that shows one table after another.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import duckdb
import pyarrow as pa


@dataclass(slots=True)
class Window:
    """What DuckDB reads under one registered name: the table that is set at that moment."""

    table: pa.Table = field(default_factory=lambda: pa.table({"file": pa.array([], pa.string())}))

    def __arrow_c_stream__(self, requested_schema: object = None) -> Any:
        return self.table.__arrow_c_stream__(requested_schema)


@contextmanager
def shown(
    connection: duckdb.DuckDBPyConnection, windows: Mapping[str, Window | pa.RecordBatchReader]
) -> Iterator[None]:
    """Let statements of the block read each window under its name, or each reader, once."""
    for name, window in windows.items():
        connection.register(name, window)
    try:
        yield
    finally:
        for name in windows:
            connection.unregister(name)
