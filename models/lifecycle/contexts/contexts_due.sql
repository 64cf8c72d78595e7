{{ config(materialized='ephemeral') }}

with
{% if uses_clock('loaded_at') -%}
due as (

    select * from {{ ref('sessions_due') }}

),

-- All that a session has within its cap is published: its first and last event are known.
sessions as (

    select
        session_key,
        source,
        first_event_key,
        last_event_key,
    from {{ ref('int_sessions') }}
    where
        session_key in (
            select session_key from due
            where {{ is_sought('session_key') }}
        )

),
{%- else -%}
places as (

    select * from {{ ref('places_due') }}

),

sessions as (

    select
        session_key,
        any_value(source) as source,
        {{ value_of_first('event_key', ['event_sequence_number']) }} as first_event_key,
        {{ value_of_last('event_key', ['event_sequence_number']) }} as last_event_key,
    from places
    group by session_key

),
{%- endif %}

events as (

    select
        event_key,
        native_session_key,
        _load_id,
        _file,
        _line,
    from {{ ref('int_event_versions') }}
    where is_current

),

records as (

    select
        session_key as record_key,
        _load_id,
        _file,
        _line,
    from {{ ref('int_session_record_versions') }}
    where is_current and not is_rejected

),

ends as (

    select
        session_key,
        source,
        'first' as role,
        first_event_key as event_key,
    from sessions
    union all
    select
        session_key,
        source,
        'last' as role,
        last_event_key as event_key,
    from sessions
    where last_event_key <> first_event_key

),

end_events as (

    select
        ends.session_key,
        ends.source,
        ends.role,
        true as is_of_session,
        events._load_id,
        events._file,
        events._line,
        events.native_session_key,
    from ends
    inner join events on ends.event_key = events.event_key

),

-- A native session has a record of its own; one that the idle rule makes begins in the session of a record.
recorded_sessions as (

    select
        session_key,
        source,
        session_key as record_key,
    from sessions
    where {{ uses_session_method('native') }}
    union all
    select
        session_key,
        source,
        native_session_key as record_key,
    from end_events
    where role = 'first' and {{ uses_session_method('idle') }}

),

session_records as (

    select
        recorded_sessions.session_key,
        recorded_sessions.source,
        'record' as role,
        recorded_sessions.session_key = records.record_key as is_of_session,
        records._load_id,
        records._file,
        records._line,
    from recorded_sessions
    inner join records on recorded_sessions.record_key = records.record_key

),

final as (

    select * exclude (native_session_key) from end_events
    union all
    select * from session_records

)

select * from final
