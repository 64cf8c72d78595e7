with events as (

    select * from {{ ref('fct_events') }}
    where source = 'rudderstack'

),

renamed as (

    select
        event_id,
        anonymous_id,
        visitor_id as dbt_visitor_id,
        occurred_at as "timestamp",
        event_name as event,
        idle_minutes as idle_time_minutes,
    from events

)

select * from renamed
