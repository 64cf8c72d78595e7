{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        pre_hook="{{ replace_all() }}",
        post_hook="{{ remember_success() }}",
    )
}}

-- depends_on: {{ ref('session_changes') }}, {{ ref('run_limits') }}, {{ ref('events_this_run') }}
with sessions as (

    select * from {{ ref('fct_sessions') }}

),

events as (

    select
        source,
        app_id,
        day,
        count(*) as events,
    from {{ ref('fct_events') }}
    group by all

),

interactions as (

    select * from sessions
    where is_interaction and started_at is not null

),

first_days as (

    select
        source,
        app_id,
        visitor_key,
        min(day) as day,
    from interactions
    where visitor_key is not null
    group by all

),

first_time_visitors as (

    select
        source,
        app_id,
        day,
        count(*) as first_time_visitors,
    from first_days
    group by all

),

session_metrics as (

    select
        source,
        app_id,
        day,
        count(distinct visitor_key) as active_visitors,
        count(*) as sessions,
        {{ total_minutes('started_at', 'ended_at') }} / count(*) as mean_duration_minutes,
        median(duration_minutes) as median_duration_minutes,
    from interactions
    group by all

),

days as (

    select
        source,
        app_id,
        day,
    from session_metrics
    union
    select
        source,
        app_id,
        day,
    from events

),

final as (

    select
        days.source,
        days.app_id,
        days.day,
        coalesce(session_metrics.active_visitors, 0) as active_visitors,
        coalesce(first_time_visitors.first_time_visitors, 0) as first_time_visitors,
        coalesce(session_metrics.sessions, 0) as sessions,
        session_metrics.mean_duration_minutes,
        session_metrics.median_duration_minutes,
        cast(coalesce(events.events, 0) as bigint) as events,
    from days
    left join session_metrics
        on
            days.source = session_metrics.source
            and days.app_id is not distinct from session_metrics.app_id
            and days.day = session_metrics.day
    left join first_time_visitors
        on
            days.source = first_time_visitors.source
            and days.app_id is not distinct from first_time_visitors.app_id
            and days.day = first_time_visitors.day
    left join events
        on
            days.source = events.source
            and days.app_id is not distinct from events.app_id
            and days.day = events.day

)

select * from final
