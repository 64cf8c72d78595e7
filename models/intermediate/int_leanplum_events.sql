{{ config(materialized='view') }}

with events as (

    select * from {{ ref('stg_leanplum__events') }}

),

sessions as (

    select * from {{ ref('stg_leanplum__sessions') }}

),

shaped as (

    select
        'leanplum' as source,
        events.app_id,
        events.event_id,
        sessions.device_id as anonymous_id,
        -- Without a login the vendor repeats the device as the user.
        nullif(sessions.user_id, sessions.device_id) as user_id,
        events.session_id as native_session_id,
        events.app_id as session_scope,
        -- Event ids repeat between sessions, and within one with another name or time.
        cast({{ content_key([
            'events.app_id',
            'events.session_id',
            'events.state_id',
            'events.event_name',
            'cast(events.occurred_at as varchar)',
            'cast(events.value as varchar)',
            'events.info',
        ]) }} as varchar) as event_scope,
        events.event_name,
        events.occurred_at,
        cast(null as timestamp) as created_at,
        cast(null as timestamp) as sent_at,
        events._loaded_at as received_at,
        events._loaded_at as loaded_at,
        false as is_excluded,
        events._load_id,
        events._file,
        events._line,
    from events
    left join sessions
        on
            events.app_id = sessions.app_id
            and events.session_id = sessions.session_id

)

select * from shaped
