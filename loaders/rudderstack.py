"""RudderStack: raw object-storage dumps, warehouse staging files, and flat rows of a tracks table.

There is no vendor manifest: the gzip checksum and the ledger vouch for a file (FORMATS section 5).
"""

from __future__ import annotations

import json
import re
from enum import Enum

from loaders.delimited import read_csv, read_parquet, rows_to_lines
from loaders.errors import DamagedFileError
from loaders.exports import DataFile, Export, Options
from loaders.fields import Field, Kind, columns, extras, projection
from loaders.landing import Landing
from loaders.ledger import Ledger
from loaders.load import Load
from loaders.single_files import SingleFiles, from_folder

FILE_NAME = re.compile(r"\.(?P<form>json|ndjson|jsonl|csv|parquet)(?:\.gz)?$", re.IGNORECASE)
SOURCE_IN_PATH = re.compile(r"(?:^|/)rudder-(?:logs|warehouse-staging-logs)/(?P<source>[^/]+)/")
TABLE_IN_PATH = re.compile(r"(?:^|[/_.-])(identifies|aliases)(?:[/_.-]|$)", re.IGNORECASE)
DATE_IN_PATH = re.compile(r"/(\d{4})-(\d\d)-(\d\d)/|/(\d\d)-(\d\d)-(\d{4})/")
TABLES = ("tracks", "identifies", "aliases")
CALL_TYPES = {"tracks": "track", "identifies": "identify", "aliases": "alias"}


class LineForm(Enum):
    """What one line of a JSON file holds: a call as sent, a row with its table's name, or a bare row."""

    CALL = "call"
    STAGED_ROW = "staged row"
    ROW = "row"


# A call as the object-storage destinations write it.
CALL_FIELDS = (
    Field("id", "messageId", required=True),
    Field("type", "type"),
    Field("anonymous_id", "anonymousId"),
    Field("user_id", "userId"),
    Field("previous_id", "previousId"),
    Field("event_text", "event"),
    Field("original_timestamp", "originalTimestamp", Kind.TIME),
    Field("sent_at", "sentAt", Kind.TIME),
    Field("received_at", "receivedAt", Kind.TIME),
    Field("timestamp", "timestamp", Kind.TIME),
    Field("channel", "channel"),
    Field("context_request_ip", "request_ip"),
)

# A row of a warehouse table.
ROW_FIELDS = (
    Field("id", "id", required=True),
    Field("anonymous_id", "anonymous_id"),
    Field("user_id", "user_id"),
    Field("original_timestamp", "original_timestamp", Kind.TIME),
    Field("sent_at", "sent_at", Kind.TIME),
    Field("received_at", "received_at", Kind.TIME),
    Field("timestamp", "timestamp", Kind.TIME),
    Field("channel", "channel"),
    Field("context_ip", "context_ip"),
    Field("context_request_ip", "context_request_ip"),
    Field("context_passed_ip", "context_passed_ip"),
    Field("context_source_id", "context_source_id"),
    Field("context_source_type", "context_source_type"),
    Field("context_destination_id", "context_destination_id"),
    Field("context_destination_type", "context_destination_type"),
    Field("context_session_id", "context_session_id", Kind.INTEGER),
    Field("context_session_start", "context_session_start", Kind.BOOLEAN),
    Field("record_id", "record_id"),
    Field("uuid_ts", "uuid_ts", Kind.TIME),
)
TABLE_FIELDS = {
    "tracks": (Field("event", "event"), Field("event_text", "event_text")),
    "identifies": (),
    "aliases": (Field("previous_id", "previous_id"),),
}
STAGED_FIELDS = (
    Field("data", "data", Kind.JSON, required=True),
    Field("metadata", "metadata", Kind.JSON, required=True),
)

# Columns of a call that lie inside its context object.
CONTEXT_COLUMNS = (
    ("context_ip", "coalesce(document ->> '$.context.ip', record.\"request_ip\")"),
    ("context_session_id", "as_integer(document ->> '$.context.sessionId')"),
    ("context_session_start", "as_boolean(document ->> '$.context.sessionStart')"),
)
SNAKE_CASE_EVENT = (
    "trim(lower(regexp_replace(regexp_replace(record.\"event\", '([a-z0-9])([A-Z])', '\\1_\\2', 'g'), "
    "'[^\\p{L}\\p{N}]+', '_', 'g')), '_')"
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
        form = _form(file)
        if form in ("csv", "parquet"):
            _land_columns(load, file, form)
            return
        load.read_lines({load.export.identity: file})
        match _line_form(load, file):
            case LineForm.CALL:
                _land_calls(load)
            case LineForm.STAGED_ROW:
                _land_staged_rows(load)
            case LineForm.ROW:
                _land_rows(load, _table(file))


def _land_columns(load: Load, file: DataFile, form: str) -> None:
    read = read_csv if form == "csv" else read_parquet
    header = read(load, load.export.identity, file)
    missing = header.missing(("id", "received_at"))
    if header.names and missing:
        raise DamagedFileError(
            f"{file.path} has no column {' and no column '.join(missing)}: a {form} file needs the names "
            f"of a RudderStack warehouse table's columns in its first row. Export it again with a header."
        )
    rows_to_lines(load, header)
    _land_rows(load, _table(file))


def _land_calls(load: Load) -> None:
    load.parse_objects(CALL_FIELDS)
    load.reject_bad_records()
    context = ", ".join(f'{expression} AS "{column}"' for column, expression in CONTEXT_COLUMNS)
    context_names = ", ".join(column for column, _ in CONTEXT_COLUMNS)
    for table, call_type in CALL_TYPES.items():
        left_out = {"type"} | {
            field.column for name in TABLES if name != table for field in TABLE_FIELDS[name]
        }
        kept = tuple(field for field in CALL_FIELDS if field.column not in left_out)
        event = ', "event"' if table == "tracks" else ""
        event_value = f", {SNAKE_CASE_EVENT}" if table == "tracks" else ""
        load.insert(
            f"raw_rudderstack.{table}",
            f"source_id, {columns(kept)}{event}, {context_names}, extras",
            f"SELECT $source_id, {projection(kept)}{event_value}, {context}, "
            f"{extras((*kept, Field('type', 'type')))}, file, line FROM landing_records "
            'WHERE reason IS NULL AND record."type" = $call_type',
            source_id=_source_id(load),
            call_type=call_type,
        )
    load.insert(
        "raw_rudderstack.other_calls",
        "source_id, type, record",
        'SELECT $source_id, record."type", document::JSON, file, line FROM landing_records '
        "WHERE reason IS NULL AND coalesce(record.\"type\", '') NOT IN ('track', 'identify', 'alias')",
        source_id=_source_id(load),
    )


def _land_staged_rows(load: Load) -> None:
    load.parse_objects(STAGED_FIELDS)
    load.reject_bad_records()
    load.connection.execute(
        """
        CREATE OR REPLACE TEMP TABLE staged_rows AS
        SELECT file, line, record."data"::VARCHAR AS text, record."metadata" ->> '$.table' AS table_name
        FROM landing_records WHERE reason IS NULL
        """
    )
    for table in TABLES:
        load.connection.execute(
            "CREATE OR REPLACE TEMP TABLE landing_lines AS "
            "SELECT file, line, text, NULL::VARCHAR AS damage FROM staged_rows "
            "WHERE lower(table_name) = $table",
            {"table": table},
        )
        _land_rows(load, table)
    load.insert(
        "raw_rudderstack.other_calls",
        "source_id, type, record",
        "SELECT $source_id, table_name, text::JSON, file, line FROM staged_rows "
        "WHERE coalesce(lower(table_name), '') NOT IN ('tracks', 'identifies', 'aliases')",
        source_id=_source_id(load),
    )


def _land_rows(load: Load, table: str) -> None:
    fields = ROW_FIELDS + TABLE_FIELDS[table]
    load.parse_objects(fields)
    load.reject_bad_records()
    load.insert(
        f"raw_rudderstack.{table}",
        f"source_id, {columns(fields)}, extras",
        f"SELECT $source_id, {projection(fields)}, {extras(fields)}, file, line "
        "FROM landing_records WHERE reason IS NULL",
        source_id=_source_id(load),
    )


def _line_form(load: Load, file: DataFile) -> LineForm:
    first = load.connection.execute(
        "SELECT text FROM landing_lines WHERE damage IS NULL AND json_valid(text) "
        "AND json_type(text) = 'OBJECT' ORDER BY line LIMIT 1"
    ).fetchone()
    keys = json.loads(first[0]).keys() if first else {"messageId"}
    if "messageId" in keys:
        return LineForm.CALL
    if {"data", "metadata"} <= keys:
        return LineForm.STAGED_ROW
    if {"id", "received_at"} <= keys:
        return LineForm.ROW
    raise DamagedFileError(
        f"{file.path} holds no RudderStack lines: the first has neither messageId (a dump), data and "
        f"metadata (a warehouse staging file), nor id and received_at (rows of a warehouse table)."
    )


def _form(file: DataFile) -> str:
    match = FILE_NAME.search(file.name)
    return match["form"].lower() if match else ""


def _table(file: DataFile) -> str:
    match = TABLE_IN_PATH.search(file.path)
    return match[1].lower() if match else "tracks"


def _source_id(load: Load) -> str | None:
    match = SOURCE_IN_PATH.search(load.export.identity)
    return match["source"] if match else None


def _identity(full_path: str, file: DataFile) -> str:
    for folder in ("rudder-logs", "rudder-warehouse-staging-logs", "rudder-warehouse-load-objects"):
        if f"/{folder}/" in full_path:
            return from_folder(folder)(full_path, file)
    return file.path


def _order(file: DataFile) -> tuple[str, ...]:
    match = DATE_IN_PATH.search(f"/{file.path}")
    if not match:
        return ("", file.name)
    year, month, day = (match[1], match[2], match[3]) if match[1] else (match[6], match[4], match[5])
    return (f"{year}-{month}-{day}", file.name)
