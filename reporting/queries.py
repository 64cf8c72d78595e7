"""The questions of the report. Each answer begins with the source, null for all sources together.

Everything is aggregated here; what could be long is cut to its top, so that a report stays small however
large the marts are. Every order ends with a unique column, so that the same marts give the same report.
"""

from __future__ import annotations

SHOWN_DAYS = 366
SHOWN_EXPORTS = 20
SHOWN_REASONS = 15
SHOWN_NAMES = 12
NAMES_PER_STEP = 6
# Columns of fct_flows, one a step; var flow_length decides how many there are.
STEP_COLUMNS = ("event", "event_2", "event_3", "event_4", "event_5")
RETENTION_DAYS = 28
COHORTS = 31
# Minutes at which the next bucket of session lengths begins; the first is for sessions without a length.
DURATION_EDGES = (10 / 60, 0.5, 1.0, 3.0, 10.0, 30.0, 60.0)

AS_OF = "SELECT max(loaded_at) FROM raw.loads"

# Whether rows that events, sessions and identities come from were loaded after the marts were built.
ARE_MARTS_BEHIND = """
    SELECT coalesce(
        (
            SELECT max(load_id) FROM (
                SELECT max(_load_id) AS load_id FROM raw_leanplum.sessions
                UNION ALL SELECT max(_load_id) FROM raw_leanplum.events
                UNION ALL SELECT max(_load_id) FROM raw_monetate.sessions
                UNION ALL SELECT max(_load_id) FROM raw_pendo.allevents
                UNION ALL SELECT max(_load_id) FROM raw_rudderstack.tracks
                UNION ALL SELECT max(_load_id) FROM raw_rudderstack.identifies
                UNION ALL SELECT max(_load_id) FROM raw_rudderstack.aliases
                UNION ALL SELECT max(_load_id) FROM raw_snowplow.events
            )
        ) > (SELECT coalesce(max(load_id), 0) FROM staging.stg_ledger__loads),
        false
    )
"""

# source, sessions, minutes of the median session, sessions without interaction
SESSION_TOTALS = """
    SELECT
        source,
        count(*) FILTER (is_interaction),
        quantile_cont(duration_minutes, 0.5) FILTER (is_interaction),
        count(*) FILTER (NOT is_interaction)
    FROM marts.fct_sessions
    GROUP BY GROUPING SETS ((source), ())
    ORDER BY source NULLS FIRST
"""

# source, visitors
VISITOR_TOTALS = """
    SELECT source, count(*)
    FROM marts.dim_visitors
    GROUP BY GROUPING SETS ((source), ())
    ORDER BY source NULLS FIRST
"""

# source, events, time of the latest event, time of the latest receipt
EVENT_TOTALS = """
    SELECT source, count(*), max(occurred_at), max(received_at)
    FROM marts.fct_events
    GROUP BY GROUPING SETS ((source), ())
    ORDER BY source NULLS FIRST
"""

# source, status, exports, files, rows, bad lines
LOADS = """
    SELECT vendor, status, count(*), sum(files)::BIGINT, sum(rows)::BIGINT, sum(rejected_rows)::BIGINT
    FROM raw.loads
    GROUP BY GROUPING SETS ((vendor, status), (status))
    ORDER BY vendor NULLS FIRST, status
"""

# source, time of the last load
LAST_LOADS = """
    SELECT vendor, max(loaded_at)
    FROM raw.loads
    GROUP BY GROUPING SETS ((vendor), ())
    ORDER BY vendor NULLS FIRST
"""

# source, export, status, reason, vendor
EXPORTS_LEFT_OUT = """
    WITH left_out AS (
        SELECT vendor, export_id, status, reason FROM raw.loads
        WHERE status IN ('rejected', 'incomplete', 'orphan')
    ),
    choices AS (
        SELECT vendor AS source, * FROM left_out
        UNION ALL
        SELECT NULL AS source, * FROM left_out
    )
    SELECT source, export_id, status, reason, vendor
    FROM choices
    QUALIFY row_number() OVER (
        PARTITION BY source ORDER BY status DESC, vendor, export_id
    ) <= $shown_exports
    ORDER BY source NULLS FIRST, status DESC, vendor, export_id
"""

# source, reason, lines
REJECTED_LINES = """
    SELECT vendor AS source, reason, count(*)
    FROM raw.rejected_lines
    GROUP BY GROUPING SETS ((vendor, reason), (reason))
    QUALIFY row_number() OVER (PARTITION BY source ORDER BY count(*) DESC, reason) <= $shown_reasons
    ORDER BY source NULLS FIRST, count(*) DESC, reason
"""

# source, reason, events
REJECTED_EVENTS = """
    SELECT source, reason, count(*)
    FROM intermediate.int_events_rejected
    GROUP BY GROUPING SETS ((source, reason), (reason))
    QUALIFY row_number() OVER (PARTITION BY source ORDER BY count(*) DESC, reason) <= $shown_reasons
    ORDER BY source NULLS FIRST, count(*) DESC, reason
"""

# source, day, sessions, visitors. A visitor of several sources is one in each: identities cross no sources.
ACTIVITY = """
    WITH interactions AS (
        SELECT source, day, visitor_key FROM marts.fct_sessions
        WHERE is_interaction AND day <= coalesce($as_of::DATE + 1, 'infinity'::DATE)
    ),
    -- Clocks that ran far ahead must not push real days out of the picture.
    last_day AS (
        SELECT max(day) AS day FROM interactions
    )
    SELECT source, interactions.day, count(*), count(DISTINCT visitor_key)
    FROM interactions
    INNER JOIN last_day ON interactions.day > last_day.day - $shown_days
    GROUP BY GROUPING SETS ((source, interactions.day), (interactions.day))
    ORDER BY source NULLS FIRST, interactions.day
"""

# source, number of the bucket (0: no length at all), sessions
DURATIONS = """
    SELECT
        source,
        CASE
            WHEN duration_minutes = 0 THEN 0
            ELSE 1 + len(list_filter($edges, lambda edge: edge <= duration_minutes))
        END AS bucket,
        count(*)
    FROM marts.fct_sessions
    WHERE is_interaction AND duration_minutes IS NOT NULL
    GROUP BY GROUPING SETS ((source, bucket), (bucket))
    ORDER BY source NULLS FIRST, bucket
"""

# One step of FLOWS: how often which event followed which, or nothing did.
FLOWS_STEP = """
        SELECT
            source,
            {step} AS step,
            {column} AS name,
            CASE WHEN event_count > {step} THEN {next_column} END AS next_name,
            event_count = {step} AS is_end,
            count(*) AS sessions
        FROM begun
        WHERE event_count >= {step}
        GROUP BY ALL
"""

# source, step, name and kind before, name and kind after, sessions; kind: event, other (less frequent), end.
FLOWS = """
    WITH begun AS MATERIALIZED (
        SELECT flows.source, sessions.event_count, {columns}
        FROM marts.fct_flows AS flows
        INNER JOIN marts.fct_sessions AS sessions ON flows.session_key = sessions.session_key
        WHERE flows.event_sequence_number = 1 AND sessions.is_interaction
    ),
    steps AS (
        {steps}
    ),
    moves AS (
        SELECT source, step, name, next_name, is_end, sum(sessions) AS sessions
        FROM steps
        GROUP BY GROUPING SETS ((source, step, name, next_name, is_end), (step, name, next_name, is_end))
    ),
    places AS (
        SELECT source, step, name, sessions FROM moves
        UNION ALL
        SELECT source, step + 1, next_name, sessions FROM moves
        WHERE NOT is_end AND step = {last_step}
    ),
    frequent AS (
        SELECT source, step, name
        FROM places
        GROUP BY source, step, name
        QUALIFY row_number() OVER (
            PARTITION BY source, step ORDER BY sum(sessions) DESC, name
        ) <= $names_per_step
    )
    SELECT
        moves.source,
        moves.step,
        CASE WHEN before.step IS NOT NULL THEN moves.name END AS shown_name,
        CASE WHEN before.step IS NOT NULL THEN 'event' ELSE 'other' END AS kind,
        CASE WHEN after.step IS NOT NULL AND NOT is_end THEN next_name END AS shown_next_name,
        CASE WHEN is_end THEN 'end' WHEN after.step IS NOT NULL THEN 'event' ELSE 'other' END AS next_kind,
        sum(moves.sessions)::BIGINT
    FROM moves
    LEFT JOIN frequent AS before
        ON moves.source IS NOT DISTINCT FROM before.source
        AND moves.step = before.step
        AND moves.name IS NOT DISTINCT FROM before.name
    LEFT JOIN frequent AS after
        ON moves.source IS NOT DISTINCT FROM after.source
        AND moves.step + 1 = after.step
        AND moves.next_name IS NOT DISTINCT FROM after.name
    GROUP BY ALL
    ORDER BY ALL NULLS FIRST
"""

# source, first day of the cohort, day number, visitors of the cohort that came, visitors of the cohort,
# whether a cohort is a week. Days that are not over yet for a cohort are not there.
RETENTION = """
    WITH came AS (
        SELECT source, cohort_day, day_number, sum(visitors) AS visitors
        FROM marts.fct_retention
        WHERE cohort_day + day_number <= coalesce($as_of::DATE + 1, 'infinity'::DATE)
        GROUP BY ALL
    ),
    last_days AS (
        SELECT source, max(cohort_day + day_number) AS day FROM came GROUP BY source
    ),
    grid AS (
        SELECT
            cohorts.source,
            cohorts.cohort_day,
            cohorts.visitors AS cohort_visitors,
            unnest(range(0, least($retention_days, last_days.day - cohorts.cohort_day) + 1)) AS day_number
        FROM came AS cohorts
        INNER JOIN last_days ON cohorts.source = last_days.source
        WHERE cohorts.day_number = 0
    ),
    is_long AS (
        SELECT count(DISTINCT cohort_day) > $cohorts AS is_weekly FROM grid
    ),
    cells AS (
        SELECT
            grid.source,
            CASE
                WHEN is_long.is_weekly THEN date_trunc('week', grid.cohort_day)::DATE
                ELSE grid.cohort_day
            END AS cohort,
            grid.day_number,
            coalesce(came.visitors, 0) AS visitors,
            grid.cohort_visitors,
            is_long.is_weekly
        FROM grid
        CROSS JOIN is_long
        LEFT JOIN came
            ON grid.source = came.source
            AND grid.cohort_day = came.cohort_day
            AND grid.day_number = came.day_number
    )
    SELECT
        source,
        cohort,
        day_number,
        sum(visitors)::BIGINT,
        sum(cohort_visitors)::BIGINT,
        any_value(is_weekly)
    FROM cells
    GROUP BY GROUPING SETS ((source, cohort, day_number), (cohort, day_number))
    QUALIFY dense_rank() OVER (PARTITION BY source ORDER BY cohort DESC) <= $cohorts
    ORDER BY source NULLS FIRST, cohort, day_number
"""

# source, name, how often
TOP_EVENTS = """
    SELECT source, event_name, count(*)
    FROM marts.fct_events
    GROUP BY GROUPING SETS ((source, event_name), (event_name))
    QUALIFY row_number() OVER (PARTITION BY source ORDER BY count(*) DESC, event_name) <= $shown_names
    ORDER BY source NULLS FIRST, count(*) DESC, event_name
"""

_EVENTS_OF_SESSIONS = """
    SELECT source, {column}, count(*)
    FROM marts.fct_sessions
    WHERE is_interaction AND event_count > 0
    GROUP BY GROUPING SETS ((source, {column}), ({column}))
    QUALIFY row_number() OVER (PARTITION BY source ORDER BY count(*) DESC, {column}) <= $shown_names
    ORDER BY source NULLS FIRST, count(*) DESC, {column}
"""

# source, name, how often
FIRST_EVENTS = _EVENTS_OF_SESSIONS.format(column="first_event")

# source, name, how often
LAST_EVENTS = _EVENTS_OF_SESSIONS.format(column="last_event")

_SESSIONS_BY_CONTEXT = """
    WITH told AS (
        SELECT source, {name} AS name FROM marts.dim_sessions WHERE is_interaction AND {told} IS NOT NULL
    )
    SELECT source, name, count(*)
    FROM told
    GROUP BY GROUPING SETS ((source, name), (name))
    QUALIFY row_number() OVER (PARTITION BY source ORDER BY count(*) DESC, name) <= $shown_names
    ORDER BY source NULLS FIRST, count(*) DESC, name
"""

# source, path of the landing page, sessions
LANDING_PAGES = _SESSIONS_BY_CONTEXT.format(name="landing_page_path", told="landing_page_path")

# source, how and from whom, sessions
REFERRERS = _SESSIONS_BY_CONTEXT.format(
    name="concat_ws(': ', referrer_medium, referrer_source)", told="referrer_medium"
)

# source, the campaign's source, medium and name, sessions
CAMPAIGNS = _SESSIONS_BY_CONTEXT.format(
    name="concat_ws(' / ', utm_source, utm_medium, utm_campaign)",
    told="coalesce(utm_source, utm_medium, utm_campaign)",
)
