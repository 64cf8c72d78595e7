"""Pendo's events on their way into raw: all checks first, then delete what is replaced, then insert."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import duckdb

from loaders.avro import count_records
from loaders.errors import ExportWaitsError, ManifestError
from loaders.exports import Status
from loaders.landing import Landing
from loaders.ledger import Ledger
from loaders.load import Load
from loaders.vendors.pendo.batches import Counts, listed_files, records_shown
from loaders.vendors.pendo.manifest import Entry, ExportType
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
from loaders.vendors.pendo.targets import all_targets, targets_by_file, with_targets
from loaders.windows import Window, shown

MATCHED_COLUMNS = f"matchable_type, matchable_id, {EVENT_COLUMNS}"


def check_turn(connection: duckdb.DuckDBPyConnection, export: PendoExport) -> None:
    """Raise ExportWaitsError if an export of this run that comes before this one was not loaded."""

    def is_loaded(earlier: Entry) -> bool:
        entry = Ledger(connection).entry(VENDOR, export.application.export_id(earlier))
        return entry is not None and entry.status is Status.LOADED

    # Each of them waited in its turn: where the last is loaded, all are.
    if export.after and not is_loaded(export.after[-1]):
        blocked_by = next(earlier for earlier in export.after if not is_loaded(earlier))
        raise ExportWaitsError(f"waits for {blocked_by.title}")


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
        files = listed_files(export, definitions.files)
        if not files:
            continue
        table = DEFINITION_TABLES[definitions.key]
        with records_shown(load, files, counts, parsed_definitions(table)) as batches:
            for _ in batches:
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
    files = listed_files(export, (name for part in export.entry.events for name in part.files))
    targets = targets_by_file(export)
    strays: dict[str, _Stray] = {}
    with shown(load.connection, {"landing_targets": Window(all_targets(export))}):
        for deletion in DELETIONS:
            load.connection.execute(deletion, owner)
    with records_shown(load, files, counts, PARSED_EVENTS) as batches:
        for records in batches:
            for table in with_targets(records.table, targets):
                records.table = table
                _note_strays(load.connection, strays)
                unmatched = table.column("matchable_type").null_count
                if unmatched > 0:
                    load.insert(ALL_EVENTS, EVENT_COLUMNS, LANDED_EVENTS, **owner)
                if unmatched < table.num_rows:
                    load.insert(MATCHED_EVENTS, MATCHED_COLUMNS, LANDED_MATCHED_EVENTS, **owner)
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


def _owner(export: PendoExport) -> dict[str, str]:
    return {"subscription": export.application.subscription, "application": export.application.id}


def _definition_columns(table: DefinitionTable) -> str:
    return f"subscription_id, application_id, {table.id_column}, name, record"
