"""Loading a landing place: every complete, not yet loaded export, in order, one transaction each."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

import duckdb

from loaders.errors import ExportRejectedError, ExportWaitsError, NoExportsError, NotReadyError, first_line
from loaders.exports import Export, Options, Status
from loaders.landing import Landing
from loaders.ledger import Entry, Ledger
from loaders.load import Load
from loaders.progress import reporting
from loaders.vendors.vendor import Vendor
from loaders.warehouse import transaction

# What DuckDB raises for a value it cannot take: the export is at fault, and the next one may load.
REFUSED_CONTENT = (duckdb.DataError, duckdb.IntegrityError, duckdb.InvalidInputException)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one export in this run; `is_new` is False for one that was loaded before."""

    entry: Entry
    is_new: bool
    warnings: tuple[str, ...] = ()


def load_landing(
    connection: duckdb.DuckDBPyConnection, vendor: Vendor, landing: Landing, options: Options
) -> list[Outcome]:
    """Load what is new under the landing root and return the outcome of every export found there.

    Raises NoExportsError when nothing there belongs to the vendor.
    """
    return list(load_exports(connection, vendor, landing, options))


def load_exports(
    connection: duckdb.DuckDBPyConnection, vendor: Vendor, landing: Landing, options: Options
) -> Iterator[Outcome]:
    """Do what `load_landing` does, and yield each outcome before the next export is begun."""
    ledger = Ledger(connection)
    exports = sorted(vendor.discover(landing, ledger, options), key=lambda export: export.order)
    if not exports:
        raise NoExportsError(
            f"No {vendor.name} export found under {landing.uri}. The README lists the file names that "
            f"each vendor writes; check the folder and the vendor."
        )
    with reporting(vendor.name, len(exports)) as reporter:
        for export in exports:
            reporter.starting(export.export_id)
            outcome = _settle(connection, vendor, landing, export)
            reporter.finished()
            yield outcome


def _settle(
    connection: duckdb.DuckDBPyConnection, vendor: Vendor, landing: Landing, export: Export
) -> Outcome:
    ledger = Ledger(connection)
    entry = ledger.entry(export.vendor, export.export_id)
    earlier = entry if entry and entry.status is Status.LOADED else None
    if earlier and (earlier.digest == export.digest or export.status is not None):
        return Outcome(earlier, is_new=False)
    if export.status is not None:
        noted = _verdict(export, landing, export.status, export.reason)
        with transaction(connection):
            ledger.write(noted)
        return Outcome(noted, is_new=True)
    try:
        with _own_errors(export), transaction(connection):
            if earlier:
                _withdraw(connection, vendor, earlier)
            return Outcome(_load(connection, vendor, landing, export), True, export.warnings)
    except ExportRejectedError as error:
        status = Status.INCOMPLETE if isinstance(error, ExportWaitsError) else Status.REJECTED
        rejected = _verdict(export, landing, status, str(error))
        # An export that is loaded stays so: its newer content is refused, its rows are still there.
        kept = replace(earlier, reason=f"newer content rejected: {error}") if earlier else rejected
        # One transaction: between its two statements the export would be unknown, and be loaded again.
        with transaction(connection):
            ledger.write(kept)
        return Outcome(rejected, is_new=True)


@contextmanager
def _own_errors(export: Export) -> Iterator[None]:
    """Turn what the database or the machine raises into an error of this package."""
    try:
        yield
    except REFUSED_CONTENT as error:
        raise ExportRejectedError(f"its content cannot be stored: {first_line(error)}") from error
    except (duckdb.Error, OSError) as error:
        raise NotReadyError(
            f"{export.vendor} export {export.export_id} could not be loaded: {first_line(error)} "
            f"Nothing of it was kept, and what was loaded before it is complete; mend this and run again."
        ) from error


def _withdraw(connection: duckdb.DuckDBPyConnection, vendor: Vendor, earlier: Entry) -> None:
    for table in (*vendor.tables, "raw.load_files", "raw.rejected_lines"):
        column = "load_id" if table.startswith("raw.") else "_load_id"
        connection.execute(f"DELETE FROM {table} WHERE {column} = $load_id", {"load_id": earlier.load_id})


def _load(connection: duckdb.DuckDBPyConnection, vendor: Vendor, landing: Landing, export: Export) -> Entry:
    ledger = Ledger(connection)
    load_id, loaded_at = ledger.next_load()
    load = Load(connection, landing, export, load_id, loaded_at)
    vendor.land(load)
    load.check_bad_lines()
    entry = Entry(
        vendor=export.vendor,
        export_id=export.export_id,
        status=Status.LOADED,
        files=len(export.files),
        rows=load.rows,
        rejected_rows=load.rejected_rows,
        reason="; ".join((*export.warnings, *load.warnings)),
        digest=export.digest,
        uri=landing.uri,
        load_id=load_id,
        loaded_at=loaded_at,
    )
    ledger.write(entry)
    ledger.write_files(entry, export.files, export.identity, export.digest if export.identity else "")
    return entry


def _verdict(export: Export, landing: Landing, status: Status, reason: str) -> Entry:
    return Entry(
        vendor=export.vendor,
        export_id=export.export_id,
        status=status,
        files=len(export.files),
        reason=reason,
        digest=export.digest,
        uri=landing.uri,
    )
