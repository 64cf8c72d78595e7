"""Pendo's raw tables, and the statements that fill them from one batch of records.

Statements read `landing_batch` (`file, line, text, damage`, the text a JSON object), and `landing_records`:
`file`, `line`, `text`, and what was parsed of it. Records of events have their target, which says what the
manifest listed the file for: `target_period, matchable_type, matchable_id`. A day's whole events have no
matchable. What is to be deleted stands in `landing_targets` (`period_id, matchable_type, matchable_id`).
"""

from __future__ import annotations

from dataclasses import dataclass

from loaders.fields import Field, Kind, fault, parsed, structure

ALL_EVENTS = "raw_pendo.allevents"
MATCHED_EVENTS = "raw_pendo.matched_events"


@dataclass(frozen=True, slots=True)
class DefinitionTable:
    """A raw table of definitions: its id column, and the key of the id in Pendo's records."""

    name: str
    id_column: str
    id_key: str


DEFINITION_TABLES = {
    "pageDefinitionsFile": DefinitionTable("raw_pendo.allpages", "page_id", "pageId"),
    "featureDefinitionsFile": DefinitionTable("raw_pendo.allfeatures", "feature_id", "featureId"),
    "trackTypeDefinitionsFile": DefinitionTable("raw_pendo.alltracktypes", "track_type_id", "trackTypeId"),
    "guideDefinitionsFile": DefinitionTable("raw_pendo.allguides", "guide_id", "guideId"),
}
TABLES = (ALL_EVENTS, MATCHED_EVENTS, *(table.name for table in DEFINITION_TABLES.values()))

# A key that Pendo's own texts name in two ways stands here twice; the first that is there counts.
EVENT_FIELDS = (
    Field("event_id", "eventId", required=True),
    Field("visitor_id", "visitorId"),
    Field("account_id", "accountId"),
    Field("account_ids", "accountIds", Kind.JSON),
    Field("browser_timestamp", "browserTimestamp", Kind.TIME),
    Field("browser_time", "browserTime", Kind.TIME),
    Field("received_timestamp", "receivedTimestamp", Kind.TIME),
    Field("received_time", "receivedTime", Kind.TIME),
    Field("type", "type"),
    Field("event_type", "eventType"),
    Field("url", "url"),
    Field("period_id", "periodId"),
)
EVENT_COLUMNS = (
    "subscription_id, application_id, period_id, event_id, visitor_id, account_id, browser_timestamp, "
    "received_timestamp, event_type, url, record"
)
PARSED_EVENTS = f"""
    SELECT
        coalesce(damage, {fault(EVENT_FIELDS, values="parsed")}) AS reason,
        record."eventId" AS event_id,
        record."visitorId" AS visitor_id,
        coalesce(
            nullif(record."accountId", ''), record."accountIds" ->> '$[0]', record."accountId"
        ) AS account_id,
        coalesce(parsed.browser_timestamp, parsed.browser_time) AS browser_timestamp,
        coalesce(parsed.received_timestamp, parsed.received_time) AS received_timestamp,
        coalesce(record."type", record."eventType") AS event_type,
        record."url" AS url,
        CASE
            WHEN record."periodId"[5] = '-' THEN as_moment(record."periodId")::DATE
            WHEN regexp_full_match(record."periodId", '[0-9]{{1,5}}')
                THEN DATE '1970-01-01' + try_cast(record."periodId" AS INTEGER)
            WHEN regexp_full_match(record."periodId", '[0-9]{{8}}')
                THEN try_strptime(record."periodId", '%Y%m%d')::DATE
            ELSE as_moment(record."periodId")::DATE
        END AS period_id,
        damage IS NULL AS is_decoded
    FROM (
        SELECT damage, record, {parsed(EVENT_FIELDS)} AS parsed
        FROM (SELECT damage, from_json(text, {structure(EVENT_FIELDS)}) AS record FROM landing_batch)
    )
"""
LANDED_EVENTS = """
    SELECT $subscription, $application, target_period, event_id, visitor_id, account_id,
        browser_timestamp, received_timestamp, event_type, url, text, file, line
    FROM landing_records
    WHERE reason IS NULL AND target_period IS NOT NULL AND matchable_type IS NULL
"""
LANDED_MATCHED_EVENTS = """
    SELECT matchable_type, matchable_id, $subscription, $application, target_period,
        event_id, visitor_id, account_id, browser_timestamp, received_timestamp, event_type, url,
        text, file, line
    FROM landing_records
    WHERE reason IS NULL AND matchable_type IS NOT NULL
"""
OTHER_PERIODS = """
    SELECT file, any_value(target_period), count(*), min(coalesce(period_id::VARCHAR, 'none')) AS example
    FROM landing_records
    WHERE is_decoded AND target_period IS NOT NULL AND period_id IS DISTINCT FROM target_period
    GROUP BY file
"""

# What a whole day replaces, and what a listed matchable does.
DELETIONS = (
    f"""
    DELETE FROM {ALL_EVENTS}
    WHERE subscription_id = $subscription AND application_id = $application
        AND period_id IN (SELECT period_id FROM landing_targets WHERE matchable_type IS NULL)
    """,
    f"""
    DELETE FROM {MATCHED_EVENTS}
    WHERE subscription_id = $subscription AND application_id = $application
        AND (
            period_id IN (SELECT period_id FROM landing_targets WHERE matchable_type IS NULL)
            OR (period_id, matchable_type, matchable_id) IN (
                SELECT (period_id, matchable_type, matchable_id)
                FROM landing_targets WHERE matchable_type IS NOT NULL
            )
        )
    """,
)


def parsed_definitions(table: DefinitionTable) -> str:
    """Return the query that parses a batch of the table's definitions."""
    fields = tuple(Field(key, key) for key in (table.id_key, "id", "name", "displayName"))
    return f"""
        SELECT id, name,
            coalesce(damage, CASE WHEN id IS NULL THEN '{table.id_key} is missing' END) AS reason
        FROM (
            SELECT damage,
                coalesce(nullif(record."{table.id_key}", ''), nullif(record."id", '')) AS id,
                coalesce(record."name", record."displayName") AS name
            FROM (SELECT *, from_json(text, {structure(fields)}) AS record FROM landing_batch)
        )
    """


LANDED_DEFINITIONS = """
    SELECT $subscription, $application, id, name, text, file, line
    FROM landing_records WHERE reason IS NULL
"""


def deletion_of_definitions(table: DefinitionTable, *, only_renewed: bool) -> str:
    """Return the statement that deletes the application's earlier definitions, after the new ones are in.

    With `only_renewed`, those whose id did not come again stay.
    """
    renewed = (
        f"""AND {table.id_column} IN (
            SELECT {table.id_column} FROM {table.name} WHERE _load_id = $load_id
        )"""
        if only_renewed
        else ""
    )
    return f"""
        DELETE FROM {table.name}
        WHERE subscription_id = $subscription AND application_id = $application
            AND _load_id <> $load_id {renewed}
    """
