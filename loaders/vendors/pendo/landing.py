"""Pendo's rows on their way into raw: all checks first, then delete what is replaced, then insert.

What is parsed of a batch is shown to DuckDB through a window rather than put into a temporary table: until a
transaction ends, DuckDB keeps every temporary table made in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import duckdb
import pyarrow as pa

from loaders.avro import BATCH_CHARACTERS, BATCH_ROWS, count_records, read_batches
from loaders.avro_blocks import damaged
from loaders.errors import ExportWaitsError, ManifestError
from loaders.exports import DataFile, Status
from loaders.landing import Landing
from loaders.ledger import Ledger, RejectedLine
from loaders.load import Load
from loaders.vendors.pendo.manifest import ExportType
from loaders.vendors.pendo.order import VENDOR, PendoExport
from loaders.vendors.pendo.statements import (
    ALL_EVENTS,
    DEFINITION_TABLES,
    DELETIONS,
    EVENT_COLUMNS,
    LANDED_DEFINITIONS,
    LANDED_EVENTS,
    LANDED_MATCHED_EVENTS,
    MATCHED_EVENTS,
    OTHER_PERIODS,
    PARSED_EVENTS,
    DefinitionTable,
    deletion_of_definitions,
    parsed_definitions,
)
from loaders.windows import Window, shown

TARGETS_SCHEMA = pa.schema(
    [
        ("file", pa.string()),
        ("period_id", pa.date32()),
        ("matchable_type", pa.string()),
        ("matchable_id", pa.string()),
    ]
)


# Records that each file must hold, by the file's path.
Counts = Mapping[str, int]


@dataclass(frozen=True, slots=True)
class _Windows:
    batch: Window = field(default_factory=Window)
    records: Window = field(default_factory=Window)


def check_turn(connection: duckdb.DuckDBPyConnection, export: PendoExport) -> None:
    """Raise ExportWaitsError if an export of this run that comes before this one was not loaded."""
    folder = export.export_id.rpartition("/")[0]

    def is_loaded(counter: int) -> bool:
        entry = Ledger(connection).entry(VENDOR, f"{folder}/{counter}")
        return entry is not None and entry.status is Status.LOADED

    # Each of them waited in its turn: where the last is loaded, all are.
    if export.after and not is_loaded(export.after[-1]):
        blocked_by = next(counter for counter in export.after if not is_loaded(counter))
        raise ExportWaitsError(f"waits for counter {blocked_by}")


def check_files(landing: Landing, export: PendoExport) -> Counts:
    """Walk through every listed file and return the number of its records.

    Raises DamagedFileError for a file that is not whole, ManifestError where the files of an entry do not
    hold the events that the manifest counts.
    """
    counts = {file.path: count_records(landing, file) for file in export.files}
    for part in export.entry.events:
        found = sum(counts[export.data_files[name].path] for name in part.files)
        if found != part.event_count:
            raise ManifestError(
                f"{part.title} must hold {part.event_count} events by its eventCount, but its "
                f"{len(part.files)} files hold {found} ({', '.join(part.files)}). Fetch the files again"
            )
    return counts


def land_definitions(load: Load, export: PendoExport, counts: Counts) -> None:
    """Insert the listed definitions and delete those they replace.

    A retroactive export brings changed definitions only: the others stay. Any other export brings all.
    """
    owner = _owner(export)
    for definitions in export.entry.definitions:
        files = _files(export, definitions.files)
        if not files:
            continue
        table = DEFINITION_TABLES[definitions.key]
        with _windows(load.connection) as windows:
            for batch in _batches(load, files, counts):
                _parse(load, windows, batch, parsed_definitions(table))
                load.insert(table.name, _definition_columns(table), LANDED_DEFINITIONS, **owner)
        is_partial = export.entry.type is ExportType.RETROACTIVE
        load.connection.execute(
            deletion_of_definitions(table, only_renewed=is_partial), {**owner, "load_id": load.load_id}
        )


def land_events(load: Load, export: PendoExport, counts: Counts) -> None:
    """Delete the listed days, or the listed matchables of them, and insert what the files hold.

    Raises ManifestError for records of another day than the one they are listed for.
    """
    owner = _owner(export)
    files = _files(export, (name for part in export.entry.events for name in part.files))
    strays: dict[str, _Stray] = {}
    with _windows(load.connection, _targets(export)) as windows:
        for deletion in DELETIONS:
            load.connection.execute(deletion, owner)
        for batch in _batches(load, files, counts):
            _parse(load, windows, batch, PARSED_EVENTS)
            _note_strays(load.connection, strays)
            load.insert(ALL_EVENTS, EVENT_COLUMNS, LANDED_EVENTS, **owner)
            columns = f"matchable_type, matchable_id, {EVENT_COLUMNS}"
            load.insert(MATCHED_EVENTS, columns, LANDED_MATCHED_EVENTS, **owner)
    if strays:
        told = "; ".join(stray.told(path, counts[path]) for path, stray in strays.items())
        raise ManifestError(f"{told}. Fetch the manifest and the files again")


@dataclass(slots=True)
class _Stray:
    """Records of a file that belong to another day than the manifest says."""

    period: Any
    example: str
    count: int = 0

    def told(self, path: str, total: int) -> str:
        return (
            f"{self.count} of {total} records of {path} have another periodId (for one, {self.example}) than "
            f"the {self.period} they are listed for"
        )


def _note_strays(connection: duckdb.DuckDBPyConnection, strays: dict[str, _Stray]) -> None:
    for path, period, count, example in connection.execute(OTHER_PERIODS).fetchall():
        strays.setdefault(path, _Stray(period, example)).count += count


def _parse(load: Load, windows: _Windows, batch: pa.Table, query: str) -> None:
    windows.batch.table = batch
    windows.records.table = load.connection.execute(query).to_arrow_table()
    rejected = load.connection.execute(
        "SELECT file, line, reason, text FROM landing_records WHERE reason IS NOT NULL ORDER BY file, line"
    ).fetchall()
    load.reject([RejectedLine(*row) for row in rejected])
    load.lines += batch.num_rows


def _batches(load: Load, files: Iterable[DataFile], counts: Counts) -> Iterator[pa.Table]:
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
def _windows(connection: duckdb.DuckDBPyConnection, targets: pa.Table | None = None) -> Iterator[_Windows]:
    windows = _Windows()
    shown_windows = {"landing_batch": windows.batch, "landing_records": windows.records}
    if targets is not None:
        shown_windows["landing_targets"] = Window(targets)
    with shown(connection, shown_windows):
        yield windows


def _targets(export: PendoExport) -> pa.Table:
    targets: dict[tuple[Any, ...], None] = {}
    for part in export.entry.events:
        matchable = (part.matchable.type, part.matchable.id) if part.matchable else (None, None)
        paths: list[str | None] = [export.data_files[name].path for name in part.files]
        targets.update(dict.fromkeys((path, part.period, *matchable) for path in paths or [None]))
    columns = list(zip(*targets, strict=True)) or [()] * len(TARGETS_SCHEMA)
    return pa.Table.from_arrays([list(column) for column in columns], schema=TARGETS_SCHEMA)


def _files(export: PendoExport, names: Iterable[str]) -> list[DataFile]:
    files = [export.data_files[name] for name in names]
    return list({file.path: file for file in files}.values())


def _owner(export: PendoExport) -> dict[str, str]:
    subscription, application, _ = export.export_id.split("/")
    return {"subscription": subscription, "application": application}


def _definition_columns(table: DefinitionTable) -> str:
    return f"subscription_id, application_id, {table.id_column}, name, record"
