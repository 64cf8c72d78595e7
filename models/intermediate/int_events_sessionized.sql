with events as (

    select
        source,
        event_key,
        event_id,
        native_session_key,
        occurred_at,
        coalesce(user_id, anonymous_id) as alias,
    from {{ ref('int_events_staged') }}
    where reason is null

),

aliases as (

    select * from {{ ref('int_aliases') }}

),

session_records as (

    select * from {{ ref('int_session_records') }}

),

identified as (

    select
        events.source,
        events.event_key,
        events.event_id,
        events.native_session_key,
        events.occurred_at,
        aliases.visitor_id,
    from events
    inner join aliases
        on
            events.source = aliases.source
            and events.alias = aliases.alias

),

idle_gaps as (

    select
        *,
        lag(occurred_at) over visitor_stream as previous_at,
    from identified
    where {{ uses_session_method('idle') }}
    window visitor_stream as (partition by source, visitor_id order by {{ event_order() | join(', ') }})

),

idle_splits as (

    select
        *,
        sum(case when {{ starts_idle_session('occurred_at', 'previous_at') }} then 1 else 0 end) over (
            partition by source, visitor_id
            order by {{ event_order() | join(', ') }}
            rows between unbounded preceding and current row
        ) as split_number,
    from idle_gaps

),

idle_sessions as (

    select
        source,
        event_key,
        event_id,
        occurred_at,
        visitor_id,
        {{ idle_session_key('first_value(event_key) over session_stream') }} as session_key,
        first_value(occurred_at) over session_stream as started_at,
        previous_at,
    from idle_splits
    window session_stream as (
        partition by source, visitor_id, split_number order by {{ event_order() | join(', ') }}
    )

),

native_sessions as (

    select
        identified.source,
        identified.event_key,
        identified.event_id,
        identified.occurred_at,
        identified.visitor_id,
        identified.native_session_key as session_key,
        coalesce(session_records.started_at, min(identified.occurred_at) over session_events) as started_at,
        lag(identified.occurred_at) over session_stream as previous_at,
    from identified
    left join session_records on identified.native_session_key = session_records.session_key
    where {{ uses_session_method('native', 'identified.source') }}
    window
        session_events as (partition by identified.native_session_key),
        session_stream as (
            partition by identified.native_session_key
            order by identified.occurred_at, identified.event_id, identified.event_key
        )

),

sessionized as (

    select * from idle_sessions
    union all
    select * from native_sessions

),

numbered as (

    select
        source,
        event_key,
        session_key,
        visitor_id,
        occurred_at,
        started_at,
        row_number() over (
            partition by session_key order by {{ event_order() | join(', ') }}
        ) as event_sequence_number,
        {{ minutes_between('previous_at', 'occurred_at') }} as idle_minutes,
        {{ is_beyond_session_cap('occurred_at', 'started_at') }} as is_beyond_cap,
    from sessionized

)

select * from numbered
