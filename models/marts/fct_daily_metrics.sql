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

active_days as (

    select distinct
        source,
        app_id,
        visitor_key,
        day,
    from interactions
    where visitor_key is not null

),

followed_days as (

    select
        *,
        lead(day) over (partition by source, app_id, visitor_key order by day) as next_day,
    from active_days

),

-- A visitor counts from an active day on until the span is over or the next active day takes it up, so that
-- each is counted once on every day.
steps as (

    select
        source,
        app_id,
        day,
        1 as weekly_step,
        1 as monthly_step,
    from followed_days
    union all
    {%- for weekly_step, monthly_step, days_counted in [(-1, 0, 7), (0, -1, 30)] %}
    select
        source,
        app_id,
        {{ earlier_day('next_day', day_after('day', days_counted)) }} as day,
        {{ weekly_step }} as weekly_step,
        {{ monthly_step }} as monthly_step,
    from followed_days
    union all
    {%- endfor %}
    select
        source,
        app_id,
        day,
        0 as weekly_step,
        0 as monthly_step,
    from days

),

steps_of_days as (

    select
        source,
        app_id,
        day,
        sum(weekly_step) as weekly_step,
        sum(monthly_step) as monthly_step,
    from steps
    group by all

),

rolling_visitors as (

    select
        source,
        app_id,
        day,
        cast(sum(weekly_step) over visitors_until as bigint) as weekly_active_visitors,
        cast(sum(monthly_step) over visitors_until as bigint) as monthly_active_visitors,
    from steps_of_days
    window visitors_until as (partition by source, app_id order by day)

),

final as (

    select
        days.source,
        days.app_id,
        days.day,
        coalesce(session_metrics.active_visitors, 0) as active_visitors,
        rolling_visitors.weekly_active_visitors,
        rolling_visitors.monthly_active_visitors,
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
    inner join rolling_visitors
        on
            days.source = rolling_visitors.source
            and days.app_id is not distinct from rolling_visitors.app_id
            and days.day = rolling_visitors.day
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
