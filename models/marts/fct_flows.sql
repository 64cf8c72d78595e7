{{ config(contract={'enforced': has_default_flow_columns()}) }}

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
        {{ following_events('event_name', 'session_stream') }}
    from events
    window session_stream as (partition by session_key order by event_sequence_number)

)

select * from flows
