with states as (

    select * from {{ source('raw_leanplum', 'states') }}

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
    from {{ source('raw_leanplum', 'states') }} as parts
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
        state_id,
        _load_id,
    from {{ source('raw_leanplum', 'states') }}
    group by app_id, session_id, state_id, _load_id
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
                parts.app_id, parts.session_id, parts.state_id, parts.name, parts.time,
                parts.duration, parts.info, parts._load_id,
                {{ line_of_delivery('parts') }}
            order by parts._file, parts._line, parts._ordinal
        ) as repeat_number,
    from {{ source('raw_leanplum', 'states') }} as parts
    inner join repeated
        on
            parts.app_id = repeated.app_id
            and parts.session_id = repeated.session_id
            and parts.state_id = repeated.state_id
            and parts._load_id = repeated._load_id

),

final as (

    select
        states.app_id,
        states.state_id,
        states.session_id,
        states.name as state_name,
        states.time as started_at,
        states.duration as duration_seconds,
        states.info,
        states.time_until_first_for_user,
        states.parameters,
        states.extras,
        states._ordinal as ordinal,
        states._load_id,
        states._loaded_at,
        states._file,
        states._line,
    from states
    left join sessions
        on
            states.app_id = sessions.app_id
            and states.session_id = sessions.session_id
    left join unaccompanied
        on
            states.app_id = unaccompanied.app_id
            and states.session_id = unaccompanied.session_id
            and states._load_id = unaccompanied._load_id
    left join ranked
        on
            states._load_id = ranked._load_id
            and states._file = ranked._file
            and states._line = ranked._line
            and states._ordinal = ranked._ordinal
            and ranked.repeat_number > 1
    where
        ranked._load_id is null
        and ({{ is_part_of_delivery('states', 'sessions') }} or unaccompanied._load_id is not null)
        -- A state without a name only wraps events that were tracked while no state was active.
        and states.name <> ''

)

select * from final
