"""fastavro, in two ways, into the raw table of Pendo's events: in Arrow batches, and row by row."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

import duckdb
import fastavro
import pyarrow as pa

from loaders.warehouse import transaction

BATCH_RECORDS = 50_000
INSERT_RECORDS = 1_000
_LOADED_AT = datetime(2026, 1, 1)
_SCHEMA = pa.schema(
    [
        ("subscription_id", pa.string()),
        ("application_id", pa.string()),
        ("period_id", pa.date32()),
        ("event_id", pa.string()),
        ("visitor_id", pa.string()),
        ("account_id", pa.string()),
        ("browser_timestamp", pa.timestamp("us")),
        ("received_timestamp", pa.timestamp("us")),
        ("event_type", pa.string()),
        ("url", pa.string()),
        ("record", pa.string()),
        ("_load_id", pa.int64()),
        ("_loaded_at", pa.timestamp("us")),
        ("_file", pa.string()),
        ("_line", pa.int64()),
    ]
)


def load_batches(connection: duckdb.DuckDBPyConnection, path: Path, most: int) -> None:
    """Insert the first records of a file as Arrow tables of 50,000 rows."""
    with path.open("rb") as stream:
        for batch in _batches(islice(_rows(stream), most), BATCH_RECORDS):
            columns = [list(column) for column in zip(*batch, strict=True)]
            connection.register("batch", pa.Table.from_arrays(columns, schema=_SCHEMA))
            connection.execute("INSERT INTO raw_pendo.allevents BY NAME SELECT * FROM batch")
            connection.unregister("batch")


def load_rows(connection: duckdb.DuckDBPyConnection, path: Path, most: int) -> None:
    """Insert the first records of a file one by one, 1,000 of them in one call."""
    names = ", ".join(_SCHEMA.names)
    marks = ", ".join(["?"] * len(_SCHEMA.names))
    # Not a transaction for each row, which would be slower still.
    with path.open("rb") as stream, transaction(connection):
        for batch in _batches(islice(_rows(stream), most), INSERT_RECORDS):
            connection.executemany(f"INSERT INTO raw_pendo.allevents ({names}) VALUES ({marks})", batch)


def _rows(stream: Any) -> Iterator[tuple[Any, ...]]:
    for line, record in enumerate(fastavro.reader(stream), start=1):
        event: Any = record
        yield (
            "1",
            "1",
            event["periodId"],
            event["eventId"],
            event["visitorId"],
            event["accountId"],
            event["browserTimestamp"].replace(tzinfo=None),
            event["receivedTimestamp"].replace(tzinfo=None),
            event["type"],
            event["url"],
            json.dumps(event, default=str),
            1,
            _LOADED_AT,
            "allevents.avro",
            line,
        )


def _batches(rows: Iterator[tuple[Any, ...]], size: int) -> Iterator[list[tuple[Any, ...]]]:
    while batch := list(islice(rows, size)):
        yield batch
