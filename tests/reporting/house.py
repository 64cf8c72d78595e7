"""A small warehouse with marts made by hand: every number of the report can be counted on one's fingers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import duckdb

from loaders.exports import Status
from loaders.ledger import Entry, Ledger
from loaders.warehouse import connect, transaction

LOADED_AT = datetime(2026, 2, 10, 6, 30)
GIVEN = """
    CREATE TABLE given_events (
        source VARCHAR, session_key UUID, session_id VARCHAR, visitor_id VARCHAR, event_name VARCHAR,
        occurred_at TIMESTAMP, event_sequence_number BIGINT
    );
    CREATE TABLE given_sessions (
        source VARCHAR, session_key UUID, session_id VARCHAR, visitor_id VARCHAR, started_at TIMESTAMP,
        ended_at TIMESTAMP, event_count BIGINT, first_event VARCHAR, last_event VARCHAR,
        is_interaction BOOLEAN, page VARCHAR, referrer VARCHAR, campaign VARCHAR
    );
"""
MARTS = """
    CREATE SCHEMA marts; CREATE SCHEMA staging; CREATE SCHEMA intermediate;
    CREATE TABLE staging.stg_ledger__loads AS SELECT 2::BIGINT AS load_id;
    CREATE TABLE marts.fct_events AS
    SELECT
        uuid() AS event_key, source, 'app' AS app_id, 'e' || rowid AS event_id, session_key, session_id,
        md5(source || visitor_id)::UUID AS visitor_key, visitor_id, event_name, occurred_at,
        occurred_at::DATE AS day, event_sequence_number, occurred_at + INTERVAL 1 MINUTE AS received_at
    FROM given_events;
    CREATE TABLE marts.fct_sessions AS
    SELECT
        session_key, source, 'app' AS app_id, session_id,
        CASE WHEN visitor_id IS NOT NULL THEN md5(source || visitor_id)::UUID END AS visitor_key, visitor_id,
        started_at, ended_at, started_at::DATE AS day,
        epoch(ended_at - started_at) / 60 AS duration_minutes, event_count, first_event, last_event,
        is_interaction
    FROM given_sessions;
    CREATE TABLE marts.dim_sessions AS
    SELECT
        session_key, source,
        CASE WHEN visitor_id IS NOT NULL THEN md5(source || visitor_id)::UUID END AS visitor_key,
        started_at::DATE AS day, is_interaction, page AS landing_page_path,
        CASE WHEN referrer IS NOT NULL THEN 'search' END AS referrer_medium, referrer AS referrer_source,
        campaign AS utm_source, CASE WHEN campaign IS NOT NULL THEN 'email' END AS utm_medium,
        NULL::VARCHAR AS utm_campaign
    FROM given_sessions;
    CREATE TABLE marts.fct_session_matches AS
    SELECT session_key, source, 'page' AS kind, page AS matched_id, page AS name, NULL::VARCHAR AS variant_id,
        1::BIGINT AS events
    FROM given_sessions WHERE page IS NOT NULL;
    CREATE TABLE marts.fct_flows AS
    SELECT
        event_key, source, session_key, event_id, event_sequence_number, occurred_at, event_name AS event,
        lead(event_name, 1) OVER stream AS event_2, lead(event_name, 2) OVER stream AS event_3,
        lead(event_name, 3) OVER stream AS event_4, lead(event_name, 4) OVER stream AS event_5
    FROM marts.fct_events
    WINDOW stream AS (PARTITION BY session_key ORDER BY event_sequence_number);
    CREATE TABLE marts.dim_visitors AS
    SELECT DISTINCT visitor_key, source, visitor_id, [visitor_id] AS aliases FROM marts.fct_sessions;
    CREATE TABLE marts.fct_daily_metrics AS
    SELECT source, app_id, day, count(*) AS sessions FROM marts.fct_sessions GROUP BY ALL;
    CREATE TABLE marts.fct_retention AS
    WITH days AS (
        SELECT DISTINCT source, app_id, visitor_key, day FROM marts.fct_sessions WHERE is_interaction
    ),
    cohorts AS (
        SELECT *, min(day) OVER (PARTITION BY source, visitor_key) AS cohort_day FROM days
    )
    SELECT source, app_id, cohort_day, (day - cohort_day)::INTEGER AS day_number, count(*) AS visitors
    FROM cohorts GROUP BY ALL;
    CREATE TABLE intermediate.int_events_rejected (source VARCHAR, event_id VARCHAR, reason VARCHAR);
"""


@dataclass(frozen=True, slots=True)
class Session:
    """One session: its events are `pause` apart."""

    source: str
    visitor: str
    started_at: datetime
    events: tuple[str | None, ...]
    pause: timedelta = timedelta(minutes=1)
    is_interaction: bool = True
    page: str | None = None
    referrer: str | None = None
    campaign: str | None = None


def make(database: Path, sessions: Sequence[Session], rejected: Sequence[tuple[str, str]] = ()) -> Path:
    """Make the warehouse; `rejected` are events by source and reason."""
    with connect(database) as connection:
        with transaction(connection):
            _write_ledger(Ledger(connection))
        _give_sessions(connection, sessions)
        connection.execute(MARTS)
        for number, (source, reason) in enumerate(rejected):
            connection.execute(
                "INSERT INTO intermediate.int_events_rejected VALUES (?, ?, ?)",
                [source, f"r{number}", reason],
            )
        connection.execute("DROP TABLE given_events; DROP TABLE given_sessions")
    return database


def _write_ledger(ledger: Ledger) -> None:
    plain = Entry(vendor="", export_id="", status=Status.LOADED, files=2, reason="", digest="", uri="")
    earlier = LOADED_AT - timedelta(days=3)
    for entry in (
        replace(plain, vendor="pendo", export_id="p1", rows=40, load_id=1, loaded_at=earlier),
        replace(
            plain,
            vendor="rudderstack",
            export_id="r1",
            rows=7,
            rejected_rows=3,
            load_id=2,
            loaded_at=LOADED_AT,
        ),
        replace(plain, vendor="rudderstack", export_id="r2", status=Status.REJECTED, reason="r2 is cut"),
        replace(
            plain, vendor="leanplum", export_id="l1", status=Status.INCOMPLETE, reason="a file is missing"
        ),
    ):
        ledger.write(entry)


def _give_sessions(connection: duckdb.DuckDBPyConnection, sessions: Sequence[Session]) -> None:
    connection.execute(GIVEN)
    for number, session in enumerate(sessions):
        key, times = f"00000000-0000-0000-0000-{number:012d}", _times(session)
        for position, (name, moment) in enumerate(zip(session.events, times, strict=True), start=1):
            connection.execute(
                "INSERT INTO given_events VALUES (?, ?, ?, ?, ?, ?, ?)",
                [session.source, key, f"s{number}", session.visitor, name, moment, position],
            )
        named = [name for name in session.events if name is not None]
        first, last = (named[0], named[-1]) if named else (None, None)
        connection.execute(
            "INSERT INTO given_sessions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                *(session.source, key, f"s{number}", session.visitor, session.started_at),
                times[-1] if times else session.started_at,
                *(len(session.events), first, last, session.is_interaction),
                *(session.page, session.referrer, session.campaign),
            ],
        )


def _times(session: Session) -> list[datetime]:
    return [session.started_at + number * session.pause for number in range(len(session.events))]
