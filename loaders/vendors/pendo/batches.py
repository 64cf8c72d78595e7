"""Batches of Pendo's records on their way through DuckDB.

What is parsed of a batch is shown to DuckDB through a window rather than put into a temporary table: until a
transaction ends, DuckDB keeps every temporary table made in it.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager

import duckdb
import pyarrow as pa

from loaders.ahead import one_ahead
from loaders.avro import BATCH_CHARACTERS, BATCH_ROWS, BULK_BYTES, read_batches
from loaders.avro_blocks import damaged
from loaders.exports import DataFile
from loaders.ledger import RejectedLine
from loaders.load import Load
from loaders.vendors.pendo.order import PendoExport
from loaders.warehouse import forget_written, one_thread, parsing_beside
from loaders.windows import Window, shown

# After so many bytes of records, those that were written to the file are dropped from memory.
FORGOTTEN_BYTES = 128 << 20
# Records that each file must hold, by the file's path.
Counts = Mapping[str, int]


@contextmanager
def records_shown(
    load: Load, files: Sequence[DataFile], counts: Counts, query: str
) -> Iterator[Iterator[Window]]:
    """Give an iterator over the files' records that shows them, batch after batch, as `landing_records`.

    They have their `file`, `line` and `text` (JSON), and what `query` makes of `landing_batch`: one row for
    each record, in their order. Those with a `reason` are quarantined. The block's statements run in one
    thread; where there is much to read, another one parses the next batch meanwhile.
    """
    window = Window()
    with ExitStack() as stack:
        stack.enter_context(one_thread(load.connection))
        stack.enter_context(shown(load.connection, {"landing_records": window}))
        is_much = sum(file.size for file in files) >= BULK_BYTES
        parser = stack.enter_context(parsing_beside()) if is_much else load.connection
        batches = stack.enter_context(closing(_parsed(parser, batches_of(load, files, counts), query)))
        if is_much:
            batches = stack.enter_context(closing(one_ahead(batches)))
        yield _each(load, window, batches)


def _parsed(
    parser: duckdb.DuckDBPyConnection, batches: Iterator[pa.Table], query: str
) -> Generator[pa.Table, None, None]:
    window = Window()
    with shown(parser, {"landing_batch": window}):
        for window.table in batches:
            records = parser.execute(query).to_arrow_table()
            for name in ("file", "line"):
                records = records.append_column(name, window.table.column(name))
            yield records.append_column("text", _as_json(window.table.column("text")))


def _as_json(texts: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return the texts as DuckDB's JSON, which it then takes as it is: whoever decoded them wrote JSON."""
    kind = pa.json_(pa.string())
    chunks = [pa.ExtensionArray.from_storage(kind, chunk) for chunk in texts.chunks]
    return pa.chunked_array(chunks, kind)


def _each(load: Load, window: Window, batches: Iterator[pa.Table]) -> Iterator[Window]:
    size = 0
    for window.table in batches:
        if window.table.column("reason").null_count < window.table.num_rows:
            rejected = load.connection.execute(
                "SELECT file, line, reason, text FROM landing_records WHERE reason IS NOT NULL "
                "ORDER BY file, line"
            ).fetchall()
            load.reject([RejectedLine(*row) for row in rejected])
        load.lines += window.table.num_rows
        size += window.table.nbytes
        yield window
        if size >= FORGOTTEN_BYTES:
            forget_written(load.connection)
            size = 0


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


def listed_files(export: PendoExport, names: Iterable[str]) -> list[DataFile]:
    """Return the files of the listed names, each once."""
    files = [export.data_files[name] for name in names]
    return list({file.path: file for file in files}.values())
