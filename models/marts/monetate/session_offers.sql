with offers as (

    select * from {{ ref('stg_monetate__offers') }}

),

names as (

    select * from {{ ref('monetate_offers') }}

),

final as (

    select
        row_number() over (order by offers.session_id, offers.ordinal) as id,
        offers.session_id,
        offers.offer_id,
        {{ epoch_milliseconds('offers."timestamp"') }} as "timestamp",
        names.experience_name,
        names.split_name,
    from offers
    left join names on offers.offer_id = names.offer_id

)

select * from final
