{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        pre_hook="{{ replace_due('dim_visitors', 'visitor_changes', 'visitor_key') }}",
        post_hook="{{ remember_success() }}",
    )
}}

-- depends_on: {{ ref('visitor_changes') }}, {{ ref('run_limits') }}, {{ ref('events_this_run') }}
with
{% if is_incremental() -%}
due as (

    select visitor_key from {{ ref('visitor_changes') }}
    where {{ is_due_for('dim_visitors') }}

),

{% endif -%}
sessions as (

    select * from {{ ref('fct_sessions') }}
    where visitor_key is not null
    {%- if is_incremental() %}
        and visitor_key in (
            select visitor_key from due
            where {{ is_sought('visitor_key') }}
        )
    {%- endif %}

),

events as (

    select * from {{ ref('fct_events') }}
    {%- if is_incremental() %}
    where
        visitor_key in (
            select visitor_key from due
            where {{ is_sought('visitor_key') }}
        )
    {%- endif %}

),

aliases as (

    select * from {{ ref('int_aliases') }}
    {%- if is_incremental() %}
    where
        visitor_key in (
            select visitor_key from due
            where {{ is_sought('visitor_key') }}
        )
    {%- endif %}

),

session_totals as (

    select
        visitor_key,
        any_value(source) as source,
        any_value(visitor_id) as visitor_id,
        min(started_at) filter (where is_interaction) as first_session_at,
        max(started_at) filter (where is_interaction) as last_session_at,
        count(*) filter (where is_interaction) as number_of_sessions,
        {{ total_minutes('started_at', 'ended_at', 'is_interaction') }} as total_session_minutes,
    from sessions
    group by visitor_key

),

event_totals as (

    select
        visitor_key,
        min(occurred_at) as first_event_at,
        max(occurred_at) as last_event_at,
        count(*) as total_events,
    from events
    group by visitor_key

),

alias_lists as (

    select
        visitor_key,
        {{ distinct_list('alias') }} as aliases,
        count(*) as number_of_aliases,
    from aliases
    group by visitor_key

),

-- A session's events may be of others than its visitor. Only of these are the texts of events read.
visitors_without_sessions as (

    select visitor_key from event_totals
    where visitor_key not in (select visitor_key from session_totals)

),

visitors_of_events as (

    select
        visitor_key,
        any_value(source) as source,
        any_value(visitor_id) as visitor_id,
    from {{ ref('fct_events') }}
    where
        visitor_key in (
            select visitor_key from visitors_without_sessions
            where {{ is_sought('visitor_key') }}
        )
    group by visitor_key

),

visitors as (

    select
        visitor_key,
        source,
        visitor_id,
    from session_totals
    union all
    select
        visitor_key,
        source,
        visitor_id,
    from visitors_of_events

),

final as (

    select
        visitors.visitor_key,
        visitors.source,
        visitors.visitor_id,
        session_totals.first_session_at,
        session_totals.last_session_at,
        coalesce(session_totals.number_of_sessions, 0) as number_of_sessions,
        coalesce(session_totals.total_session_minutes, 0) as total_session_minutes,
        event_totals.first_event_at,
        event_totals.last_event_at,
        coalesce(event_totals.total_events, 0) as total_events,
        coalesce(alias_lists.aliases, [visitors.visitor_id]) as aliases,
        coalesce(alias_lists.number_of_aliases, 1) as number_of_aliases,
    from visitors
    left join session_totals on visitors.visitor_key = session_totals.visitor_key
    left join event_totals on visitors.visitor_key = event_totals.visitor_key
    left join alias_lists on visitors.visitor_key = alias_lists.visitor_key

)

select * from final
