{{ config(contract={'enforced': has_default_flow_columns()}) }}

with flows as (

    select * from {{ ref('fct_flows') }}
    where source = 'rudderstack'

),

renamed as (

    select
        event_id,
        session_id,
        event_sequence_number as track_sequence_number,
        event,
        visitor_id as dbt_visitor_id,
        occurred_at as "timestamp",
        {%- for step in range(2, checked_var('flow_length') + 1) %}
        event_{{ step }},
        {%- endfor %}
    from flows

)

select * from renamed
