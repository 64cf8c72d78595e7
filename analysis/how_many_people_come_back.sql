with retention as (

    select * from {{ ref('fct_retention') }}

),

cohorts as (

    select
        source,
        app_id,
        cohort_day,
        max(visitors) filter (where day_number = 0) as visitors,
        coalesce(sum(visitors) filter (where day_number = 1), 0) as came_back_after_1_day,
        coalesce(sum(visitors) filter (where day_number = 7), 0) as came_back_after_7_days,
        coalesce(sum(visitors) filter (where day_number = 14), 0) as came_back_after_14_days,
    from retention
    group by all

)

select * from cohorts
order by source, app_id, cohort_day
