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

last_days as (

    select
        source,
        app_id,
        max(day) as last_day,
    from interactions
    group by source, app_id

),

sizes as (

    select
        source,
        app_id,
        cohort_day,
        count(distinct visitor_key) as cohort_size,
    from cohorts
    group by source, app_id, cohort_day

),

returns as (

    select
        source,
        app_id,
        cohort_day,
        {{ days_between('cohort_day', 'day') }} as day_number,
        count(*) as visitors,
    from cohorts
    group by all

),

final as (

    select
        returns.source,
        returns.app_id,
        returns.cohort_day,
        returns.day_number,
        returns.visitors,
        sizes.cohort_size,
        cast(returns.visitors as double) / sizes.cohort_size as share,
        {{ days_between('returns.cohort_day', 'last_days.last_day') }} as days_observed,
    from returns
    inner join sizes
        on
            returns.source = sizes.source
            and returns.app_id is not distinct from sizes.app_id
            and returns.cohort_day = sizes.cohort_day
    inner join last_days
        on
            returns.source = last_days.source
            and returns.app_id is not distinct from last_days.app_id

)

select * from final
