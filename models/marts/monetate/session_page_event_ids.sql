with page_events as (

    select * from {{ ref('stg_monetate__page_events') }}

),

names as (

    select * from {{ ref('monetate_page_events') }}

),

final as (

    select
        row_number() over (order by page_events.session_id, page_events.ordinal) as id,
        page_events.session_id,
        {{ cast_or_null('page_events.event_id', 'integer') }} as event_id,
        {{ epoch_milliseconds('page_events."timestamp"') }} as "timestamp",
        names.title as event_title,
    from page_events
    left join names on page_events.event_id = names.event_id

)

select * from final
