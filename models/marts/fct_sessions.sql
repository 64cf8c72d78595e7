{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        contract={'enforced': has_default_session_columns()},
        pre_hook="{{ set_due_aside('fct_sessions', 'session_changes', 'session_key', counted_session_columns()) }}",
        post_hook="{{ remember_success() }}",
    )
}}

-- depends_on: {{ ref('session_changes') }}, {{ ref('run_limits') }}, {{ ref('events_this_run') }}
with
{% if is_incremental() -%}
due as (

    select session_key from {{ ref('session_changes') }}
    where {{ is_due_for('fct_sessions') }}

),

{% endif -%}
published as (

    select session_key from {{ ref('sessions_lifecycle_manifest') }}
    {%- if is_incremental() %}
    where
        session_key in (
            select session_key from due
            where {{ is_sought('session_key') }}
        )
    {%- endif %}

),

sessions as (

    select * from {{ ref('int_sessions') }}

),

events as (

    select * from {{ ref('fct_events') }}
    {%- if is_incremental() %}
    where
        session_key in (
            select session_key from published
            where {{ is_sought('session_key') }}
        )
    {%- endif %}

),

event_totals as (

    select
        session_key,
        {{ value_of_first('event_name', ['event_sequence_number']) }} as first_event,
        {{ value_of_last('event_name', ['event_sequence_number']) }} as last_event,
        count(*) as event_count,
        {{ count_of_each_event('event_name') }}
    from events
    group by session_key

),

final as (

    select
        sessions.session_key,
        sessions.source,
        sessions.app_id,
        sessions.session_id,
        sessions.visitor_key,
        sessions.visitor_id,
        sessions.session_sequence_number,
        sessions.started_at,
        sessions.ended_at,
        {{ analytics_day('sessions.started_at', 'sessions.source') }} as day,
        {{ minutes_between('sessions.started_at', 'sessions.ended_at') }} as duration_minutes,
        sessions.next_session_started_at,
        coalesce(event_totals.event_count, 0) as event_count,
        event_totals.first_event,
        event_totals.last_event,
        sessions.is_interaction,
        sessions.is_capped,
        {%- for event_name in checked_var('session_event_counts') %}
        {%- set column = event_count_column(event_name) %}
        coalesce(event_totals.{{ column }}, 0) as {{ column }},
        {%- endfor %}
    from published
    inner join sessions on published.session_key = sessions.session_key
    left join event_totals on published.session_key = event_totals.session_key

)

select * from final
