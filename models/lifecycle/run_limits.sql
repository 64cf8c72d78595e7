{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        pre_hook="{{ replace_all() }}",
    )
}}

{%- set model_names = lifecycle_models_built() -%}
{%- set all_names = lifecycle_models() -%}
{%- set days = backfill_limit_days() -%}
{%- set start_date = checked_var('start_date') -%}
{#- On loaded_at the last success itself is done: the next run begins just after it. -#}
{%- set success = add_microsecond('least_success') if uses_clock('loaded_at') else 'least_success' -%}

-- depends_on: {{ ref('int_session_versions') }}
with loads as (

    select * from {{ ref('stg_ledger__loads') }}

),

{% if uses_clock('loaded_at') -%}
moments as (

    select changed_at as moment from loads
    {%- if start_date %}
    where changed_at >= cast({{ text_literal(start_date) }} as timestamp)
    {%- endif %}

),

latest as (

    select {{ changed_through(['int_session_versions']) }} as moment

),
{%- else -%}
moments as (

    select lifecycle_at as moment from {{ ref('int_sessionized_event_versions') }}
    where is_current and not is_beyond_cap
    {%- if start_date %}
    and lifecycle_at >= cast({{ text_literal(start_date) }} as timestamp)
    {%- endif %}

),

-- The last load stands for the present: nothing can have been received after it, whatever a broken clock says.
latest as (

    select max(loaded_at) as moment from loads

),
{%- endif %}

progress as (

    select
        count(last_success) as models,
        min(last_success) as least_success,
        max(last_success) as greatest_success,
    from {{ model_state() }}
    where model in {{ text_list(model_names + ['']) }}

),

beginning as (

    select
        coalesce(
            {%- if start_date %}
            cast({{ text_literal(start_date) }} as timestamp),
            {%- endif %}
            min(moment),
            {{ beginning_of_time() }}
        ) as start_at,
    from moments

),

states as (

    select
        progress.*,
        beginning.start_at,
        case
            when progress.models = 0 then 'first run'
            when progress.models < {{ all_names | length }} then 'new model'
            when progress.least_success <> progress.greatest_success then 'catch-up'
            else 'standard'
        end as state,
    from progress
    cross join beginning

),

-- Both limits are inclusive.
bases as (

    select
        *,
        case
            when state in ('first run', 'new model') then start_at
            else {{ success }}
        end as base_at,
        case
            when state in ('first run', 'new model') then start_at
            else {{ subtract_hours(success, lookback_window_hours()) }}
        end as lower_limit,
        {%- if uses_clock('loaded_at') %}
        (select moment from latest) as target_limit,
        {%- else %}
        case
            when state in ('new model', 'catch-up') then greatest_success
            else (select moment from latest)
        end as target_limit,
        {%- endif %}
    from states

),

next_moments as (

    select
        bases.*,
        (
            select min(moments.moment) from moments
            where
                case
                    when bases.state in ('first run', 'new model') then moments.moment >= bases.base_at
                    else moments.moment > bases.least_success
                end
        ) as next_moment,
    from bases

),

{% if days -%}
-- Where the data has a gap that is longer than the limit, the window is counted from what comes after it.
windows as (

    select
        *,
        {{ add_days(
            'case when next_moment > ' ~ add_days('base_at', days) ~ ' then next_moment else base_at end', days
        ) }} as window_end,
    from next_moments

),
{%- else -%}
windows as (

    select
        *,
        target_limit as window_end,
    from next_moments

),
{%- endif %}

final as (

    select
        state,
        lower_limit,
        coalesce(least(window_end, target_limit), lower_limit) as upper_limit,
        target_limit,
        next_moment,
    from windows

)

select * from final
