"""Generated tracks on their way into raw, with the ledger rows that a load writes."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import duckdb

from loaders.queries import first_row
from loaders.warehouse import connect, transaction

FIRST_LOAD_AT = datetime(2026, 1, 1)
BETWEEN_LOADS = timedelta(minutes=10)
LOAD_EVENTS = 100_000

_LAND = """
    INSERT INTO raw_rudderstack.tracks BY NAME
    SELECT
        'shop' AS source_id,
        'web' AS channel,
        tracks.* EXCLUDE (arrival),
        loads.load_id AS _load_id,
        loads.loaded_at AS _loaded_at,
        loads.export_id AS _file,
        tracks.arrival - $after - (loads.number * $load_events) AS _line
    FROM generated.tracks AS tracks
    INNER JOIN landing_loads AS loads ON loads.number = (tracks.arrival - $after - 1) // $load_events
    WHERE tracks.arrival > $after AND tracks.arrival <= $last
"""
_LOADS = """
    CREATE OR REPLACE TEMP TABLE landing_loads AS
    SELECT
        number,
        $load_id + number AS load_id,
        $loaded_at::TIMESTAMP + number * $pause AS loaded_at,
        'rudder-logs/shop/2026-01-01/' || lpad(($load_id + number)::VARCHAR, 6, '0') || '.json.gz'
            AS export_id
    FROM range(($last - $after + $load_events - 1) // $load_events) AS numbers(number)
"""
_LEDGER = """
    INSERT INTO raw.loads BY NAME
    SELECT
        loads.load_id, 'rudderstack' AS vendor, loads.export_id, 'loaded' AS status, 1 AS files,
        count(*) AS rows, 0 AS rejected_rows, '' AS reason, loads.load_id::VARCHAR AS digest,
        loads.export_id AS uri, loads.loaded_at
    FROM landing_loads AS loads
    INNER JOIN raw_rudderstack.tracks AS tracks ON tracks._load_id = loads.load_id
    GROUP BY ALL
"""


def land_tracks(database: Path, tracks: Path, after: int, last: int) -> int:
    """Land the deliveries after the `after`th up to the `last` one, as one load for every 100,000.

    `tracks` is a file of `write_tracks`. Returns how many were landed: fewer where it has no more.
    """
    with connect(database) as connection:
        # Rows keep the order in which they arrived, as they do when files are loaded.
        connection.execute("SET preserve_insertion_order = true")
        attach(connection, tracks, "generated")
        load_id, loaded_at = next_load(connection)
        span = {"after": after, "last": last, "load_events": LOAD_EVENTS}
        with transaction(connection):
            connection.execute(
                _LOADS, {"load_id": load_id, "loaded_at": loaded_at, "pause": BETWEEN_LOADS, **span}
            )
            (landed,) = first_row(connection, _LAND, span) or (0,)
            connection.execute(_LEDGER)
        return int(landed)


def attach(connection: duckdb.DuckDBPyConnection, database: Path, name: str) -> None:
    """Attach a database file for reading under a name that is a constant of the caller."""
    path = str(database).replace("'", "''")
    connection.execute(f"ATTACH '{path}' AS {name} (READ_ONLY)")


def next_load(connection: duckdb.DuckDBPyConnection) -> tuple[int, datetime]:
    """Return the number and the moment of the next load."""
    (load_id,) = first_row(connection, "SELECT coalesce(max(load_id), 0) + 1 FROM raw.loads") or (1,)
    return load_id, FIRST_LOAD_AT + load_id * BETWEEN_LOADS
