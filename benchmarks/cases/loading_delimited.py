"""Delimited files: enriched events as TSV of 131 fields, and rows of a warehouse table as CSV."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb

from benchmarks import goals
from benchmarks.cases.loads import Loads, fresh
from benchmarks.errors import BenchmarkError
from benchmarks.exports.delimited import CSV_COLUMNS, write_enriched, write_tracks_csv
from benchmarks.findings import Findings, Measure
from benchmarks.goals import Goal
from benchmarks.rudderstack import attach
from benchmarks.timing import seconds_of
from benchmarks.tracks import write_tracks
from benchmarks.workspace import Workspace
from loaders.queries import first_row
from loaders.vendors.snowplow.columns import ENRICHED_COLUMNS
from loaders.warehouse import CONFIG

_TEXTS = ", ".join(f"'{name}': 'VARCHAR'" for name in ENRICHED_COLUMNS)
_TSV = (
    "SELECT * FROM read_csv($path, delim = '\t', header = false, quote = '', escape = '', "
    f"columns = {{{_TEXTS}}})"
)
_KINDS = {name: "TIMESTAMP" if name.endswith(("timestamp", "_at")) else "VARCHAR" for name in CSV_COLUMNS}
_TYPED = ", ".join(f"'{name}': '{kind}'" for name, kind in _KINDS.items())
_CSV = f"SELECT * FROM read_csv($path, header = true, columns = {{{_TYPED}}})"


@dataclass(frozen=True, slots=True)
class _Form:
    """A kind of file: the raw table it is landed in, the columns it fills, and DuckDB's reader of it.

    `note` is told behind the file's size.
    """

    title: str
    vendor: str
    table: str
    columns: tuple[str, ...]
    reader: str
    goal: Goal
    note: str = ""


_ENRICHED = _Form(
    "TSV of 131 fields", "snowplow", "raw_snowplow.events", ENRICHED_COLUMNS, _TSV, goals.TSV_READER
)
_TRACKS = _Form(
    "CSV",
    "rudderstack",
    "raw_rudderstack.tracks",
    CSV_COLUMNS,
    _CSV,
    goals.CSV_READER,
    note=": five times the rows of the TSV, for about as many bytes",
)


def measure_delimited(workspace: Workspace, found: Findings) -> None:
    """Add the load of a TSV and of a CSV file beside DuckDB's reader with the types told."""
    rows = workspace.settings.rows
    enriched = workspace.folder / f"snowplow-{rows}" / "enriched.tsv"
    if not enriched.exists():
        workspace.tell(f"writing {rows:,} enriched events")
        write_enriched(enriched, rows)
    _measure(workspace, found, enriched, _ENRICHED)
    rows = workspace.settings.csv_rows
    tracks = workspace.folder / f"csv-{rows}" / "tracks.csv"
    if not tracks.exists():
        workspace.tell(f"writing {rows:,} rows of tracks")
        generated = fresh(workspace.folder / "csv.duckdb")
        write_tracks(generated, rows)
        write_tracks_csv(tracks, generated)
        generated.unlink()
    _measure(workspace, found, tracks, _TRACKS)


def _measure(workspace: Workspace, found: Findings, path: Path, form: _Form) -> None:
    rows = _rows_of(path, form)
    loads = Loads(workspace, form.vendor, path.parent, rows)
    seconds = []
    for number in range(workspace.settings.repeats):
        workspace.tell(f"{form.title}, round {number + 1}: ours, DuckDB's reader")
        loads.load()
        database = fresh(workspace.folder / "reader.duckdb")
        seconds.append(_read(path, database, form))
        _compare(loads.project.database, database, form)
        database.unlink()
    ours = loads.measure(f"{form.title}: ours")
    reader = Measure(f"{form.title}: DuckDB's typed reader into a table", tuple(seconds))
    found.measures += [ours, reader]
    found.facts[form.title] = f"{rows:,} rows, {path.stat().st_size:,} bytes{form.note}"
    found.compare(form.goal, ours, reader)
    loads.project.forget()


def _rows_of(path: Path, form: _Form) -> int:
    with duckdb.connect() as connection:
        (rows,) = first_row(connection, f"SELECT count(*) FROM ({form.reader})", {"path": str(path)}) or (0,)
        return int(rows)


def _read(path: Path, database: Path, form: _Form) -> float:
    """Return the seconds of DuckDB's reader, the file closed."""

    def store() -> None:
        with duckdb.connect(str(database), config=CONFIG) as connection:
            connection.execute(f"CREATE TABLE rows_read AS {form.reader}", {"path": str(path)})

    return seconds_of(store)


def _compare(ours: Path, theirs: Path, form: _Form) -> None:
    columns = ", ".join(f'"{name}"' for name in form.columns)
    with duckdb.connect() as connection:
        attach(connection, ours, "ours")
        attach(connection, theirs, "theirs")
        told = [
            first_row(connection, f"SELECT count(*), sum(hash({columns})::HUGEINT) FROM {table}")
            for table in (f"ours.{form.table}", "theirs.rows_read")
        ]
    if told[0] != told[1]:
        raise BenchmarkError(f"{form.title}: DuckDB's reader read other values than were landed: {told}")
