with events as (

    select * from {{ ref('fct_events') }}
    where source = 'rudderstack'

),

renamed as (

    select
        anonymous_id,
        occurred_at as "timestamp",
        event_id,
        event_name as event,
        session_id,
        visitor_id as dbt_visitor_id,
        event_sequence_number as track_sequence_number,
    from events

)

select * from renamed
