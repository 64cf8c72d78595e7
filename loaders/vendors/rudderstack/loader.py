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
from loaders.load import Load, NotSoundError
from loaders.objects import PROVED, ObjectForm, Proved, land_shown
from loaders.single_files import SingleFiles
from loaders.vendors.rudderstack.column_lists import ColumnLists, find_lists, read_list
from loaders.vendors.rudderstack.columns import TABLES
from loaders.vendors.rudderstack.lines import (
    NEEDED_COLUMNS,
    LineForm,
    calls_form,
    land_calls,
    land_columns,
    land_other_rows,
    land_plain_columns,
    land_rows,
    land_staged_rows,
    line_form,
    line_forms,
    rows_form,
)
from loaders.vendors.rudderstack.paths import STAGING, form_of, identity_of, order_of, source_of, table_of
from loaders.vendors.rudderstack.vouching import vouched
from loaders.windows import shown


class RudderStack:
    """Loads every file of calls or rows; each file is one export."""

    name = "rudderstack"
    tables = tuple(f"raw_rudderstack.{table}" for table in (*TABLES, "other_calls"))
    looks_for = "files that end in .json, .ndjson, .jsonl, .csv or .parquet, also with .gz"

    def __init__(self) -> None:
        self._files = SingleFiles(vendor=self.name, identity=identity_of, order=order_of, replaces=False)

    def discover(self, landing: Landing, ledger: Ledger, options: Options) -> list[Export]:
        """Return one export for each JSON, CSV or Parquet file, and for each that a manifest misses."""
        files = landing.list_files()
        exports = [
            _described(landing, export)
            for export in self._files.discover(landing, ledger, [file for file in files if form_of(file)])
        ]
        lists = find_lists(files)
        named = [_with_column_list(landing, export, lists) for export in exports]
        return vouched(KnownFiles(landing, ledger, self.name), files, named, self.name)

    def land(self, load: Load) -> None:
        """Insert the file's rows.

        Raises DamagedFileError for content that is none of the known forms, ManifestError for another
        number of records than its manifest lists and for a list of columns that cannot be used.
        """
        (file,) = load.export.files
        if form_of(file) in ("csv", "parquet"):
            _land_columns(load, file, form_of(file))
        else:
            _land_lines(load)
        for export in load.exports:
            _check_count(load, export)


def _land_columns(load: Load, file: DataFile, form: str) -> None:
    identity, column_list = load.export.identity, load.export.column_list
    table, source_id = table_of(load.landing, identity, file), source_of(identity)
    names = read_list(load.landing, column_list, identity) if column_list and form == "csv" else ()
    is_typed = table in TABLES
    if is_typed and form == "csv" and land_plain_columns(load, file, names, table, source_id):
        return
    header = (
        read_parquet(load, identity, file) if form == "parquet" else read_csv(load, identity, file, names)
    )
    _check_header(header, file, form, table)
    if is_typed:
        land_columns(load, header, table, source_id)
    else:
        rows_to_lines(load, header)
        land_other_rows(load, table, source_id)


def _check_count(load: Load, export: Export) -> None:
    # Of one export all lines are its own, in whatever form they came.
    lines = load.lines if len(load.exports) == 1 else load.lines_of[export.identity]
    if export.record_count not in (None, lines):
        raise ManifestError(
            f"{export.files[0].path} holds {lines} records, its manifest lists {export.record_count}. "
            f"Fetch the file again."
        )


def _land_lines(load: Load) -> None:
    """Land the lines of JSON files, batch by batch where their form is one that can be proved sound."""
    sources = [source_of(export.identity) for export in load.exports]
    table = table_of(load.landing, load.export.identity, load.export.files[0])
    forms: dict[LineForm | None, ObjectForm] = {LineForm.CALL: calls_form(sources)}
    if table in TABLES:
        forms[LineForm.ROW] = rows_form(table, sources)
    proved = Proved()
    form: ObjectForm | None = None
    with shown(load.connection, {PROVED: proved}):
        for begun in load.show_lines(load.single_files):
            known = {forms.get(kind) for kind in _kinds(load, begun)} | ({form} if form else set())
            if len(known) != 1:
                break
            (form,) = known
            if form is None:
                break
            land_shown(load, form, proved)
        else:
            return
    _land_whole(load, table, sources[0])


def _kinds(load: Load, begun: list[str]) -> set[LineForm | None]:
    """Return the forms of the files that begin in `landing_batch`; None stands for one that shows none."""
    if not begun:
        return set()
    found = line_forms(load, begun)
    return {found.get(name) for name in begun}


def _land_whole(load: Load, table: str, source_id: str | None) -> None:
    """Land the lines of one file, of whatever form, at once."""
    if len(load.exports) > 1:
        raise NotSoundError("the files are not of one form that is known")
    load.lines = 0
    load.lines_of.clear()
    load.read_lines(load.single_files)
    match line_form(load, load.export.files[0]):
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


def _described(landing: Landing, export: Export) -> Export:
    (file,) = export.files
    table = table_of(landing, export.identity, file)
    if form_of(file) in ("csv", "parquet") or table not in TABLES or STAGING in export.identity:
        return export
    return replace(export, alike=table)


def _with_column_list(landing: Landing, export: Export, lists: ColumnLists) -> Export:
    (file,) = export.files
    if not lists.by_place or form_of(file) != "csv":
        return export
    return replace(export, column_list=lists.nearest(file, table_of(landing, export.identity, file)))


def _check_header(header: Header, file: DataFile, form: str, table: str) -> None:
    missing = header.missing(NEEDED_COLUMNS if table in TABLES else ("received_at",))
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
