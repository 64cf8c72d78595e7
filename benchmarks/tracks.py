"""Tracks as a web shop sends them to RudderStack, made inside DuckDB, the same on every run of one version.

Visitors are skewed: about 50 events an anonymous id with a long tail, and bots that send 19,000 and more.
Some 30 % of the events carry a user id, 1 % arrive late, one in a thousand too late to count, one in 200 is
delivered twice, 3 % share their moment with others. They are stored in the order in which they arrive, so
the end of the table is what an increment brings: late events and first logins are among them.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

from benchmarks.drawing import create_macros
from loaders.queries import first_row
from loaders.warehouse import CONFIG

EVENTS_PER_DAY = 110_000
FEWEST_DAYS = 10
EVENTS_PER_VISITOR = 48
BOT_SESSIONS = 2_500

_VISITORS = """
    CREATE TEMP TABLE visitors AS
    SELECT
        visitor,
        visitor % 20000 = 7 AS is_bot,
        visitor % 40000 = 7 AS is_endless,
        drawn(visitor, 1) * $seconds AS first_seen,
        CASE
            WHEN visitor % 20000 = 7 THEN $bot_sessions
            ELSE least(3000, greatest(1, round(exp(1.25 + 1.18 * normal(visitor, 2)))))::INTEGER
        END AS sessions,
        drawn(visitor, 4) < 0.4 AS logs_in,
        floor(drawn(visitor, 5) * $visitors * 0.27)::BIGINT AS user_number
    FROM range($visitors) AS numbers(visitor)
"""
# An endless bot comes back before a session could end; every other visit begins anywhere in a month.
_SESSIONS = """
    CREATE TEMP TABLE sessions AS
    SELECT
        *,
        fmod(
            first_seen + CASE
                WHEN is_endless THEN session * 720
                ELSE drawn(seed, 6) * least(30 * 86400, $seconds)
            END,
            $seconds
        ) AS begins_at,
        1 + floor(-7 * ln(1 - drawn(seed, 7)))::INTEGER AS events,
        CASE WHEN drawn(seed, 8) < 0.5 THEN 20 ELSE 90 END AS pace
    FROM (
        SELECT *, hash(hash(visitor, session)) AS seed
        FROM (SELECT *, unnest(range(sessions)) AS session FROM visitors)
    )
"""
_EVENTS = """
    CREATE TEMP TABLE events AS
    SELECT
        visitor,
        event,
        CASE WHEN logs_in AND drawn(event, 9) < 0.75 THEN user_number END AS user_number,
        round((begins_at + pace * step * (0.2 + 1.6 * drawn(event, 10))) * 1000)::BIGINT AS moment,
        drawn(event, 11) AS fate,
        drawn(event, 12) AS part,
        least(59, floor(-9 * ln(1 - drawn(event, 13))))::INTEGER AS name
    FROM (
        SELECT *, hash(hash(seed, step)) AS event
        FROM (SELECT *, unnest(range(events)) AS step FROM sessions)
    )
"""
# Milliseconds from the event to its arrival: seconds; hours for a late one, weeks after a stalled pipeline.
_DELIVERIES = """
    CREATE TEMP TABLE deliveries AS
    WITH placed AS (
        SELECT
            * REPLACE (CASE WHEN part < 0.03 THEN moment // 60000 * 60000 ELSE moment END AS moment),
            CASE
                WHEN fate < 0.001 THEN 86400000.0 * (3.1 + 7 * part)
                WHEN fate < 0.0105 THEN 86400000.0 * 2 * part
                ELSE 2000 * part
            END::BIGINT AS sent_after,
            CASE WHEN fate BETWEEN 0.0105 AND 0.011 THEN 86400000.0 * 60 * part ELSE 9000 * part END::BIGINT
                AS received_after
        FROM events
    )
    SELECT *, moment + sent_after + received_after AS received FROM placed
    UNION ALL
    SELECT *, moment + sent_after + received_after + (86400000.0 * part)::BIGINT
    FROM placed WHERE fate > 0.995
"""
_ARRIVALS = """
    CREATE TEMP TABLE arrivals AS
    SELECT visitor, event, user_number, moment, fate, part, name, sent_after, received
    FROM deliveries
    ORDER BY received, event
    LIMIT $events
"""
_TRACKS = """
    CREATE OR REPLACE TABLE tracks AS
    SELECT
        (row_number() OVER ())::BIGINT AS arrival,
        id_of('event', event) AS id,
        CASE WHEN fate NOT BETWEEN 0.5 AND 0.5005 THEN id_of('device', visitor) END AS anonymous_id,
        CASE WHEN fate NOT BETWEEN 0.5 AND 0.5005 THEN 'user-' || user_number END AS user_id,
        CASE name WHEN 3 THEN 'viewed_product' WHEN 12 THEN 'signup' ELSE 'event_name_' || name END AS event,
        happened - to_milliseconds((3000 * part)::BIGINT) AS original_timestamp,
        happened - to_milliseconds((3000 * part)::BIGINT) + to_milliseconds(sent_after) AS sent_at,
        TIMESTAMP '2024-01-01' + to_milliseconds(received) AS received_at,
        happened AS "timestamp"
    FROM (SELECT *, TIMESTAMP '2024-01-01' + to_milliseconds(moment) AS happened FROM arrivals)
"""
_SLICE = """
    WITH known AS (
        SELECT anonymous_id, count(user_id) AS logins
        FROM tracks
        WHERE arrival <= $after
        GROUP BY anonymous_id
    )
    SELECT
        count(*) FILTER (received_at > "timestamp" + INTERVAL 1 HOUR),
        count(DISTINCT anonymous_id) FILTER (logins = 0 AND user_id IS NOT NULL)
    FROM tracks LEFT JOIN known USING (anonymous_id)
    WHERE arrival > $after AND arrival <= $last
"""
_STEPS = (_VISITORS, _SESSIONS, _EVENTS, _DELIVERIES, _ARRIVALS, _TRACKS)


def write_tracks(path: Path, events: int) -> None:
    """Write a DuckDB file with a table `tracks` of at most `events` deliveries, in order of `arrival` from 1.

    A history of three times the events lasts three times as long and has three times the visitors.
    """
    seconds = 86_400.0 * max(FEWEST_DAYS, events / EVENTS_PER_DAY)
    values = {
        "seconds": seconds,
        "visitors": events // EVENTS_PER_VISITOR + 1,
        "bot_sessions": min(BOT_SESSIONS, events // 100),
        "events": events,
    }
    with duckdb.connect(str(path), config=CONFIG) as connection:
        create_macros(connection)
        for step in _STEPS:
            connection.execute(step, {name: values[name] for name in values if f"${name}" in step})


def tell_slice(path: Path, after: int, events: int) -> str:
    """Return what the deliveries after the `after`th bring: late ones, and devices that log in."""
    with duckdb.connect(str(path), read_only=True) as connection:
        late, logins = first_row(connection, _SLICE, {"after": after, "last": after + events}) or (0, 0)
    return (
        f"{events:,} events, {late:,} of them more than an hour late; {logins:,} devices with events before "
        "are recognised for the first time"
    )
