with events as (

    select * from {{ ref('int_events') }}

),

sessions as (

    select
        session_key,
        session_id,
    from {{ ref('int_sessions') }}

),

joined as (

    select
        events.event_key,
        events.source,
        events.app_id,
        events.event_id,
        events.session_key,
        sessions.session_id,
        events.visitor_id,
        events.anonymous_id,
        events.user_id,
        events.event_name,
        events.occurred_at,
        events.event_sequence_number,
        events.idle_minutes,
        events.received_at,
        events.loaded_at,
    from events
    inner join sessions on events.session_key = sessions.session_key

)

select * from joined
