"""A year of Pendo's days in raw, one load a day, and days that are replaced."""

from __future__ import annotations

from pathlib import Path

from benchmarks.drawing import create_macros
from benchmarks.rudderstack import BETWEEN_LOADS, next_load
from loaders.queries import first_row
from loaders.warehouse import connect, transaction

DAYS = 365
EVENTS_PER_VISIT = 8
EVENTS_PER_VISITOR = 100

# Of a day that came again, one event in a hundred is gone and one in a hundred is another one.
_LAND = """
    INSERT INTO raw_pendo.allevents BY NAME
    WITH visits AS (
        SELECT day, visit, hash(hash(day, visit)) AS seed
        FROM range($first, $last) AS days(day), range($visits) AS numbers(visit)
    ),
    events AS (
        SELECT *, hash(hash(seed, step)) AS event
        FROM (SELECT day, seed, unnest(range($events_per_visit)) AS step FROM visits)
    ),
    placed AS (
        SELECT
            DATE '2025-01-01' + day::INTEGER AS period_id,
            day,
            id_of(CASE WHEN $version > 0 AND drawn(event, 1) < 0.01 THEN 'again' ELSE 'event' END, event)
                AS event_id,
            'visitor-' || floor(drawn(seed, 2) * drawn(seed, 3) * $visitors)::BIGINT AS visitor_id,
            'account-' || floor(drawn(seed, 2) * 50)::BIGINT AS account_id,
            DATE '2025-01-01' + day::INTEGER + to_milliseconds(
                (drawn(seed, 4) * 80000000 + step * 60000 * drawn(event, 5))::BIGINT
            ) AS browser_timestamp,
            'https://app.example.com/orders/' || floor(drawn(event, 6) * 1000)::BIGINT AS url
        FROM events
        WHERE $version = 0 OR drawn(event, 1) < 0.99
    )
    SELECT
        '1' AS subscription_id, '-323232' AS application_id, period_id, event_id, visitor_id, account_id,
        browser_timestamp, browser_timestamp + INTERVAL 2 SECOND AS received_timestamp,
        'ui' AS event_type, url,
        json_object('eventId', event_id, 'visitorId', visitor_id, 'type', 'ui', 'url', url) AS record,
        $load_id + day - $first AS _load_id,
        $loaded_at::TIMESTAMP + (day - $first) * $pause AS _loaded_at,
        'allevents.avro' AS _file,
        row_number() OVER (PARTITION BY period_id ORDER BY browser_timestamp, event_id) AS _line
    FROM placed
"""
_LEDGER = """
    INSERT INTO raw.loads BY NAME
    SELECT
        _load_id AS load_id, 'pendo' AS vendor, '1/-323232/' || _load_id AS export_id, 'loaded' AS status,
        1 AS files, count(*) AS rows, 0 AS rejected_rows, '' AS reason, _load_id::VARCHAR AS digest,
        '' AS uri, max(_loaded_at) AS loaded_at
    FROM raw_pendo.allevents
    WHERE _load_id >= $load_id
    GROUP BY _load_id
"""


def land_days(database: Path, days: range, events_a_day: int, version: int = 0) -> int:
    """Land the days from the first on, which is 1 January 2025, as one load a day; return the events.

    A day that is there is replaced; another `version` of a day differs in one event of fifty.
    """
    with connect(database) as connection:
        create_macros(connection)
        load_id, loaded_at = next_load(connection)
        span = {"first": days.start, "last": days.stop}
        values = {
            "visits": max(1, events_a_day // EVENTS_PER_VISIT),
            "events_per_visit": EVENTS_PER_VISIT,
            "visitors": max(1, events_a_day * DAYS // EVENTS_PER_VISITOR),
            "version": version,
            "load_id": load_id,
            "loaded_at": loaded_at,
            "pause": BETWEEN_LOADS,
        }
        with transaction(connection):
            connection.execute(
                "DELETE FROM raw_pendo.allevents WHERE period_id >= DATE '2025-01-01' + $first::INTEGER "
                "AND period_id < DATE '2025-01-01' + $last::INTEGER",
                span,
            )
            (landed,) = first_row(connection, _LAND, span | values) or (0,)
            connection.execute(_LEDGER, {"load_id": load_id})
        return int(landed)
