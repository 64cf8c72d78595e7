{{ config(materialized='view') }}

with events as (

    select * from {{ ref('int_events_staged') }}

),

sessionized as (

    select * from {{ ref('int_events_sessionized') }}

),

aliases as (

    select * from {{ ref('int_aliases') }}

),

accepted as (

    select
        events.source,
        events.app_id,
        events.event_id,
        events.anonymous_id,
        events.user_id,
        events.native_session_id,
        events.event_name,
        events.occurred_at,
        events.created_at,
        events.sent_at,
        events.received_at,
        events.loaded_at,
        events.event_key,
        sessionized.session_key,
        aliases.visitor_id,
        sessionized.visitor_key,
        sessionized.event_sequence_number,
    from sessionized
    inner join events on sessionized.event_key = events.event_key
    inner join aliases on sessionized.alias_key = aliases.alias_key
    where not sessionized.is_beyond_cap

)

select * from accepted
