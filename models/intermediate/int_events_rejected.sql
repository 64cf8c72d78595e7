{{ config(materialized='view') }}

with events as (

    select * from {{ ref('int_events_staged') }}

),

beyond_cap as (

    select * from {{ ref('int_events_sessionized') }}
    where is_beyond_cap

),

-- Two parts rather than one join of every event: few are rejected, and each part finds its own quickly.
by_rule as (

    select
        * exclude (native_session_key, reason),
        reason,
        cast(null as uuid) as session_key,
    from events
    where reason is not null

),

by_cap as (

    select
        events.* exclude (native_session_key, reason),
        'beyond_session_cap' as reason,
        beyond_cap.session_key,
    from beyond_cap
    inner join events on beyond_cap.event_key = events.event_key

),

rejected as (

    select * from by_rule
    union all
    select * from by_cap

)

select * from rejected
