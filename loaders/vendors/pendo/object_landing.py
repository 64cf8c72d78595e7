"""Pendo's accounts and visitors on their way into raw: what came again replaces what was there of it."""

from __future__ import annotations

from loaders.errors import ManifestError
from loaders.load import Load
from loaders.vendors.pendo.batches import Counts, listed_files, records_shown
from loaders.vendors.pendo.object_statements import (
    FIELD_COLUMNS,
    LANDED_FIELDS,
    METADATA_FIELDS,
    OBJECT_TABLES,
    PARSED_FIELDS,
    RENEWED_FIELDS,
    landed_objects,
    renewed_objects,
)
from loaders.vendors.pendo.objects import ObjectEntry
from loaders.vendors.pendo.order import PendoExport


def land_objects(load: Load, export: PendoExport, entry: ObjectEntry, counts: Counts) -> None:
    """Insert the listed records and metadata fields, and delete the earlier rows of those that came again.

    Raises ManifestError where the files do not hold as many records as the manifest counts.
    """
    _check_count(export, entry, counts)
    table = OBJECT_TABLES[entry.kind]
    subscription = {"subscription": export.application.subscription}
    columns = ", ".join(("subscription_id", *table.columns, "record"))
    with records_shown(load, listed_files(export, entry.records), counts, table.parsed) as batches:
        for _ in batches:
            load.insert(table.name, columns, landed_objects(table), **subscription)
    with records_shown(load, listed_files(export, entry.metadata), counts, PARSED_FIELDS) as batches:
        for _ in batches:
            load.insert(METADATA_FIELDS, FIELD_COLUMNS, LANDED_FIELDS, **subscription, kind=entry.kind)
    stamp = {**subscription, "load_id": load.load_id}
    load.connection.execute(renewed_objects(table), stamp)
    load.connection.execute(RENEWED_FIELDS, {**stamp, "kind": entry.kind})


def _check_count(export: PendoExport, entry: ObjectEntry, counts: Counts) -> None:
    found = sum(counts[file.path] for file in listed_files(export, entry.records))
    if entry.count is not None and found != entry.count:
        raise ManifestError(
            f"its {entry.kind}s must be {entry.count} by its eventCount, but the {len(entry.records)} files "
            f"hold {found} ({', '.join(entry.records)}). Fetch the files again"
        )
