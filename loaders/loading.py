"""Loading a landing place: every complete, not yet loaded export, in order, each whole or not at all.

An export has a transaction of its own, or shares one with small ones like it that are sound.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta

import duckdb

from loaders.errors import ExportRejectedError, ExportWaitsError, NoExportsError, NotReadyError, first_line
from loaders.exports import Export, Options, Status
from loaders.known import told_by
from loaders.landing import Landing
from loaders.ledger import Entry, Ledger
from loaders.load import Load, NotSoundError
from loaders.progress import Reporter, reporting
from loaders.vendors.vendor import Vendor
from loaders.warehouse import told, transaction

# What DuckDB raises for a value it cannot take: the export is at fault, and the next one may load.
REFUSED_CONTENT = (duckdb.DataError, duckdb.IntegrityError, duckdb.InvalidInputException)

# Exports of one file each are loaded together up to so many, of so many bytes as they lie there.
GROUP_EXPORTS = 2048
GROUP_BYTES = 16 << 20


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
    return [outcome for ended in load_exports(connection, vendor, landing, options) for outcome in ended]


def load_exports(
    connection: duckdb.DuckDBPyConnection, vendor: Vendor, landing: Landing, options: Options
) -> Iterator[list[Outcome]]:
    """Do what `load_landing` does, and yield what became of an export before the next one is begun.

    Small exports that are alike are begun and ended together, and told together.
    """
    ledger = Ledger(connection)
    exports = sorted(vendor.discover(landing, ledger, options), key=lambda export: export.order)
    if not exports:
        raise NoExportsError(
            f"No {vendor.name} export found under {landing.uri}. Looked for {vendor.looks_for}: check the "
            f"folder and the vendor; docs/exports.md tells what each vendor writes."
        )
    run = _Run(connection, vendor, landing)
    run.note_known(exports)
    landing.expect(file for export in exports if run.is_due(export) for file in export.files)
    with reporting(vendor.name, len(exports)) as reporter:
        yield from run.settle_all(exports, reporter)
    run.note_known_anew()
    landing.release(export.column_list for export in exports if export.column_list)


class _Run:
    """One run over one landing place, and the exports it has dealt with."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, vendor: Vendor, landing: Landing) -> None:
        self._dealt_with: list[Export] = []
        self._has_resolved = False
        self._connection = connection
        self._vendor = vendor
        self._landing = landing
        self._ledger = Ledger(connection)
        self._entries = {entry.export_id: entry for entry in self._ledger.entries(vendor.name)}

    def is_due(self, export: Export) -> bool:
        """Return whether the export's files have to be read."""
        if export.resolve is not None:
            return True
        if export.status is not None or export.is_settled:
            return False
        earlier = self._loaded(export)
        return earlier is None or earlier.digest != export.digest

    def settle_all(self, exports: Iterable[Export], reporter: Reporter) -> Iterator[list[Outcome]]:
        """Settle the exports in order, and yield what became of them."""
        for group in self._groups(exports):
            reporter.starting(group[0].export_id)
            outcomes = self.settle(group)
            self._landing.release(file for export in group for file in export.files)
            for _ in group:
                reporter.finished()
            yield outcomes

    def settle(self, group: Sequence[Export]) -> list[Outcome]:
        """Load the exports, or note why not, and return what became of each.

        Where they cannot be loaded together, each half of them is settled by itself.
        """
        if len(group) == 1:
            return [self._settle(group[0])]
        try:
            with _own_errors(group[0]), transaction(self._connection):
                loaded = _load_together(self._connection, self._vendor, self._landing, group)
        except (ExportRejectedError, NotReadyError):
            half = len(group) // 2
            return self.settle(group[:half]) + self.settle(group[half:])
        self._dealt_with += group
        self._entries |= {entry.export_id: entry for entry in loaded}
        return [Outcome(entry, True, export.warnings) for entry, export in zip(loaded, group, strict=True)]

    def _settle(self, export: Export) -> Outcome:
        try:
            export = self._resolved(export)
            return self._outcome(export)
        except ExportRejectedError as error:
            return self._refuse(export, error)
        finally:
            self._dealt_with.append(export)

    def _groups(self, exports: Iterable[Export]) -> Iterator[list[Export]]:
        """Yield the exports in order, those together that may be loaded together."""
        group = _Group(min(GROUP_BYTES, self._landing.room))
        for export in exports:
            # Before it is read: what is read may push out of the cache what waits there.
            if group.exports and not group.has_room(export):
                yield group.take()
            resolved = self._resolved_early(export)
            may_share = self._may_share(resolved)
            if group.exports and not (may_share and group.is_other(resolved)):
                yield group.take()
            group.add(resolved)
            if not may_share:
                yield group.take()
        if group.exports:
            yield group.take()

    def _may_share(self, export: Export) -> bool:
        """Return whether the export is new, and may be loaded together with others like it."""
        is_open = export.status is None and not export.is_settled and export.resolve is None
        return bool(export.alike) and is_open and self._loaded(export) is None

    def _resolved_early(self, export: Export) -> Export:
        """Return the export resolved; what keeps it from that is raised when it is settled."""
        if not (export.alike and export.resolve and export.status is None):
            return export
        try:
            return self._resolved(export)
        except (ExportRejectedError, NotReadyError, OSError) as error:
            return replace(export, resolve=_raising(error))

    def _resolved(self, export: Export) -> Export:
        if export.resolve is None:
            return export
        self._has_resolved = True
        return export.resolve(export)

    def note_known(self, exports: Iterable[Export]) -> None:
        """Note the files that need not be read again once these exports are settled."""
        known = told_by(self._landing, exports)
        if known:
            with transaction(self._connection):
                self._ledger.write_known_files(self._vendor.name, known)

    def note_known_anew(self) -> None:
        """Note again what files tell, if it became known only while the exports were dealt with."""
        if self._has_resolved:
            self.note_known(self._dealt_with)

    def _outcome(self, export: Export) -> Outcome:
        entry = self._entries.get(export.export_id)
        if entry and export.is_settled:
            return Outcome(entry, is_new=entry.status is not Status.LOADED)
        earlier = self._loaded(export)
        if earlier and (earlier.digest == export.digest or export.status is not None):
            return Outcome(earlier, is_new=False)
        if export.status is not None:
            noted = _verdict(export, self._landing, export.status, export.reason)
            self._write(noted)
            return Outcome(noted, is_new=True)
        with _own_errors(export), transaction(self._connection):
            if earlier:
                _withdraw(self._connection, self._vendor, earlier)
            loaded = _load(self._connection, self._vendor, self._landing, export)
        self._entries[export.export_id] = loaded
        return Outcome(loaded, True, export.warnings)

    def _refuse(self, export: Export, error: ExportRejectedError) -> Outcome:
        waits = isinstance(error, ExportWaitsError)
        status = Status.INCOMPLETE if waits else Status.REJECTED
        rejected = _verdict(export, self._landing, status, str(error))
        earlier = self._loaded(export)
        # An export that is loaded stays so: its newer content is refused, its rows are still there.
        told = f"newer content {'waits' if waits else 'rejected'}: {rejected.reason}"
        self._write(replace(earlier, reason=told) if earlier else rejected)
        return Outcome(rejected, is_new=True)

    def _loaded(self, export: Export) -> Entry | None:
        entry = self._entries.get(export.export_id)
        return entry if entry and entry.status is Status.LOADED else None

    def _write(self, entry: Entry) -> None:
        # One transaction: between its two statements the export would be unknown, and be loaded again.
        with transaction(self._connection):
            self._ledger.write(entry)
        self._entries[entry.export_id] = entry


class _Group:
    """Exports that are loaded together, of so many bytes at most."""

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._begin()

    def _begin(self) -> None:
        self.exports: list[Export] = []
        self._size = 0
        self._names: set[tuple[str, str]] = set()

    def has_room(self, export: Export) -> bool:
        """Return whether the export is like those of the group, and together they are not too much."""
        is_alike = self.exports[0].alike == export.alike
        is_small = self._size + _size(export) <= self._most_bytes
        return is_alike and is_small and len(self.exports) < GROUP_EXPORTS

    def is_other(self, export: Export) -> bool:
        """Return whether neither the export nor its file goes by a name that is in the group."""
        return self._names.isdisjoint(_names(export))

    def add(self, export: Export) -> None:
        """Take the export in."""
        self.exports.append(export)
        self._size += _size(export)
        self._names.update(_names(export))

    def take(self) -> list[Export]:
        """Return the exports, and begin anew."""
        exports = self.exports
        self._begin()
        return exports


def _size(export: Export) -> int:
    return sum(file.size for file in export.files)


def _names(export: Export) -> set[tuple[str, str]]:
    return {("export", export.export_id), ("file", export.identity)}


@contextmanager
def _own_errors(export: Export) -> Iterator[None]:
    """Turn what the database or the machine raises into an error of this package."""
    try:
        yield
    except REFUSED_CONTENT as error:
        raise ExportRejectedError(f"its content cannot be stored: {first_line(error)}") from error
    except (duckdb.Error, OSError) as error:
        raise NotReadyError(
            f"{export.vendor} export {export.export_id} could not be loaded: {told(error)} "
            f"Nothing of it was kept, and what was loaded before it is complete; mend this and run again."
        ) from error


def _withdraw(connection: duckdb.DuckDBPyConnection, vendor: Vendor, earlier: Entry) -> None:
    for table in (*vendor.tables, "raw.load_files", "raw.rejected_lines"):
        column = "load_id" if table.startswith("raw.") else "_load_id"
        connection.execute(f"DELETE FROM {table} WHERE {column} = $load_id", {"load_id": earlier.load_id})


def _load(connection: duckdb.DuckDBPyConnection, vendor: Vendor, landing: Landing, export: Export) -> Entry:
    ledger = Ledger(connection)
    load_id, loaded_at = ledger.next_load()
    load = Load(connection, landing, [export], load_id, loaded_at)
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


def _raising(error: Exception) -> Callable[[Export], Export]:
    def resolve(_: Export) -> Export:
        raise error

    return resolve


def _load_together(
    connection: duckdb.DuckDBPyConnection, vendor: Vendor, landing: Landing, group: Sequence[Export]
) -> list[Entry]:
    ledger = Ledger(connection)
    load_id, loaded_at = ledger.next_load()
    load = Load(connection, landing, group, load_id, loaded_at)
    vendor.land(load)
    if load.rows != load.lines or load.warnings:
        raise NotSoundError("some export has more to tell than its rows")
    entries = [
        Entry(
            vendor=export.vendor,
            export_id=export.export_id,
            status=Status.LOADED,
            files=len(export.files),
            rows=load.lines_of[export.identity],
            reason="; ".join(export.warnings),
            digest=export.digest,
            uri=landing.uri,
            load_id=load_id + place,
            loaded_at=loaded_at + timedelta(microseconds=place),
        )
        for place, export in enumerate(group)
    ]
    ledger.write(*entries)
    ledger.write_single_files(list(zip(entries, group, strict=True)))
    return entries


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
