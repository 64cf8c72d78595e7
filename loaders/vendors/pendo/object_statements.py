"""Raw tables of Pendo's accounts, visitors and their metadata fields, and the statements that fill them.

Statements read `landing_batch` (`file, line, text, damage`, the text a JSON object), and `landing_records`:
`file`, `line`, `text`, and what was parsed of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from loaders.fields import Field, Kind, fault, structure

METADATA_FIELDS = "raw_pendo.metadata_fields"


@dataclass(frozen=True, slots=True)
class ObjectTable:
    """A raw table of accounts or visitors: its columns behind the subscription, the first of them the id."""

    name: str
    columns: tuple[str, ...]
    parsed: str


def _object_table(name: str, id_column: str, id_key: str, account: str | None) -> ObjectTable:
    """Return the table and the query that parses a batch for it; a key in two spellings counts once."""
    fields = (
        *(Field(key, key) for key in ("id", id_key, "name", "displayName")),
        *(
            (Field("account_id", "accountId"), Field("account_ids", "accountIds", Kind.JSON))
            if account
            else ()
        ),
    )
    values = {
        id_column: f"coalesce(nullif(record.\"id\", ''), nullif(record.\"{id_key}\", ''))",
        **({"account_id": account} if account else {}),
        "name": 'coalesce(record."name", record."displayName")',
    }
    selected = ", ".join(f"{value} AS {column}" for column, value in values.items())
    return ObjectTable(
        name,
        tuple(values),
        f"""
        SELECT *, coalesce(damage, CASE WHEN {id_column} IS NULL THEN 'id is missing' END) AS reason
        FROM (
            SELECT damage, {selected}
            FROM (SELECT *, from_json(text, {structure(fields)}) AS record FROM landing_batch)
        )
        """,
    )


OBJECT_TABLES: Mapping[str, ObjectTable] = {
    "account": _object_table("raw_pendo.accounts", "account_id", "accountId", None),
    "visitor": _object_table(
        "raw_pendo.visitors",
        "visitor_id",
        "visitorId",
        "coalesce(nullif(record.\"accountId\", ''), record.\"accountIds\" ->> '$[0]')",
    ),
}
TABLES = (*(table.name for table in OBJECT_TABLES.values()), METADATA_FIELDS)

FIELD_FIELDS = (
    Field("field_group", "group"),
    Field("field_name", "name", required=True),
    Field("display_name", "displayName"),
    Field("field_type", "type"),
    Field("element_type", "elementType"),
    Field("element_format", "elementFormat"),
    Field("is_deleted", "isDeleted", Kind.BOOLEAN),
    Field("is_per_app", "isPerApp", Kind.BOOLEAN),
    Field("avro_field_name", "avroFieldName"),
)
FIELD_COLUMNS = ", ".join(
    ("subscription_id", "object_kind", *(each.column for each in FIELD_FIELDS), "record")
)
PARSED_FIELDS = f"""
    SELECT record, coalesce(damage, {fault(FIELD_FIELDS)}) AS reason
    FROM (SELECT *, from_json(text, {structure(FIELD_FIELDS)}) AS record FROM landing_batch)
"""
LANDED_FIELDS = f"""
    SELECT $subscription, $kind,
        {", ".join(each.kind.parse(each.text("record")) for each in FIELD_FIELDS)}, text, file, line
    FROM landing_records WHERE reason IS NULL
"""
# The key of a field is its group and its name, a group may be absent.
RENEWED_FIELDS = f"""
    DELETE FROM {METADATA_FIELDS} AS earlier
    WHERE subscription_id = $subscription AND object_kind = $kind AND _load_id <> $load_id AND EXISTS (
        FROM {METADATA_FIELDS} AS newer
        WHERE newer._load_id = $load_id AND newer.field_name = earlier.field_name
            AND newer.field_group IS NOT DISTINCT FROM earlier.field_group
    )
"""


def landed_objects(table: ObjectTable) -> str:
    """Return the query of the rows to insert from a parsed batch."""
    return f"""
        SELECT $subscription, {", ".join(table.columns)}, text, file, line
        FROM landing_records WHERE reason IS NULL
    """


def renewed_objects(table: ObjectTable) -> str:
    """Return the statement that deletes the earlier rows of what came again, after the new ones are in."""
    return f"""
        DELETE FROM {table.name}
        WHERE subscription_id = $subscription AND _load_id <> $load_id AND {table.columns[0]} IN (
            SELECT {table.columns[0]} FROM {table.name} WHERE _load_id = $load_id
        )
    """
