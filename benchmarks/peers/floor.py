"""The floor of a full build: sorting the narrow events once, and writing the narrow marts.

Numbers stand for all texts, and everything is known beforehand: no duplicates are looked for, no visitor is
recognised, nothing is split. No build that sorts its events and writes its marts can be faster.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

from benchmarks.rudderstack import attach
from benchmarks.timing import seconds_of
from loaders.warehouse import CONFIG

_PREPARATION = {
    "names": """
        SELECT event_name, (row_number() OVER () - 1)::USMALLINT AS name
        FROM (SELECT DISTINCT event_name FROM bench.marts.fct_events)
    """,
    "visitors": """
        SELECT visitor_key, (row_number() OVER ())::UINTEGER AS visitor,
            first_session_at, last_session_at, number_of_sessions::UINTEGER AS sessions
        FROM bench.marts.dim_visitors
    """,
    "sessions": """
        SELECT session_key, visitor, session_sequence_number::UINTEGER AS session, started_at, ended_at,
            next_session_started_at, event_count::UINTEGER AS events
        FROM bench.marts.fct_sessions INNER JOIN visitors USING (visitor_key)
    """,
    "events": """
        SELECT (row_number() OVER ())::UINTEGER AS event, visitor, session,
            event_sequence_number::UINTEGER AS position, events.occurred_at, idle_minutes, name,
            lead(name, 1) OVER stream AS name_2, lead(name, 2) OVER stream AS name_3,
            lead(name, 3) OVER stream AS name_4, lead(name, 4) OVER stream AS name_5
        FROM bench.marts.fct_events AS events
        INNER JOIN sessions USING (session_key)
        INNER JOIN names USING (event_name)
        WINDOW stream AS (PARTITION BY visitor, session ORDER BY event_sequence_number)
    """,
    "arrived": "SELECT visitor, occurred_at, event, name FROM events ORDER BY hash(event)",
}
_WORK = (
    "CREATE TABLE sorted AS SELECT * FROM prepared.arrived ORDER BY visitor, occurred_at, event",
    "CREATE TABLE fct_events AS "
    "SELECT event, visitor, session, position, occurred_at, idle_minutes, name FROM prepared.events",
    "CREATE TABLE fct_sessions AS SELECT * EXCLUDE (session_key) FROM prepared.sessions",
    "CREATE TABLE fct_flows AS SELECT event, name, name_2, name_3, name_4, name_5 FROM prepared.events",
    "CREATE TABLE dim_visitors AS SELECT * EXCLUDE (visitor_key) FROM prepared.visitors",
)


def prepare(built: Path, prepared: Path) -> None:
    """Write a new database with the narrow form of a built one; this is no part of the floor."""
    with duckdb.connect(str(prepared), config=CONFIG) as connection:
        attach(connection, built, "bench")
        for table, statement in _PREPARATION.items():
            connection.execute(f"CREATE TABLE {table} AS {statement}")


def measure(prepared: Path, database: Path) -> float:
    """Return the seconds of the floor, which fills a new database."""
    with duckdb.connect(str(database), config=CONFIG) as connection:
        connection.execute("SET preserve_insertion_order = false")
        attach(connection, prepared, "prepared")
        return seconds_of(lambda: [connection.execute(work) for work in _WORK])
