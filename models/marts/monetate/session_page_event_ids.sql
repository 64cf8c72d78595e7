with page_events as (

    select * from {{ ref('stg_monetate__page_events') }}

),

final as (

    select
        row_number() over (order by session_id, ordinal) as id,
        session_id,
        {{ cast_or_null('event_id', 'integer') }} as event_id,
        {{ epoch_milliseconds('"timestamp"') }} as "timestamp",
    from page_events

)

select * from final
