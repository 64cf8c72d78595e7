{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        contract={'enforced': has_default_flow_columns()},
        pre_hook="{{ set_due_aside('fct_events', 'session_changes', 'session_key', ['source', 'app_id', 'day']) }}",
        post_hook="{{ remember_success() }}",
    )
}}

-- depends_on: {{ ref('events_this_run') }}, {{ ref('session_changes') }}, {{ ref('run_limits') }}
with
{% if is_incremental() -%}
due as (

    select session_key from {{ ref('session_changes') }}
    where {{ is_due_for('fct_events') }}

),

{% endif -%}
events as (

    select * from {{ ref('events_this_run') if is_incremental() else ref('events_published') }}
    {%- if is_incremental() %}
    where
        session_key in (
            select session_key from due
            where {{ is_sought('session_key') }}
        )
    {%- endif %}

),

sessions as (

    select
        session_key,
        previous_event_at,
    from {{ ref('int_sessions') }}

),

joined as (

    select
        events.event_key,
        events.source,
        events.app_id,
        events.event_id,
        events.session_key,
        events.session_id,
        events.visitor_key,
        events.visitor_id,
        events.anonymous_id,
        events.user_id,
        events.event_name,
        events.occurred_at,
        {{ analytics_day('events.occurred_at', 'events.source') }} as day,
        events.event_sequence_number,
        {{ minutes_between(
            'case when events.event_sequence_number = 1 then sessions.previous_event_at else events.previous_at end',
            'events.occurred_at'
        ) }} as idle_minutes,
        events.received_at,
        events.loaded_at,
        {{ following_events('events.event_name', 'session_stream') }}
    from events
    left join sessions on events.session_key = sessions.session_key
    window session_stream as (partition by events.session_key order by events.event_sequence_number)

)

select * from joined
