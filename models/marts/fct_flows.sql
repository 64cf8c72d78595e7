{{ config(materialized='view', contract={'enforced': has_default_flow_columns()}) }}

with events as (

    select * from {{ ref('fct_events') }}

),

flows as (

    select
        event_key,
        source,
        session_key,
        session_id,
        visitor_id,
        event_id,
        event_sequence_number,
        occurred_at,
        event_name as event,
        {%- for step in range(2, checked_var('flow_length') + 1) %}
        event_{{ step }},
        {%- endfor %}
    from events

)

select * from flows
