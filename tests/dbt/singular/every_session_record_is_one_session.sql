with records as (

    select session_key from {{ ref('int_session_records') }}
    where not is_rejected

),

-- What no run has reached yet is not published.
published as (

    select session_key from records
    where session_key in (select session_key from {{ ref('sessions_lifecycle_manifest') }})

),

found as (

    select
        records.session_key,
        'int_sessions' as model,
        count(sessions.session_key) as sessions,
    from records
    left join {{ ref('int_sessions') }} as sessions on records.session_key = sessions.session_key
    group by records.session_key
    union all
    select
        published.session_key,
        'fct_sessions' as model,
        count(sessions.session_key) as sessions,
    from published
    left join {{ ref('fct_sessions') }} as sessions on published.session_key = sessions.session_key
    group by published.session_key

)

select * from found
where sessions <> 1
