with user_attributes as (

    select * from {{ source('raw_leanplum', 'user_attributes') }}

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
    from {{ source('raw_leanplum', 'user_attributes') }} as parts
    left join sessions
        on
            parts.app_id = sessions.app_id
            and parts.session_id = sessions.session_id
    where sessions.session_id is null
    group by parts.app_id, parts.session_id

),

delivered as (

    select user_attributes.*
    from user_attributes
    left join sessions
        on
            user_attributes.app_id = sessions.app_id
            and user_attributes.session_id = sessions.session_id
    left join unaccompanied
        on
            user_attributes.app_id = unaccompanied.app_id
            and user_attributes.session_id = unaccompanied.session_id
            and user_attributes._load_id = unaccompanied._load_id
    where {{ is_part_of_delivery('user_attributes', 'sessions') }} or unaccompanied._load_id is not null

),

ranked as (

    select
        *,
        row_number() over (
            partition by app_id, session_id, name
            order by _file desc, _line desc, _ordinal desc
        ) as repeat_number,
    from delivered

),

final as (

    select
        app_id,
        session_id,
        name,
        value,
        _ordinal as ordinal,
        _load_id,
        _loaded_at,
        _file,
        _line,
    from ranked
    where repeat_number = 1

)

select * from final
