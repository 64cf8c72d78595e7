with offers as (

    select * from {{ ref('stg_monetate__offers') }}

),

final as (

    select
        row_number() over (order by session_id, ordinal) as id,
        session_id,
        offer_id,
        {{ epoch_milliseconds('"timestamp"') }} as "timestamp",
    from offers

)

select * from final
