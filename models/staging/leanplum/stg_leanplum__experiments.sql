with experiments as (

    select * from {{ source('raw_leanplum', 'experiments') }}

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
    from {{ source('raw_leanplum', 'experiments') }} as parts
    left join sessions
        on
            parts.app_id = sessions.app_id
            and parts.session_id = sessions.session_id
    where sessions.session_id is null
    group by parts.app_id, parts.session_id

),

delivered as (

    select experiments.*
    from experiments
    left join sessions
        on
            experiments.app_id = sessions.app_id
            and experiments.session_id = sessions.session_id
    left join unaccompanied
        on
            experiments.app_id = unaccompanied.app_id
            and experiments.session_id = unaccompanied.session_id
            and experiments._load_id = unaccompanied._load_id
    where {{ is_part_of_delivery('experiments', 'sessions') }} or unaccompanied._load_id is not null

),

ranked as (

    select
        *,
        row_number() over (
            partition by app_id, session_id, experiment_id, variant_id
            order by _file, _line, _ordinal
        ) as repeat_number,
        bool_or(impressed) over (
            partition by app_id, session_id, experiment_id, variant_id
        ) as was_impressed,
    from delivered

),

final as (

    select
        app_id,
        session_id,
        experiment_id,
        nullif(variant_id, '') as variant_id,
        was_impressed as impressed,
        extras,
        _ordinal as ordinal,
        _load_id,
        _loaded_at,
        _file,
        _line,
    from ranked
    where repeat_number = 1

)

select * from final
