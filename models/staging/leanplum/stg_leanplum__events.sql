with events as (

    select * from {{ source('raw_leanplum', 'events') }}

),

sessions as (

    select
        app_id,
        session_id,
        _load_id,
        _file,
        _line,
    from {{ ref('stg_leanplum__sessions') }}

),

-- In CSV form a session may have parts and no row of its own: its latest export counts.
unaccompanied as (

    select
        parts.app_id,
        parts.session_id,
        max(parts._load_id) as _load_id,
    from {{ source('raw_leanplum', 'events') }} as parts
    left join sessions
        on
            parts.app_id = sessions.app_id
            and parts.session_id = sessions.session_id
    where sessions.session_id is null
    group by parts.app_id, parts.session_id

),

-- Few ids repeat: ranking only those spares a sort of the whole table.
repeated as (

    select
        app_id,
        session_id,
        event_id,
        _load_id,
    from {{ source('raw_leanplum', 'events') }}
    group by app_id, session_id, event_id, _load_id
    having count(*) > 1

),

ranked as (

    select
        parts._load_id,
        parts._file,
        parts._line,
        parts._ordinal,
        row_number() over (
            partition by
                parts.app_id, parts.session_id, parts.state_id, parts.event_id, parts.name,
                parts.time, parts.value, parts.info, parts._load_id,
                {{ line_of_delivery('parts') }}
            order by parts._file, parts._line, parts._ordinal
        ) as repeat_number,
    from {{ source('raw_leanplum', 'events') }} as parts
    inner join repeated
        on
            parts.app_id = repeated.app_id
            and parts.session_id = repeated.session_id
            and parts.event_id = repeated.event_id
            and parts._load_id = repeated._load_id

),

final as (

    select
        events.app_id,
        events.event_id,
        nullif(events.state_id, '') as state_id,
        events.session_id,
        events.name as event_name,
        events.time as occurred_at,
        events.value,
        events.info,
        events.time_until_first_for_user,
        events.extras,
        events._ordinal as ordinal,
        events._load_id,
        events._loaded_at,
        events._file,
        events._line,
    from events
    left join sessions
        on
            events.app_id = sessions.app_id
            and events.session_id = sessions.session_id
    left join unaccompanied
        on
            events.app_id = unaccompanied.app_id
            and events.session_id = unaccompanied.session_id
            and events._load_id = unaccompanied._load_id
    left join ranked
        on
            events._load_id = ranked._load_id
            and events._file = ranked._file
            and events._line = ranked._line
            and events._ordinal = ranked._ordinal
            and ranked.repeat_number > 1
    where
        ranked._load_id is null
        and ({{ is_part_of_delivery('events', 'sessions') }} or unaccompanied._load_id is not null)

)

select * from final
