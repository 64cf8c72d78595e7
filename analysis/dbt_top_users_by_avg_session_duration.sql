with durations as (

    select * from {{ ref('dbt_session_duration') }}

),

averages as (

    select
        dbt_visitor_id,
        count(*) as number_of_sessions,
        round(avg(session_duration), 2) as avg_session_duration,
    from durations
    group by dbt_visitor_id

)

select * from averages
order by avg_session_duration desc, dbt_visitor_id
