with events as (

    select * from {{ source('raw_pendo', 'allevents') }}

),

-- The delivery that counts has rank 1.
superseded as (

    select * from {{ ref('stg_pendo__repeated_events') }}
    where delivery_rank > 1

),

final as (

    select
        events.event_id,
        events.subscription_id,
        events.application_id as app_id,
        nullif(events.visitor_id, '') as visitor_id,
        nullif(events.account_id, '') as account_id,
        events.browser_timestamp as occurred_at,
        events.received_timestamp as received_at,
        events.period_id,
        events.event_type,
        events.url,
        events.record,
        events._load_id,
        events._loaded_at,
        events._file,
        events._line,
    from events
    left join superseded
        on
            events._load_id = superseded._load_id
            and events._file = superseded._file
            and events._line = superseded._line
    where superseded._load_id is null

)

select * from final
