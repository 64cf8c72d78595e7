"""Batches of Pendo's records on their way through DuckDB.

What is parsed of a batch is shown to DuckDB through a window rather than put into a temporary table: until a
transaction ends, DuckDB keeps every temporary table made in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

import duckdb
import pyarrow as pa

from loaders.avro import BATCH_CHARACTERS, BATCH_ROWS, read_batches
from loaders.avro_blocks import damaged
from loaders.exports import DataFile
from loaders.ledger import RejectedLine
from loaders.load import Load
from loaders.vendors.pendo.order import PendoExport
from loaders.warehouse import one_thread
from loaders.windows import Window, shown

# Records that each file must hold, by the file's path.
Counts = Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Windows:
    """What DuckDB sees of a batch: its records as texts, and what was parsed of them."""

    batch: Window = field(default_factory=Window)
    records: Window = field(default_factory=Window)


def parse_batch(load: Load, windows: Windows, batch: pa.Table, query: str) -> None:
    """Show what `query` makes of the batch as `landing_records`, and quarantine the bad ones."""
    windows.batch.table = batch
    windows.records.table = load.connection.execute(query).to_arrow_table()
    rejected = load.connection.execute(
        "SELECT file, line, reason, text FROM landing_records WHERE reason IS NOT NULL ORDER BY file, line"
    ).fetchall()
    load.reject([RejectedLine(*row) for row in rejected])
    load.lines += batch.num_rows


def batches_of(load: Load, files: Iterable[DataFile], counts: Counts) -> Iterator[pa.Table]:
    """Yield the files' records with their `file`, small files together in one table."""
    pending: list[pa.Table] = []
    rows = size = 0
    for file in files:
        decoded = 0
        for batch in read_batches(load.landing, file):
            decoded += batch.num_rows
            pending.append(batch.append_column("file", pa.repeat(file.path, batch.num_rows)))
            rows, size = rows + batch.num_rows, size + batch.nbytes
            if rows >= BATCH_ROWS or size >= BATCH_CHARACTERS:
                yield pa.concat_tables(pending)
                pending, rows, size = [], 0, 0
        if decoded != counts[file.path]:
            raise damaged(file, f"its blocks announce {counts[file.path]} records, {decoded} can be decoded")
    if pending:
        yield pa.concat_tables(pending)


@contextmanager
def open_windows(connection: duckdb.DuckDBPyConnection) -> Iterator[Windows]:
    """Let statements of the block, which run in one thread, read `landing_batch` and `landing_records`."""
    windows = Windows()
    shown_windows = {"landing_batch": windows.batch, "landing_records": windows.records}
    with one_thread(connection), shown(connection, shown_windows):
        yield windows


def listed_files(export: PendoExport, names: Iterable[str]) -> list[DataFile]:
    """Return the files of the listed names, each once."""
    files = [export.data_files[name] for name in names]
    return list({file.path: file for file in files}.values())
