with events as (

    select * from {{ ref('int_events') }}

),

sessions as (

    select * from {{ ref('sessions_this_run') }}

),

this_run as (

    select
        events.event_id,
        sessions.session_id,
        events.event_key,
        events.session_key,
        events.source,
        events.visitor_id,
        events.occurred_at,
    from events
    inner join sessions on events.session_key = sessions.session_key

)

select * from this_run
