"""What the manifest lists event files for: a day, or a matchable of a day."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date

import pyarrow as pa

from loaders.vendors.pendo.order import PendoExport

# The day, and the type and the id of the matchable; a day's whole events have none.
Target = tuple[date, str | None, str | None]
TARGET_TYPES = {"period_id": pa.date32(), "matchable_type": pa.string(), "matchable_id": pa.string()}
# What the columns of a record's target are called: a record says itself of which day it is.
TARGET_COLUMNS = ("target_period", "matchable_type", "matchable_id")
NO_TARGET = (None, None, None)


def all_targets(export: PendoExport) -> pa.Table:
    """Return `period_id, matchable_type, matchable_id` of all that is listed, with files or without."""
    targets = dict.fromkeys(target for target, _ in _listed(export))
    columns = list(zip(*targets, strict=True)) or [()] * len(TARGET_TYPES)
    return pa.Table.from_arrays([list(column) for column in columns], schema=pa.schema(TARGET_TYPES))


def targets_by_file(export: PendoExport) -> dict[str, list[Target]]:
    """Return what each file is listed for, by its path; mostly that is one target."""
    found: dict[str, dict[Target, None]] = {}
    for target, paths in _listed(export):
        for path in paths:
            found.setdefault(path, {})[target] = None
    return {path: list(targets) for path, targets in found.items()}


def with_targets(records: pa.Table, targets: Mapping[str, Sequence[Target]]) -> Iterator[pa.Table]:
    """Yield the records with their target in further columns, once for each target of a file.

    Each chunk of the column `file` must be of one file. Records of a file with fewer targets than another one
    have null in all three columns the last times.
    """
    runs = [(targets[chunk[0].as_py()], len(chunk)) for chunk in records.column("file").chunks if len(chunk)]
    for place in range(max((len(listed) for listed, _ in runs), default=0)):
        chosen = [listed[place] if place < len(listed) else NO_TARGET for listed, _ in runs]
        table = records
        for part, (name, kind) in enumerate(zip(TARGET_COLUMNS, TARGET_TYPES.values(), strict=True)):
            values = [pa.scalar(target[part], kind) for target in chosen]
            repeated = [pa.repeat(value, rows) for value, (_, rows) in zip(values, runs, strict=True)]
            table = table.append_column(name, pa.chunked_array(repeated, kind))
        yield table


def _listed(export: PendoExport) -> Iterator[tuple[Target, list[str]]]:
    for part in export.entry.events:
        matchable = (part.matchable.type, part.matchable.id) if part.matchable else (None, None)
        yield (part.period, *matchable), [export.data_files[name].path for name in part.files]
