with sessions as (

    select * from {{ ref('fct_sessions') }}
    where is_interaction and event_count > 0

),

exits as (

    select
        source,
        last_event,
        count(*) as sessions,
        count(*) filter (where event_count = 1) as sessions_of_one_event,
        round(median(duration_minutes), 1) as median_minutes,
    from sessions
    group by all

)

select * from exits
order by sessions desc, source, last_event
