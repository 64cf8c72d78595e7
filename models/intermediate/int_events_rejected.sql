{{ config(materialized='view') }}

with events as (

    select * from {{ ref('int_events_staged') }}

),

beyond_cap as (

    select * from {{ ref('int_events_sessionized') }}
    where is_beyond_cap

),

rejected as (

    select
        events.* exclude (native_session_key, reason),
        coalesce(events.reason, 'beyond_session_cap') as reason,
        beyond_cap.session_key,
    from events
    left join beyond_cap on events.event_key = beyond_cap.event_key
    where events.reason is not null or beyond_cap.event_key is not null

)

select * from rejected
