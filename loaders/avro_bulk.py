"""Decoding a whole Avro file at once: DataFusion makes Arrow of it, DuckDB makes JSON texts of that.

Run as a program, `python -m loaders.avro_bulk FILE ROWS` writes them as an Arrow stream with one column,
`text`, until the file ends, something is in it that this decoder does not know, or stdin is closed.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import datafusion
import duckdb
import fastavro
import pyarrow as pa

from loaders.avro_flat import flat_columns
from loaders.avro_shapes import Shape, shape_of
from loaders.avro_texts import Parameters, record_expression
from loaders.windows import Window, shown

TEXTS_SCHEMA = pa.schema([("text", pa.string())])


def bulk_texts(path: Path, rows: int) -> Iterator[pa.Table]:
    """Yield the records of the file as tables of `text`, of at most `rows` rows, in the file's order.

    Raises whatever DataFusion and DuckDB raise, and ValueError for a schema that is not known to decode
    the same way in bulk and one by one. A cut file ends early without an error; some damaged blocks are
    decoded without end.
    """
    with path.open("rb") as stream:
        schema = fastavro.reader(stream).writer_schema
    batches = _decoded(path, rows)
    shape: Shape | None = None
    window = Window()
    # One thread: it would not be faster with more, but busy waiting.
    with duckdb.connect(config={"threads": 1}) as connection, shown(connection, {"decoded": window}):
        for batch in batches:
            if shape is None:
                shape = shape_of(schema, batch.schema)
                parameters = Parameters()
                query = f"SELECT {record_expression(shape, parameters)} AS text FROM decoded"
            window.table = flat_columns(batch, shape)
            yield connection.execute(query, parameters.values).to_arrow_table()


def _decoded(path: Path, rows: int) -> Iterator[pa.RecordBatch]:
    # One partition: the file's order is the order of the records' numbers.
    config = datafusion.SessionConfig(
        {
            "datafusion.execution.target_partitions": "1",
            "datafusion.execution.batch_size": str(rows),
        }
    )
    # As an URI the path is no pattern, whatever signs are in it.
    frame = datafusion.SessionContext(config).read_avro(path.resolve().as_uri(), file_extension=path.suffix)
    for batch in frame.execute_stream():
        yield batch.to_pyarrow()


def main(arguments: list[str]) -> None:
    """Write the texts of the file that the arguments name to stdout."""
    path, rows = arguments
    Thread(target=_end_with_stdin, daemon=True).start()
    with pa.ipc.new_stream(sys.stdout.buffer, TEXTS_SCHEMA) as writer:
        for table in bulk_texts(Path(path), int(rows)):
            writer.write_table(table.cast(TEXTS_SCHEMA))
            sys.stdout.buffer.flush()


def _end_with_stdin() -> None:
    # Whoever started this process holds the other end, and lets go of it however it ends. Not through
    # `sys.stdin`, whose lock could not be had when this process ends first.
    os.read(sys.stdin.fileno(), 1)
    os._exit(1)


if __name__ == "__main__":
    main(sys.argv[1:])
