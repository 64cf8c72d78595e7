"""The ledger: what became of every export (`raw.loads`, `raw.load_files`, `raw.rejected_lines`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import duckdb
import pyarrow as pa

from loaders.confidential import redacted, storable
from loaders.exports import DataFile, Export, Status
from loaders.queries import first_row
from loaders.windows import Window, shown

# The columns that rows are written to, with what is written. As Arrow: a list that is given as a value is
# taken in value by value, which is dear where many small files land together.
_ENTRIES = pa.schema(
    [
        ("load_id", pa.int64()),
        ("vendor", pa.string()),
        ("export_id", pa.string()),
        ("status", pa.string()),
        ("files", pa.int64()),
        ("rows", pa.int64()),
        ("rejected_rows", pa.int64()),
        ("reason", pa.string()),
        ("digest", pa.string()),
        ("uri", pa.string()),
        ("loaded_at", pa.timestamp("us")),
    ]
)
_FILES = pa.schema(
    [
        ("load_id", pa.int64()),
        ("vendor", pa.string()),
        ("export_id", pa.string()),
        ("file", pa.string()),
        ("name", pa.string()),
        ("size", pa.int64()),
        ("version", pa.string()),
        ("digest", pa.string()),
    ]
)
_KNOWN_FILES = pa.schema(
    [
        ("vendor", pa.string()),
        ("export_id", pa.string()),
        ("digest", pa.string()),
        ("file", pa.string()),
        ("size", pa.int64()),
        ("version", pa.string()),
    ]
)
ENTRY_COLUMNS = ", ".join(_ENTRIES.names)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One export in the ledger; `load_id` and `loaded_at` (UTC) only once it is loaded."""

    vendor: str
    export_id: str
    status: Status
    files: int
    reason: str
    digest: str
    uri: str
    rows: int = 0
    rejected_rows: int = 0
    load_id: int | None = None
    loaded_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class FileRecord:
    """One file of a loaded export, as it was when it was loaded; `file` is its identity."""

    export_id: str
    file: str
    name: str
    size: int
    version: str
    digest: str


@dataclass(frozen=True, slots=True)
class KnownFile:
    """A file and what it told: an export and its digest; `file` is its path from the top."""

    export_id: str
    digest: str
    file: str
    size: int
    version: str


@dataclass(frozen=True, slots=True)
class RejectedLine:
    """A line that could not be landed; `line` counts from 1, `raw_text` is what stood there."""

    file: str
    line: int
    reason: str
    raw_text: str | None


class Ledger:
    """Reads and writes the ledger through one open connection; the caller holds the transaction."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection

    def entries(self, vendor: str | None = None) -> list[Entry]:
        """Return all exports ever seen, in the order of loading, those not loaded last."""
        rows = self._connection.execute(
            f"SELECT {ENTRY_COLUMNS} FROM raw.loads WHERE $vendor IS NULL OR vendor = $vendor "
            "ORDER BY load_id NULLS LAST, vendor, export_id",
            {"vendor": vendor},
        ).fetchall()
        return [_entry(row) for row in rows]

    def entry(self, vendor: str, export_id: str) -> Entry | None:
        """Return one export, or None if it was never seen."""
        row = first_row(
            self._connection,
            f"SELECT {ENTRY_COLUMNS} FROM raw.loads WHERE vendor = $vendor AND export_id = $export_id",
            {"vendor": vendor, "export_id": export_id},
        )
        return _entry(row) if row else None

    def files(self, vendor: str) -> list[FileRecord]:
        """Return every file of the vendor's loaded exports, in the order of loading."""
        rows = self._connection.execute(
            "SELECT export_id, file, name, size, version, digest FROM raw.load_files "
            "WHERE vendor = $vendor ORDER BY load_id, file",
            {"vendor": vendor},
        ).fetchall()
        return [FileRecord(*row) for row in rows]

    def write(self, *entries: Entry) -> None:
        """Put each export's one row in place of the row it had, if any; its texts tell no secrets."""
        columns = {name: [getattr(entry, name) for entry in entries] for name in _ENTRIES.names}
        told = {name: [storable(redacted(text)) for text in columns[name]] for name in ("reason", "uri")}
        self._write(
            columns | told,
            _ENTRIES,
            "DELETE FROM raw.loads WHERE (vendor, export_id) IN (SELECT (vendor, export_id) FROM noted)",
            f"INSERT INTO raw.loads ({ENTRY_COLUMNS}) FROM noted",
        )

    def write_files(self, entry: Entry, files: Sequence[DataFile], identity: str, digest: str) -> None:
        """Note the files of an export that is being loaded.

        `identity` and `digest` are those of a single-file export; with `""` a file is known by its path.
        """
        self._write_files([(entry, file, identity or file.path, digest) for file in files])

    def write_single_files(self, loaded: Sequence[tuple[Entry, Export]]) -> None:
        """Note the files of exports of one file each that are being loaded."""
        self._write_files(
            [(entry, export.files[0], export.identity, export.digest) for entry, export in loaded]
        )

    def _write_files(self, noted: Sequence[tuple[Entry, DataFile, str, str]]) -> None:
        if not noted:
            return
        columns: dict[str, list[Any]] = {
            "load_id": [entry.load_id for entry, *_ in noted],
            "vendor": [entry.vendor for entry, *_ in noted],
            "export_id": [entry.export_id for entry, *_ in noted],
            "file": [name for _, _, name, _ in noted],
            "name": [file.name for _, file, *_ in noted],
            "size": [file.size for _, file, *_ in noted],
            "version": [file.version for _, file, *_ in noted],
            "digest": [digest for *_, digest in noted],
        }
        self._write(columns, _FILES, "INSERT INTO raw.load_files BY NAME FROM noted")

    def known_files(self, vendor: str) -> list[KnownFile]:
        """Return every file of the vendor that need not be read again while it is as it was."""
        rows = self._connection.execute(
            "SELECT export_id, digest, file, size, version FROM raw.known_files WHERE vendor = $vendor",
            {"vendor": vendor},
        ).fetchall()
        return [KnownFile(*row) for row in rows]

    def write_known_files(self, vendor: str, known: Sequence[KnownFile]) -> None:
        """Note the files, in place of what was noted of them before."""
        if not known:
            return
        names = ("export_id", "digest", "file", "size", "version")
        columns = {name: [getattr(each, name) for each in known] for name in names}
        self._write(
            {"vendor": [vendor] * len(known), **columns},
            _KNOWN_FILES,
            "DELETE FROM raw.known_files WHERE (vendor, file) IN (SELECT (vendor, file) FROM noted)",
            "INSERT INTO raw.known_files BY NAME FROM noted",
        )

    def _write(self, columns: Mapping[str, Sequence[Any]], schema: pa.Schema, *statements: str) -> None:
        """Carry out the statements, which read the columns as `noted`."""
        with shown(self._connection, {"noted": Window(pa.table(columns, schema))}):
            for statement in statements:
                self._connection.execute(statement)

    def next_load(self) -> tuple[int, datetime]:
        """Return the next `load_id` and a UTC `loaded_at` later than every earlier one."""
        row = first_row(self._connection, "SELECT max(load_id), max(loaded_at) FROM raw.loads")
        last_id, last_loaded_at = row if row else (None, None)
        now = datetime.now(UTC).replace(tzinfo=None)
        if last_loaded_at is not None and now <= last_loaded_at:
            now = last_loaded_at + timedelta(microseconds=1)
        return (last_id or 0) + 1, now

    def rejected_lines(self) -> list[dict[str, Any]]:
        """Return all quarantined lines with `vendor, export, file, line, reason, raw_text`."""
        rows = self._connection.execute(
            "SELECT vendor, export_id, file, line, reason, raw_text FROM raw.rejected_lines "
            "ORDER BY load_id, file, line"
        ).fetchall()
        names = ("vendor", "export_id", "file", "line", "reason", "raw_text")
        return [dict(zip(names, row, strict=True)) for row in rows]


def _entry(row: tuple[Any, ...]) -> Entry:
    values = dict(zip(_ENTRIES.names, row, strict=True))
    return Entry(**{**values, "status": Status(values["status"])})
