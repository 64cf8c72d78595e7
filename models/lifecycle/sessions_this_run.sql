with sessions as (

    select * from {{ ref('int_sessions') }}

),

this_run as (

    select
        session_id,
        session_key,
        source,
        visitor_id,
        started_at as start_tstamp,
        ended_at as end_tstamp,
    from sessions

)

select * from this_run
