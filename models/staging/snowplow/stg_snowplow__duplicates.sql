with repeated as (

    select * from {{ ref('stg_snowplow__repeated_events') }}

),

events as (

    select * from {{ source('raw_snowplow', 'events') }}

),

delivered as (

    select
        repeated.event_id,
        repeated.delivery_rank,
        nullif(events.event_fingerprint, '') as event_fingerprint,
    from repeated
    inner join events
        on
            repeated._load_id = events._load_id
            and repeated._file = events._file
            and repeated._line = events._line

),

-- The delivery that counts has rank 1.
counting as (

    select * from delivered
    where delivery_rank = 1

),

-- The enrichment that makes fingerprints may be off, and nothing can be said without two of them.
compared as (

    select
        delivered.event_id,
        coalesce(delivered.event_fingerprint <> counting.event_fingerprint, false) as is_synthetic,
    from delivered
    inner join counting on delivered.event_id = counting.event_id
    where delivered.delivery_rank > 1

),

final as (

    select
        event_id,
        count(*) + 1 as deliveries,
        count(case when not is_synthetic then 1 end) as natural_duplicates,
        count(case when is_synthetic then 1 end) as synthetic_duplicates,
    from compared
    group by event_id

)

select * from final
