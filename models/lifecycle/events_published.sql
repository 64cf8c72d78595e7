{{ config(materialized='view') }}

with events as (

    select * from {{ ref('int_events_sessionized') }}

),

manifest as (

    select * from {{ ref('sessions_lifecycle_manifest') }}

),

final as (

    select
        events.event_id,
        manifest.session_id,
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
    inner join manifest on events.session_key = manifest.session_key
    {%- if uses_clock('loaded_at') %}
    where not events.is_beyond_cap
    {%- else %}
    where events.lifecycle_at between manifest.start_tstamp and manifest.end_tstamp
    {%- endif %}

)

select * from final
