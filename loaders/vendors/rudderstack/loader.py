"""RudderStack: raw object-storage dumps, warehouse staging files, and flat rows of warehouse tables.

There is no vendor manifest: the gzip checksum and the ledger vouch for a file.
"""

from __future__ import annotations

import re
from collections import Counter

from loaders.delimited import Header, read_csv, read_parquet, rows_to_lines
from loaders.errors import DamagedFileError
from loaders.exports import DataFile, Export, Options
from loaders.landing import Landing
from loaders.ledger import Ledger
from loaders.load import Load
from loaders.single_files import SingleFiles, from_folder
from loaders.vendors.rudderstack.lines import (
    TABLES,
    LineForm,
    land_calls,
    land_other_rows,
    land_rows,
    land_staged_rows,
    line_form,
)

FILE_NAME = re.compile(r"\.(?P<form>json|ndjson|jsonl|csv|parquet)(?:\.gz)?$", re.IGNORECASE)
# The folders that the vendor writes to, under whatever prefix.
FOLDERS = ("rudder-logs", "rudder-warehouse-staging-logs", "rudder-warehouse-load-objects")
SOURCE_IN_PATH = re.compile(
    r"(?:^|/)(?:rudder-logs|rudder-warehouse-staging-logs|rudder-warehouse-load-objects/[^/]+)"
    r"/(?P<source>[^/]+)/"
)
LOAD_OBJECT = re.compile(r"(?:^|/)rudder-warehouse-load-objects/(?P<table>[^/]+)/")
# Names of tables in the path of rows; the last one counts. Those of tables that are not typed here must
# begin a folder's or the file's name.
TABLE_IN_PATH = re.compile(
    r"(?:^|[/_.-])(?P<typed>tracks|identifies|aliases)(?=[/_.-]|$)"
    r"|(?:^|/)(?P<other>pages|screens|groups|users|rudder_discards)(?=[/_.-]|$)",
    re.IGNORECASE,
)
DATE_IN_PATH = (
    re.compile(r"/(?P<year>\d{4})([-/])(?P<month>\d\d)\2(?P<day>\d\d)/"),
    re.compile(r"/(?P<month>\d\d)-(?P<day>\d\d)-(?P<year>\d{4})/"),
)


class RudderStack:
    """Loads every file of calls or rows; each file is one export."""

    name = "rudderstack"
    tables = tuple(f"raw_rudderstack.{table}" for table in (*TABLES, "other_calls"))

    def __init__(self) -> None:
        self._files = SingleFiles(vendor=self.name, identity=_identity, order=_order, replaces=False)

    def discover(self, landing: Landing, ledger: Ledger, options: Options) -> list[Export]:
        """Return one export for each JSON, CSV or Parquet file."""
        files = [file for file in landing.list_files() if FILE_NAME.search(file.name)]
        return self._files.discover(landing, ledger, files)

    def land(self, load: Load) -> None:
        """Insert the file's rows; raises DamagedFileError for content that is none of the known forms."""
        (file,) = load.export.files
        source_id = _source_id(load.export.identity)
        table = _table(load, file)
        form = _form(file)
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


def _read_columns(load: Load, file: DataFile, form: str, table: str) -> None:
    read = read_csv if form == "csv" else read_parquet
    header = read(load, load.export.identity, file)
    _check_header(header, file, form, table)
    rows_to_lines(load, header)


def _check_header(header: Header, file: DataFile, form: str, table: str) -> None:
    missing = header.missing(("id", "received_at") if table in TABLES else ("received_at",))
    if header.names and missing:
        raise DamagedFileError(
            f"{file.path} has no column {' and no column '.join(missing)}: a {form} file needs the names "
            f"of a RudderStack warehouse table's columns, a CSV file in its first row. Export it again with "
            f"them."
        )
    counts = Counter(name.strip().lower() for name in header.names)
    twice = [name for name, count in counts.items() if count > 1]
    if twice:
        raise DamagedFileError(
            f"{file.path} has the column {twice[0]} twice, so that one of them would be lost. "
            f"Export it again with each column once."
        )


def _form(file: DataFile) -> str:
    match = FILE_NAME.search(file.name)
    return match["form"].lower() if match else ""


def _table(load: Load, file: DataFile) -> str:
    """Return the warehouse table of a file of rows: from the vendor's folder, else any name in its path."""
    load_object = LOAD_OBJECT.search(load.export.identity)
    if load_object:
        return load_object["table"].lower()
    # The root that a user names may be the table's folder itself, which the identity does not show.
    near = "/".join(load.landing.full_path(file).rsplit("/", 2)[-2:])
    for path in (load.export.identity, near):
        names = [match["typed"] or match["other"] for match in TABLE_IN_PATH.finditer(path)]
        if names:
            return names[-1].lower()
    return "tracks"


def _source_id(identity: str) -> str | None:
    match = SOURCE_IN_PATH.search(identity)
    return match["source"] if match else None


def _identity(full_path: str, file: DataFile) -> str:
    for folder in FOLDERS:
        if f"/{folder}/" in full_path:
            return from_folder(folder)(full_path, file)
    return file.path


def _order(file: DataFile) -> tuple[str, ...]:
    for pattern in DATE_IN_PATH:
        match = pattern.search(f"/{file.path}")
        if match:
            return (f"{match['year']}-{match['month']}-{match['day']}", file.name)
    return ("", file.name)
