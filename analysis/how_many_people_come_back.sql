{%- set day_numbers = [1, 7, 14, 30] -%}
with retention as (

    select * from {{ ref('fct_retention') }}

),

-- Nobody is 0; a day that is still to come for the cohort is null.
cohorts as (

    select
        source,
        app_id,
        cohort_day,
        any_value(cohort_size) as visitors,
        {%- for number in day_numbers %}
        case
            when any_value(days_observed) >= {{ number }}
                then coalesce(sum(visitors) filter (where day_number = {{ number }}), 0)
        end as came_back_after_{{ number }}_{{ 'day' if number == 1 else 'days' }},
        {%- endfor %}
        {%- for number in day_numbers %}
        case
            when any_value(days_observed) >= {{ number }}
                then round(100 * coalesce(sum(share) filter (where day_number = {{ number }}), 0), 1)
        end as percent_after_{{ number }}_{{ 'day' if number == 1 else 'days' }},
        {%- endfor %}
    from retention
    group by all

)

select * from cohorts
order by source, app_id, cohort_day
