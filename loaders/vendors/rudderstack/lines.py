"""RudderStack lines: a call as it was sent, a row on its way to a warehouse table, or a row of one."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from functools import partial

from loaders.delimited import Header, rows_to_records
from loaders.errors import DamagedFileError
from loaders.exports import DataFile
from loaders.fields import Field, columns, extras, projection
from loaders.load import PARSED, PLACE, Load
from loaders.objects import EXAMINED, REPEATED, ObjectForm
from loaders.plain_csv import Target, land_plain_csv
from loaders.queries import first_row
from loaders.vendors.rudderstack.columns import (
    CALL_FIELDS,
    CALL_TYPES,
    ROW_FIELDS,
    STAGED_FIELDS,
    TABLE_FIELDS,
    TABLES,
)


class LineForm(Enum):
    """What one line of a JSON file holds: a call as sent, a row with its table's name, or a bare row."""

    CALL = "call"
    STAGED_ROW = "staged row"
    ROW = "row"


# What no file of rows may lack.
NEEDED_COLUMNS = ("id", "received_at")
# Data lakes put an underscore before timestamp.
RENAMED_COLUMNS = {"_timestamp": "timestamp"}
# Columns of a call that lie inside its context object.
CONTEXT_PATHS = "['$.context.ip', '$.context.sessionId', '$.context.sessionStart']"
CONTEXT_COLUMNS = (
    ("context_ip", 'coalesce(context[1], record."request_ip")'),
    ("context_session_id", "as_integer(context[2])"),
    ("context_session_start", "as_boolean(context[3])"),
)
# Keys that `_rename_keys` would change.
RENAMED = "keys <> list_transform(keys, lambda key: lower(key)) OR list_contains(keys, '_timestamp')"
SNAKE_CASE_EVENT = (
    "nullif(trim(lower(regexp_replace(regexp_replace(record.\"event\", '([a-z0-9])([A-Z])', '\\1_\\2', 'g'), "
    "'[^\\p{L}\\p{N}]+', '_', 'g')), '_'), '')"
)


def line_forms(load: Load, files: Sequence[str], lines: str = "landing_batch") -> dict[str, LineForm]:
    """Return the forms of the files' lines in the table `lines`: those of the first lines which have one."""
    # Conditions of a WHERE run in any order; only CASE promises not to take apart what is no JSON.
    found = load.connection.execute(
        f"""
        WITH objects AS (
            SELECT file, line, keys, list_transform(keys, lambda key: lower(key)) AS names
            FROM (
                SELECT file, line,
                    CASE WHEN damage IS NULL AND json_valid(text) THEN json_keys(text) END AS keys
                FROM {lines} WHERE file IN (SELECT unnest($files))
            )
        ),
        forms AS (
            SELECT file, line, CASE
                WHEN list_contains(keys, 'messageId') THEN 'call'
                WHEN list_has_all(keys, ['data', 'metadata']) THEN 'staged row'
                WHEN list_has_all(names, ['id', 'received_at']) THEN 'row'
                -- Rows of rudder_discards have no id of their own.
                WHEN list_has_all(names, ['row_id', 'received_at']) THEN 'row'
            END AS form
            FROM objects
        )
        SELECT file, arg_min(form, line) FROM forms WHERE form IS NOT NULL GROUP BY file
        """,
        {"files": list(files)},
    ).fetchall()
    return {file: LineForm(form) for file, form in found}


def line_form(load: Load, file: DataFile) -> LineForm:
    """Return the form of the lines in `landing_lines`, which are those of one file.

    Raises DamagedFileError where there are lines, but none has a form.
    """
    found = line_forms(load, load.names, "landing_lines")
    if found:
        return found[load.names[0]]
    if not load.lines:
        return LineForm.CALL
    raise DamagedFileError(
        f"{file.path} holds no RudderStack lines: not one of its {load.lines} lines is a JSON object with "
        f"messageId (a dump), with data and metadata (a warehouse staging file), or with id and received_at "
        f"(rows of a warehouse table)."
    )


def calls_form(sources: Sequence[str | None]) -> ObjectForm:
    """Return how calls become rows: three types in their tables, the others as they are.

    `sources` are the ids of the sources of the load's exports.
    """
    return ObjectForm(CALL_FIELDS, insert=partial(_insert_calls, sources=sources), is_read_often=True)


def _insert_calls(load: Load, records: str, sources: Sequence[str | None]) -> None:
    context = ", ".join(f'{expression} AS "{column}"' for column, expression in CONTEXT_COLUMNS)
    context_names = ", ".join(column for column, _ in CONTEXT_COLUMNS)
    present = _distinct(load, f'SELECT DISTINCT record."type" FROM {records} WHERE reason IS NULL')
    for table, call_type in CALL_TYPES.items():
        if call_type not in present:
            continue
        left_out = {"type"} | {
            field.column for name in TABLES if name != table for field in TABLE_FIELDS[name]
        }
        kept = tuple(field for field in CALL_FIELDS if field.column not in left_out)
        event = ', "event"' if table == "tracks" else ""
        event_value = f", {SNAKE_CASE_EVENT}" if table == "tracks" else ""
        load.insert(
            f"raw_rudderstack.{table}",
            f"source_id, {columns(kept)}{event}, {context_names}, extras",
            f"SELECT $sources[{PLACE}], {projection(kept, values=PARSED)}{event_value}, {context}, "
            f"{extras((*kept, Field('type', 'type')))}, file, line "
            f"FROM (SELECT *, document ->> {CONTEXT_PATHS} AS context FROM {records} "
            'WHERE reason IS NULL AND record."type" = $call_type)',
            sources=list(sources),
            call_type=call_type,
        )
    if present <= set(CALL_TYPES.values()):
        return
    load.insert(
        "raw_rudderstack.other_calls",
        "source_id, type, record",
        f'SELECT $sources[{PLACE}], record."type", document::JSON, file, line FROM {records} '
        "WHERE reason IS NULL AND coalesce(record.\"type\", '') NOT IN ('track', 'identify', 'alias')",
        sources=list(sources),
    )


def land_calls(load: Load, source_id: str | None) -> None:
    """Land `landing_lines` of calls."""
    form = calls_form([source_id])
    form.examine_lines(load)
    form.insert(load, EXAMINED)


def land_staged_rows(load: Load, source_id: str | None) -> None:
    """Land `landing_lines` of rows that name their table: three tables typed, the others as they are."""
    load.parse_objects(STAGED_FIELDS)
    load.reject_bad_records()
    load.connection.execute(
        """
        CREATE OR REPLACE TEMP TABLE staged_rows AS
        SELECT file, line, text, record."data"::VARCHAR AS data, record."metadata" ->> '$.table' AS table_name
        FROM landing_records WHERE reason IS NULL
        """
    )
    present = _distinct(load, "SELECT DISTINCT lower(table_name) FROM staged_rows")
    for table in (table for table in TABLES if table in present):
        load.connection.execute(
            "CREATE OR REPLACE TEMP TABLE landing_lines AS "
            "SELECT file, line, data AS text, NULL::VARCHAR AS damage FROM staged_rows "
            "WHERE lower(table_name) = $table",
            {"table": table},
        )
        land_rows(load, table, source_id, delivered="staged_rows")
    load.insert(
        "raw_rudderstack.other_calls",
        "source_id, type, record",
        "SELECT $source_id, table_name, data::JSON, file, line FROM staged_rows "
        "WHERE coalesce(lower(table_name), '') NOT IN ('tracks', 'identifies', 'aliases')",
        source_id=source_id,
    )


def rows_form(table: str, sources: Sequence[str | None]) -> ObjectForm:
    """Return how rows of one of TABLES become rows of it."""
    return ObjectForm(
        row_fields(table),
        insert=partial(_insert_rows, table=table, sources=sources),
        known=tuple(field.key for field in row_fields(table)),
        faulty_keys=f"{REPEATED} OR {RENAMED}",
        examine=partial(_examine_rows, table=table),
    )


def row_fields(table: str) -> tuple[Field, ...]:
    """Return the fields of a row of one of TABLES."""
    return ROW_FIELDS + TABLE_FIELDS[table]


def land_rows(load: Load, table: str, source_id: str | None, delivered: str = "") -> None:
    """Land `landing_lines` of rows of one of TABLES; column names are found without regard to case.

    `delivered` is a temporary table with the whole lines, where `landing_lines` holds only parts of them.
    """
    _examine_rows(load, table, delivered)
    _insert_rows(load, EXAMINED, table, [source_id])


def _examine_rows(load: Load, table: str, delivered: str = "") -> None:
    delivered = _rename_keys(load, delivered)
    load.parse_objects(row_fields(table))
    if delivered:
        load.reject_rows(
            "SELECT file, line, reason, delivered.text FROM landing_records "
            f"INNER JOIN {delivered} AS delivered USING (file, line) WHERE reason IS NOT NULL"
        )
    else:
        load.reject_bad_records()


def _insert_rows(load: Load, records: str, table: str, sources: Sequence[str | None]) -> None:
    fields = row_fields(table)
    load.insert(
        f"raw_rudderstack.{table}",
        f"source_id, {columns(fields)}, extras",
        f"SELECT $sources[{PLACE}], {projection(fields, values=PARSED)}, {extras(fields)}, file, line "
        f"FROM {records} WHERE reason IS NULL",
        sources=list(sources),
    )


def land_plain_columns(
    load: Load, file: DataFile, names: tuple[str, ...], table: str, source_id: str | None
) -> bool:
    """Land a CSV file of one of TABLES if all its rows prove sound; return whether it did.

    `names` are those of its columns where it has no header.
    """
    target = Target(f"raw_rudderstack.{table}", row_fields(table), NEEDED_COLUMNS, RENAMED_COLUMNS)
    return land_plain_csv(load, file, names, target, source_id)


def land_columns(load: Load, header: Header, table: str, source_id: str | None) -> None:
    """Land `landing_rows` of one of TABLES."""
    renamed = {} if header.column("timestamp") else RENAMED_COLUMNS
    rows_to_records(load, header, row_fields(table), renamed)
    _insert_rows(load, EXAMINED, table, [source_id])


def land_other_rows(load: Load, table: str, source_id: str | None) -> None:
    """Land `landing_lines` of rows of any other table as they are; `table` goes into `type`."""
    load.parse_objects((Field("id", "id"),))
    load.reject_bad_records()
    load.insert(
        "raw_rudderstack.other_calls",
        "source_id, type, record",
        "SELECT $source_id, $type, document::JSON, file, line FROM landing_records WHERE reason IS NULL",
        source_id=source_id,
        type=table,
    )


def _distinct(load: Load, query: str) -> set[str | None]:
    # A statement for a table without rows costs tens of milliseconds to plan, and most files are small.
    return {name for (name,) in load.connection.execute(query).fetchall()}


def _rename_keys(load: Load, delivered: str) -> str:
    """Bring the keys of `landing_lines` into one form; return a table of the lines as delivered, or `""`."""
    # Snowflake writes its column names in capitals, and the data lakes put an underscore before timestamp.
    # Most lines of a file have the same keys, so these are compared once per list of keys.
    load.connection.execute(
        """
        CREATE OR REPLACE TEMP TABLE renamed_keys AS
        WITH found AS (
            SELECT DISTINCT CASE WHEN damage IS NULL AND json_valid(text) THEN json_keys(text) END AS keys
            FROM landing_lines
        ),
        lowered AS (
            SELECT keys, list_transform(keys, lambda key: lower(key)) AS names FROM found
        ),
        named AS (
            SELECT keys, list_transform(
                names,
                lambda name: CASE
                    WHEN name = '_timestamp' AND NOT list_contains(names, 'timestamp') THEN 'timestamp'
                    ELSE name
                END
            ) AS names
            FROM lowered
        )
        SELECT * FROM named WHERE keys <> names
        """
    )
    if not first_row(load.connection, "SELECT 1 FROM renamed_keys LIMIT 1"):
        return delivered
    if not delivered:
        delivered = "delivered_lines"
        load.connection.execute(
            "CREATE OR REPLACE TEMP TABLE delivered_lines AS SELECT file, line, text FROM landing_lines"
        )
    load.connection.execute(
        """
        UPDATE landing_lines
        SET text = '{' || array_to_string(
            list_transform(
                list_zip(names, json_extract(text, '$.*')),
                lambda pair: to_json(pair[1])::VARCHAR || ':' || pair[2]::VARCHAR
            ),
            ','
        ) || '}'
        FROM renamed_keys
        WHERE CASE WHEN damage IS NULL AND json_valid(text) THEN json_keys(text) END = keys
        """
    )
    return delivered
