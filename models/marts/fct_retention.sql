{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        meta={'is_rewritten': true},
        post_hook=["{{ forget_notes() }}", "{{ remember_success() }}"],
    )
}}

{%- set goes_on = counts_changes() -%}

-- depends_on: {{ ref('session_changes') }}, {{ ref('run_limits') }}, {{ ref('events_this_run') }}
with sessions as (

    select
        source,
        app_id,
        visitor_key,
        day,
    from {{ ref('fct_sessions') }}
    where is_interaction and visitor_key is not null and started_at is not null

),

{% if goes_on -%}
noted as (

    select * from {{ noted_for('fct_retention') }}

),

{{ changed_visits('noted', 'sessions') }},

{% endif -%}
-- Who comes a day earlier now than ever before leaves one cohort with all visits, and joins another.
visits as (
    {% if goes_on %}
    select * from changed_visits
    {%- else %}
    select distinct
        *,
        1 as step,
    from sessions
    {%- endif %}

),

first_days as (

    select
        app_id,
        visitor_key,
        step,
        min(day) as cohort_day,
    from visits
    group by app_id, visitor_key, step

),

steps as (

    select
        visits.source,
        visits.app_id,
        first_days.cohort_day,
        {{ days_between('first_days.cohort_day', 'visits.day') }} as day_number,
        visits.step as visitors,
    from visits
    inner join first_days
        on
            visits.visitor_key = first_days.visitor_key
            and visits.app_id is not distinct from first_days.app_id
            and visits.step = first_days.step
    {%- if goes_on %}
    union all
    select
        source,
        app_id,
        cohort_day,
        day_number,
        visitors,
    from {{ this }}
    {%- endif %}

),

returns as (

    select
        source,
        app_id,
        cohort_day,
        day_number,
        cast(sum(visitors) as bigint) as visitors,
    from steps
    group by source, app_id, cohort_day, day_number
    having sum(visitors) > 0

),

last_days as (

    select
        source,
        app_id,
        max({{ day_after('cohort_day', 'day_number') }}) as last_day,
    from returns
    group by source, app_id

),

-- All of a cohort came on its first day.
sizes as (

    select
        source,
        app_id,
        cohort_day,
        visitors as cohort_size,
    from returns
    where day_number = 0

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
