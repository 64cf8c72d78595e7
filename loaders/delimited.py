"""Reading tables with named columns: CSV through DuckDB's reader, bad rows quarantined, and Parquet."""

from __future__ import annotations

import csv
from dataclasses import dataclass

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from loaders.errors import DamagedFileError
from loaders.exports import DataFile
from loaders.ledger import RejectedLine
from loaders.lines import LINE_BYTES_LIMIT, is_gzip, read_bytes, read_lines
from loaders.load import Load


@dataclass(frozen=True, slots=True)
class Header:
    """Names of a file's columns, in order; they are found without regard to case."""

    names: tuple[str, ...]

    def column(self, name: str) -> str | None:
        """Return the column of `landing_rows` that holds `name`, None where the file has no such column."""
        for position, candidate in enumerate(self.names):
            if candidate.strip().lower() == name.lower():
                return f"c{position}"
        return None

    def missing(self, names: tuple[str, ...]) -> list[str]:
        """Return those of `names` that the file does not have."""
        return [name for name in names if self.column(name) is None]


def read_csv(load: Load, name: str, file: DataFile) -> Header:
    """Read the file into the temporary table `landing_rows` (`file, line, c0, c1, ...`, all text).

    `name` goes into `file`; `line` counts the data rows from 1; an empty field is null. Rows that are no
    CSV of the header's width are quarantined. A file of 0 bytes is a table without columns and rows. Raises
    DamagedFileError for a file that is not whole or no CSV at all.
    """
    compression = "gzip" if is_gzip(load.landing, file) else "none"
    if compression == "gzip":
        for _ in read_bytes(load.landing, file):
            pass
    header = _header(load, file)
    load.connection.execute("DROP TABLE IF EXISTS landing_rows")
    if not header.names:
        load.connection.execute("CREATE TEMP TABLE landing_rows (file VARCHAR, line BIGINT)")
        return header
    columns = ", ".join(f"'c{position}': 'VARCHAR'" for position in range(len(header.names)))
    try:
        load.connection.execute(
            f"""
            CREATE TEMP TABLE landing_rows AS
            SELECT $name AS file, row_number() OVER () AS line, *
            FROM read_csv(
                $path, columns = {{{columns}}}, header = true, auto_detect = false, delim = ',',
                quote = '"', escape = '"', compression = $compression, max_line_size = {LINE_BYTES_LIMIT},
                store_rejects = true, rejects_table = 'landing_rejects', rejects_scan = 'landing_scans'
            )
            """,
            {
                "name": name,
                "path": str(load.landing.local_path(file)),
                "compression": compression,
            },
        )
    except duckdb.InvalidInputException as error:
        raise DamagedFileError(
            f"{file.path} is no CSV of {len(header.names)} columns: {str(error).splitlines()[0]}"
        ) from error
    _quarantine(load, name)
    return header


def read_parquet(load: Load, name: str, file: DataFile) -> Header:
    """Read the file into `landing_rows` as `read_csv` does; nested values become JSON text.

    Raises DamagedFileError for a file that is no whole Parquet file.
    """
    load.connection.execute("DROP TABLE IF EXISTS landing_rows")
    try:
        source = pq.ParquetFile(load.landing.local_path(file))
        header = Header(tuple(source.schema_arrow.names))
        width = range(len(header.names))
        declared = "".join(f", c{position} VARCHAR" for position in width)
        load.connection.execute(f"CREATE TEMP TABLE landing_rows (file VARCHAR, line BIGINT{declared})")
        texts = "".join(f", {_as_text(source.schema_arrow.types[p], f'c{p}')}" for p in width)
        seen = 0
        for batch in source.iter_batches():
            rows = pa.Table.from_batches([batch]).rename_columns([f"c{p}" for p in width])
            load.connection.register("landing_batch", rows)
            load.connection.execute(
                f"INSERT INTO landing_rows SELECT $name, $seen + row_number() OVER (){texts} "
                "FROM landing_batch",
                {"name": name, "seen": seen},
            )
            load.connection.unregister("landing_batch")
            seen += batch.num_rows
    except pa.ArrowException as error:
        raise DamagedFileError(f"{file.path} is no whole Parquet file: {error}") from error
    load.lines += seen
    return header


def rows_to_lines(load: Load, header: Header) -> None:
    """Turn `landing_rows` into `landing_lines` of one JSON object a row, keys in lower case."""
    names = {f"n{position}": name.strip().lower() for position, name in enumerate(header.names)}
    pairs = ", ".join(f"${key}, c{position}" for position, key in enumerate(names))
    load.connection.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE landing_lines AS
        SELECT file, line, json_object({pairs})::VARCHAR AS text, NULL::VARCHAR AS damage
        FROM landing_rows
        """,
        names,
    )


def _as_text(kind: pa.DataType, column: str) -> str:
    return f"to_json({column})::VARCHAR" if pa.types.is_nested(kind) else f"{column}::VARCHAR"


def _header(load: Load, file: DataFile) -> Header:
    for line in read_lines(load.landing, file):
        if line.strip():
            return Header(tuple(next(csv.reader([line.decode("utf-8", "replace")]))))
    return Header(())


def _quarantine(load: Load, name: str) -> None:
    rows = load.connection.execute(
        "SELECT line, any_value(lower(error_type::VARCHAR) || ': ' || error_message), any_value(csv_line) "
        "FROM landing_rejects GROUP BY line ORDER BY line"
    ).fetchall()
    load.reject([RejectedLine(name, line, reason, text.strip("\r\n")) for line, reason, text in rows])
    counted = load.connection.execute("SELECT count(*) FROM landing_rows").fetchone()
    load.lines += len(rows) + (counted[0] if counted else 0)
    load.connection.execute("DROP TABLE landing_rejects; DROP TABLE landing_scans")
