{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        pre_hook="{{ replace_all() }}",
        post_hook="{{ remember_success() }}",
    )
}}

-- depends_on: {{ ref('session_changes') }}, {{ ref('run_limits') }}, {{ ref('events_this_run') }}
with interactions as (

    select distinct
        source,
        app_id,
        visitor_key,
        day,
    from {{ ref('fct_sessions') }}
    where is_interaction and visitor_key is not null and started_at is not null

),

first_days as (

    select
        app_id,
        visitor_key,
        min(day) as cohort_day,
    from interactions
    group by app_id, visitor_key

),

cohorts as (

    select
        interactions.*,
        first_days.cohort_day,
    from interactions
    inner join first_days
        on
            interactions.visitor_key = first_days.visitor_key
            and interactions.app_id is not distinct from first_days.app_id

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
