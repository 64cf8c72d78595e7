with purchases as (

    select * from {{ ref('stg_monetate__purchases') }}

),

final as (

    select
        row_number() over (order by session_id, ordinal) as id,
        session_id,
        purchase_id,
        purchase_value,
    from purchases

)

select * from final
