with interactions as (

    select distinct
        source,
        app_id,
        visitor_id,
        {{ analytics_day('started_at') }} as day,
    from {{ ref('fct_sessions') }}
    where is_interaction and visitor_id is not null and started_at is not null

),

cohorts as (

    select
        *,
        min(day) over (partition by source, app_id, visitor_id) as cohort_day,
    from interactions

),

final as (

    select
        source,
        app_id,
        cohort_day,
        {{ days_between('cohort_day', 'day') }} as day_number,
        count(*) as visitors,
    from cohorts
    group by all

)

select * from final
