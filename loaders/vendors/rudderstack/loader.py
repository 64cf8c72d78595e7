"""RudderStack: raw object-storage dumps, warehouse staging and load files, data lakes, rows of tables.

There is no vendor manifest: the gzip checksum and the ledger vouch for a file, and where somebody wrote one,
a manifest of ours (`manifest.py`). Track, identify and alias calls and the rows of their tables are typed;
page, screen and group calls, the tables of single events, `users` and `rudder_discards` are kept as
delivered in `other_calls`.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from loaders.delimited import Header, read_csv, read_parquet, rows_to_lines
from loaders.errors import DamagedFileError, ManifestError
from loaders.exports import DataFile, Export, Options
from loaders.known import KnownFiles
from loaders.landing import Landing
from loaders.ledger import Ledger
from loaders.load import Load
from loaders.single_files import SingleFiles
from loaders.vendors.rudderstack.column_lists import ColumnLists, find_lists, read_list
from loaders.vendors.rudderstack.columns import TABLES
from loaders.vendors.rudderstack.lines import (
    LineForm,
    land_calls,
    land_other_rows,
    land_rows,
    land_staged_rows,
    line_form,
)
from loaders.vendors.rudderstack.paths import form_of, identity_of, order_of, source_of, table_of
from loaders.vendors.rudderstack.vouching import vouched


class RudderStack:
    """Loads every file of calls or rows; each file is one export."""

    name = "rudderstack"
    tables = tuple(f"raw_rudderstack.{table}" for table in (*TABLES, "other_calls"))

    def __init__(self) -> None:
        self._files = SingleFiles(vendor=self.name, identity=identity_of, order=order_of, replaces=False)

    def discover(self, landing: Landing, ledger: Ledger, options: Options) -> list[Export]:
        """Return one export for each JSON, CSV or Parquet file, and for each that a manifest misses."""
        files = landing.list_files()
        exports = self._files.discover(landing, ledger, [file for file in files if form_of(file)])
        lists = find_lists(files)
        named = [_with_column_list(landing, export, lists) for export in exports]
        return vouched(KnownFiles(landing, ledger, self.name), files, named, self.name)

    def land(self, load: Load) -> None:
        """Insert the file's rows.

        Raises DamagedFileError for content that is none of the known forms, ManifestError for another
        number of records than its manifest lists and for a list of columns that cannot be used.
        """
        (file,) = load.export.files
        _land_file(load, file)
        promised = load.export.record_count
        if promised is not None and promised != load.lines:
            raise ManifestError(
                f"{file.path} holds {load.lines} records, its manifest lists {promised}. "
                f"Fetch the file again."
            )


def _land_file(load: Load, file: DataFile) -> None:
    source_id = source_of(load.export.identity)
    table = table_of(load.landing, load.export.identity, file)
    form = form_of(file)
    if form in ("csv", "parquet"):
        _read_columns(load, file, form, table)
        _land_table(load, table, source_id)
        return
    load.read_lines({load.export.identity: file})
    match line_form(load, file):
        case LineForm.CALL:
            land_calls(load, source_id)
        case LineForm.STAGED_ROW:
            land_staged_rows(load, source_id)
        case LineForm.ROW:
            _land_table(load, table, source_id)


def _land_table(load: Load, table: str, source_id: str | None) -> None:
    if table in TABLES:
        land_rows(load, table, source_id)
    else:
        land_other_rows(load, table, source_id)


def _with_column_list(landing: Landing, export: Export, lists: ColumnLists) -> Export:
    (file,) = export.files
    if not lists.by_place or form_of(file) != "csv":
        return export
    return replace(export, column_list=lists.nearest(file, table_of(landing, export.identity, file)))


def _read_columns(load: Load, file: DataFile, form: str, table: str) -> None:
    identity, column_list = load.export.identity, load.export.column_list
    if form == "parquet":
        header = read_parquet(load, identity, file)
    else:
        names = read_list(load.landing, column_list, identity) if column_list else ()
        header = read_csv(load, identity, file, names)
    _check_header(header, file, form, table)
    rows_to_lines(load, header)


def _check_header(header: Header, file: DataFile, form: str, table: str) -> None:
    missing = header.missing(("id", "received_at") if table in TABLES else ("received_at",))
    if header.names and missing:
        remedy = (
            f", or name them in {table}.columns.json beside it if it is a load file" if form == "csv" else ""
        )
        raise DamagedFileError(
            f"{file.path} has no column {' and no column '.join(missing)}: a {form} file needs the names "
            f"of a RudderStack warehouse table's columns, a CSV file in its first row. Export it again with "
            f"them{remedy}."
        )
    counts = Counter(name.strip().lower() for name in header.names)
    twice = [name for name, count in counts.items() if count > 1]
    if twice:
        raise DamagedFileError(
            f"{file.path} has the column {twice[0]} twice, so that one of them would be lost. "
            f"Export it again with each column once."
        )
