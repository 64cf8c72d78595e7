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

manifest as (

    select * from {{ ref('sessions_lifecycle_manifest') }}

),

final as (

    select
        events.event_id,
        manifest.session_id,
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
    inner join events on places.event_key = events.event_key
    inner join aliases on places.alias_key = aliases.alias_key
    inner join manifest on places.session_key = manifest.session_key
    where {{ is_published('places', 'manifest') }}

)

select * from final
