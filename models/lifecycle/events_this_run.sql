{{ config(materialized='view') }}

with places as (

    select * from {{ ref('int_events_sessionized') }}

),

events as (

    select * from {{ ref('int_events_staged') }}

),

aliases as (

    select * from {{ ref('int_aliases') }}

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
        places.event_key,
        places.session_key,
        places.source,
        aliases.visitor_id,
        places.visitor_key,
        events.app_id,
        events.anonymous_id,
        events.user_id,
        events.event_name,
        places.occurred_at,
        places.lifecycle_at,
        places.previous_at,
        places.event_sequence_number,
        events.received_at,
        events.loaded_at,
    from places
    inner join sessions on places.session_key = sessions.session_key
    inner join events on places.event_key = events.event_key
    left join aliases on places.alias_key = aliases.alias_key
    {%- if uses_clock('loaded_at') %}
    where not places.is_beyond_cap
    {%- else %}
    cross join bounds
    where
        places.lifecycle_at >= sessions.start_tstamp
        and places.lifecycle_at <= {{ add_days('sessions.start_tstamp', checked_var('max_session_days')) }}
        and places.lifecycle_at between bounds.first_at and bounds.last_at
    {%- endif %}

)

select * from final
