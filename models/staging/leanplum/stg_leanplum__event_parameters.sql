with parameters as (

    select * from {{ source('raw_leanplum', 'event_parameters') }}

),

events as (

    select
        app_id,
        session_id,
        event_id,
        _load_id,
        count(*) over (partition by app_id, event_id, _load_id) > 1 as is_ambiguous,
    from {{ source('raw_leanplum', 'events') }}
    group by app_id, session_id, event_id, _load_id

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

-- CSV names the event but not the session: each session of the export that has the event gets the parameter.
placed as (

    select
        parameters.app_id,
        coalesce(parameters.session_id, events.session_id) as session_id,
        parameters.event_id,
        parameters.name,
        parameters.value,
        coalesce(events.is_ambiguous, false) as is_ambiguous,
        parameters._ordinal as ordinal,
        parameters._load_id,
        parameters._loaded_at,
        parameters._file,
        parameters._line,
    from parameters
    left join events
        on
            parameters.session_id is null
            and parameters.app_id = events.app_id
            and parameters.event_id = events.event_id
            and parameters._load_id = events._load_id

),

-- The session may have no row of its own, and the event be missing: the latest export that has them counts.
judged as (

    select
        placed.*,
        sessions.session_id is not null as is_accompanied,
        {{ is_part_of_delivery('placed', 'sessions') }} as is_delivered,
        max(placed._load_id) over (
            partition by
                placed.app_id, placed.session_id, case when placed.session_id is null then placed.event_id end
        ) as latest_load_id,
    from placed
    left join sessions
        on
            placed.app_id = sessions.app_id
            and placed.session_id = sessions.session_id

),

delivered as (

    select * from judged
    where is_delivered or (not is_accompanied and _load_id = latest_load_id)

),

ranked as (

    select
        *,
        row_number() over (
            partition by app_id, session_id, event_id, name, value
            order by _file, _line, ordinal
        ) as repeat_number,
    from delivered

),

final as (

    select
        app_id,
        session_id,
        event_id,
        name,
        value,
        is_ambiguous,
        ordinal,
        _load_id,
        _loaded_at,
        _file,
        _line,
    from ranked
    where repeat_number = 1

)

select * from final
