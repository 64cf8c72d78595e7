"""The marts as Parquet files, for programs that must not hold the database."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

import duckdb

from loaders.errors import NotReadyError
from loaders.queries import first_row
from reporting.marts import opened_marts
from reporting.versions import new_version, number_of

DESCRIPTION = "publication.json"
# The date that the month of a row is taken from.
DAY = "day"
OCCURRED_AT = "occurred_at"

# Rows of a file have no order that means anything, and keeping one would take memory. With fewer files open
# at a time, one month would fall into several files.
SETTINGS = """
    SET preserve_insertion_order = false;
    SET partitioned_write_max_open_files = 1000;
"""
LAST_LOAD = "SELECT max(load_id), max(loaded_at) FROM raw.loads"
# Keys are text: many programs read no UUID. Columns that folders are named after stay in the files, for
# programs that do not look at names of folders.
COPY = """
    COPY ({rows}) TO $target (
        FORMAT parquet, COMPRESSION zstd, PARTITION_BY ({folders}), WRITE_PARTITION_COLUMNS true,
        FILENAME_PATTERN '{mart}_{version}_{{i}}'
    )
"""
COPY_EMPTY = "COPY ({rows}) TO $target (FORMAT parquet, COMPRESSION zstd)"
WRITTEN = """
    SELECT count(*)::BIGINT, coalesce(sum(num_rows), 0)::BIGINT FROM parquet_file_metadata($files)
"""


@dataclass(frozen=True, slots=True)
class Layout:
    """How a mart is divided into folders: by source, and by month of `month_of` where that is a column."""

    mart: str
    keys: tuple[str, ...] = ()
    month_of: str | None = None

    @property
    def folders(self) -> tuple[str, ...]:
        """The columns that name the folders."""
        return ("source", "month") if self.month_of else ("source",)

    @property
    def rows(self) -> str:
        """The query for what is written."""
        replaced = ", ".join(f"{key}::VARCHAR AS {key}" for key in self.keys)
        month = f", date_trunc('month', {self.month_of})::DATE AS month" if self.month_of else ""
        return f"SELECT *{f' REPLACE ({replaced})' if replaced else ''}{month} FROM marts.{self.mart}"


# Months keep files large enough to be read fast; what has a row a day or a visitor is small as it is.
LAYOUTS = (
    Layout("dim_sessions", ("session_key", "visitor_key"), DAY),
    Layout("dim_visitors", ("visitor_key",)),
    Layout("fct_daily_metrics"),
    Layout("fct_events", ("event_key", "session_key", "visitor_key"), DAY),
    Layout("fct_flows", ("event_key", "session_key"), OCCURRED_AT),
    Layout("fct_retention"),
    Layout("fct_session_matches", ("session_key",)),
    Layout("fct_sessions", ("session_key", "visitor_key"), DAY),
)


@dataclass(frozen=True, slots=True)
class Table:
    """One mart as it was published."""

    rows: int
    files: int
    folders: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Publication:
    """What was published; `load_id` and `loaded_at` (UTC) are those of the last load, if there was one."""

    version: int
    load_id: int | None
    loaded_at: datetime | None
    tables: dict[str, Table]


def publish_marts(database: Path, folder: Path) -> Publication:
    """Write the marts of a database into a folder as its new version.

    Raises what `opened_marts` and `new_version` raise, NotReadyError where files lack what was written.
    """
    # The database comes first: without it, the folder is not even made.
    with opened_marts(database) as connection, new_version(folder) as version:
        connection.execute(SETTINGS)
        row = first_row(connection, LAST_LOAD)
        load_id, loaded_at = row or (None, None)
        number = number_of(version)
        tables = {
            layout.mart: _write(connection, layout, version / layout.mart, number) for layout in LAYOUTS
        }
        published = Publication(number, load_id, loaded_at, tables)
        _describe(published, version)
    return published


def _write(connection: duckdb.DuckDBPyConnection, layout: Layout, target: Path, version: int) -> Table:
    copy = COPY.format(rows=layout.rows, folders=", ".join(layout.folders), mart=layout.mart, version=version)
    ((rows,),) = connection.execute(copy, {"target": str(target)}).fetchall()
    if not rows:
        # A table without a file would be an error to those who read it.
        target.mkdir(exist_ok=True)
        empty = COPY_EMPTY.format(rows=layout.rows)
        connection.execute(empty, {"target": str(target / f"{layout.mart}_{version}_0.parquet")})
    files = [str(path) for path in sorted(target.rglob("*.parquet"))]
    counted = first_row(connection, WRITTEN, {"files": files})
    if counted != (len(files), rows):
        raise NotReadyError(
            f"{target} does not hold the {rows:,} rows written to it. Check the disk, and run again."
        )
    return Table(rows, len(files), layout.folders)


def _describe(published: Publication, version: Path) -> None:
    text = json.dumps(asdict(published), default=str, indent=2)
    (version / DESCRIPTION).write_text(f"{text}\n", encoding="utf-8")
