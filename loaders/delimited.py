"""Reading tables with named columns: CSV through DuckDB's reader, bad rows quarantined, and Parquet."""

from __future__ import annotations

import csv
import glob
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from loaders.errors import DamagedFileError, first_line
from loaders.exports import DataFile
from loaders.fields import Field, fault, parsed
from loaders.lines import LINE_BYTES_LIMIT, is_gzip, read_bytes, read_lines
from loaders.load import PARSED, Load
from loaders.queries import first_row
from loaders.windows import Window, shown

# Python's own limit is 128 KiB a field; a line is limited as a whole.
csv.field_size_limit(LINE_BYTES_LIMIT)
# DuckDB gives a line back with its end, and with the second half of the end before it where that has two.
REJECTED_LINE = "trim(csv_line, chr(13) || chr(10))"


@dataclass(frozen=True, slots=True)
class Header:
    """Names of a file's columns, in order; they are found without regard to case."""

    names: tuple[str, ...]

    def column(self, name: str) -> str | None:
        """Return the column of `landing_rows` that holds `name`, None where the file has no such column."""
        for position, candidate in enumerate(self.names):
            if _key(candidate) == name.lower():
                return f"c{position}"
        return None

    def places(self, renamed: Mapping[str, str]) -> dict[str, str]:
        """Return the columns of `landing_rows` by their keys, of a repeated key the last one.

        A key is the name as it is looked for, or what `renamed` has in its stead.
        """
        keys = map(_key, self.names)
        return {renamed.get(key, key): f"c{position}" for position, key in enumerate(keys)}

    def missing(self, names: tuple[str, ...]) -> list[str]:
        """Return those of `names` that the file does not have."""
        return [name for name in names if self.column(name) is None]

    def has_names(self, names: tuple[str, ...]) -> bool:
        """Return whether these are the columns, in whatever order and case."""
        return sorted(map(_key, self.names)) == sorted(map(_key, names))


@dataclass(frozen=True, slots=True)
class Layout:
    """How a CSV file begins: its columns, and whether a row names them behind so many blank lines."""

    header: Header
    has_header: bool
    blank_lines: int


def csv_layout(load: Load, file: DataFile, columns: tuple[str, ...] = ()) -> Layout:
    """Return how the file begins; `columns` are those of `read_csv`, which tells what is raised."""
    header, blank_lines = _header(load, file)
    has_header = not columns or header.has_names(columns)
    if header.names and not has_header:
        header = _named(header, columns, file)
    return Layout(header, has_header, blank_lines)


def read_csv(load: Load, name: str, file: DataFile, columns: tuple[str, ...] = ()) -> Header:
    """Read the file into the temporary table `landing_rows` (`file, line, c0, c1, ...`, all text).

    `name` goes into `file`; `line` counts the data rows from 1; an empty field is null. Rows that are no
    CSV of the header's width are quarantined. A file of 0 bytes is a table without columns and rows.
    `columns` names the columns of a file without a header; where the first row has the same names in
    whatever order, it is the header all the same. Raises DamagedFileError for a file that is not whole or
    no CSV at all, or has another number of columns than `columns`.
    """
    compression = "gzip" if is_gzip(load.landing, file) else "none"
    if compression == "gzip":
        for _ in read_bytes(load.landing, file):
            pass
    layout = csv_layout(load, file, columns)
    header = layout.header
    load.connection.execute("DROP TABLE IF EXISTS landing_rows")
    if not header.names:
        load.connection.execute("CREATE TEMP TABLE landing_rows (file VARCHAR, line BIGINT)")
        return header
    types = ", ".join(f"'c{position}': 'VARCHAR'" for position in range(len(header.names)))
    try:
        load.connection.execute(
            f"""
            CREATE TEMP TABLE landing_rows AS
            SELECT $name AS file, row_number() OVER () AS line, *
            FROM read_csv(
                $path, columns = {{{types}}}, header = {str(layout.has_header).lower()},
                skip = {layout.blank_lines},
                auto_detect = false,
                delim = ',', quote = '"', escape = '"', compression = $compression,
                max_line_size = {LINE_BYTES_LIMIT}, buffer_size = {LINE_BYTES_LIMIT},
                hive_partitioning = false,
                store_rejects = true, rejects_table = 'landing_rejects', rejects_scan = 'landing_scans'
            )
            """,
            {
                "name": name,
                # A name is no pattern, whatever brackets and stars it holds.
                "path": glob.escape(str(load.landing.local_path(file))),
                "compression": compression,
            },
        )
    except duckdb.InvalidInputException as error:
        raise DamagedFileError(
            f"{file.path} is no CSV of {len(header.names)} columns: {first_line(error)}"
        ) from error
    _quarantine(load, name, file)
    return header


def read_parquet(load: Load, name: str, file: DataFile) -> Header:
    """Read the file into `landing_rows` as `read_csv` does; nested values become JSON text.

    Raises DamagedFileError for a file that is no whole Parquet file.
    """
    load.connection.execute("DROP TABLE IF EXISTS landing_rows")
    try:
        source = pq.ParquetFile(load.landing.local_path(file), page_checksum_verification=True)
        header = Header(tuple(source.schema_arrow.names))
        width = range(len(header.names))
        declared = "".join(f", c{position} VARCHAR" for position in width)
        load.connection.execute(f"CREATE TEMP TABLE landing_rows (file VARCHAR, line BIGINT{declared})")
        texts = "".join(f", {_as_text(source.schema_arrow.types[p], f'c{p}')}" for p in width)
        seen = 0
        window = Window()
        with shown(load.connection, {"landing_batch": window}):
            for batch in source.iter_batches():
                window.table = pa.Table.from_batches([batch]).rename_columns([f"c{p}" for p in width])
                load.connection.execute(
                    f"INSERT INTO landing_rows SELECT $name, $seen + row_number() OVER (){texts} "
                    "FROM landing_batch",
                    {"name": name, "seen": seen},
                )
                seen += batch.num_rows
    except (pa.ArrowException, OSError) as error:
        # Arrow has no class of its own for damage; what the machine raises has a number.
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise DamagedFileError(f"{file.path} is no whole Parquet file: {first_line(error)}") from error
    load.lines += seen
    return header


def rows_to_lines(load: Load, header: Header) -> None:
    """Turn `landing_rows` into `landing_lines` of one JSON object a row, keys in lower case."""
    names, whole = _row_as_json(header)
    load.connection.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE landing_lines AS
        SELECT file, line, {whole} AS text, NULL::VARCHAR AS damage
        FROM landing_rows
        """,
        names,
    )


def rows_to_records(
    load: Load, header: Header, fields: tuple[Field, ...], renamed: Mapping[str, str] | None = None
) -> None:
    """Turn `landing_rows` into `landing_records`, and quarantine the rows that cannot be landed.

    The records are those that `Load.parse_objects` makes of `rows_to_lines`, without a way through JSON; only
    what no field reads becomes JSON, for the extras. Columns are found by the fields' keys in lower case;
    `renamed` has the keys of those that go by another name. None of `fields` is JSON.
    """
    places = header.places(renamed or {})
    record = ", ".join(f"'{field.key}': {places.get(field.key, 'NULL')}::VARCHAR" for field in fields)
    others, document = others_as_json(places, fields)
    load.connection.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE landing_records AS
        SELECT *, {fault(fields, values=PARSED)} AS reason
        FROM (
            SELECT *, {parsed(fields)} AS {PARSED}
            FROM (SELECT file, line, {document} AS document, {{{record}}} AS record FROM landing_rows)
        )
        """,
        others,
    )
    names, whole = _row_as_json(header)
    load.reject_rows(
        f"SELECT file, line, reason, {whole} FROM landing_rows "
        "INNER JOIN (SELECT file, line, reason FROM landing_records WHERE reason IS NOT NULL) "
        "USING (file, line)",
        **names,
    )


def others_as_json(places: Mapping[str, str], fields: tuple[Field, ...]) -> tuple[dict[str, str], str]:
    """Return the keys that none of the fields reads, by parameter, and SQL for the JSON text that takes them.

    `places` has the columns by their keys; the text is null where no other key is among them.
    """
    known = {field.key for field in fields}
    others = {f"n{number}": key for number, key in enumerate(places) if key not in known}
    pairs = ", ".join(f"${parameter}, {places[key]}" for parameter, key in others.items())
    return others, f"json_object({pairs})::VARCHAR" if others else "NULL::VARCHAR"


def _row_as_json(header: Header) -> tuple[dict[str, str], str]:
    """Return SQL for the JSON text of a row of `landing_rows`, and the names of keys that it takes."""
    names = {f"n{position}": _key(name) for position, name in enumerate(header.names)}
    pairs = ", ".join(f"${key}, c{position}" for position, key in enumerate(names))
    return names, f"json_object({pairs})::VARCHAR"


def _as_text(kind: pa.DataType, column: str) -> str:
    return f"to_json({column})::VARCHAR" if pa.types.is_nested(kind) else f"{column}::VARCHAR"


def _key(name: str) -> str:
    return name.strip().lower()


def _header(load: Load, file: DataFile) -> tuple[Header, int]:
    """Return the first row and how many blank lines stand before it."""
    lines = (line.decode("utf-8", "replace") for line in read_lines(load.landing, file))
    for number, line in enumerate(lines):
        if line.strip():
            try:
                # A quoted field may go on in the next lines.
                return Header(tuple(next(csv.reader(chain([line], lines))))), number
            except csv.Error as error:
                raise DamagedFileError(
                    f"{file.path} has no CSV header in its first line: {error}."
                ) from error
    return Header(()), 0


def _named(first: Header, columns: tuple[str, ...], file: DataFile) -> Header:
    if len(first.names) != len(columns):
        raise DamagedFileError(
            f"{file.path} has {len(first.names)} fields in its first row, but {len(columns)} columns are "
            f"named for it. Name the columns that the table had when the file was written."
        )
    return Header(columns)


def _quarantine(load: Load, name: str, file: DataFile) -> None:
    unclosed = first_row(
        load.connection,
        "SELECT min(line) FROM landing_rejects "
        f"WHERE error_type = 'UNQUOTED VALUE' AND contains({REJECTED_LINE}, chr(10))",
    )
    if unclosed and unclosed[0]:
        raise DamagedFileError(
            f"{file.path} opens a quote in line {unclosed[0]} that is never closed, so that the lines behind "
            f"it cannot be told apart. The file may be cut; fetch or export it again."
        )
    bad = load.rejected_rows
    load.reject_rows(
        "SELECT $name, line, any_value(lower(error_type::VARCHAR) || ': ' || error_message), "
        f"any_value({REJECTED_LINE}) FROM landing_rejects GROUP BY line",
        name=name,
    )
    counted = first_row(load.connection, "SELECT count(*) FROM landing_rows")
    load.lines += load.rejected_rows - bad + (counted[0] if counted else 0)
    load.connection.execute("DROP TABLE landing_rejects; DROP TABLE landing_scans")
