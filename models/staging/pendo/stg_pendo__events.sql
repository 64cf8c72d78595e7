with events as (

    select * from {{ source('raw_pendo', 'allevents') }}

),

-- Few ids repeat: ranking only those spares a sort of the whole table.
repeated as (

    select
        subscription_id,
        application_id,
        event_id,
    from {{ source('raw_pendo', 'allevents') }}
    group by subscription_id, application_id, event_id
    having count(*) > 1

),

ranked as (

    select
        deliveries._load_id,
        deliveries._file,
        deliveries._line,
        row_number() over (
            partition by deliveries.subscription_id, deliveries.application_id, deliveries.event_id
            order by
                deliveries.received_timestamp nulls last,
                deliveries._load_id,
                deliveries._file,
                deliveries._line
        ) as delivery_rank,
    from {{ source('raw_pendo', 'allevents') }} as deliveries
    inner join repeated
        on
            deliveries.subscription_id = repeated.subscription_id
            and deliveries.application_id = repeated.application_id
            and deliveries.event_id = repeated.event_id

),

superseded as (

    select * from ranked
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
