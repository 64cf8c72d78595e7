{{ config(materialized='view') }}

-- depends_on: {{ ref('run_limits') }}
with states as (

    select * from {{ model_state() }}
    where model in {{ text_list(lifecycle_models() + ['']) }}

),

final as (

    select
        model,
        last_success,
    from states
    where last_success is not null

)

select * from final
