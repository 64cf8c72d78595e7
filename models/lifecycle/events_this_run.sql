{{ config(materialized='view') }}

with events as (

    select * from {{ ref('int_events_sessionized') }}

),

sessions as (

    select * from {{ ref('sessions_this_run') }}

),

{% if not uses_clock('loaded_at') -%}
bounds as (

    select
        min(start_tstamp) as first_at,
        max(end_tstamp) as last_at,
    from sessions

),

{% endif -%}
final as (

    select
        events.event_id,
        sessions.session_id,
        events.event_key,
        events.session_key,
        events.source,
        events.visitor_id,
        events.visitor_key,
        events.occurred_at,
        events.lifecycle_at,
        events.previous_at,
        events.event_sequence_number,
    from events
    inner join sessions on events.session_key = sessions.session_key
    {%- if uses_clock('loaded_at') %}
    where not events.is_beyond_cap
    {%- else %}
    cross join bounds
    where
        events.lifecycle_at >= sessions.start_tstamp
        and events.lifecycle_at <= {{ add_days('sessions.start_tstamp', checked_var('max_session_days')) }}
        and events.lifecycle_at between bounds.first_at and bounds.last_at
    {%- endif %}

)

select * from final
