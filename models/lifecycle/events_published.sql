{{ config(materialized='view') }}

with manifest as (

    select * from {{ ref('sessions_lifecycle_manifest') }}

),

-- The manifest is searched here, and texts are joined from the left: after several inner joins the engine
-- takes millions of events for a handful, and joins the rest in an order that is several times as slow.
places as (

    select * from {{ ref('int_events_sessionized') }}
    where session_key in (select session_key from manifest)

),

events as (

    select * from {{ ref('int_events_staged') }}

),

aliases as (

    select * from {{ ref('int_aliases') }}

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
    left join aliases on places.alias_key = aliases.alias_key
    left join manifest on places.session_key = manifest.session_key
    where {{ is_published('places', 'manifest') }}

)

select * from final
