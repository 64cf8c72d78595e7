"""The eight tables of RudderStack's guide to sessions, in plain SQL over text keys, one after the other.

The rules are the project's: duplicates and rejected events are left out, ties are broken by id, and events
beyond the cap belong to no session. What differs is how: every table is written in full, with its texts.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

import duckdb

from benchmarks.relations import digest
from benchmarks.rudderstack import attach
from loaders.warehouse import CONFIG

# Of several deliveries the first received counts. Ranking only ids that repeat is the fastest plain way:
# ranking all takes twice as long.
_TRACKS = """
    WITH deliveries AS (
        SELECT * FROM raw.raw_rudderstack.tracks
    ),
    repeated AS (
        SELECT id FROM deliveries GROUP BY id HAVING count(*) > 1
    ),
    received AS (
        SELECT * FROM deliveries WHERE id NOT IN (SELECT id FROM repeated)
        UNION ALL
        SELECT * FROM deliveries WHERE id IN (SELECT id FROM repeated)
        QUALIFY row_number() OVER (PARTITION BY id ORDER BY received_at, _load_id, _file, _line) = 1
    )
    SELECT id, anonymous_id, user_id, event, "timestamp"
    FROM received
    WHERE "timestamp" IS NOT NULL
        AND (anonymous_id IS NOT NULL OR user_id IS NOT NULL)
        AND (sent_at IS NULL OR original_timestamp IS NULL
            OR sent_at <= original_timestamp + INTERVAL 3 DAY)
"""
_ALIASES = """
    SELECT DISTINCT
        alias,
        coalesce(
            first_value(next_alias IGNORE NULLS) OVER (
                PARTITION BY alias ORDER BY "timestamp" DESC, id DESC
                ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
            ),
            alias
        ) AS dbt_visitor_id
    FROM (
        SELECT anonymous_id AS alias, user_id AS next_alias, "timestamp", id FROM tracks
        UNION ALL
        SELECT user_id, NULL, "timestamp", id FROM tracks
    )
"""
_WITHOUT_NULLS = f"{_ALIASES} WHERE alias IS NOT NULL"
_MAPPED_TRACKS = """
    SELECT
        *,
        epoch_us("timestamp" - lag("timestamp") OVER (
            PARTITION BY dbt_visitor_id ORDER BY "timestamp", event_id
        )) / 60e6 AS idle_time_minutes
    FROM (
        SELECT
            tracks.id AS event_id, tracks.anonymous_id, aliases.dbt_visitor_id, tracks."timestamp",
            tracks.event
        FROM tracks
        INNER JOIN dbt_aliases_mapping AS aliases
            ON aliases.alias = coalesce(tracks.user_id, tracks.anonymous_id)
    )
"""
_SESSION_TRACKS = """
    SELECT
        row_number() OVER visits || ' - ' || dbt_visitor_id AS session_id,
        dbt_visitor_id,
        "timestamp" AS session_start_at,
        row_number() OVER visits AS session_sequence_number,
        lead("timestamp") OVER visits AS next_session_start_at
    FROM dbt_mapped_tracks
    WHERE idle_time_minutes IS NULL OR idle_time_minutes > 30
    WINDOW visits AS (PARTITION BY dbt_visitor_id ORDER BY "timestamp", event_id)
"""
_TRACK_FACTS = """
    SELECT
        tracks.anonymous_id, tracks."timestamp", tracks.event_id, tracks.event, sessions.session_id,
        tracks.dbt_visitor_id,
        row_number() OVER (
            PARTITION BY sessions.session_id ORDER BY tracks."timestamp", tracks.event_id
        ) AS track_sequence_number
    FROM dbt_mapped_tracks AS tracks
    INNER JOIN dbt_session_tracks AS sessions
        ON tracks.dbt_visitor_id = sessions.dbt_visitor_id
        AND tracks."timestamp" >= sessions.session_start_at
        AND (tracks."timestamp" < sessions.next_session_start_at OR sessions.next_session_start_at IS NULL)
        AND tracks."timestamp" <= sessions.session_start_at + INTERVAL 3 DAY
"""
_SESSION_TRACK_FACTS = """
    SELECT
        session_id,
        max("timestamp") AS ended_at,
        count(DISTINCT event_id) AS num_pvs,
        count(*) FILTER (event = 'viewed_product') AS cnt_viewed_product,
        count(*) FILTER (event = 'signup') AS cnt_signup
    FROM dbt_track_facts
    GROUP BY session_id
"""
_USER_SESSION_FACTS = """
    SELECT
        dbt_visitor_id,
        min(session_start_at) AS first_date,
        max(session_start_at) AS last_date,
        count(*) AS number_of_sessions
    FROM dbt_session_tracks
    GROUP BY dbt_visitor_id
"""
_SESSION_DURATION = """
    SELECT
        sessions.dbt_visitor_id,
        sessions.session_id,
        epoch_us(facts.ended_at - sessions.session_start_at) / 60e6 AS session_duration
    FROM dbt_session_tracks AS sessions
    INNER JOIN dbt_session_track_facts AS facts ON sessions.session_id = facts.session_id
"""
_TRACKS_FLOW = """
    SELECT
        event_id, session_id, track_sequence_number, event, dbt_visitor_id, "timestamp",
        lead(event, 1) OVER following AS event_2,
        lead(event, 2) OVER following AS event_3,
        lead(event, 3) OVER following AS event_4,
        lead(event, 4) OVER following AS event_5
    FROM dbt_track_facts
    WINDOW following AS (PARTITION BY session_id ORDER BY track_sequence_number)
"""

# Columns in one form on both sides. Idle minutes are compared for the events that a session kept.
_COMPARED = {
    "dbt_aliases_mapping": "alias, dbt_visitor_id",
    "dbt_mapped_tracks": (
        'event_id, anonymous_id, dbt_visitor_id, "timestamp", event, round(idle_time_minutes, 6)'
    ),
    "dbt_session_tracks": (
        "session_id, dbt_visitor_id, session_start_at, session_sequence_number::BIGINT, next_session_start_at"
    ),
    "dbt_track_facts": (
        'anonymous_id, "timestamp", event_id, event, session_id, dbt_visitor_id, '
        "track_sequence_number::BIGINT"
    ),
    "dbt_session_track_facts": (
        "session_id, ended_at, num_pvs::BIGINT, cnt_viewed_product::BIGINT, cnt_signup::BIGINT"
    ),
    "dbt_user_session_facts": "dbt_visitor_id, first_date, last_date, number_of_sessions::BIGINT",
    "dbt_session_duration": "dbt_visitor_id, session_id, round(session_duration, 6)",
    "dbt_tracks_flow": (
        'event_id, session_id, track_sequence_number::BIGINT, event, dbt_visitor_id, "timestamp", '
        "event_2, event_3, event_4, event_5"
    ),
}
TABLES = tuple(_COMPARED)


@dataclass(frozen=True, slots=True)
class EightTables:
    """The peer; `with_null_partition` has all events without a user in one window, as the guide does."""

    with_null_partition: bool = False

    def build(self, history: Path, database: Path) -> dict[str, float]:
        """Write the tables of a raw database into a new one and return the seconds of each statement."""
        seconds: dict[str, float] = {}
        with duckdb.connect(str(database), config=CONFIG) as connection:
            # As in the project's profile.
            connection.execute("SET TimeZone = 'UTC'")
            connection.execute("SET preserve_insertion_order = false")
            attach(connection, history, "raw")
            for table, statement in self._statements().items():
                started = time.perf_counter()
                connection.execute(f"CREATE TABLE {table} AS {statement}")
                seconds[table] = time.perf_counter() - started
        return seconds

    def _statements(self) -> dict[str, str]:
        return {
            "tracks": _TRACKS,
            "dbt_aliases_mapping": _ALIASES if self.with_null_partition else _WITHOUT_NULLS,
            "dbt_mapped_tracks": _MAPPED_TRACKS,
            "dbt_session_tracks": _SESSION_TRACKS,
            "dbt_track_facts": _TRACK_FACTS,
            "dbt_session_track_facts": _SESSION_TRACK_FACTS,
            "dbt_user_session_facts": _USER_SESSION_FACTS,
            "dbt_session_duration": _SESSION_DURATION,
            "dbt_tracks_flow": _TRACKS_FLOW,
        }


def differing_tables(built: Path, peer: Path) -> list[str]:
    """Return the tables whose rows, compared by count and by a sum of hashes, differ from the peer's."""
    with duckdb.connect() as connection:
        attach(connection, built, "bench")
        attach(connection, peer, "peer")
        return [
            table
            for table in TABLES
            if digest(connection, f"SELECT {_COMPARED[table]} FROM bench.rudder.{table}")
            != digest(connection, _peer_rows(table))
        ]


def _peer_rows(table: str) -> str:
    if table == "dbt_mapped_tracks":
        kept = "SELECT event_id FROM peer.dbt_track_facts"
        return f"SELECT {_COMPARED[table]} FROM peer.{table} WHERE event_id IN ({kept})"
    rows = f"SELECT {_COMPARED[table]} FROM peer.{table}"
    # The alias of events without a user, which the guide's window makes.
    return f"{rows} WHERE alias IS NOT NULL" if table == "dbt_aliases_mapping" else rows
