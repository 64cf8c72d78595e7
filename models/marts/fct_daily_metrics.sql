{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        meta={'is_rewritten': true},
        post_hook=["{{ forget_notes() }}", "{{ remember_success() }}"],
    )
}}

{%- set goes_on = counts_changes() -%}

-- depends_on: {{ ref('session_changes') }}, {{ ref('run_limits') }}, {{ ref('events_this_run') }}
with interactions as (

    select * from {{ ref('fct_sessions') }}
    where is_interaction and started_at is not null

),

-- Those who came for the first time are the cohort of the day.
first_time_visitors as (

    select
        source,
        app_id,
        cohort_day as day,
        visitors as first_time_visitors,
    from {{ ref('fct_retention') }}
    where day_number = 0

),

{% if goes_on -%}
known as (

    select * from {{ this }}

),

noted as (

    select * from {{ noted_for('fct_daily_metrics') }}

),

-- The median length of a day's sessions cannot be had from what changed.
session_days as (

    select distinct day from noted
    where noted_by = 'fct_sessions'

),

{{ changed_visits('noted', 'interactions') }},

{% endif -%}
session_metrics as (

    select
        source,
        app_id,
        day,
        count(*) as sessions,
        {{ total_minutes('started_at', 'ended_at') }} / count(*) as mean_duration_minutes,
        median(duration_minutes) as median_duration_minutes,
    from interactions
    {%- if goes_on %}
    where day in (select day from session_days)
    {%- endif %}
    group by source, app_id, day
    {%- if goes_on %}
    union all
    select
        source,
        app_id,
        day,
        sessions,
        mean_duration_minutes,
        median_duration_minutes,
    from known
    where sessions > 0 and day not in (select day from session_days)
    {%- endif %}

),

{% if goes_on -%}
event_steps as (

    select
        source,
        app_id,
        day,
        events as change,
    from known
    union all
    select
        source,
        app_id,
        day,
        change,
    from noted
    where noted_by = 'fct_events'

),

event_metrics as (

    select
        source,
        app_id,
        day,
        sum(change) as events,
    from event_steps
    group by source, app_id, day
    having sum(change) > 0

),
{%- else -%}
events as (

    select * from {{ ref('fct_events') }}

),

event_metrics as (

    select
        source,
        app_id,
        day,
        count(*) as events,
    from events
    group by source, app_id, day

),
{%- endif %}

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
    from event_metrics

),

{% if goes_on -%}
new_days as (

    select * from days
    except
    select
        source,
        app_id,
        day,
    from known

),

-- Where a day has a row, only the change is to be counted; where it is new, all of the longest span.
spans as (

    select distinct days.day
    from days
    inner join new_days on days.day <= new_days.day and days.day > {{ day_after('new_days.day', -30) }}

),

{% endif -%}
active_days as (

    select distinct
        source,
        app_id,
        visitor_key,
        day,
        1 as step,
        false as is_change,
    from interactions
    where visitor_key is not null
    {%- if goes_on %}
        and day in (select day from spans)
    union all
    select
        source,
        app_id,
        visitor_key,
        day,
        step,
        true as is_change,
    from changed_visits
    {%- endif %}

),

followed_days as (

    select
        *,
        lead(day) over (
            partition by source, app_id, visitor_key, step, is_change order by day
        ) as next_day,
    from active_days

),

-- A visitor counts from an active day on until the span is over or the next active day takes it up, so that
-- each is counted once on every day.
steps as (

    select
        source,
        app_id,
        day,
        is_change,
        step as daily_step,
        step as weekly_step,
        step as monthly_step,
    from followed_days
    union all
    {%- for weekly_step, monthly_step, days_counted in [('-step', 0, 7), (0, '-step', 30)] %}
    select
        source,
        app_id,
        {{ earlier_day('next_day', day_after('day', days_counted)) }} as day,
        is_change,
        0 as daily_step,
        {{ weekly_step }} as weekly_step,
        {{ monthly_step }} as monthly_step,
    from followed_days
    union all
    {%- endfor %}
    select
        source,
        app_id,
        day,
        false as is_change,
        0 as daily_step,
        0 as weekly_step,
        0 as monthly_step,
    from {{ 'new_days' if goes_on else 'days' }}
    {%- if goes_on %}
    union all
    select
        source,
        app_id,
        day,
        true as is_change,
        0 as daily_step,
        0 as weekly_step,
        0 as monthly_step,
    from known
    {%- endif %}

),

steps_of_days as (

    select
        source,
        app_id,
        day,
        is_change,
        sum(daily_step) as active_visitors,
        sum(weekly_step) as weekly_step,
        sum(monthly_step) as monthly_step,
    from steps
    group by source, app_id, day, is_change

),

rolling_counts as (

    select
        source,
        app_id,
        day,
        is_change,
        active_visitors,
        sum(weekly_step) over visitors_until as weekly_active_visitors,
        sum(monthly_step) over visitors_until as monthly_active_visitors,
    from steps_of_days
    window visitors_until as (partition by source, app_id, is_change order by day)

),

{% if goes_on -%}
counts_of_new_days as (

    select rolling_counts.*
    from rolling_counts
    inner join new_days
        on
            rolling_counts.source = new_days.source
            and rolling_counts.app_id is not distinct from new_days.app_id
            and rolling_counts.day = new_days.day
    where not rolling_counts.is_change

),

changed_counts as (

    select
        known.source,
        known.app_id,
        known.day,
        known.active_visitors + rolling_counts.active_visitors as active_visitors,
        known.weekly_active_visitors + rolling_counts.weekly_active_visitors as weekly_active_visitors,
        known.monthly_active_visitors + rolling_counts.monthly_active_visitors as monthly_active_visitors,
    from known
    inner join rolling_counts
        on
            known.source = rolling_counts.source
            and known.app_id is not distinct from rolling_counts.app_id
            and known.day = rolling_counts.day
    where rolling_counts.is_change

),

visitor_metrics as (

    select
        source,
        app_id,
        day,
        active_visitors,
        weekly_active_visitors,
        monthly_active_visitors,
    from counts_of_new_days
    union all
    select * from changed_counts

),
{%- else -%}
visitor_metrics as (

    select * from rolling_counts

),
{%- endif %}

final as (

    select
        days.source,
        days.app_id,
        days.day,
        cast(visitor_metrics.active_visitors as bigint) as active_visitors,
        cast(visitor_metrics.weekly_active_visitors as bigint) as weekly_active_visitors,
        cast(visitor_metrics.monthly_active_visitors as bigint) as monthly_active_visitors,
        coalesce(first_time_visitors.first_time_visitors, 0) as first_time_visitors,
        coalesce(session_metrics.sessions, 0) as sessions,
        session_metrics.mean_duration_minutes,
        session_metrics.median_duration_minutes,
        cast(coalesce(event_metrics.events, 0) as bigint) as events,
    from days
    inner join visitor_metrics
        on
            days.source = visitor_metrics.source
            and days.app_id is not distinct from visitor_metrics.app_id
            and days.day = visitor_metrics.day
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
    left join event_metrics
        on
            days.source = event_metrics.source
            and days.app_id is not distinct from event_metrics.app_id
            and days.day = event_metrics.day

)

select * from final
