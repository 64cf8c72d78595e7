with sessions as (

    select * from {{ ref('int_sessions') }}
    where is_capped

),

quarantined as (

    select
        session_id,
        session_key,
        source,
        visitor_id,
        started_at as start_tstamp,
        {{ add_days('started_at', checked_var('max_session_days')) }} as capped_at,
        rejected_event_count,
    from sessions

)

select * from quarantined
