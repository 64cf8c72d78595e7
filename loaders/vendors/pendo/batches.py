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
from loaders.windows import Window, shown

# Records that each file must hold, by the file's path.
Counts = Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Windows:
    """What DuckDB sees of a batch: its records as texts, what was parsed of them, and what is inserted."""

    batch: Window = field(default_factory=Window)
    records: Window = field(default_factory=Window)
    rows: Window = field(default_factory=Window)


def parse_batch(load: Load, windows: Windows, batch: pa.Table, query: str) -> None:
    """Show what `query` makes of the batch as `landing_records`, and quarantine the bad ones."""
    windows.batch.table = batch
    windows.records.table = load.connection.execute(query).to_arrow_table()
    rejected = load.connection.execute(
        "SELECT file, line, reason, text FROM landing_records WHERE reason IS NOT NULL ORDER BY file, line"
    ).fetchall()
    load.reject([RejectedLine(*row) for row in rejected])
    load.lines += batch.num_rows


def insert_rows(load: Load, windows: Windows, table: str, columns: str, query: str, **values: object) -> None:
    """Insert the rows of `query` into the raw `table`, as `Load.insert` does.

    A statement that joins and inserts at once keeps in memory, and spills, all that it inserts until the
    transaction ends; one that inserts only writes it to the file.
    """
    windows.rows.table = load.connection.execute(query, values).to_arrow_table()
    if windows.rows.table.num_rows:
        load.insert(table, columns, "FROM landing_rows")


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
def open_windows(connection: duckdb.DuckDBPyConnection, targets: pa.Table | None = None) -> Iterator[Windows]:
    """Let statements of the block read `landing_batch`, `..._records`, `..._rows` and `..._targets`."""
    windows = Windows()
    shown_windows = {
        "landing_batch": windows.batch,
        "landing_records": windows.records,
        "landing_rows": windows.rows,
    }
    if targets is not None:
        shown_windows["landing_targets"] = Window(targets)
    with shown(connection, shown_windows):
        yield windows


def listed_files(export: PendoExport, names: Iterable[str]) -> list[DataFile]:
    """Return the files of the listed names, each once."""
    files = [export.data_files[name] for name in names]
    return list({file.path: file for file in files}.values())
